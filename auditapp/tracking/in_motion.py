"""Audits that wait for a person's review, decision or signature."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp.accounts.models import Role, User
from auditapp.audits.models import Audit, Submission
from auditapp.reports.models import ReportFile, Signature
from auditapp.tracking.history import read_content
from auditapp.tracking.tasks import Kind, Task, on_audit

SIGNATORIES = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.EXECUTIVE, Role.GOVERNANCE_CHAIR)
NAMES = ("audit__deployment__site", "audit__version__questionnaire")
STATES = (Audit.State.SUBMITTED, Audit.State.REVIEWED, Audit.State.SIGNING)


def waiting(user: User) -> Iterator[Task]:
    """Audits to review, to decide and to sign, read together: the newest round of each."""
    if not user.holds(*SIGNATORIES):
        return
    moving = Submission.objects.visible_to(user).filter(audit__state__in=STATES)
    newest: QuerySet[Submission] = moving.order_by("audit_id", "-round").distinct("audit_id")
    newest = _with_signing(newest, user).select_related(*NAMES, "by", "review", "decision__report")
    rows = list(newest.defer("canonical", "decision__report__canonical"))
    read_content(row.audit.version for row in rows if row.audit.state != Audit.State.SUBMITTED)
    acts = {
        Audit.State.SUBMITTED: _to_review,
        Audit.State.REVIEWED: _to_decide,
        Audit.State.SIGNING: _to_sign,
    }
    for row in rows:
        if task := acts[Audit.State(row.audit.state)](user, row):
            yield task


def _with_signing(rows: QuerySet[Submission], user: User) -> QuerySet[Submission]:
    """With `signed` (how many), `signed_by_me`, `prepared` and `prepared_at` (the newest file)."""
    signatures = Signature.objects.filter(report__decision__submission=OuterRef("pk")).order_by()
    files = ReportFile.objects.filter(report__decision__submission=OuterRef("pk")).order_by("-step")
    return rows.annotate(
        signed=Coalesce(Subquery(signatures.values("report").annotate(n=Count("pk")).values("n")), 0),
        signed_by_me=Exists(signatures.filter(by=user)),
        prepared=Subquery(files.values("step")[:1]),
        prepared_at=Subquery(files.values("at")[:1]),
    )


def _to_review(user: User, row: Submission) -> Task | None:
    if not user.holds(Role.CLINICAL_SAFETY_OFFICER, site=row.audit.deployment.site) or row.by_id == user.pk:
        return None
    verb = ngettext("Review %(n)s answer", "Review %(n)s answers", row.audit.asked) % {"n": row.audit.asked}
    return on_audit(row.audit, Kind.REVIEW, verb, reverse("audits:review", args=[row.audit.ref]), since=row.at)


def _to_decide(user: User, row: Submission) -> Task | None:
    """Whoever prepared or reviewed it does not decide, unless the questionnaire has the reviewer decide."""
    role = row.audit.version.decision_role
    own = role != Role.CLINICAL_SAFETY_OFFICER and user.pk in (row.by_id, row.review.by_id)
    if own or not user.holds(role, site=row.audit.deployment.site):
        return None
    href = reverse("reports:decision", args=[row.audit.ref])
    return on_audit(row.audit, Kind.DECIDE, _("Record the decision"), href, since=row.review.at)


def _to_sign(user: User, row: Any) -> Task | None:
    """The next signatory, once the document is ready: `Report.refusal_to` says the same, for one report."""
    signatories = row.audit.version.signatories
    if row.prepared != row.signed or row.signed >= len(signatories) or row.signed_by_me:
        return None
    role = signatories[row.signed]["role"]
    expected = {
        Role.AUDITOR: row.by_id,
        Role.CLINICAL_SAFETY_OFFICER: row.review.by_id,
        row.decision.role: row.decision.by_id,
    }.get(role, user.pk)
    if expected != user.pk or not user.holds(role, site=row.audit.deployment.site):
        return None
    href = reverse("reports:signature", args=[row.audit.ref])
    return on_audit(row.audit, Kind.SIGN, _("Read and sign the report"), href, since=row.prepared_at)
