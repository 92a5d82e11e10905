"""Goes through what somebody brought along: under the rules of a version, with what people said that it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.deployments.profile import facts_in
from auditapp.questionnaires.applicability import in_words
from auditapp.questionnaires.models import Category, Check, ChecklistUpload, Clause, QuestionnaireVersion
from auditapp.questionnaires.spreadsheets import opening, sheets, tables, values
from auditapp.questionnaires.spreadsheets.columns import Column
from auditapp.questionnaires.spreadsheets.rows import Row, understood
from auditapp.questionnaires.spreadsheets.tables import Entry, Table
from auditapp.questionnaires.spreadsheets.values import Known, Value
from auditapp.questionnaires.yaml_files.reading import Document, Read
from auditapp.refusals import Refused


def known(version: QuestionnaireVersion, user: User) -> Known:
    """What a questionnaire under the rules of this version may name, in three queries."""
    content = version.content
    clauses = Clause.objects.visible_to(user).values_list("framework__code", "code")
    checks = Check.objects.visible_to(user).filter(retired=None)
    return Known(
        categories=dict(Category.objects.visible_to(user).values_list("code", "title")),
        stages=content["stages"],
        asked_at=version.about["stages"],
        facts=facts_in(content["applicability"]["profile_facts"]),
        clauses=frozenset(f"{framework}:{code}" for framework, code in clauses),
        checks=dict(checks.values_list("code", "category__code")),
        roles=content["signatory_roles"],
    )


@dataclass(frozen=True)
class Opened:
    """A file that could be read: what `ChecklistUpload.keep` takes of it."""

    name: str
    data: bytes
    kind: str
    parsed: dict[str, Any]
    document: Document | None = None


def opened(name: str, data: bytes) -> Opened:
    """Read a file of either kind. Raises Refused saying what is wrong with it."""
    opening.must_be_small(data)
    if name.lower().endswith((".yaml", ".yml")):
        document = Document(name, data)
        return Opened(name, data, ChecklistUpload.Kind.FILE, {"text": document.text}, document)
    parsed = {"sheets": [sheet.as_json() for sheet in opening.read(name, data)]}
    return Opened(name, data, ChecklistUpload.Kind.SHEET, parsed)


@dataclass(frozen=True)
class Shown:
    """A row of the preview: the question in words, what is wrong with it, and whether it has its own code."""

    row: Row
    category: str
    conditions: str
    new: bool

    @property
    def number(self) -> str:
        return str(self.row.number)


class Import:
    """One upload on its way to a draft; everything is worked out from what was read and what was chosen."""

    def __init__(self, upload: ChecklistUpload, user: User) -> None:
        self.upload = upload
        self.known = known(upload.base, user)

    # A spreadsheet, step by step -----------------------------------------------------------------------

    @cached_property
    def sheets(self) -> list[sheets.Sheet]:
        return [sheets.from_json(stored) for stored in self.upload.parsed["sheets"]]

    def table(self, sheet: str = "", header: str = "") -> Table:
        """The table as chosen, or of another sheet or heading row, with its columns guessed anew."""
        choices = self.upload.choices
        if not sheet and not header and "columns" in choices:
            columns = {int(index): field for index, field in choices["columns"].items()}
            return Table(self.sheets[choices["sheet"]], choices["header"], columns)
        number = int(sheet) if sheet.isdecimal() and int(sheet) < len(self.sheets) else tables.best_of(self.sheets)
        guess = tables.found(self.sheets[number])
        return Table(self.sheets[number], int(header)) if header.isdecimal() and len(header) < 8 else guess

    @property
    def first_entries(self) -> list[Entry]:
        """A few rows by which to see whether the columns are right."""
        return [entry for entry in self.table().entries if entry.cells.get("text")][:5]

    @property
    def sheet_steps(self) -> bool:
        return self.upload.kind == ChecklistUpload.Kind.SHEET

    @property
    def columns_left_out(self) -> list[Column]:
        """What stands in the sheet and is not taken in."""
        return [c for c in self.table().columns if not c.field and c.left_out != "empty"] if self.sheet_steps else []

    def must_have_columns(self) -> None:
        if self.sheet_steps and "columns" not in self.upload.choices:
            raise Refused(_("Say first what the columns are."))

    @property
    def open_values(self) -> list[Value]:
        return values.open_values(self.table().entries, self.known)

    # What comes of it ----------------------------------------------------------------------------------

    @cached_property
    def read(self) -> Read | None:
        """A questionnaire file as it reads under the rules chosen; None for a spreadsheet."""
        if self.sheet_steps:
            return None
        return Document(self.upload.name, self.upload.parsed["text"].encode()).read(self.known)

    @cached_property
    def rows(self) -> list[Row]:
        if self.read:
            return [Row(n, question) for n, question in enumerate(self.read.questions, start=1)]
        return understood(self.table().entries, self.known, self.upload.choices.get("values", {}))

    @property
    def problems(self) -> int:
        """How many rows have one."""
        return sum(bool(row.problems) for row in self.rows)

    @property
    def shown(self) -> list[Shown]:
        return [self._shown(row) for row in self.rows]

    def _shown(self, row: Row) -> Shown:
        condition = row.question["applies_when"]
        lines = [] if row.problems or not condition else in_words(condition, self.known.facts)
        return Shown(
            row=row,
            category=self.known.categories.get(row.question["category"], ""),
            conditions="; ".join(f" {_('or')} ".join(line) for line in lines),
            new=row.question["code"] not in self.known.checks,
        )

    @property
    def about(self) -> Mapping[str, Any]:
        """The questionnaire's own entry: what a file says, or that of the version whose rules are followed."""
        return self.read.about if self.read else self.upload.base.about

    def wanted(self, left_out: Sequence[str], *, also_problems: bool) -> list[dict[str, Any]]:
        """The questions to take in. Raises Refused while a row that is not left out is not understood."""
        rows = [row for row in self.rows if str(row.number) not in left_out]
        if also_problems:
            rows = [row for row in rows if not row.problems]
        if wrong := [row for row in rows if row.problems]:
            lines = [
                _("Row %(row)s: %(problem)s") % {"row": row.number, "problem": " ".join(row.problems)} for row in wrong
            ]
            raise Refused(_("Some rows are not understood yet. Correct the file, or leave them out."), [*lines])
        if not rows:
            raise Refused(_("No row is left to take in."))
        return [row.question for row in rows]
