"""The name under which a file is shown and given out. Nothing is ever stored under it."""

from auditapp.text import clean

LONGEST = 200


def clean_name(name: str) -> str:
    """The last part of a path, whichever system's, without what cannot be seen.

    Signs that turn the direction of writing are among those: “gpj.exe” must not be read as “exe.jpg”.
    """
    last = clean(name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return seen[-LONGEST:]
