"""Once a day, at each hospital's hour: what comes due and what is late is written down, and then told by e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
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

if TYPE_CHECKING:
    from auditapp.tracking.due_letters import DueLetter

FINDING, ACTION = "finding", "action"
LETTERS = {
    "reminder": MailChoice.Letter.DUE,
    "overdue": MailChoice.Letter.FINDINGS,
    "escalation": MailChoice.Letter.ESCALATION,
}
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
    from auditapp.tracking.due_letters import RemindersDone  # noqa: PLC0415 - needs the models

    day = clock.today(site.zone)
    _row, new = RemindersDone.objects.get_or_create(
        site=site, day=day, defaults={"organisation_id": site.organisation_id, "at": clock.now()}
    )
    if not new:
        return
    found = _New.of(site, day)
    found.write_down()
    for kind, owners in found.owners.items():
        letter = LETTERS[kind]
        readers = MailChoice.readers(letter, site, site.organisation_id) if letter in MailChoice.DUTY else []
        _have_sent(site, day, kind, owners | {person.pk for person in readers})


@dataclass
class _New:
    """What is newly to be said at a hospital on a day: the rows, and by kind the owners whom they concern."""

    site: Site
    day: date
    said: set[tuple[Any, ...]]
    rows: list[Any] = field(default_factory=list)
    owners: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, day: date) -> Self:
        from auditapp.tracking.due_letters import Reminder  # noqa: PLC0415 - needs the models

        known = Reminder.objects.filter(site=site)
        return cls(site, day, set(known.values_list("deployment", "finding", "kind", "reason", "due", "days")))

    def write_down(self) -> None:
        from auditapp.deployments.models import Policy  # noqa: PLC0415 - needs the models
        from auditapp.tracking.due_letters import Reminder  # noqa: PLC0415

        policy = Policy.of(self.site)
        self._audits(policy)
        self._findings(bearable=self.day - timedelta(days=policy.escalate_days))
        self._actions()
        Reminder.objects.bulk_create(self.rows)

    def _audits(self, policy: Any) -> None:
        from auditapp.deployments.models import Deployment  # noqa: PLC0415 - needs the models
        from auditapp.tracking import schedule  # noqa: PLC0415
        from auditapp.tracking.due_letters import Kind  # noqa: PLC0415

        rows = Deployment.objects.filter(site=self.site)
        for row in schedule.coming(rows, [self.site], {self.site.pk: policy}):
            about = (row.deployment, None)
            if row.is_escalated:
                self._say(about, Kind.ESCALATION, row.due.reason, row.due.on)
            elif not row.due.begun:
                reached = reached_distance(row.distances, -row.late)
                if reached is not None:
                    self._say(about, Kind.REMINDER, row.due.reason, row.due.on, days=reached, to={row.owner})

    def _findings(self, *, bearable: date) -> None:
        """An overdue finding is told to whom it was given, else to the owner of the deployment; later it escalates."""
        from auditapp.findings.models import Finding  # noqa: PLC0415 - needs the models
        from auditapp.tracking.due_letters import Kind  # noqa: PLC0415

        late = Finding.objects.overdue().filter(site=self.site).order_by()
        owners = Coalesce("person", "deployment__owner")
        for pk, deployment, due, owner in late.values_list("pk", "deployment", "due", owners):
            assert due  # what is overdue has a date
            self._say((deployment, pk), Kind.OVERDUE, FINDING, due, to={owner})
            if due < bearable:
                self._say((deployment, pk), Kind.ESCALATION, FINDING, due)

    def _actions(self) -> None:
        from auditapp.findings.models import Action, Finding  # noqa: PLC0415 - needs the models
        from auditapp.tracking.due_letters import Kind  # noqa: PLC0415

        late = Action.objects.overdue().filter(site=self.site, finding__in=Finding.objects.open()).order_by()
        owners: dict[tuple[int, int, date], set[int]] = {}
        for deployment, finding, due, owner in late.values_list("finding__deployment", "finding", "due", "owner"):
            owners.setdefault((deployment, finding, due), set()).add(owner)
        for (deployment, finding, due), people in owners.items():
            self._say((deployment, finding), Kind.OVERDUE, ACTION, due, to=people)

    def _say(
        self,
        about: tuple[int, int | None],
        kind: str,
        reason: str,
        due: date,
        *,
        days: int = 0,
        to: Iterable[int] = (),
    ) -> None:
        """Unless it was said: one row, about a deployment and perhaps one of its findings."""
        from auditapp.tracking.due_letters import Reminder  # noqa: PLC0415 - needs the models

        deployment, finding = about
        if (deployment, finding, kind, reason, due, days) in self.said:
            return
        what = {"deployment_id": deployment, "finding_id": finding, "kind": kind, "reason": reason, "due": due}
        self.rows.append(Reminder(**self.site.place, **what, days=days, day=self.day, at=clock.now()))
        self.owners.setdefault(kind, set()).update(to)


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
    from auditapp.tracking.due_letters import DueLetter  # noqa: PLC0415 - needs the models

    with transaction.atomic():
        scope.enter(organisation, [site])
        person = User.objects.get(pk=user)
        scope.enter_as(person)
        row = DueLetter.objects.select_for_update(no_key=True).filter(user=user, site=site, kind=kind, day=day).first()
        if row is None or row.done_at is not None:  # the person no longer acts there, or it was sent
            return
        row.finish()
        if lines := _lines(person, kind, row):
            letters.send(person, LETTERS[kind], subject=_subject(kind, len(lines)), lines=_cut(lines))


def _subject(kind: str, n: int) -> str:
    subjects = {
        "reminder": ngettext("%(n)s audit comes due", "%(n)s audits come due", n),
        "overdue": ngettext("%(n)s finding or action is overdue", "%(n)s findings and actions are overdue", n),
        "escalation": ngettext("%(n)s thing is overdue", "%(n)s things are overdue", n),
    }
    return subjects[kind] % {"n": n}


def _cut(lines: list[letters.Line]) -> list[letters.Line]:
    """No longer than a person reads; what is left out stands in the schedule."""
    return [*lines[:MOST_LINES], (_("All that is due"), reverse("tracking:schedule"))]


def _lines(person: User, kind: str, letter: "DueLetter") -> list[letters.Line]:
    """Titles and links: of everything here, but owners, who are no auditors, are told of what they own alone."""
    from auditapp.tracking.due_letters import Kind, Reminder  # noqa: PLC0415 - needs the models
    from auditapp.tracking.schedule import REASONS  # noqa: PLC0415

    place = Site.objects.get(pk=letter.site_id)
    rows = Reminder.objects.visible_to(person).filter(site=place).of_day(letter.day, kind)
    rows = rows.exclude(deployment__status="retired")
    if kind == Kind.OVERDUE:
        rows = rows.of_person(person)
    elif not person.holds(Role.AUDITOR, site=place) and person.holds(Role.DEPLOYMENT_OWNER, site=place):
        rows = rows.filter(deployment__owner=person)
    if kind == Kind.ESCALATION and not person.holds(Role.CLINICAL_SAFETY_OFFICER, site=place):
        rows = rows.filter(finding=None)  # overdue findings are escalated to that role
    found = []
    for row in rows:
        words = {"what": row.deployment.name, "site": place.name, "date": date_format(row.due, "j M Y")}
        if row.finding:
            words["ref"] = row.finding.ref
            said = _("Finding %(ref)s on %(what)s, %(site)s: due %(date)s")
            if row.reason == ACTION:
                said = _("An action on finding %(ref)s on %(what)s, %(site)s: due %(date)s")
            found.append((said % words, row.finding.get_absolute_url()))
        else:
            title = _("%(audit)s of %(what)s, %(site)s: due %(date)s") % {"audit": REASONS[row.reason], **words}
            found.append((title, row.deployment.get_absolute_url()))
    return found
