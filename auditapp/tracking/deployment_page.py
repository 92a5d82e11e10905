"""Everything that the page of one deployment shows."""

from typing import Any

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, Policy
from auditapp.findings import incident_page, listing
from auditapp.tracking import events, expectation, history, past_rows, schedule, standing, tiers, validity


def page(deployment: Deployment, user: User) -> dict[str, Any]:
    """The same number of queries however much has happened to it."""
    versions = list(deployment.versions.with_validity())
    changes = list(deployment.status_changes.select_related("by", "signed_by"))
    reads = user.reads_all_at(deployment.site_id)  # others see what runs here, and nothing of what was found
    rows = history.audits_of(deployment)
    findings, profile = listing.summary(deployment), deployment.newest_profile
    past, today = past_rows.read([deployment])[deployment.pk], clock.today(deployment.site.zone)
    valid, held = validity.judge(past, today), validity.spans(past, today)
    confirmed = profile if profile.is_confirmed else deployment.confirmed_profile
    policies = Policy.by_site([deployment.site])
    mine = Deployment.objects.visible_to(user).filter(pk=deployment.pk)
    coming = schedule.coming(mine, [deployment.site], policies)
    planned = next((row.due.on for row in coming if row.is_planned), None)
    under_way = [row.audit.ref for row in rows if row.audit.state not in Audit.ENDED]
    return {
        "deployment": deployment,
        "profile": profile,
        "expected": expectation.of(user, deployment, profile, overdue=findings.overdue, under_way=under_way),
        "reads": reads,
        "answer": standing.answer(deployment, versions, rows, valid, planned),
        "reopening": standing.reopening(deployment, valid.reaudit, user),
        "step": deployment.status_proposals.waiting().first(),
        "versions": versions[::-1],
        "changes": changes[::-1],
        "audits": rows,
        "compare_from": next((row.audit.ref for row in rows if row.submission), None),
        "spans": [
            *history.spans(versions, rows, changes, held, zone=deployment.site.zone),
            *events.of(deployment),
        ],
        "trends": history.trends(rows),
        "findings": findings,
        "incidents": incident_page.of_deployment(deployment, user),
        "tier": tiers.placed(policies[deployment.site_id], confirmed.facts if confirmed else None),
        "next_audits": coming,
        "hazards": deployment.hazard_ratings.open().select_related("by"),
        "accepted": deployment.hazard_ratings.accepted().select_related("finding").prefetch_related("acceptances__by"),
    }
