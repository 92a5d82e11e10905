"""The check that follows an event within 72 hours: by when, and whether it was submitted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Cause, Incident
from auditapp.findings.models.incident import IncidentQuerySet

WITHIN = timedelta(hours=72)  # content, questionnaires: the containment check, frequency
REASON = "containment"  # of audits of the room above, read through their reverse relation


@dataclass(frozen=True)
class Containment:
    """Where the check stands: `submitted` ends the clock, and so does a review that excludes the AI as the cause."""

    deadline: datetime
    submitted: datetime | None
    audit: Any  # the audit that was submitted, or is under way
    excluded: bool

    @property
    def runs(self) -> bool:
        return self.submitted is None and not self.excluded

    @property
    def is_late(self) -> bool:
        return (self.submitted or clock.now()) > self.deadline and not (self.excluded and self.submitted is None)

    @property
    def tone(self) -> str:
        if self.submitted or self.excluded:
            return "attention" if self.is_late else "good"
        return "bad" if self.is_late else "attention"

    @property
    def words(self) -> str:
        """What the clock shows."""
        if self.submitted:
            return _("Submitted too late") if self.is_late else _("Submitted in time")
        if self.excluded:
            return _("Not needed: the review excluded the AI as the cause")
        hours = int(abs(self.deadline - clock.now()).total_seconds() // 3600)
        if self.is_late:
            return ngettext("%(n)s hour late", "%(n)s hours late", hours) % {"n": hours}
        return ngettext("%(n)s hour left", "%(n)s hours left", hours) % {"n": hours}


def of(incident: Incident) -> Containment:
    """In two queries."""
    checks = incident.deployment.audits.filter(reason=REASON).exclude(state="withdrawn")  # type: ignore[attr-defined]
    done = checks.filter(submissions__at__gte=incident.at).annotate(handed_over=Min(
        "submissions__at", filter=Q(submissions__at__gte=incident.at)
    )).order_by("handed_over").first()  # fmt: skip
    under_way = None if done else checks.filter(state="draft").order_by("opened_at").last()
    return Containment(
        deadline=incident.at + WITHIN,
        submitted=done.handed_over if done else None,
        audit=done or under_way,
        excluded=incident.cause == Cause.EXCLUDED,
    )


def with_containment(incidents: IncidentQuerySet) -> IncidentQuerySet:
    """With `contained_at`, the first submission of such a check after the report, and `contained_by`, one under way."""
    audits = Deployment.audits.rel.related_model._default_manager  # type: ignore[attr-defined]
    checks = audits.filter(deployment=OuterRef("deployment"), reason=REASON).exclude(state="withdrawn")
    done = checks.filter(submissions__at__gte=OuterRef("at")).order_by("submissions__at")
    return incidents.annotate(
        contained_at=Subquery(done.values("submissions__at")[:1]),
        is_under_way=Exists(checks.filter(state="draft")),
    )


def of_listed(incidents: Iterable[Any]) -> list[tuple[Any, Containment]]:
    """The same for rows of `with_containment`."""
    return [
        (row, Containment(row.at + WITHIN, row.contained_at, None, row.cause == Cause.EXCLUDED)) for row in incidents
    ]
