"""What an incident puts in question is looked at again: a finding for each check that it names."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Role, User
from auditapp.findings import rules
from auditapp.findings.models import Finding, Incident
from auditapp.questionnaires.models import Question
from auditapp.refusals import Refused


class Questioned(NamedTuple):
    """How many findings were opened, opened again, and open already."""

    opened: int
    again: int
    open_already: int


@transaction.atomic
def reopen_checks(incident: Incident, *, by: User) -> Questioned:
    """One open finding for each check that the incident questions, on the priority of a check that is not met.

    A check that was closed is opened again, with its history; one that is open stays as it is.
    """
    by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=incident.site, to=_("open findings on what an incident questions"))
    if not incident.checks:
        raise Refused(_("The incident names no check."))
    deployment = incident.deployment
    known: dict[str, Finding] = {}
    rows = deployment.findings.filter(check_code__in=incident.checks).select_related("deployment")
    for row in rows.order_by("opened_at", "pk"):
        if row.is_open or row.check_code not in known or not known[row.check_code].is_open:
            known[row.check_code] = row
    questions = {q.code: q for q in Question.objects.visible_to(by).current_wording().filter(code__in=incident.checks)}
    content, done = rules.in_force(by), Questioned(0, 0, 0)
    for code in incident.checks:
        said = _about(code, questions.get(code), content, incident)
        finding = known.get(code)
        if finding is None:
            Finding.enter(deployment, by=by, incident=incident, check_code=code, **said)
            done = done._replace(opened=done.opened + 1)
        elif finding.is_open:
            done = done._replace(open_already=done.open_already + 1)
        else:
            about = {"due": said["due"], "gap": said["gap"]}
            finding.reopen(by=by, source=incident.ref, incident=incident, reason=said["gap"], **about)
            done = done._replace(again=done.again + 1)
    return done


def _about(code: str, question: Question | None, content: dict[str, Any], incident: Incident) -> dict[str, Any]:
    owner = incident.deployment.owner
    criticality = question.criticality if question else "major"
    priority, due = _ruled(content, criticality, live=incident.deployment.is_live, zone=incident.site.zone)
    return {
        "title": question.text if question else code,
        "gap": _("Put in question by %(ref)s.") % {"ref": incident.ref},
        "priority": priority,
        "due": due,
        "owner": owner.name,
        "person": owner if owner.is_active and owner.reads_all_at(incident.site_id) else None,
    }


def _ruled(content: dict[str, Any], criticality: str, *, live: bool, zone: str) -> tuple[str, date | None]:
    """Priority and due date of a check that is not met (content, findings.priorities)."""
    for row in content["findings"]["priorities"]:
        if any(rule["criticality"] == criticality and "not_met" in rule["answers"] for rule in row["opened_by"]):
            days = row["due_days_in_use"] if live else row["due_days_pre"]
            return row["id"], None if days is None else clock.today(zone) + timedelta(days=days)
    raise ValueError(f"The content gives no priority to a {criticality} check that is not met.")
