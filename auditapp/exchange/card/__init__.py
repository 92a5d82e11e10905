"""Applied model cards of the Coalition for Health AI, version 0.2: read as XML, and what they mean here."""
