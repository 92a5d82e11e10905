"""Looks into a file that somebody brings along, in a process of its own with bounded memory and time.

What parses such files may be made to crash, to loop or to swallow all memory; here only the inspection ends then, and
the file is refused. Nothing in this package knows Django, settings or secrets.
"""

PIXELS = 64_000_000  # more than a phone's picture has; 256 MB when unpacked
UNPACKED = 400 * 1024 * 1024  # bytes, of all parts of an office file together


class Unfit(Exception):
    """The file is not kept; the argument is the code of the sentence that says why."""
