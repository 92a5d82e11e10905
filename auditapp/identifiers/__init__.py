"""What looks like a patient in a text or a file: the rules, where they find something, and how sure we are of them."""
