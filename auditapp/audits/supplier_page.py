"""What the pages about a supplier's part show: the auditor's, and the one that the supplier's contact sees."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Role, User
from auditapp.audits import supplier_mail
from auditapp.audits.models import Audit, SupplierRequest
from auditapp.audits.models.suppliers import Put


def choosing(audit: Audit, form: Any) -> list[dict[str, Any]]:
    """[{"title", "open", "rows": [{"answer", "ticked", "evidence"}]}] by category, in the order asked."""
    titles = {c["code"]: c["title"] for d in audit.version.content["domains"] for c in d["categories"]}
    chosen = set(form.chosen)
    groups: dict[str, dict[str, Any]] = {}
    for answer in audit.answers.select_related("question"):
        group = groups.setdefault(
            answer.category_code, {"title": titles[answer.category_code], "open": False, "rows": []}
        )
        ticked = answer.code in chosen
        group["open"] = group["open"] or ticked
        group["rows"].append({"answer": answer, "ticked": ticked, "evidence": form.evidence(answer.code)})
    return list(groups.values())


def requests(audit: Audit) -> list[SupplierRequest]:
    """Everything that suppliers were asked in this audit, the newest first."""
    return list(audit.supplier_requests.for_reading())


def page(request: SupplierRequest, reader: User, **more: Any) -> dict[str, Any]:
    """What `audits/supplier_request.html` shows."""
    return {
        "audit": request.audit,
        "asked": request,
        "mail": supplier_mail.is_set_up(),
        "may_change": request.state in {"open", "expired"},
        "may_judge": request.audit.state == "draft" and reader.holds(Role.AUDITOR, site=request.site),
    } | more


def line(put: Put, zone: str) -> dict[str, Any]:
    """{"text", "tone", "waits", "n"}: where one question put to a supplier stands, in a dated sentence."""
    about = {"asked": _day(clock.day(put.at, zone)), "due": _day(put.due)}
    if put.supplied_at is None:
        overdue = put.due < clock.today(zone)
        words = _("Requested on %(asked)s, to be supplied by %(due)s.")
        if overdue:
            words = _("Requested on %(asked)s, not supplied by %(due)s.")
        return {"text": words % about, "tone": "attention" if overdue else "info", "waits": False, "n": put.n}
    about["supplied"] = _day(clock.day(put.supplied_at, zone))
    if put.waits:
        words, tone = _("Requested on %(asked)s; the supplier stated on %(supplied)s."), "attention"
    elif put.accepted:
        words, tone = _("Requested on %(asked)s, supplied on %(supplied)s and accepted."), "good"
    else:
        words, tone = _("Requested on %(asked)s; what was supplied on %(supplied)s was declined."), "info"
    return {"text": words % about, "tone": tone, "waits": put.waits, "n": put.n}


def lines(rows: Iterable[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """The same for all that `with_suppliers` adds to an answer."""
    return [line(Put.read(row), zone) for row in rows]


def silences(requests: Iterable[SupplierRequest]) -> list[SupplierRequest]:
    """Those whose day has passed with something still missing."""
    return [row for row in requests if row.is_overdue and row.state != "revoked" and row.silent]


def _day(day: Any) -> str:
    return f"{day.day} {day:%b %Y}"
