"""What must be fixed on a deployment, whoever raised it, and how dangerous it is."""
