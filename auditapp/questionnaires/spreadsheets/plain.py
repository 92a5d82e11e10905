"""Writes tables as .xlsx: headings, then rows of texts and whole numbers; never a formula."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from auditapp.questionnaires.spreadsheets.escapes import escaped
from auditapp.questionnaires.spreadsheets.sheets import CELL_CHARACTERS
from auditapp.questionnaires.spreadsheets.writing import RISKY, TYPE
from auditapp.refusals import Refused

__all__ = ["TYPE", "Table", "written"]
TOP = Alignment(vertical="top", wrap_text=True)
BOLD = Font(bold=True)
Cell = str | int | None


@dataclass(frozen=True)
class Table:
    """One sheet: its title, each column with its width in characters, and the rows."""

    title: str
    columns: dict[str, int]
    rows: Sequence[Sequence[Cell]]


def written(tables: Sequence[Table]) -> bytes:
    """The workbook. Raises Refused for a text that is longer than a cell can hold."""
    book = Workbook()
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet(table.title)
        sheet.freeze_panes = "A2"
        for n, (heading, width) in enumerate(table.columns.items(), start=1):
            sheet.cell(1, n, heading).font = BOLD
            sheet.column_dimensions[get_column_letter(n)].width = width
        for number, row in enumerate(table.rows, start=2):
            for n, value in enumerate(row, start=1):
                _put(sheet.cell(number, n), value, table.title)
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def _put(cell: object, value: Cell, where: str) -> None:
    if value is None or value == "":
        return
    cell.alignment = TOP  # type: ignore[attr-defined]
    if not isinstance(value, str):
        cell.value = value  # type: ignore[attr-defined]
        return
    text = escaped(value)
    if len(text) > CELL_CHARACTERS:
        sentence = _("“%(where)s” holds a text that is longer than a spreadsheet’s cell. Export it as JSON instead.")
        raise Refused(sentence % {"where": where})
    cell.value = text  # type: ignore[attr-defined]
    cell.data_type = "s"  # type: ignore[attr-defined]  # a text, whatever it begins with
    cell.quotePrefix = text.startswith(RISKY)  # type: ignore[attr-defined]
