"""What the schedule puts into somebody's work: audits to open, what is late beyond bearing, a plan to sign."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp.accounts.models import Role, Site, User
from auditapp.deployments.models import Deployment
from auditapp.tracking import schedule
from auditapp.tracking.first_plan import FirstPlan
from auditapp.tracking.schedule import Coming, Why
from auditapp.tracking.tasks import Kind, Task, named

ESCALATED_TO = (Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR)


def waiting(user: User) -> Iterator[Task]:
    """Of the audits that are due, those that are this person's to open, to have done or to see to."""
    if not user.holds(Role.AUDITOR, Role.DEPLOYMENT_OWNER, *ESCALATED_TO):
        return
    sites = list(Site.objects.in_reach_of(user))
    audited = {site.pk for site in sites if user.holds(Role.AUDITOR, site=site)}
    overseen = {site.pk for site in sites if user.holds(*ESCALATED_TO, site=site)}
    rows = Deployment.objects.visible_to(user)
    rows = rows.filter(Q(owner=user) | Q(site__in=audited | overseen))
    late: dict[Site, list[Coming]] = {}
    for row in schedule.coming(rows, sites):
        if row.is_escalated and row.site.pk in overseen:
            late.setdefault(row.site, []).append(row)
        if row.is_near and row.due.why != Why.NEVER and (row.site.pk in audited or row.owner == user.pk):
            yield _to_do(row, audits=row.site.pk in audited)
    for site, found in late.items():
        yield _overdue(site, found)


def _to_do(row: Coming, *, audits: bool) -> Task:
    """Auditors open it; the owner sees to it that somebody does."""
    verb = _("Open the audit: %(audit)s") if audits else _("Have it audited: %(audit)s")
    href = reverse("tracking:deployment", args=[row.ref])
    if audits:
        href = f"{reverse('audits:opening')}?deployment={row.ref}"
    kind = Kind.OVERDUE if row.is_overdue else Kind.COMING
    what = named(row.name, row.site.name)
    return Task(kind, verb % {"audit": row.due.label.lower()}, what, href, row.site.zone, due=row.due.on)


def _overdue(site: Site, rows: list[Coming]) -> Task:
    """Together for each hospital: what is later than it bears."""
    verb = ngettext("See to %(n)s overdue audit", "See to %(n)s overdue audits", len(rows)) % {"n": len(rows)}
    href = f"{reverse('tracking:schedule')}?state=escalated&site={site.code}"
    first: date = min(row.due.on for row in rows)
    kinds = Counter(row.due.label for row in rows)
    what = " · ".join([site.name, *(f"{label}: {n}" for label, n in kinds.items())])
    return Task(Kind.OVERDUE, verb, what, href, site.zone, due=first)


def plans(user: User) -> Iterator[Task]:
    """First plans that wait for the executive's signature."""
    if not user.holds(Role.EXECUTIVE):
        return
    drafts = FirstPlan.objects.visible_to(user).drafts().filter(site__in=Site.objects.where(user, Role.EXECUTIVE))
    for plan in drafts.select_related("site").defer("canonical"):
        what = ngettext("%(site)s: %(n)s audit", "%(site)s: %(n)s audits", len(plan.lines))
        href = reverse("tracking:first_plan_signature", args=[plan.site.code])
        words = {"site": plan.site.name, "n": len(plan.lines)}
        yield Task(Kind.SIGN, _("Read and sign the first plan"), what % words, href, plan.site.zone, since=plan.at)
