"""News that is no act but the passing of a day: findings that are overdue, approvals that hold no more."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q

from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.exchange.webhooks.telling import of_deployment
from auditapp.findings.models import Finding

STALE, OVERDUE = "approval.stale", "finding.overdue"
News = dict[str, dict[str, Any]]  # what it is about -> data


def news(kinds: Collection[str]) -> dict[str, News]:
    """What is so today, by kind, in the scope of an organisation."""
    found: dict[str, News] = {}
    if OVERDUE in kinds:
        found[OVERDUE] = _overdue()
    if STALE in kinds:
        found[STALE] = _stale()
    return found


def _overdue() -> News:
    rows = Finding.objects.overdue().select_related("deployment__site").order_by("pk")
    return {
        f"{row.ref}:{row.due}": {"finding": row.ref, "due": row.due.isoformat(), "priority": row.priority}
        | of_deployment(row.deployment, row.get_absolute_url())
        for row in rows
        if row.due
    }


def _stale() -> News:
    """Versions in use that an audit examined and that it covers no more; the reason is a code of docs/validity.md."""
    rows = ModelVersion.objects.running().uncovered().filter(deployment__status__in=Deployment.IN_USE)
    rows = rows.exclude(Q(lapse="never_audited")).select_related("deployment__site").order_by("pk")
    return {
        f"{row.deployment.ref}:{row.pk}:{row.audited_by or ''}:{row.lapse}": {
            "audit": row.audited_by,
            "reason": row.lapse,
        }
        | of_deployment(row.deployment)
        for row in rows
    }
