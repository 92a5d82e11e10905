"""What has happened to deployments, read from the rows; the same number of queries however many."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, ModelVersion, Policy, Profile, StatusChange, SupplierNotice
from auditapp.deployments.models.version import VersionEnd, name_digest
from auditapp.findings.models import Closure, Finding, FindingChange, Incident, IncidentReview, Reopening
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.tracking.past import Audited, Confirmed, Found, Happened, History, Noticed, Rules, Step, Version

Rows = Mapping[int, list[Any]]  # deployment -> what it has, in the order in which it was recorded


def read(deployments: Iterable[Deployment]) -> dict[int, History]:
    """Deployment -> its history. Deployments come with their sites."""
    deployments = list(deployments)
    keys = [deployment.pk for deployment in deployments]
    parts: dict[str, Rows] = {
        "versions": _versions(keys),
        "steps": _grouped(
            (change.deployment_id, Step(change.at, change.after))
            for change in StatusChange.objects.filter(deployment__in=keys).order_by("pk")
        ),
        "confirmed": _confirmed(keys),
        "audited": _audited(keys),
        "incidents": _incidents(keys),
        "findings": _findings(keys),
    }
    notices, rules = _notices(deployments), _rules(deployments)
    return {
        row.pk: History(
            zone=row.site.zone,
            **{name: tuple(rows[row.pk]) for name, rows in parts.items()},
            notices=tuple(notices[row.product_id]),
            rules=tuple(_for_site(rules, row.site_id)),
        )
        for row in deployments
    }


def _grouped(rows: Iterable[tuple[int, Any]]) -> Rows:
    groups: dict[int, list[Any]] = defaultdict(list)
    for key, row in rows:
        groups[key].append(row)
    return groups


def _versions(keys: list[int]) -> Rows:
    said = _grouped(
        (end.version_id, (end.at, end.ends))
        for end in VersionEnd.objects.filter(version__deployment__in=keys).order_by("pk")
    )
    versions = ModelVersion.objects.filter(deployment__in=keys).order_by("pk")
    return _grouped(
        (v.deployment_id, Version(v.pk, v.starts, v.at, name_digest(v.name), tuple(said[v.pk]), v.name))
        for v in versions
    )


def _confirmed(keys: list[int]) -> Rows:
    profiles = Profile.objects.filter(deployment__in=keys, confirmation__isnull=False).select_related("confirmation")
    return _grouped(
        (p.deployment_id, Confirmed(p.n, p.confirmation.at, tuple(sorted(p.facts.items()))))
        for p in profiles.order_by("n")
    )


def _audited(keys: list[int]) -> Rows:
    """Every audit that was ever issued, with its decision, and when it ceased to stand."""
    rows = Audit.objects.filter(deployment__in=keys, reports__issued_at__isnull=False, issued_at__isnull=False)
    columns = (
        "deployment", "pk", "ref", "model_version", "reason", "reports__decision__code", "profile__n", "opened_at",
        "issued_at", "superseded_by__issued_at",
    )  # fmt: skip
    gone = ReportWithdrawal.objects.filter(report__audit__deployment__in=keys, confirmed_at__isnull=False)
    withdrawn: dict[int, datetime] = dict(gone.values_list("report__audit", "confirmed_at"))
    return _grouped(
        (key, Audited(*about, withdrawn.get(about[0])))
        for key, *about in rows.order_by("issued_at", "pk").values_list(*columns)
    )


def _incidents(keys: list[int]) -> Rows:
    judged = defaultdict(list)
    for review in IncidentReview.objects.filter(incident__deployment__in=keys).order_by("n"):
        judged[review.incident_id].append(review)
    rows = Incident.objects.filter(deployment__in=keys).order_by("pk")
    return _grouped((row.deployment_id, _happened(row, judged[row.pk])) for row in rows)


def _happened(incident: Incident, reviews: list[IncidentReview]) -> Happened:
    harm = reviews[0].harm_before if reviews else incident.harm
    first = (incident.at, harm, "suspected")
    return Happened(incident.ref, incident.happened_on, (first, *((r.at, r.harm, r.cause) for r in reviews)))


def _findings(keys: list[int]) -> Rows:
    of = {"finding__deployment__in": keys}
    turns = sorted(
        [(row.finding_id, row.at, row.pk, False, None) for row in Closure.objects.filter(**of)]
        + [(row.finding_id, row.at, row.pk, True, row.due) for row in Reopening.objects.filter(**of)],
        key=lambda turn: (turn[1], turn[3]),
    )
    moved = FindingChange.objects.filter(**of, what="due").order_by("pk").values_list("finding", "at", "after")
    dues = sorted(
        [(key, at, date.fromisoformat(after) if after else None) for key, at, after in moved]
        + [(key, at, due) for key, at, _pk, is_open, due in turns if is_open],
        key=lambda due: due[1],
    )
    turned = _grouped((key, (at, is_open)) for key, at, _pk, is_open, _due in turns)
    moved_to = _grouped((key, (at, due)) for key, at, due in dues)
    rows = Finding.objects.filter(deployment__in=keys).order_by("pk")
    return _grouped((row.deployment_id, _found(row, turned[row.pk], moved_to[row.pk])) for row in rows)


def _found(finding: Finding, turns: list[tuple[datetime, bool]], dues: list[tuple[datetime, date | None]]) -> Found:
    opened = ((finding.opened_at, True), *turns)
    if finding.origin != Finding.Origin.CONDITION:
        return Found(finding.ref, opened)
    return Found(finding.ref, opened, finding.source, ((finding.opened_at, finding.first_due), *dues))


def _notices(deployments: list[Deployment]) -> Rows:
    rows = SupplierNotice.objects.filter(product__in={row.product_id for row in deployments}, questions=True)
    return _grouped(
        (row.product_id, Noticed(row.pk, row.kind, row.issued_on, row.at, frozenset(map(name_digest, row.versions))))
        for row in rows.order_by("pk")
    )


def _rules(deployments: list[Deployment]) -> list[Policy]:
    sites = {row.site_id for row in deployments}
    of = {row.organisation_id for row in deployments}
    return list(Policy.objects.filter(Q(site=None) | Q(site__in=sites), organisation__in=of).order_by("pk"))


def _for_site(policies: Iterable[Policy], site: int) -> list[Rules]:
    return [
        Rules(row.at, row.site_id is not None, row.harm_threshold, row.tiers, row.intervals)
        for row in policies
        if row.site_id in (None, site)
    ]
