"""Reads .csv: whatever encoding and separator the spreadsheet program of that country writes."""

import csv
import io
from collections import Counter

from django.utils.translation import gettext as _

from auditapp.questionnaires.spreadsheets.sheets import Line, Measure, Sheet, column_name, squared
from auditapp.refusals import Refused
from auditapp.text import clean

SEPARATORS = ",;\t"
SAMPLE = 60  # rows by which the separator is told


def read(name: str, data: bytes) -> Sheet:
    """The one sheet of a text file. Raises Refused for what is no table of text."""
    text, notes = decoded(data)
    if text.lstrip()[:100].lower().startswith(("<html", "<!doctype", "<?xml")):
        raise Refused(_("This is a web page and no spreadsheet. Open it, save it as .xlsx or .csv and upload that."))
    separator, text = _separator(text)
    measure, lines = Measure(), []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator), start=1):
            cells = [clean(cell) for cell in row]
            if any(cells):
                measure.take(cells, number, _("the file"))
                _must_hold_no_formula(cells, number)
                lines.append(Line(number, cells))
    except csv.Error as error:
        raise Refused(
            _("The file cannot be read as CSV (%(why)s). Look for a quotation mark that is not closed.")
            % {"why": error}
        ) from error
    return Sheet(name, squared(lines), notes=notes)


def decoded(data: bytes) -> tuple[str, list[str]]:
    """The text, and what has to be said about how it was read."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _as(data, "utf-16"), []
    if data[1:200:2].count(0) > 60:  # Latin letters in two bytes each, without the mark that says so
        return _as(data, "utf-16-le"), []
    if b"\x00" in data:
        raise Refused(_("This is no text file. Save your checklist as .xlsx or .csv and upload that."))
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return _as(data, "cp1252"), [_("Read as Windows-1252 text. Look whether letters with accents are right.")]


def _as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(
            _("The letters of the file cannot be read from byte %(place)s on. Save it as CSV UTF-8, or as .xlsx.")
            % {"place": error.start}
        ) from error


def _separator(text: str) -> tuple[str, str]:
    """The separator, and the text without the line by which some programs name it."""
    first, _end, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4], rest
    return max(SEPARATORS, key=lambda separator: _regularity(text, separator)), text


def _regularity(text: str, separator: str) -> tuple[int, int]:
    """How many rows agree on a number of columns above one, and on how many."""
    widths: Counter[int] = Counter()
    try:
        for n, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            if n == SAMPLE:
                break
            widths[len(row)] += len(row) > 1
    except csv.Error:
        return 0, 0
    return max(((times, width) for width, times in widths.items()), default=(0, 0))


def _must_hold_no_formula(cells: list[str], number: int) -> None:
    for n, cell in enumerate(cells):
        if cell.startswith("="):
            raise Refused(
                _("Cell %(cell)s begins with “=”, as a formula does. Put the value in its place and upload it again.")
                % {"cell": f"{column_name(n)}{number}"}
            )
