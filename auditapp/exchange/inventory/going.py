"""One inventory on its way in; everything is worked out from what was read and what was chosen."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.exchange.inventory import columns, words
from auditapp.exchange.inventory.columns import Column, Entry, Table
from auditapp.exchange.inventory.rows import Reader, Row
from auditapp.exchange.inventory.words import Known, Word
from auditapp.exchange.models.inventory import InventoryUpload
from auditapp.questionnaires.spreadsheets import sheets
from auditapp.refusals import Refused


class Going:
    """An upload between its file and the deployments that come of it."""

    def __init__(self, upload: InventoryUpload, user: User) -> None:
        self.upload, self.user = upload, user

    @cached_property
    def known(self) -> Known:
        return Known.to(self.user)

    @cached_property
    def sheets(self) -> list[sheets.Sheet]:
        return [sheets.from_json(stored) for stored in self.upload.parsed]

    def table(self, sheet: str = "", header: str = "") -> Table:
        """The table as chosen, or of another sheet or heading row, with its columns guessed anew."""
        choices = self.upload.choices
        if not sheet and not header and "columns" in choices:
            chosen = {int(index): field for index, field in choices["columns"].items()}
            return Table(self.sheets[choices["sheet"]], choices["header"], chosen)
        number = int(sheet) if sheet.isdecimal() and int(sheet) < len(self.sheets) else columns.best_of(self.sheets)
        if header.isdecimal() and len(header) < 8:
            return Table(self.sheets[number], int(header))
        return columns.found(self.sheets[number])

    @cached_property
    def entries(self) -> list[Entry]:
        return self.table().entries

    def must_have_columns(self) -> None:
        if "columns" not in self.upload.choices:
            raise Refused(_("Say first what the columns are."))

    @property
    def open_words(self) -> list[Word]:
        return words.open_words(self.entries, self.known)

    @property
    def columns_left_out(self) -> list[Column]:
        return [column for column in self.table().columns if not column.field and column.samples]

    @cached_property
    def rows(self) -> list[Row]:
        return Reader(self.user, self.known, self.upload.choices.get("words", {})).rows(self.entries)

    @property
    def counts(self) -> Counter[str]:
        """How many rows are new, there already, or have a problem."""
        return Counter("there" if row.there else "problem" if row.problems else "new" for row in self.rows)

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.problems and not row.there]

    def wanted(self, left_out: Sequence[str], *, without_problems: bool) -> list[Row]:
        """The rows to enter. Raises Refused while one that is not left out is not understood."""
        rows = [row for row in self.rows if not row.there and str(row.number) not in left_out]
        if without_problems:
            rows = [row for row in rows if not row.problems]
        if wrong := [row for row in rows if row.problems]:
            lines = [
                _("Row %(row)s: %(problem)s") % {"row": row.number, "problem": " ".join(row.problems.values())}
                for row in wrong
            ]
            raise Refused(_("Some rows are not understood yet. Leave them out, or mend the list."), [*lines])
        if not rows:
            raise Refused(_("No row is left to enter."))
        return rows

    def to_mend(self) -> tuple[list[str], list[list[str]]]:
        """The rows with a problem as they stand in the sheet, and beside them what is wrong: (headings, rows)."""
        table, numbers = self.table(), {row.number: row for row in self.wrong}
        lines = [(numbers[line.number], line.cells) for line in table.lines if line.number in numbers]
        return [*table.headings, _("Problem")], [
            [*cells, " ".join(f"{label}: {why}" for label, _cell, why in row.faults)] for row, cells in lines
        ]
