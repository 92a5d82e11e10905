"""Pages on what is asked: read by everybody, written by those who govern."""
