"""What was recorded of a deployment up to an instant, from rows that are only added to and from its trail."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from auditapp import clock
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.findings.models import Finding, HazardRating, Incident, RootCause
from auditapp.reports.models import Report, ReportFile
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.trail.models import Event

OPENED, CLOSED = {"finding.opened", "finding.reopened"}, {"finding.closed"}


def of(deployment: Deployment, until: datetime) -> dict[str, Any]:
    """Everything but files, as a bundle holds it. Needs `with_names()`."""
    changes = list(deployment.status_changes.filter(at__lt=until).select_related("by").order_by("at", "pk"))
    return {
        "ref": deployment.ref,
        "name": deployment.name,
        "product": deployment.product.name,
        "vendor": deployment.product.vendor.name,
        "hospital": deployment.site.name,
        "owner": deployment.owner.name,
        "intended_use": deployment.intended_use,
        "registered_at": clock.utc_text(deployment.registered_at),
        "status": changes[-1].after if changes else Deployment.Status.PROPOSED.value,
        "status_changes": [
            {"before": c.before, "after": c.after, "reason": c.reason, "imported": c.imported, **_act(c)}
            for c in changes
        ],
        "versions": _versions(deployment.versions.select_related("by").order_by("starts"), until),
        "profiles": _profiles(deployment, until),
        "reports": _reports(deployment, until),
        "open_findings": _open_findings(deployment, until),
        "open_hazard_ratings": _open_hazards(deployment, until),
        "incidents": _incidents(deployment, until),
    }


def _act(row: Any) -> dict[str, str]:
    return {"by": row.by.name, "at": clock.utc_text(row.at)}


def _versions(rows: Iterable[ModelVersion], until: datetime) -> list[dict[str, Any]]:
    """A version that a later entry ended is shown as it was known: running on."""
    rows = list(rows)
    later = {row.starts for row in rows if row.at >= until}
    return [
        {
            "name": row.name,
            "starts": row.starts.isoformat(),
            "ends": row.ends.isoformat() if row.ends and row.ends not in later else None,
            "note": row.note,
            **_act(row),
        }
        for row in rows
        if row.at < until
    ]


def _profiles(deployment: Deployment, until: datetime) -> list[dict[str, Any]]:
    told = []
    for filled in deployment.profiles.with_people().filter(at__lt=until).order_by("n"):
        confirmed = filled.confirmation if filled.is_confirmed and filled.confirmation.at < until else None
        facts = [
            f | {"assumed": f["id"] in filled.assumed}
            for f in profile.described(filled.facts, [fact for fact in profile.facts() if fact.id in filled.facts])
        ]
        told.append({"n": filled.n, "facts": facts, **_act(filled), "confirmed": confirmed and _act(confirmed)})
    return told


def reports(deployment: Deployment, until: datetime) -> Any:
    """The reports that were issued, the oldest first."""
    rows = Report.objects.issued().filter(audit__deployment=deployment, issued_at__lt=until)
    return rows.select_related("audit__model_version", "audit__version__questionnaire", "decision").order_by(
        "issued_at"
    )


def file_of(report: Report, until: datetime) -> ReportFile | None:
    """Its PDF as it was then: with the signatures, the seal and the timestamps made by that time."""
    return report.files.filter(at__lt=until).order_by("step").last()


def _reports(deployment: Deployment, until: datetime) -> list[dict[str, Any]]:
    rows = list(reports(deployment, until).defer("canonical"))
    withdrawn = dict(
        ReportWithdrawal.objects.filter(report__in=rows, confirmed_at__lt=until).values_list("report", "confirmed_at")
    )
    superseding = {row.audit.supersedes_id: row.audit.ref for row in rows if row.audit.supersedes_id is not None}
    return [
        {
            "ref": row.audit.ref,
            "questionnaire": row.audit.version.questionnaire.title,
            "version": row.audit.model_version.name,
            "issued_at": clock.utc_text(row.issued_at),
            "facts_sha256": row.sha256,
            "calculated_result": row.decision.calculated_result,
            "decision": row.decision.code,
            "superseded_by": superseding.get(row.audit_id),
            "withdrawn_at": clock.utc_text(at) if (at := withdrawn.get(row.pk)) else None,
        }
        for row in rows
    ]


def _open_findings(deployment: Deployment, until: datetime) -> list[dict[str, Any]]:
    """Which were open then is told by the trail of the deployment: a row knows only how it stands now."""
    then = replayed(
        (event.verb, json.loads(bytes(event.body))["facts"])
        for event in Event.objects.filter(
            stream=deployment.trail_stream, at__lt=until, verb__startswith="finding."
        ).order_by("seq")
    )
    rows = Finding.objects.filter(deployment=deployment, ref__in=[ref for ref, known in then.items() if known["open"]])
    causes: dict[int, list[str]] = {}
    for cause in RootCause.objects.filter(finding__in=rows, released__at__lt=until).order_by("n"):
        causes.setdefault(cause.finding_id, []).append(cause.text)
    return [
        {
            "ref": row.ref,
            "check": row.check_code,
            "title": row.title,
            "gap": row.gap,
            "owner": row.owner,
            "priority": then[row.ref].get("priority", row.priority),
            "due": then[row.ref].get("due", row.due.isoformat() if row.due else None),
            "opened_at": clock.utc_text(row.opened_at),
            "released_root_causes": causes.get(row.pk, []),
        }
        for row in rows.order_by("ref")
    ]


def replayed(events: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Reference of a finding -> {"open", and "priority" and "due" where an event told them}, from its events."""
    then: dict[str, dict[str, Any]] = {}
    for verb, facts in events:
        known = then.setdefault(facts.get("ref", ""), {"open": False})
        if verb in OPENED | CLOSED:
            known["open"] = verb in OPENED
        if facts.get("priority"):
            known["priority"] = facts["priority"]
        if "due" in facts:
            known["due"] = facts["due"]
    then.pop("", None)
    return then


