"""The rows of a checklist as questions, each with what stands in its way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from auditapp.questionnaires.applicability import can_hold, unknown_in
from auditapp.questionnaires.models.wording import Wording
from auditapp.questionnaires.spreadsheets.conditions import clauses_in, condition_read, thresholds_read
from auditapp.questionnaires.spreadsheets.tables import Entry
from auditapp.questionnaires.spreadsheets.values import TO_GUIDANCE, Known, meant, used


@dataclass(frozen=True)
class Row:
    """One question as `Draft.take_in` takes it, the row it came from, and what is wrong with it."""

    number: int
    question: dict[str, Any]
    problems: list[str] = field(default_factory=list)


def understood(entries: Sequence[Entry], known: Known, explained: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """Every row as a question under the rules of `known`."""
    rows = [_row(entry, known, explained) for entry in entries]
    twice = _twice(rows)
    return [Row(row.number, row.question, [*row.problems, *twice.get(row.number, [])]) for row in rows]


def _row(entry: Entry, known: Known, explained: Mapping[str, Mapping[str, str]]) -> Row:
    cells = {"text": "", "guidance": "", "expected_evidence": "", "reason": "", "code": ""} | entry.cells
    ours = {kind: meant(kind, entry, known, explained) for kind in ("criticality", "category", "stages", "scope")}
    clauses, foreign = clauses_in(cells.get("clauses", ""), known.clauses)
    guidance = cells["guidance"]
    if foreign and meant("clauses", entry, known, explained) == TO_GUIDANCE:
        told = _("References in the checklist: %(references)s") % {"references": "; ".join(foreign)}
        guidance = f"{guidance}\n{told}".strip()
    thresholds = thresholds_read(cells.get("thresholds", ""))
    question = {
        "code": cells["code"],
        "category": ours["category"],
        "text": cells["text"],
        "guidance": guidance,
        "expected_evidence": cells["expected_evidence"],
        "criticality": ours["criticality"],
        "stages": ours["stages"].split(",") if ours["stages"] else [],
        "applies_when": condition_read(meant("applies_when", entry, known, explained) or "?"),
        "scope": ours["scope"],
        "not_applicable_backed_by": cells.get("not_applicable_backed_by", ""),
        "criticality_option": _option(cells),
        "clauses": clauses,
        "reason": cells["reason"],
        "thresholds": thresholds or [],
    }
    problems = list(_problems(question, entry, known))
    if thresholds is None:
        problems.append(_("The thresholds cannot be read. Write one a line: name | at_least | 95 | percent"))
    if foreign and not meant("clauses", entry, known, explained):
        problems.append(_("Say what becomes of “%(references)s”.") % {"references": "; ".join(foreign)})
    return Row(entry.row, question, problems)


def _option(cells: Mapping[str, str]) -> dict[str, str]:
    if not cells.get("raised_to"):
        return {}
    return {"criticality": cells["raised_to"], "offer_when": cells.get("raised_where", "")}


def _problems(question: Mapping[str, Any], entry: Entry, known: Known) -> Iterable[str]:
    if not question["text"]:
        yield _("There is no question in this row.")
    for kind, sentence in {
        "criticality": _("Say what the criticality “%(text)s” means."),
        "category": _("Say which category “%(text)s” belongs to."),
        "stages": _("Say at which stage “%(text)s” is."),
        "scope": _("Say which scope “%(text)s” is."),
    }.items():
        if not question[kind]:
            yield sentence % {"text": used(entry, kind, known) or _("(nothing)")}
    condition = question["applies_when"]
    if condition is None:
        text = used(entry, "applies_when", known)
        yield _("“%(text)s” is no condition. Write “always”, or such as “all: is_llm”.") % {"text": text}
    else:
        yield from wrong_with_condition(condition, known)
    if question["stages"] and not set(question["stages"]) & set(known.asked_at):
        yield _("The questionnaire asks at another stage (%(stages)s).") % {
            "stages": "; ".join(known.stages[stage] for stage in known.asked_at)
        }
    option = question["criticality_option"]
    if option and option["criticality"] not in Wording.Criticality.values:
        yield _("It can be raised to critical, major or minor, not to “%(text)s”.") % {"text": option["criticality"]}


def wrong_with_condition(condition: Any, known: Known) -> Iterable[str]:
    """What keeps a condition from being met by anybody."""
    if unknown := unknown_in(condition, known.facts):
        facts = ", ".join(fact.id for fact in known.facts)
        yield _("There is no fact “%(fact)s”. The facts are %(facts)s.") % {"fact": unknown[0], "facts": facts}
    elif not can_hold(condition, known.facts):
        yield _("The conditions can never hold together, so nobody would be asked.")


def _twice(rows: Sequence[Row]) -> dict[int, list[str]]:
    """Row number -> that its code or its question stands in an earlier row."""
    found: dict[int, list[str]] = {}
    for name, sentence in {
        "code": _("The code stands in row %(row)s already."),
        "text": _("The same question stands in row %(row)s already."),
    }.items():
        first: dict[str, int] = {}
        for row in rows:
            value = row.question[name]
            if not value or (name == "text" and row.question["code"]):
                continue  # two checks with codes of their own may ask in the same words
            if first.setdefault(value, row.number) != row.number:
                found.setdefault(row.number, []).append(sentence % {"row": first[value]})
    return found
