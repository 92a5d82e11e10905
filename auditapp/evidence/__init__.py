"""What proves an answer or an action: files and links, dated and hashed."""