def keeps_causes_inside(deployment: Deployment, until: datetime) -> bool:
    """Whether a root cause was stated by then that nobody had let out of the hospital."""
    stated = RootCause.objects.filter(finding__deployment=deployment, at__lt=until)
    return stated.exclude(released__at__lt=until).exists()


def _open_hazards(deployment: Deployment, until: datetime) -> list[dict[str, Any]]:
    replaced_or_closed = Q(replaced_by__at__lt=until) | Q(closure__at__lt=until)
    rows = HazardRating.objects.filter(deployment=deployment, at__lt=until).exclude(replaced_or_closed)
    return [
        {
            "ref": row.ref,
            "title": row.title,
            "severity": row.severity,
            "likelihood": row.likelihood,
            "level": row.level,
            **_act(row),
        }
        for row in rows.select_related("by").order_by("ref")
    ]


def _incidents(deployment: Deployment, until: datetime) -> list[dict[str, Any]]:
    """What was reported, with the judgement of that time; why it happened stays inside."""
    rows = Incident.objects.filter(deployment=deployment, at__lt=until).select_related("model_version", "by")
    told = []
    for row in rows.prefetch_related("reviews").order_by("at"):
        reviews = sorted(row.reviews.all(), key=lambda review: review.n)
        cause, harm = _judged(reviews, row, until)
        told.append(
            {
                "ref": row.ref,
                "kind": row.kind,
                "happened_on": row.happened_on.isoformat(),
                "version": row.model_version.name if row.model_version else None,
                "harm": harm,
                "cause": cause,
                "summary": row.summary,
                "elsewhere": row.elsewhere,
                "checks": row.checks,
                **_act(row),
            }
        )
    return told


def _judged(reviews: Sequence[Any], row: Incident, until: datetime) -> tuple[str, str]:
    """(cause, harm) as judged by then; before the first review, as reported."""
    if not reviews:
        return row.cause, row.harm
    by_then = [review for review in reviews if review.at < until]
    last = by_then[-1] if by_then else None
    return (last.cause, last.harm) if last else (reviews[0].cause_before, reviews[0].harm_before)
