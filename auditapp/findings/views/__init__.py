"""Pages on findings, on what is done about them, on hazards and on incidents."""
