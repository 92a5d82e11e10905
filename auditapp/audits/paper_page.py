"""What the pages on paper show."""

from typing import Any

from auditapp.accounts.models import Role, User
from auditapp.audits.forms.paper import CorrectionForm
from auditapp.audits.models import Audit, PaperEntry

CHECKERS = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD)


def title(audit: Audit, code: str) -> str:
    return next(c["title"] for d in audit.version.content["domains"] for c in d["categories"] if c["code"] == code)


def sheets(audit: Audit, reader: User) -> list[dict[str, Any]]:
    """[{"code", "title", "answers"}] of everything asked that the reader sees, in order."""
    titles = {c["code"]: c["title"] for d in audit.version.content["domains"] for c in d["categories"]}
    found: dict[str, dict[str, Any]] = {}
    for answer in audit.answers.visible_to(reader).for_reading():
        code = answer.category_code
        found.setdefault(code, {"code": code, "title": titles[code], "answers": []})["answers"].append(answer)
    return list(found.values())


def checks(audit: Audit, reader: User, *, form: CorrectionForm | None = None, at: str = "") -> dict[str, Any]:
    """What waits, with a form to correct each, and what was checked; `form` stands at one of them."""
    copies = PaperEntry.objects.visible_to(reader).of(audit)
    waiting = []
    for entry in copies.unchecked().for_reading():
        code = entry.revision.answer.code
        shown = form if form and code == at else CorrectionForm(prefix=code, initial=entry.revision.said)
        may = entry.by_id != reader.pk and reader.holds(*CHECKERS, site=audit.site) and audit.state == "draft"
        waiting.append({"entry": entry, "form": shown, "may": may, "wrong": bool(form and code == at)})
    done = copies.filter(check_made__isnull=False).for_reading().select_related("check_made__by")
    return {"audit": audit, "waiting": waiting, "done": done, "wrong": form}
