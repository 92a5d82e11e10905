"""Finds the checklist in a sheet: its heading row, the rows that only name a section, the rows that ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median_high

from django.utils.translation import gettext as _

from auditapp.questionnaires.spreadsheets import columns as kinds
from auditapp.questionnaires.spreadsheets.columns import Column
from auditapp.questionnaires.spreadsheets.sheets import Line, Sheet, column_name

LOOKED_AT = 40  # rows in which a heading row is looked for
SHORT = 40  # characters of a heading at most


@dataclass(frozen=True)
class Entry:
    """One row that asks something, with the section it stands under and its texts by field."""

    row: int
    section: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A sheet read as a checklist. `header` is the number of its heading row, 0 for none."""

    sheet: Sheet
    header: int
    fields: Mapping[int, str] | None = None
    notes: list[str] = field(default_factory=list)

    @cached_property
    def _at(self) -> int:
        """Where in the lines the heading row is; -1 for none."""
        return next((n for n, line in enumerate(self.sheet.lines) if line.number == self.header), -1)

    @cached_property
    def _two_rows(self) -> bool:
        return self._at >= 0 and _goes_on(self.sheet.lines, self._at)

    @cached_property
    def headings(self) -> list[str]:
        if self._at < 0:
            return [""] * self.sheet.width
        first = self.sheet.lines[self._at].spread()
        if not self._two_rows:
            return first
        second = self.sheet.lines[self._at + 1].cells
        return [_joined(above, below) for above, below in zip(first, second, strict=True)]

    @cached_property
    def lines(self) -> list[Line]:
        """What stands below the headings, without headings that are repeated on later pages."""
        begin = self._at + (2 if self._two_rows else 1)
        heading = self.sheet.lines[self._at].cells if self._at >= 0 else None
        return [line for line in self.sheet.lines[begin:] if line.cells != heading]

    @cached_property
    def columns(self) -> list[Column]:
        guess = kinds.guessed(self.headings, [line.cells for line in self.lines])
        return guess if self.fields is None else kinds.chosen(self.headings, self.fields, guess)

    @cached_property
    def entries(self) -> list[Entry]:
        """The rows that ask something, each under its section; a category's empty cell means the one above."""
        found, section, category = [], "", ""
        fields = {column.index: column.field for column in self.columns if column.field}
        for line in self.lines:
            if title := self._section(line):
                section = title
                continue
            cells = {name: line.cells[index] for index, name in fields.items()}
            if not any(cells.values()):
                continue  # only numbers and answers
            category = cells.get("category") or category
            if "category" in cells:
                cells["category"] = category
            found.append(Entry(line.number, section, cells))
        return found

    @cached_property
    def _numbering(self) -> set[int]:
        return {c.index for c in self.columns if c.left_out == "numbers"}

    @cached_property
    def _text(self) -> int:
        return next((c.index for c in self.columns if c.field == "text"), -1)

    @cached_property
    def _usual(self) -> tuple[int, int]:
        """How many cells a row of this checklist has, apart from its number; and how many numbers."""
        rows = [self._counted(line) for line in self.lines]
        numbers = [len(self._numbers(line)) for line in self.lines]
        return (median_high(rows), median_high(numbers)) if rows else (0, 0)

    def _counted(self, line: Line) -> int:
        return len(set(line.filled) - self._numbers(line))

    def _numbers(self, line: Line) -> set[int]:
        """Where the row has its number; a title may stand in the same column."""
        return {n for n in self._numbering if kinds.A_NUMBER.fullmatch(line.cells[n])}

    def _section(self, line: Line) -> str:
        """The title, if the row says nothing but the title of the section below it."""
        filled = [n for n in line.filled if n not in self._numbers(line)]
        texts = {line.cells[n] for n in filled}
        if len(texts) != 1:
            return ""
        text, usual, numbers = texts.pop(), *self._usual
        if text.endswith("?"):
            return ""
        wide = any(first in filled and last > first for first, last in line.wide)
        alone_here = usual >= 2 or filled[0] != self._text
        lacks_number = numbers >= 1 and not self._numbers(line)
        return text if wide or alone_here or lacks_number else ""


def _joined(above: str, below: str) -> str:
    if not below or above == below:
        return above
    return f"{above} {below}".strip() if not kinds.is_known(below) else below


def _goes_on(lines: Sequence[Line], at: int) -> bool:
    """Whether the row below the headings belongs to them: it only names what a wide or empty heading leaves open."""
    if at + 1 >= len(lines) or lines[at + 1].number != lines[at].number + 1:
        return False
    first, second = lines[at], lines[at + 1]
    open_columns = {n for a, b in first.wide for n in range(a, b + 1)}
    open_columns |= {n for n, cell in enumerate(first.cells) if not cell}
    same = {n for n in second.filled if second.cells[n] == first.cells[n]}
    named = set(second.filled) - same
    short = all(len(second.cells[n]) <= SHORT for n in named)
    known = any(kinds.is_known(second.cells[n]) for n in named)
    return bool(named) and named <= open_columns and short and (known or bool(same) or bool(first.wide))


def found(sheet: Sheet) -> Table:
    """The sheet with its most likely heading row."""
    best, most = 0, 0
    for line in sheet.lines[:LOOKED_AT]:
        texts = [cell for cell in line.spread() if cell]
        score = 2 * len({kinds.field_of(text) for text in texts} - {""}) + sum(map(kinds.is_known, texts))
        alone = len(set(texts)) == 1 and kinds.field_of(texts[0]) != "text"
        if score > most and not alone and all(len(text) <= 2 * SHORT for text in texts):
            best, most = line.number, score
    return Table(sheet, best or _first_full(sheet))


def _first_full(sheet: Sheet) -> int:
    """Where no heading is known: the first row that fills every column, if its texts are as short as headings are."""
    full = next((line for line in sheet.lines[:LOOKED_AT] if len(line.filled) == sheet.width), None)
    if full is None or sheet.width == 1 or any(len(cell) > SHORT or cell.endswith("?") for cell in full.cells):
        return 0
    return full.number


def best_of(sheets: Sequence[Sheet]) -> int:
    """Which sheet is the checklist: visible, with headings that are known, and the most that is read under them.

    A single word in a sheet of remarks may be a known heading; so each row counts for as many fields as are named.
    """

    def weight(n: int) -> tuple[bool, bool, int]:
        table = found(sheets[n])
        named = {kinds.field_of(heading) for heading in table.headings} - {""}
        return not sheets[n].hidden, "text" in named, len(table.entries) * max(len(named), 1)

    return max(range(len(sheets)), key=weight)


def described(column: Column, table: Table) -> str:
    """A column as a person finds it in the sheet: its letter and its heading."""
    letter = column_name(column.index)
    return f"{letter}: {column.heading}" if column.heading else _("%(letter)s (no heading)") % {"letter": letter}
