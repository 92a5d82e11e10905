"""Spreadsheets as hospitals keep them, made cell by cell."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl


def xlsx(
    rows: Sequence[Sequence[Any]],
    *,
    merged: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    title: str = "Checklist",
    more: Callable[[openpyxl.Workbook], None] | None = None,
) -> bytes:
    """A workbook with these rows; `more` does to it what is particular."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    for number in hidden_rows:
        sheet.row_dimensions[number].hidden = True
    if more:
        more(book)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def csv(text: str, encoding: str = "utf-8") -> bytes:
    return text.replace("\n", "\r\n").encode(encoding)
