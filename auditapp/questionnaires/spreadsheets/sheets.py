"""A spreadsheet as plain text: what every kind of file is read into, and how large it may be."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from auditapp.refusals import Refused

# Larger than any checklist that people answer, and small enough to be read while somebody waits.
FILE_BYTES = 5 * 1024 * 1024
UNPACKED_BYTES = 40 * 1024 * 1024
RATIO = 200  # how much smaller packing makes a part of a workbook; honest ones stay below 50
RATIO_MATTERS_FROM = 1024 * 1024
ENTRIES = 500
SHEETS = 30
ROWS = 5_000
ROW_ELEMENTS = 100_000
CELL_ELEMENTS = 500_000
LAST_ROW = 1_048_576  # of a sheet, in every program
COLUMNS = 60
CELL_CHARACTERS = 32_767  # as much as a spreadsheet's cell can hold
CHARACTERS = 4_000_000


@dataclass(frozen=True)
class Line:
    """One row with its number in the file. `wide` are cells that spread over columns: [first, last]."""

    number: int
    cells: list[str]
    wide: list[list[int]] = field(default_factory=list)

    @property
    def filled(self) -> list[int]:
        return [n for n, cell in enumerate(self.cells) if cell]

    def spread(self) -> list[str]:
        """The cells with the text of a wide one in each column that it covers."""
        cells = list(self.cells)
        for first, last in self.wide:
            cells[first : last + 1] = [cells[first]] * (last + 1 - first)
        return cells


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet that hold text, all of one length; `notes` say what a reader would not expect."""

    name: str
    lines: list[Line]
    hidden: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.lines[0].cells) if self.lines else 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(stored: dict[str, Any]) -> Sheet:
    return Sheet(**stored | {"lines": [Line(**line) for line in stored["lines"]]})


def column_name(index: int) -> str:
    """The letters of a column, counted from 0."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


class Measure:
    """Counts what is read, and refuses as soon as it is more than a checklist holds."""

    def __init__(self) -> None:
        self.rows = 0
        self.characters = 0

    def take(self, cells: list[str], number: int, place: str) -> None:
        """Add one row that holds text; `place` names the sheet or file."""
        self.rows += 1
        self.characters += sum(map(len, cells))
        where = {"row": number, "place": place}
        if self.rows > ROWS:
            raise Refused(
                _("%(place)s has more than %(most)s rows with text. Divide it into several files.")
                % {"place": place, "most": ROWS}
            )
        last = max(n for n, cell in enumerate(cells) if cell)
        if last >= COLUMNS:
            raise Refused(
                _("Row %(row)s of %(place)s has text in column %(column)s. Keep at most %(most)s columns.")
                % {**where, "column": column_name(last), "most": COLUMNS}
            )
        longest = max(range(len(cells)), key=lambda n: len(cells[n]))
        if len(cells[longest]) > CELL_CHARACTERS:
            raise Refused(
                _(
                    "Cell %(column)s%(row)s of %(place)s holds more than %(most)s characters. Shorten it. In CSV, look "
                    "for a quotation mark that is not closed."
                )
                % {**where, "column": column_name(longest), "most": CELL_CHARACTERS}
            )
        if self.characters > CHARACTERS:
            raise Refused(
                _("The file holds more than %(most)s characters of text. Divide it into several files.")
                % {"most": CHARACTERS}
            )


def squared(lines: list[Line]) -> list[Line]:
    """The lines without empty columns at their end, all equally long."""
    width = max((line.filled[-1] + 1 for line in lines), default=0)
    return [
        Line(
            line.number,
            (line.cells + [""] * width)[:width],
            [[a, min(b, width - 1)] for a, b in line.wide if a < width],
        )
        for line in lines
    ]
