"""Once a day, at each hospital's hour: what comes due and what is late is written down, and then told by e-mail."""

from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate.contrib.django import app

from auditapp import clock
from auditapp.accounts import letters, scope
from auditapp.accounts.checkpoints import tenants
from auditapp.accounts.models import Role, Site, User
from auditapp.accounts.notifications import MailChoice
from auditapp.tracking.digest import AGAIN, LAST

FINDING = "finding"
MOST_LINES = 40  # of one letter; the rest is behind its last link


@app.periodic(cron="7 * * * *")
@app.task(queue="upkeep", queueing_lock="plan_reminders", name="upkeep.plan_reminders")
def plan_reminders(timestamp: int) -> None:
    """Every hour: at which hospitals the hour has come today, and was not worked out yet. One that slept catches up."""
    for tenant in tenants():
        if tenant.id is not None:
            with scope.entered(tenant.id):
                for site in due_sites(tenant.id):
                    plan(site)


def due_sites(organisation: int) -> list[Site]:
    """The hospitals whose hour has come on their own day, and whose reminders were not worked out on it."""
    from auditapp.tracking.due_letters import RemindersDone  # noqa: PLC0415 - needs the models

    found = []
    for site in Site.objects.filter(organisation=organisation).select_related("organisation"):
        if clock.now().astimezone(ZoneInfo(site.zone)).hour >= settings.DIGEST_HOUR:
            found.append(site)
    done = set(RemindersDone.objects.filter(site__in=found).values_list("site", "day"))
    return [site for site in found if (site.pk, clock.today(site.zone)) not in done]


@transaction.atomic
def plan(site: Site) -> None:
    """Write down the distances that were reached at a hospital, and have each person's letter sent.

    Only one of two workers writes the day, and only that one has letters sent.
    """
    from auditapp.tracking.due_letters import Kind, RemindersDone  # noqa: PLC0415 - needs the models

    day = clock.today(site.zone)
    _row, new = RemindersDone.objects.get_or_create(
        site=site, day=day, defaults={"organisation_id": site.organisation_id, "at": clock.now()}
    )
    if not new:
        return
    owners, escalated = _write_down(site, day)
    if owners:
        people = User.objects.holding(Role.AUDITOR, site=site).values_list("pk", flat=True)
        _have_sent(site, day, Kind.REMINDER, {*owners, *people})
    if escalated:
        told = User.objects.holding(Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR, site=site)
        _have_sent(site, day, Kind.ESCALATION, {*told.values_list("pk", flat=True)})


def _write_down(site: Site, day: date) -> tuple[set[int], bool]:
    """The owners of what is newly reminded of, and whether anything is newly escalated."""
    from auditapp.deployments.models import Deployment, Policy  # noqa: PLC0415 - needs the models
    from auditapp.findings.models import Finding  # noqa: PLC0415
    from auditapp.tracking import schedule  # noqa: PLC0415
    from auditapp.tracking.due_letters import Kind, Reminder  # noqa: PLC0415

    policy = Policy.of(site)
    said = set(Reminder.objects.filter(site=site).values_list("deployment", "finding", "kind", "reason", "due", "days"))
    rows, owners = [], set()

    def add(deployment: int, finding: int | None, kind: str, reason: str, due: date, days: int) -> bool:
        if (deployment, finding, kind, reason, due, days) in said:
            return False
        about = {"deployment_id": deployment, "finding_id": finding, "kind": kind, "reason": reason, "due": due}
        rows.append(Reminder(**site.place, **about, days=days, day=day, at=clock.now()))
        return True

    for row in schedule.coming(Deployment.objects.filter(site=site), [site], {site.pk: policy}):
        if row.is_escalated:
            add(row.deployment, None, Kind.ESCALATION, row.due.reason, row.due.on, 0)
        elif not row.due.begun:
            reached = reached_distance(row.distances, -row.late)
            if reached is not None and add(row.deployment, None, Kind.REMINDER, row.due.reason, row.due.on, reached):
                owners.add(row.owner)
    bearable = day - timedelta(days=policy.escalate_days)
    late = Finding.objects.overdue().filter(site=site, due__lt=bearable).order_by()
    for pk, deployment, due in late.values_list("pk", "deployment", "due"):
        assert due  # what is overdue has a date
        add(deployment, pk, Kind.ESCALATION, FINDING, due, 0)
    Reminder.objects.bulk_create(rows)
    return owners, any(row.kind == Kind.ESCALATION for row in rows)


