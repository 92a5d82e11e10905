"""How an audit's gaps meet the findings already open on a deployment: per check, never doubled, first due date kept."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.audits.models.submission import AuditFinding, Submission
from auditapp.findings.models import Finding

if TYPE_CHECKING:
    from auditapp.audits.models import Answer, Audit


def raise_findings(submission: Submission, answers: list["Answer"], found: list[dict[str, Any]], *, by: User) -> None:
    """Open, reassess or open again one finding per gap, and close what an earlier round of this audit had opened.

    `found` is what scoring lists: [{"check", "answer", "priority", "due"}]. A finding that another audit had opened is
    left alone here; it closes when this audit is issued (`close_settled`).
    """
    audit = submission.audit
    gaps = {finding["check"]: finding for finding in found}
    open_ones = audit.deployment.findings.open().exclude(check_code="").select_related("deployment")
    known = {finding.check_code: finding for finding in open_ones}
    closed = _closed_before(audit, set(gaps) - set(known))
    links = []
    for answer in answers:
        if not (gap := gaps.get(answer.code)):
            continue
        about = _about(answer, gap)
        if finding := known.get(answer.code):
            finding.reassess(by=by, source=audit.ref, **about)
        elif finding := closed.get(answer.code):
            finding.reopen(by=by, source=audit.ref, reason=_("Found again by %(ref)s.") % {"ref": audit.ref}, **about)
        else:
            finding = Finding.open_on(
                audit.deployment,
                by=by,
                source=audit.ref,
                origin=Finding.Origin.CHECK,
                check_code=answer.code,
                title=answer.question.text,
                **about,
            )
        links.append(AuditFinding(**submission.place, submission=submission, answer=answer, finding=finding))
    for code, finding in _opened_by(audit, known).items():
        if code not in gaps:
            reason = _("No longer found in round %(round)s of %(ref)s.") % {"round": submission.round, "ref": audit.ref}
            finding.close(by=by, reason=reason, source=audit.ref)
    AuditFinding.objects.bulk_create(links)


def _closed_before(audit: "Audit", codes: set[str]) -> dict[str, Finding]:
    """Check -> the finding that was last closed on it here: found again, it is opened again."""
    rows = audit.deployment.findings.filter(state=Finding.State.CLOSED, check_code__in=codes)
    newest = rows.select_related("deployment").order_by("check_code", "-opened_at", "-pk").distinct("check_code")
    return {finding.check_code: finding for finding in newest}


def _opened_by(audit: "Audit", known: dict[str, Finding]) -> dict[str, Finding]:
    """Of the open findings those that an earlier round of this audit opened, or opened again; none with work left."""
    before = AuditFinding.objects.filter(submission__audit=audit).values("finding_id")
    since = Q(opened_at__gte=audit.opened_at) | Q(reopenings__source=audit.ref)
    rows = Finding.objects.filter(since, pk__in=before, origin=Finding.Origin.CHECK).settled()
    mine = set(rows.filter(pk__in=[finding.pk for finding in known.values()]).values_list("pk", flat=True))
    return {code: finding for code, finding in known.items() if finding.pk in mine}


def _about(answer: "Answer", gap: dict[str, Any]) -> dict[str, Any]:
    """Priority and due date by the rule; the answer's own earlier date wins: no rule puts off a promise."""
    current = answer.current
    ruled = None if gap["due"] == "before go-live" else date.fromisoformat(gap["due"])
    promised = current.due if current else None
    due = min((d for d in (ruled, promised) if d), default=None)
    text = current.gap if current and current.gap else _("Answered as met, without evidence.")
    owner = current.owner if current and current.owner else answer.audit.deployment.owner.name
    return {"priority": gap["priority"], "due": due, "gap": text, "owner": owner}


def close_settled(audit: "Audit", *, by: User) -> None:
    """When an audit is issued, findings on checks that it asked and found in order are closed by it.

    Not those with an action that is still open, nor what an incident or a person opened: these a person closes.
    """
    found = AuditFinding.objects.filter(submission=audit.submission).values("finding_id")
    asked = audit.answers.values("code")
    settled = audit.deployment.findings.open().filter(origin="check", check_code__in=asked).exclude(pk__in=found)
    for finding in settled.settled().select_related("deployment"):
        finding.close(by=by, reason=_("Found in order by %(ref)s.") % {"ref": audit.ref}, source=audit.ref)
