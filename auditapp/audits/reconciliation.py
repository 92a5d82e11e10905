"""How an audit's gaps meet the findings already open on a deployment: per check, never doubled, first due date kept."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.audits.models.submission import AuditFinding, Submission
from auditapp.findings.models import Finding

if TYPE_CHECKING:
    from auditapp.audits.models import Answer, Audit


def raise_findings(submission: Submission, answers: list["Answer"], found: list[dict[str, Any]], *, by: User) -> None:
    """Open or reassess one finding per gap of this round, and close what an earlier round of this audit had opened.

    `found` is what scoring lists: [{"check", "answer", "priority", "due"}]. A finding that another audit had opened is
    left alone here; it closes when this audit is issued (`close_settled`).
    """
    audit = submission.audit
    gaps = {finding["check"]: finding for finding in found}
    known = {
        f.check_code: f for f in audit.deployment.findings.open().filter(origin="check").select_related("deployment")
    }
    links = []
    for answer in answers:
        if not (gap := gaps.get(answer.code)):
            continue
        about = _about(answer, gap)
        if finding := known.get(answer.code):
            finding.reassess(by=by, source=audit.ref, **about)
        else:
            finding = Finding.open_on(
                audit.deployment,
                by=by,
                source=audit.ref,
                origin="check",
                check_code=answer.code,
                title=answer.question.text,
                **about,
            )
        links.append(AuditFinding(**submission.place, submission=submission, answer=answer, finding=finding))
    before = AuditFinding.objects.filter(submission__audit=audit, finding__in=known.values())
    opened_here = set(before.filter(finding__opened_at__gte=audit.opened_at).values_list("finding_id", flat=True))
    for code, finding in known.items():
        if code not in gaps and finding.pk in opened_here:
            reason = _("No longer found in round %(round)s of %(ref)s.") % {"round": submission.round, "ref": audit.ref}
            finding.close(by=by, reason=reason, source=audit.ref)
    AuditFinding.objects.bulk_create(links)


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
    """When an audit is issued, findings on checks that it asked and found in order are closed by it."""
    found = AuditFinding.objects.filter(submission=audit.submission).values("finding_id")
    asked = audit.answers.values("code")
    settled = audit.deployment.findings.open().filter(origin="check", check_code__in=asked).exclude(pk__in=found)
    for finding in settled.select_related("deployment"):
        finding.close(by=by, reason=_("Found in order by %(ref)s.") % {"ref": audit.ref}, source=audit.ref)
