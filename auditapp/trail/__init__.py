"""Who did what, when: append-only, hash-chained per root object, verifiable by one command."""
