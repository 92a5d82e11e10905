"""Characters that XML cannot hold, as a workbook writes them: _x000B_ (ECMA-376, ST_Xstring)."""

import re

UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
WRITTEN = re.compile(r"_x([0-9A-Fa-f]{4})_")


def escaped(text: str) -> str:
    """The text as a cell can hold it; what looks like an escape is escaped itself."""
    return UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    return WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)
