"""The figures of a month as a board report freezes them: plain values, codes and names, no keys, no floats.

The shape is schema 1 of the board layer (docs/board.md). The figures are those of the board's page.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, Subquery

from auditapp import clock
from auditapp.accounts.models import Organisation, Site
from auditapp.deployments.models import Deployment, ModelVersion, NoticeAcknowledgement, StatusChange, SupplierNotice
from auditapp.findings import ages
from auditapp.tracking import board
from auditapp.tracking.board import Board
from auditapp.tracking.board_page import decision_words, key
from auditapp.tracking.history import percent

SCHEMA = 1
MOST = 20  # lines of each list that are frozen; beyond it only their number
NOTICE = (
    "Figures of deployments, signed reports and findings, counted once and attached to this file. Provisional "
    "priorities are no clinical risk estimates. The seal says that the figures come from the organisation’s own "
    "records and have not been changed since; it is no approval of any deployment."
)


def collect(
    organisation: Organisation, sites: Sequence[Site], site: Site | None, month: date, *, number: int
) -> dict[str, Any]:
    """What a board report says of one hospital, or of all `sites` of the group where none is given.

    What stands is as at now; what happened is of the month, up to today where it is not over.
    """
    shown = [site] if site else list(sites)
    zone = shown[0].zone
    now, today = clock.now(), clock.today(zone)
    last = board.last_day(month)
    found = board.figures(shown, month)
    hospitals = [_hospital(found, each) for each in found.sites]
    counts = found.open_findings()
    return {
        "schema": SCHEMA,
        "layer": "board",
        "board": {
            "month": key(month),
            "from": month.isoformat(),
            "to": min(last, today).isoformat(),
            "complete": today > last,
            "number": number,
            "prepared_at": clock.utc_text(now),
            "prepared_local": clock.local_text(now, zone),
        },
        "marking": organisation.marking,
        "organisation": {"code": organisation.code, "name": organisation.name},
        "site": {"code": site.code, "name": site.name} if site else None,
        "zone": zone,
        "totals": {
            **{name: sum(row[name] for row in hospitals) for name in ("in_use", "valid", "without", "overdue")},
            "open_findings": found.opened.total(),
            "first_priority": sum(n for (priority, _age), n in counts.items() if priority == "P1"),
            "issued": sum(found.issued.get(month, {}).values()),
            "statuses": {
                status: sum(row["statuses"][status] for row in hospitals) for status in Deployment.Status.values
            },
        },
        "domains": [{"code": domain.code, "title": domain.title} for domain in found.domains],
        "hospitals": hospitals,
        "trend": [_month(found, then) for then in found.months],
        "findings": [_findings(counts, priority) for priority in board.PRIORITIES],
        "labels": {"decisions": decision_words(found)},
        "without_audit": _without(shown),
        "issued": _issued(shown, month),
        "changes": _changes(shown, month),
        "notices": _notices(organisation, shown, month, last),
        "notice": NOTICE,
    }


def _hospital(found: Board, site: Site) -> dict[str, Any]:
    used, without = found.in_use(site.pk), found.without[site.pk]
    cells = [(domain.code, found.cells.get((site.pk, domain.code))) for domain in found.domains]
    statuses: Counter[str] = found.statuses.get(site.pk, Counter())
    return {
        "code": site.code,
        "name": site.name,
        "in_use": used,
        "valid": used - without,
        "without": without,
        "overdue": found.overdue[site.pk],
        "statuses": {status: statuses.get(status, 0) for status in Deployment.Status.values},
        "domains": [
            {"code": code, "score": percent(cell.numerator, cell.denominator), "deployments": cell.deployments}
            for code, cell in cells
            if cell
        ],
    }


def _month(found: Board, month: date) -> dict[str, Any]:
    results, decisions = found.results(month), found.decisions(month)
    return {
        "month": key(month),
        "results": {code: results[code] for code in board.RESULTS},
        "decisions": {code: n for code, n in sorted(decisions.items()) if n},
    }


def _findings(counts: Any, priority: str) -> dict[str, Any]:
    by_age = {age: counts[priority, age] for age in ages.LABELS}
    return {"priority": priority, "ages": by_age, "total": sum(by_age.values())}


def _listed(rows: Sequence[dict[str, Any]], count: int) -> dict[str, Any]:
    return {"count": count, "first": list(rows)}


def _without(sites: Sequence[Site]) -> dict[str, Any]:
    """In use without a valid audit: what has run longest first."""
    running = ModelVersion.objects.running().filter(deployment=OuterRef("pk"))
    rows: Any = Deployment.objects.filter(site__in=sites).without_valid_audit().select_related("site")
    rows = rows.annotate(version=Subquery(running.values("name")[:1]), since=Subquery(running.values("starts")[:1]))
    first = [
        {
            "ref": row.ref,
            "name": row.name,
            "hospital": row.site.name,
            "version": row.version or "",
            "since": row.since.isoformat() if row.since else None,
        }
        for row in rows.order_by(F("since").asc(nulls_first=True), "ref")[:MOST]
    ]
    return _listed(first, rows.count())


def _issued(sites: Sequence[Site], month: date) -> dict[str, Any]:
    """Reports issued in the month, the worst result first."""
    rows = board.issued_audits(sites, month, month).select_related("deployment", "site")
    rows = rows.annotate(calculated=F("reports__decision__calculated_result"), decided=F("reports__decision__code"))
    every = sorted(rows, key=lambda row: (board.RESULTS.index(row.calculated), row.issued_at, row.pk))
    first = [
        {
            "ref": row.ref,
            "name": row.deployment.name,
            "hospital": row.site.name,
            "calculated_result": row.calculated,
            "decision": row.decided,
            "on": clock.day(row.issued_at, row.site.zone).isoformat(),
        }
        for row in every[:MOST]
    ]
    return _listed(first, len(every))


def _changes(sites: Sequence[Site], month: date) -> dict[str, Any]:
    """Changes of status in the month, the latest first."""
    after, before = board.instants(month, board.shifted(month, 1), [site.zone for site in sites])
    rows = StatusChange.objects.filter(site__in=sites, at__gte=after, at__lt=before)
    rows = rows.annotate(month=board.LocalMonth("site__zone", "at")).filter(month=month)
    first = [
        {
            "ref": row.deployment.ref,
            "name": row.deployment.name,
            "hospital": row.site.name,
            "before": row.before,
            "after": row.after,
            "on": clock.day(row.at, row.site.zone).isoformat(),
        }
        for row in rows.select_related("deployment", "site").order_by("-at", "-pk")[:MOST]
    ]
    return _listed(first, rows.count())


def _notices(organisation: Organisation, sites: Sequence[Site], first: date, last: date) -> dict[str, Any]:
    """Notices that suppliers issued in the month about what is deployed here, and how many owners have not answered."""
    here = Deployment.objects.filter(site__in=sites).exclude(status=Deployment.Status.RETIRED)
    rows = SupplierNotice.objects.filter(organisation=organisation, issued_on__gte=first, issued_on__lte=last)
    rows = rows.filter(product__in=here.values("product")).select_related("product")
    shown = list(rows.order_by("-issued_on", "-pk")[:MOST])
    deployed = here.filter(product__in=[row.product_id for row in shown]).order_by().values_list("product")
    deployments = dict(deployed.annotate(n=Count("pk")))
    answered = NoticeAcknowledgement.objects.filter(notice__in=shown, deployment__in=here).order_by()
    answers = dict(answered.values_list("notice").annotate(n=Count("deployment", distinct=True)))
    listed = [
        {
            "kind": row.kind,
            "product": row.product.name,
            "title": row.title,
            "issued_on": row.issued_on.isoformat(),
            "deployments": deployments[row.product_id],
            "waiting": deployments[row.product_id] - answers.get(row.pk, 0),
        }
        for row in shown
    ]
    return _listed(listed, rows.count())
