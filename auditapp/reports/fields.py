"""The signature fields that every report has beside those of its signatories."""

SEAL = "seal"
TIMESTAMPS = tuple(f"timestamp-{n}" for n in range(1, 5))  # archival timestamps, filled one after the other
