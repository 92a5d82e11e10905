"""A readiness bundle: what was recorded of a deployment, or of all of a hospital, as one zip under the seal."""
