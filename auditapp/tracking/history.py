"""What has happened to a deployment: its audits with their results, the timeline, the scores over time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.audits import scoring
from auditapp.audits.models import Audit, Submission
from auditapp.deployments.models import Deployment, ModelVersion, StatusChange
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.questionnaires.models.version import fetch_contents
from auditapp.reports.facts import decision_label
from auditapp.tracking.charts import Point, Span

NEWEST = 50  # audits that the page of a deployment lists
WITHOUT_RESULT = {Audit.State.DRAFT, Audit.State.WITHDRAWN}  # a draft's earlier rounds no longer count


@dataclass(frozen=True)
class Examined:
    """An audit with what its newest round came to, as lists show it."""

    audit: Audit
    submission: Submission | None
    zone: str

    @property
    def decision(self) -> Any:
        return getattr(self.submission, "decision", None)

    @property
    def result(self) -> str:
        """As calculated for the decision, or at submission while there is none."""
        return self.decision.calculated_result if self.decision else getattr(self.submission, "calculated_result", "")

    @property
    def score(self) -> dict[str, Any] | None:
        return percent(self.submission.numerator, self.submission.denominator) if self.submission else None

    @property
    def decided(self) -> str:
        """The decision in the content's word."""
        return decision_label(self.audit.version, self.decision.code) if self.decision else ""

    @property
    def issued_at(self) -> datetime | None:
        return self.decision.report.issued_at if self.decision else None

    @property
    def day(self) -> date:
        """The day it was issued, or opened while it is not."""
        return clock.day(self.issued_at or self.audit.opened_at, self.zone)

    @property
    def href(self) -> str:
        """The report once there is one, else the audit."""
        return reverse("reports:report", args=[self.audit.ref]) if self.decision else self.audit.get_absolute_url()


def percent(numerator: int, denominator: int) -> dict[str, Any]:
    """A score as {% score %} shows it."""
    return {
        "numerator": numerator,
        "denominator": denominator,
        "shown": scoring.shown(numerator, denominator) if denominator else None,
    }


def examined(audits: Sequence[Audit], zone: str) -> list[Examined]:
    """The audits, each with its newest round, decision and report, in two queries."""
    newest = Submission.objects.filter(audit__in=audits).order_by("audit_id", "-round").distinct("audit_id")
    newest = newest.select_related("decision__report").defer("canonical", "decision__report__canonical")
    by_audit = {submission.audit_id: submission for submission in newest}
    read_content(audit.version for audit in audits)
    return [
        Examined(audit, None if audit.state in WITHOUT_RESULT else by_audit.get(audit.pk), zone) for audit in audits
    ]


def read_content(versions: Iterable[QuestionnaireVersion]) -> None:
    """Have the words and limits of the versions at hand, whichever row of a version asks for them."""
    each = {version.pk: version for version in versions}.values()
    fetch_contents(each)
    for version in each:
        assert version.content


def audits_of(deployment: Deployment) -> list[Examined]:
    """The newest audits of a deployment, the latest first."""
    rows = deployment.audits.select_related("version__questionnaire", "model_version", "superseded_by")
    return examined(list(rows[:NEWEST]), deployment.site.zone)


def spans(
    versions: Iterable[ModelVersion],
    rows: Iterable[Examined],
    changes: Iterable[StatusChange],
    valid: Iterable[tuple[str, date, date | None]],
    *,
    zone: str,
) -> list[Span]:
    """For the timeline: versions and what covered them as bands, audits and changes of status as marks.

    `valid` says which audit was valid from which day up to another.
    """
    issued = [row for row in rows if row.issued_at]
    bands: list[Span] = [
        {"kind": "version", "label": version.name, "from": version.starts, "to": version.ends} for version in versions
    ]
    bands += [
        {"kind": "validity", "label": ref, "href": reverse("reports:report", args=[ref]), "from": start, "to": end}
        for ref, start, end in valid
    ]
    audits: list[Span] = [{"kind": "audit", "label": row.audit.ref, "href": row.href, "at": row.day} for row in issued]
    statuses: list[Span] = [
        {"kind": "status", "label": str(change.get_after_display()), "at": clock.day(change.at, zone)}
        for change in changes
    ]
    return [*bands, *audits, *statuses]


def trends(rows: Iterable[Examined]) -> list[dict[str, Any]]:
    """Scores of issued audits over time, [{"title", "points", "limits"}]: one line for each questionnaire.

    A short check and a full audit ask different things, so their scores are not joined by a line.
    """
    groups: dict[Any, list[Examined]] = defaultdict(list)
    for row in rows:
        if row.issued_at and row.score and row.audit.state == Audit.State.ISSUED:
            groups[row.audit.version.questionnaire].append(row)
    return [
        {
            "id": f"trend-{questionnaire.code}",
            "title": _("%(questionnaire)s: calculated score") % {"questionnaire": questionnaire.title},
            "points": [_point(row) for row in group],
            "limits": _limits(group[0].audit),
        }
        for questionnaire, group in groups.items()
        if len(group) > 1
    ]


def _point(row: Examined) -> Point:
    shown = row.score["shown"] if row.score else ""
    return {"label": row.audit.ref, "date": row.day, "value": shown, "href": row.href, "result": row.result}


def _limits(audit: Audit) -> list[tuple[int, str]]:
    """Below the lower one thresholds are not reached, from the upper one on without conditions."""
    limits = audit.version.rules["scoring"]["limits"]
    each = [int(limits["overall_low"]), int(limits["overall_full"])]
    return [(limit, _("%(limit)s (local default)") % {"limit": limit}) for limit in each]
