"""People, hospitals, and what a person may do where."""
