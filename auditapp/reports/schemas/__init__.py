"""The published shapes of what is frozen and exported: JSON Schemas (draft 2020-12), one file per layer and version."""

from pathlib import Path

HERE = Path(__file__).parent
ENDING = ".schema.json"
NAMES = sorted(file.name for file in HERE.glob(f"*{ENDING}"))
TYPE = "application/schema+json"


def content(name: str) -> bytes | None:
    """The file of that name; None for one that is not published."""
    return (HERE / name).read_bytes() if name in NAMES else None
