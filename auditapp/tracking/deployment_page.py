"""Everything that the page of one deployment shows."""

from typing import Any

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings import incident_page, listing
from auditapp.tracking import expectation, history, standing


def page(deployment: Deployment, user: User) -> dict[str, Any]:
    """The same number of queries however much has happened to it."""
    versions = list(deployment.versions.with_audit())
    changes = list(deployment.status_changes.select_related("by"))
    reads = user.reads_all_at(deployment.site_id)  # others see what runs here, and nothing of what was found
    rows = history.audits_of(deployment)
    findings, profile = listing.summary(deployment), deployment.newest_profile
    under_way = [row.audit.ref for row in rows if row.audit.state not in Audit.ENDED]
    return {
        "deployment": deployment,
        "profile": profile,
        "expected": expectation.of(user, deployment, profile, overdue=findings.overdue, under_way=under_way),
        "reads": reads,
        "answer": standing.answer(deployment, versions, rows),
        "versions": versions[::-1],
        "changes": changes[::-1],
        "audits": rows,
        "spans": history.spans(versions, rows, changes, zone=deployment.site.zone),
        "trends": history.trends(rows),
        "findings": findings,
        "incidents": incident_page.of_deployment(deployment, user),
        "hazards": deployment.hazard_ratings.open().select_related("by"),
        "accepted": deployment.hazard_ratings.accepted().select_related("finding").prefetch_related("acceptances__by"),
    }
