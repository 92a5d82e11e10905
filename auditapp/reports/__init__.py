"""What leaves the house: the decision, the report, its PDF, the signatures in it, and checking a copy of it."""
