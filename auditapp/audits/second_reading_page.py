"""What the pages of a blind second reading show: to each reader their own, and both when both have finished."""

from typing import Any

from auditapp.accounts.models import Role, User
from auditapp.audits.forms.second_reading import ReadingForm, SettlementForm
from auditapp.audits.models import Audit, SecondReading
from auditapp.audits.models.second_reading import agreements


def titles(audit: Audit) -> dict[str, str]:
    return {c["code"]: c["title"] for d in audit.version.content["domains"] for c in d["categories"]}


def overview(reading: SecondReading, reader: User) -> dict[str, Any]:
    """Who has finished and, for one of the two while they read, what is left of their own, by category."""
    audit = reading.audit
    finished = set(reading.finished())
    reads = reading.is_read_by(reader) and audit.state == "draft" and reader.pk not in finished
    page = {
        "audit": audit,
        "reading": reading,
        "people": [{"person": person, "finished": person.pk in finished} for person in reading.readers],
        "reads": reads,
        "categories": own_progress(reading, reader) if reads else [],
    }
    if reading.opened_at:
        page |= compared(reading, reader)
    return page


def own_progress(reading: SecondReading, reader: User) -> list[dict[str, Any]]:
    """[{"code", "title", "asked", "answered"}] of one's own answers alone."""
    mine = {code for code, row in reading.readings_of(reader).items() if row.verdict}
    names = titles(reading.audit)
    rows: dict[str, dict[str, Any]] = {}
    for answer in reading.questions:
        code = answer.category_code
        row = rows.setdefault(code, {"code": code, "title": names[code], "asked": 0, "answered": 0})
        row["asked"] += 1
        row["answered"] += answer.code in mine
    return list(rows.values())


def category(
    reading: SecondReading, code: str, reader: User, *, form: ReadingForm | None = None, at: str = ""
) -> list[dict[str, Any]]:
    """[{"answer", "form", "row"}] of one category, with one's own answers; `form` stands in place of one of them."""
    mine = reading.readings_of(reader)
    parts = []
    for answer in reading.questions.of_category(code).select_related("question"):  # type: ignore[attr-defined]
        row = mine.get(answer.code)
        start = (row.said if row else {}) | {"base": row.n if row else 0}
        shown = form if form and answer.code == at else ReadingForm(initial=start, auto_id=f"{answer.code}_%s")
        parts.append({"answer": answer, "form": shown, "row": row})
    return parts


def compared(reading: SecondReading, reader: User) -> dict[str, Any]:
    """Agreement over all and by category, the differences first, and whether this reader is the third who settles."""
    rows = reading.compared()
    overall, by_category = agreements(rows)
    names = titles(reading.audit)
    may_settle = (
        reading.audit.state == "draft"
        and reader.holds(Role.AUDITOR, site=reading.audit.site)
        and not reading.is_read_by(reader)
    )
    return {
        "overall": overall,
        "by_category": [{"title": names[code], "agreement": found} for code, found in by_category.items()],
        "differing": [{"row": row, "form": settling(reading, row.answer.code)} for row in rows if not row.agree],
        "agreed": [row for row in rows if row.agree],
        "to_take_over": sum(row.agree and row.settlement is None for row in rows),
        "may_settle": may_settle,
    }


def settling(reading: SecondReading, code: str, data: Any = None) -> SettlementForm:
    names = (reading.first.name, reading.second.name)
    return SettlementForm(data, names=names, auto_id=f"{code}_%s")