def reached_distance(distances: Iterable[int], days_left: int) -> int | None:
    """The nearest distance that has been reached; None while it is further away than all of them.

    Not only on its very day: a worker that slept, or a date that came nearer, is still told of once.
    """
    return min((distance for distance in distances if days_left <= distance), default=None)


def _have_sent(site: Site, day: date, kind: str, people: Iterable[int]) -> None:
    from auditapp.tracking.due_letters import DueLetter  # noqa: PLC0415 - needs the models

    for user in sorted(people):
        DueLetter.objects.create(**site.place, user_id=user, kind=kind, day=day)
        job = send.configure(priority=LAST)
        job.defer(user=user, kind=str(kind), day=day.isoformat(), organisation=site.organisation_id, site=site.pk)


@app.task(queue="mail", retry=AGAIN, name="mail.due")
def send(*, user: int, kind: str, day: str, organisation: int, site: int) -> None:
    """Send a person what was written down for a hospital on a day, unless it is done."""
    from auditapp.tracking.due_letters import DueLetter, Kind  # noqa: PLC0415 - needs the models

    with transaction.atomic():
        scope.enter(organisation, [site])
        person = User.objects.get(pk=user)
        scope.enter_as(person)
        row = DueLetter.objects.select_for_update(no_key=True).filter(user=user, site=site, kind=kind, day=day).first()
        if row is None or row.done_at is not None:  # the person no longer acts there, or it was sent
            return
        row.finish()
        if lines := _lines(person, site, kind, row.day):
            escalated = kind == Kind.ESCALATION
            letter = MailChoice.Letter.ESCALATION if escalated else MailChoice.Letter.DUE
            letters.send(person, letter, subject=_subject(len(lines), escalated=escalated), lines=_cut(lines))


def _subject(n: int, *, escalated: bool) -> str:
    if escalated:
        return ngettext("%(n)s thing is overdue", "%(n)s things are overdue", n) % {"n": n}
    return ngettext("%(n)s audit comes due", "%(n)s audits come due", n) % {"n": n}


def _cut(lines: list[letters.Line]) -> list[letters.Line]:
    """No longer than a person reads; what is left out stands in the schedule."""
    return [*lines[:MOST_LINES], (_("All that is due"), reverse("tracking:schedule"))]


def _lines(person: User, site: int, kind: str, day: date) -> list[letters.Line]:
    """Titles and links. Owners are told of what they own, auditors and those it is escalated to of everything here."""
    from auditapp.tracking.due_letters import Kind, Reminder  # noqa: PLC0415 - needs the models
    from auditapp.tracking.schedule import REASONS  # noqa: PLC0415

    rows = Reminder.objects.visible_to(person).filter(site=site).of_day(day, kind)
    place = Site.objects.get(pk=site)
    if kind == Kind.REMINDER and not person.holds(Role.AUDITOR, site=place):
        rows = rows.filter(deployment__owner=person)
    if not person.holds(Role.CLINICAL_SAFETY_OFFICER, site=place):  # overdue findings are escalated to that role
        rows = rows.filter(finding=None)
    found = []
    for row in rows.exclude(deployment__status="retired"):
        words = {"what": row.deployment.name, "site": place.name, "date": date_format(row.due, "j M Y")}
        if row.finding:
            title = _("Finding %(ref)s on %(what)s, %(site)s: due %(date)s") % {"ref": row.finding.ref, **words}
            found.append((title, row.finding.get_absolute_url()))
        else:
            title = _("%(audit)s of %(what)s, %(site)s: due %(date)s") % {"audit": REASONS[row.reason], **words}
            found.append((title, row.deployment.get_absolute_url()))
    return found
