"""Reads .xlsx. A survey of its parts comes first, so that nothing large, active or foreign reaches openpyxl."""

import io
import itertools
import zipfile
from datetime import date, datetime, time
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, range_boundaries

from auditapp.questionnaires.spreadsheets.escapes import unescaped
from auditapp.questionnaires.spreadsheets.sheets import (
    CELL_ELEMENTS,
    COLUMNS,
    ENTRIES,
    LAST_ROW,
    RATIO,
    RATIO_MATTERS_FROM,
    ROW_ELEMENTS,
    SHEETS,
    UNPACKED_BYTES,
    Line,
    Measure,
    Sheet,
    squared,
)
from auditapp.refusals import Refused
from auditapp.text import clean

# Parts of a workbook by which it is more than a table of values.
FOREIGN = {
    "xl/externalLinks/": "links to other files",
    "xl/connections": "connections to databases",
    "xl/queryTables/": "connections to databases",
    "xl/embeddings/": "other files inside",
    "xl/activeX/": "active controls",
    "xl/ctrlProps/": "active controls",
}
OTHERS = {
    "xl/workbook.bin": ".xlsb",
    "word/": "a Word document",
    "ppt/": "a presentation",
    "META-INF/manifest.xml": "an OpenDocument file",
}


def read(data: bytes) -> list[Sheet]:
    """The sheets of a workbook, hidden ones marked. Raises Refused saying what is wrong, where and what to do."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            _must_be_honest(packed)
            _must_be_a_plain_workbook(packed.namelist())
            for name in packed.namelist():
                if name.endswith((".xml", ".rels")) and not name.startswith("xl/worksheets/sheet"):
                    _must_be_bounded(packed, name)
            return _sheets(data, packed)
    except Refused:
        raise
    except Exception as error:  # whatever openpyxl or zipfile stumble over in a damaged file
        raise Refused(
            _("The file is damaged and cannot be read. Open it in your spreadsheet program, save it again as .xlsx.")
        ) from error


def _must_be_honest(packed: zipfile.ZipFile) -> None:
    entries = packed.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(_("The file is protected by a password. Take the password off, save it and upload it again."))
    if len(entries) > ENTRIES:
        raise Refused(
            _("The file consists of %(number)s parts, a checklist of a few dozen. Copy the table into a new file.")
            % {"number": len(entries)}
        )
    swollen = [e for e in entries if e.file_size > RATIO_MATTERS_FROM and e.file_size > RATIO * max(e.compress_size, 1)]
    if swollen or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        _refuse_swollen()


def _refuse_swollen() -> None:
    raise Refused(
        _(
            "The file unpacks to far more than a checklist holds, mostly nothing. Copy the rows with text into a new "
            "file and upload that."
        )
    )


def _must_be_a_plain_workbook(names: list[str]) -> None:
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refused(_("The file holds macros. Save it as .xlsx, without macros, and upload that."))
    if "xl/workbook.xml" not in names:
        kinds = [kind for part, kind in OTHERS.items() if any(name.startswith(part) for name in names)]
        raise Refused(
            _("This is %(kind)s and no .xlsx workbook. Save your checklist as .xlsx or .csv and upload that.")
            % {"kind": kinds[0] if kinds else _("another kind of file")}
        )
    for part, what in FOREIGN.items():
        if any(name.startswith(part) for name in names):
            raise Refused(
                _("The file has %(what)s. Copy the table as values into a new file and upload that.") % {"what": what}
            )


def _must_be_bounded(packed: zipfile.ZipFile, name: str) -> None:
    """A part that openpyxl reads whole declares no entities, and has no more elements than a checklist needs."""
    elements = itertools.count(1)

    def begins(_tag: str, _about: dict[str, str]) -> None:
        if next(elements) > CELL_ELEMENTS:
            _refuse_swollen()

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_entities
    parser.StartElementHandler = begins
    with packed.open(name) as part:
        parser.ParseFile(part)


def _refuse_entities(*_about: Any) -> None:
    raise Refused(
        _("The file holds declarations that no spreadsheet program writes. Save it again as .xlsx and upload that.")
    )


class _Survey:
    """What a sheet's part says besides values, read piece by piece and never kept."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rows = self.row = self.last = self.cells = 0
        self.cell = ""
        self.inside = False
        self.formulas: list[str] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns = False
        self.merged: list[tuple[int, int, int, int]] = []

    def of(self, part: Any) -> "_Survey":
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _refuse_entities
        parser.StartElementHandler = self._begins
        parser.EndElementHandler = self._ends
        parser.CharacterDataHandler = self._text
        parser.ParseFile(part)
        return self

    def _begins(self, tag: str, about: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        hidden = about.get("hidden") in ("1", "true")
        if name == "row":
            self.rows += 1
            self.row = int(about.get("r", self.row + 1))
            if hidden:
                self.hidden_rows.add(self.row)
            if self.rows > ROW_ELEMENTS or self.row > LAST_ROW:
                raise Refused(
                    _("Sheet “%(sheet)s” has more than %(most)s rows. Copy the rows with text into a new file.")
                    % {"sheet": self.title, "most": ROW_ELEMENTS}
                )
        elif name == "c":
            self._begins_cell(about.get("r", ""))
        elif name == "f":
            self.formulas.append(self.cell)
        elif name in ("v", "t"):
            self.inside = True
        elif name == "col" and hidden:
            self.hidden_columns = self.hidden_columns or int(about["min"]) <= COLUMNS
        elif name == "mergeCell":
            left, top, right, bottom = range_boundaries(about["ref"])
            self.merged.append((left, top, right, bottom))

    def _begins_cell(self, name: str) -> None:
        self.cell = name
        self.cells += 1
        if self.cells > CELL_ELEMENTS:
            raise Refused(
                _("Sheet “%(sheet)s” has more than %(most)s cells. Copy the rows with text into a new file.")
                % {"sheet": self.title, "most": CELL_ELEMENTS}
            )

    def _ends(self, tag: str) -> None:
        self.inside = False

    def _text(self, text: str) -> None:
        if self.inside and text.strip():
            self.last = self.row
            column = self.cell.rstrip("0123456789")
            if column and column_index_from_string(column) > COLUMNS:
                raise Refused(
                    _("Cell %(cell)s of sheet “%(sheet)s” holds text. Keep at most %(most)s columns.")
                    % {"cell": self.cell, "sheet": self.title, "most": COLUMNS}
                )


def _sheets(data: bytes, packed: zipfile.ZipFile) -> list[Sheet]:
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    if len(book.worksheets) > SHEETS:
        raise Refused(
            _("The file has %(number)s sheets. Keep those with the checklist, at most %(most)s.")
            % {"number": len(book.worksheets), "most": SHEETS}
        )
    measure = Measure()
    return [_sheet(sheet, packed, measure) for sheet in book.worksheets]


def _sheet(sheet: Any, packed: zipfile.ZipFile, measure: Measure) -> Sheet:
    with packed.open(sheet._worksheet_path.lstrip("/")) as part:
        survey = _Survey(sheet.title).of(part)
    if survey.formulas:
        raise Refused(
            _(
                "Cell %(cell)s of sheet “%(sheet)s” holds a formula (%(number)s in the sheet). Copy the cells, paste "
                "them as values and upload the file again."
            )
            % {"cell": survey.formulas[0], "sheet": sheet.title, "number": len(survey.formulas)}
        )
    lines = []
    if survey.last:
        sheet.reset_dimensions()
        place = _("sheet “%(sheet)s”") % {"sheet": sheet.title}
        rows = sheet.iter_rows(max_row=survey.last, max_col=COLUMNS, values_only=True)
        found = {
            number: [_text(value) for value in values]
            for number, values in enumerate(rows, start=1)
            if any(value is not None for value in values)
        }
        wide = _merge(found, survey)
        for number, cells in sorted(found.items()):
            if any(cells):
                measure.take(cells, number, place)
                lines.append(Line(number, cells, wide.get(number, [])))
    return Sheet(sheet.title, squared(lines), sheet.sheet_state != "visible", _notes(survey, lines))


def _merge(found: dict[int, list[str]], survey: _Survey) -> dict[int, list[list[int]]]:
    """Put the text of a cell that is merged over rows into each of them, as a reader of the sheet sees it.

    Returns by row the cells that spread over columns. Honest merged cells never overlap, so that together they cover
    no more than the sheet.
    """
    wide: dict[int, list[list[int]]] = {}
    covered = 0
    for left, top, right, bottom in survey.merged:
        bottom = min(bottom, survey.last)
        covered += max(bottom - top, 0)
        if covered > CELL_ELEMENTS:
            raise Refused(
                _("The merged cells of sheet “%(sheet)s” cover each other. Copy the table as values into a new file.")
                % {"sheet": survey.title}
            )
        text = found[top][left - 1] if top in found and left <= COLUMNS else ""
        for number in range(top, bottom + 1):
            cells = found.get(number)
            if cells and any(cells) and left <= COLUMNS:
                cells[left - 1] = cells[left - 1] or text
                if right > left:
                    wide.setdefault(number, []).append([left - 1, min(right, COLUMNS) - 1])
    return wide


def _text(value: Any) -> str:
    """A value as the sheet shows it, as far as the value itself says how."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return clean(unescaped(str(value)))


def _notes(survey: _Survey, lines: list[Line]) -> list[str]:
    notes = []
    hidden = [line.number for line in lines if line.number in survey.hidden_rows]
    if hidden:
        numbers = ", ".join(map(str, hidden[:10])) + (" …" if len(hidden) > 10 else "")
        notes.append(_("Rows that the sheet hides are read too: %(rows)s.") % {"rows": numbers})
    if survey.hidden_columns:
        notes.append(_("Columns that the sheet hides are read too."))
    return notes
