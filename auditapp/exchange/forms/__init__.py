"""Forms of what comes in and what leaves."""
