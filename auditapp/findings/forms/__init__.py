"""What people fill in about findings, hazards, actions and incidents."""
