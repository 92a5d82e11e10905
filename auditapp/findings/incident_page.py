"""Everything that the page of one incident shows, and what each person may do from it."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp.accounts.models import Role, User
from auditapp.deployments.models import KEEPERS, Deployment
from auditapp.findings import containment
from auditapp.findings.models import REPORTERS, Incident
from auditapp.questionnaires.models import Question

SHOWN = 5  # incidents that the page of a deployment shows


def page(incident: Incident, user: User) -> dict[str, Any]:
    """The same number of queries however much was made of it."""
    reads = user.reads_all_at(incident.site_id)
    return {
        "incident": incident,
        "reads": reads,
        "reviews": incident.reviews.select_related("by").order_by("-n"),
        "checks": _checks(incident, user, reads=reads),
        "findings": incident.findings.all() if reads else [],
        "containment": containment.of(incident),
        "exports": incident.exports.select_related("by").defer("canonical") if reads else [],
        "kept": incident.kept.count(),
        "acts": _acts(incident, user),
    }


def _checks(incident: Incident, user: User, *, reads: bool) -> list[dict[str, Any]]:
    """[{"code", "text", "finding"}] in the order of their codes; the open finding on it, where there is one."""
    worded = Question.objects.visible_to(user).current_wording().filter(code__in=incident.checks)
    texts = dict(worded.values_list("code", "text"))
    rows = incident.deployment.findings.open().filter(check_code__in=incident.checks) if reads else []
    open_ones = {finding.check_code: finding for finding in rows}
    return [{"code": c, "text": texts.get(c, ""), "finding": open_ones.get(c)} for c in incident.checks]


def _acts(incident: Incident, user: User) -> dict[str, Any]:
    """What this person may do from here, each with its address; what is not there is not theirs to do."""
    deployment, site = incident.deployment, incident.site
    officer = user.holds(Role.CLINICAL_SAFETY_OFFICER, site=site)
    acts: dict[str, Any] = {"review": officer, "export": officer, "reopen": officer and bool(incident.checks)}
    if user.holds(*KEEPERS, site=site):
        acts["enter"] = f"{reverse('findings:entry', args=[deployment.ref])}?{urlencode({'incident': incident.ref})}"
    if Deployment.Status.SUSPENDED in deployment.moves_for(user):
        said = {"to": Deployment.Status.SUSPENDED.value, "reason": _("After %(ref)s.") % {"ref": incident.ref}}
        acts["suspend"] = f"{reverse('tracking:status', args=[deployment.ref])}?{urlencode(said)}"
    if user.holds(Role.AUDITOR, site=site) and deployment.status != Deployment.Status.RETIRED:
        for reason in ("containment", "re_audit"):
            said = {"deployment": deployment.ref, "for": reason}
            acts[reason] = f"{reverse('audits:opening')}?{urlencode(said)}"
    return acts


def of_deployment(deployment: Deployment, user: User) -> dict[str, Any]:
    """The section on the page of a deployment: the newest incidents, and how many there are."""
    rows = Incident.objects.visible_to(user).filter(deployment=deployment)
    newest = list(containment.with_containment(rows)[:SHOWN])
    return {
        "incidents": containment.of_listed(newest),
        "total": rows.count() if len(newest) == SHOWN else len(newest),
        "may_report": user.holds(*REPORTERS, site=deployment.site),
    }
