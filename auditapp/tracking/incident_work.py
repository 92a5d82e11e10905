"""What waits for a person because of incidents, of actions, and of findings that nobody sees to."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.accounts.models import Role, Site, User
from auditapp.deployments.models import Deployment
from auditapp.findings import containment
from auditapp.findings.models import Action, ActionStep, Cause, Finding, Incident
from auditapp.findings.models.finding import LATE
from auditapp.tracking.tasks import Kind, Task, named


def reviews(user: User) -> Iterator[Task]:
    """Incidents whose cause nobody has judged yet."""
    if not user.holds(Role.CLINICAL_SAFETY_OFFICER):
        return
    waiting = Incident.objects.visible_to(user).waiting().with_names()
    for incident in waiting.filter(site__in=Site.objects.where(user, Role.CLINICAL_SAFETY_OFFICER)):
        what = named(incident.deployment.name, incident.site.name, incident.ref)
        href = incident.get_absolute_url()
        yield Task(Kind.REVIEW, _("Review the incident"), what, href, incident.site.zone, since=incident.at)


def containments(user: User) -> Iterator[Task]:
    """Where something happened and no containment check was opened: one for each deployment, by the first report."""
    if not user.holds(Role.AUDITOR):
        return
    rows = Incident.objects.visible_to(user).filter(site__in=Site.objects.where(user, Role.AUDITOR))
    rows = rows.exclude(cause=Cause.EXCLUDED).exclude(deployment__status=Deployment.Status.RETIRED)
    waiting = containment.with_containment(rows).filter(contained_at=None, is_under_way=False)
    seen: set[int] = set()
    for incident in waiting.with_names().order_by("at"):
        if incident.deployment_id in seen:
            continue
        seen.add(incident.deployment_id)
        deployment, zone = incident.deployment, incident.site.zone
        said = {"deployment": deployment.ref, "for": containment.REASON}
        href = f"{reverse('audits:opening')}?{urlencode(said)}"
        what = named(deployment.name, incident.site.name, incident.ref)
        due = clock.day(incident.at + containment.WITHIN, zone)
        yield Task(Kind.CONTAIN, _("Open the containment check"), what, href, zone, due=due)


def left_lying(user: User) -> Iterator[Task]:
    """For the clinical safety officer: findings overdue by more than a week, together for each deployment."""
    if not user.holds(Role.CLINICAL_SAFETY_OFFICER):
        return
    late = Finding.objects.visible_to(user).overdue(days=LATE).exclude(deployment__owner=user)
    late = late.filter(site__in=Site.objects.where(user, Role.CLINICAL_SAFETY_OFFICER))
    late = late.exclude(deployment__status=Deployment.Status.RETIRED).order_by()
    rows = late.values("deployment__ref", "deployment__name", "site__name", "site__zone")
    for row in rows.annotate(n=Count("pk"), first=Min("due")):
        verb = ngettext(
            "Ask about %(n)s finding that is overdue by more than a week",
            "Ask about %(n)s findings that are overdue by more than a week",
            row["n"],
        ) % {"n": row["n"]}
        href = f"{reverse('findings:list')}?{urlencode({'state': 'overdue', 'deployment': row['deployment__ref']})}"
        what = named(row["deployment__name"], row["site__name"])
        yield Task(Kind.OVERDUE, verb, what, href, row["site__zone"], due=row["first"])


def actions(user: User) -> Iterator[Task]:
    """What the person has to do about findings."""
    mine = Action.objects.visible_to(user).filter(owner=user, state=Action.State.TO_DO)
    mine = mine.exclude(finding__deployment__status=Deployment.Status.RETIRED)
    for action in mine.select_related("finding__deployment", "site"):
        zone = action.site.zone
        kind = Kind.OVERDUE if action.due < clock.today(zone) else Kind.ACT
        what = named(action.finding.deployment.name, action.site.name, action.finding.ref)
        yield Task(kind, _("Do what was planned"), what, action.get_absolute_url(), zone, due=action.due)


def effects(user: User) -> Iterator[Task]:
    """Actions that are done and wait for somebody else's judgement: whoever planned it, or the safety officer."""
    done = Action.objects.visible_to(user).filter(state=Action.State.DONE).exclude(owner=user)
    done = done.exclude(finding__deployment__status=Deployment.Status.RETIRED)
    officer_at = Site.objects.where(user, Role.CLINICAL_SAFETY_OFFICER)
    reported = ActionStep.objects.filter(kind="done", by=user).values("action")
    waiting = done.filter(Q(by=user) | Q(site__in=officer_at)).exclude(pk__in=reported)
    for action in waiting.select_related("finding__deployment", "site"):
        what = named(action.finding.deployment.name, action.site.name, action.finding.ref)
        verb = _("Check whether the action was effective")
        yield Task(Kind.CHECK, verb, what, action.get_absolute_url(), action.site.zone, due=action.due)
