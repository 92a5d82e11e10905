"""Which AI runs where, since when, in which version, for what use."""
