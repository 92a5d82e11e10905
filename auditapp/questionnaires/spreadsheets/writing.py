"""Writes a questionnaire version as .xlsx, so that it can be worked on in a spreadsheet and brought back unchanged."""

import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from auditapp.deployments.profile import Fact, facts_in
from auditapp.questionnaires.applicability import in_words
from auditapp.questionnaires.models.wording import Wording
from auditapp.questionnaires.spreadsheets.columns import FIELDS
from auditapp.questionnaires.spreadsheets.conditions import condition_written, thresholds_written
from auditapp.questionnaires.spreadsheets.escapes import escaped
from auditapp.questionnaires.spreadsheets.sheets import CELL_CHARACTERS
from auditapp.refusals import Refused

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOP = Alignment(vertical="top", wrap_text=True)
BOLD = Font(bold=True)
# Heading and width of each column; what is no field of a question is there to be read.
COLUMNS = {
    "code": (FIELDS["code"], 16),
    "category": (FIELDS["category"], 22),
    "category_title": (gettext_lazy("Category title"), 26),
    "text": (FIELDS["text"], 60),
    "guidance": (FIELDS["guidance"], 50),
    "expected_evidence": (FIELDS["expected_evidence"], 40),
    "criticality": (FIELDS["criticality"], 11),
    "stages": (FIELDS["stages"], 16),
    "in_words": (gettext_lazy("Applies when (words)"), 36),
    "applies_when": (FIELDS["applies_when"], 30),
    "scope": (FIELDS["scope"], 13),
    "clauses": (FIELDS["clauses"], 26),
    "reason": (FIELDS["reason"], 26),
    "thresholds": (FIELDS["thresholds"], 36),
    "not_applicable_backed_by": (FIELDS["not_applicable_backed_by"], 20),
    "raised_to": (FIELDS["raised_to"], 12),
    "raised_where": (FIELDS["raised_where"], 24),
}
LIFE = ("pre", "live", "change")
RISKY = ("=", "+", "-", "@")  # how a text begins that a spreadsheet might take for a formula when it is edited


def written(content: Mapping[str, Any], *, categories: Iterable[str], digest: str, source: str) -> bytes:
    """The workbook of a version's frozen content; `categories` are codes to choose from besides those used.

    Raises Refused for a text that is longer than a cell can hold.
    """
    book = Workbook()
    sheet = book.active
    sheet.title = _("Questions")
    questions = list(_questions(content))
    _fill(sheet, [[str(heading) for heading, _width in COLUMNS.values()], *(list(q.values()) for q in questions)])
    for n, (_heading, width) in enumerate(COLUMNS.values(), start=1):
        sheet.column_dimensions[get_column_letter(n)].width = width
        sheet.cell(1, n).font = BOLD
    sheet.freeze_panes = "A2"
    _write_about(book.create_sheet(_("About")), content["questionnaire"], digest, source)
    choices = {
        "criticality": list(Wording.Criticality.values),
        "category": list(dict.fromkeys([*(q["category"] for q in questions), *categories])),
        "scope": list(Wording.Scope.values),
        "stages": _combinations(content["stages"]),
    }
    _offer(sheet, book.create_sheet(_("Lists")), choices, rows=len(questions) + 1)
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def _questions(content: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    facts = facts_in(content["applicability"]["profile_facts"])
    thresholds: dict[str, list[Any]] = {}
    for row in content["local_thresholds"]:
        thresholds.setdefault(row["check"], []).append(row)
    for category in (category for domain in content["domains"] for category in domain["categories"]):
        for question in category["questions"]:
            yield {name: _cell(name, question, category, facts, thresholds) for name in COLUMNS}


def _cell(
    name: str,
    question: Mapping[str, Any],
    category: Mapping[str, Any],
    facts: Sequence[Fact],
    thresholds: Mapping[str, list[Any]],
) -> str:
    if name in ("category", "category_title"):
        return category["code"] if name == "category" else category["title"]
    if name == "in_words":
        lines = [f" {_('or')} ".join(line) for line in in_words(question["applies_when"], facts)]
        return f"; {_('and')} ".join(lines) or _("always")
    if name == "applies_when":
        return condition_written(question["applies_when"])
    if name == "thresholds":
        return thresholds_written(thresholds.get(question["code"], []))
    if name in ("raised_to", "raised_where"):
        key = "criticality" if name == "raised_to" else "offer_when"
        return question["criticality_option"].get(key, "")
    separator = {"stages": ", ", "clauses": "\n"}.get(name)
    return separator.join(question[name]) if separator else question[name]


def _fill(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    for number, row in enumerate(rows, start=1):
        for n, value in enumerate(row, start=1):
            text = escaped(value)
            if len(text) > CELL_CHARACTERS:
                raise Refused(
                    _("%(what)s holds a text that is longer than a spreadsheet’s cell. Export it as YAML instead.")
                    % {"what": row[0]}
                )
            if text:
                cell = sheet.cell(number, n, text)
                cell.data_type = "s"  # a text, whatever it begins with
                cell.alignment = TOP
                cell.quotePrefix = text.startswith(RISKY)


def _write_about(sheet: Any, about: Mapping[str, Any], digest: str, source: str) -> None:
    _fill(
        sheet,
        [
            [_("Title"), about["title"]],
            [_("Purpose"), about["purpose"]],
            [_("Code"), about["code"]],
            [_("Version"), str(about["version"])],
            [_("Digest (SHA-256) of everything that this version fixes"), digest],
            [_("Source"), source],
        ],
    )
    sheet.column_dimensions["A"].width = 30
    sheet.column_dimensions["B"].width = 90
    for row in range(1, 7):
        sheet.cell(row, 1).font = BOLD


def _combinations(stages: Mapping[str, str]) -> list[str]:
    """Every set of stages, in the order of a tool's life; canonical content has them by letter."""
    ordered = sorted(stages, key=lambda stage: LIFE.index(stage) if stage in LIFE else len(LIFE))
    sizes = range(1, len(stages) + 1)
    return [", ".join(some) for size in sizes for some in itertools.combinations(ordered, size)]


def _offer(sheet: Any, lists: Any, choices: Mapping[str, Sequence[str]], rows: int) -> None:
    """Lists to choose from in the columns, also in rows that are added below."""
    for n, (name, values) in enumerate(choices.items(), start=1):
        lists.cell(1, n, str(COLUMNS[name][0])).font = BOLD
        for row, value in enumerate(values, start=2):
            lists.cell(row, n, value)
        letter = get_column_letter(n)
        lists.column_dimensions[letter].width = COLUMNS[name][1]
        source = f"'{lists.title}'!${letter}$2:${letter}${len(values) + 1}"
        offered = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
        offered.error = _("Choose one of the list.")
        column = get_column_letter(list(COLUMNS).index(name) + 1)
        offered.add(f"{column}2:{column}{rows + 500}")
        sheet.add_data_validation(offered)
