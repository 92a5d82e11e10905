"""The daily list of what waits for a person, by e-mail: titles and links, once a day, nothing when nothing waits."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp import clock
from auditapp.accounts import letters, scope
from auditapp.accounts.checkpoints import tenants
from auditapp.accounts.models import Membership, Site, User
from auditapp.accounts.notifications import Digest, MailChoice

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)
LAST = -10  # after everything that somebody waits for at a screen


@app.periodic(cron="*/10 * * * *")
@app.task(queue="upkeep", queueing_lock="plan_digests", name="upkeep.plan_digests")
def plan_digests(timestamp: int) -> None:
    """Every ten minutes: whose hour has come today, and was not written down yet. A worker that slept catches up."""
    from auditapp.audits.models import Presence  # noqa: PLC0415 - needs the models

    for tenant in tenants():
        if tenant.id is not None:
            with scope.entered(tenant.id):
                plan(tenant.id)
                Presence.sweep()


def plan(organisation: int) -> None:
    """Write down today's lists of an organisation, and have each sent. Whoever comes second finds them written."""
    for day, people in _due(organisation).items():
        for user in people:
            _plan_one(organisation, user, day)


@transaction.atomic
def _plan_one(organisation: int, user: int, day: date) -> None:
    """Only one of two workers writes the row, and only that one has the letter sent."""
    _row, new = Digest.objects.get_or_create(user_id=user, day=day, defaults={"organisation_id": organisation})
    if new:
        send.configure(priority=LAST).defer(user=user, day=day.isoformat(), organisation=organisation)


def _due(organisation: int) -> dict[date, list[int]]:
    """Day -> the people whose hour has come on it and who have no list of that day yet."""
    zones = dict(Site.objects.filter(organisation=organisation).values_list("pk", "zone"))
    if not zones:
        return {}
    home: dict[int, str] = {}  # a person's clock: that of their first hospital
    held = Membership.objects.filter(user__is_active=True).order_by("user", "site__name")
    for user, site in held.values_list("user", "site"):
        home.setdefault(user, zones.get(site, next(iter(zones.values()))))
    days: dict[date, list[int]] = {}
    for zone in set(home.values()):
        local = clock.now().astimezone(ZoneInfo(zone))
        if local.hour < settings.DIGEST_HOUR:
            continue
        here = [user for user, theirs in home.items() if theirs == zone]
        days.setdefault(local.date(), []).extend(_without(here, local.date()))
    return days


def _without(people: Iterable[int], day: date) -> list[int]:
    """Of these, those who want the list and have none of that day."""
    written = Digest.objects.filter(user=OuterRef("pk"), day=day)
    unwanted = MailChoice.objects.filter(user=OuterRef("pk"), chosen__digest=False)
    rows = User.objects.filter(~Exists(written), ~Exists(unwanted), pk__in=list(people))
    return list(rows.order_by("pk").values_list("pk", flat=True))


@app.task(queue="mail", retry=AGAIN, name="mail.digest")
def send(*, user: int, day: str, organisation: int) -> None:
    """Send a person's list of a day, unless it is done."""
    from auditapp.tracking import my_work  # noqa: PLC0415 - needs the models

    with transaction.atomic():
        scope.enter(organisation, [])
        person = User.objects.get(pk=user)
        scope.enter_as(person)
        row = Digest.objects.select_for_update(no_key=True).get(user=user, day=day)
        if row.done_at is not None:
            return
        tasks = my_work.waiting_for(person)
        row.finish(len(tasks))
        if tasks:
            subject = ngettext("%(n)s thing waits for you", "%(n)s things wait for you", len(tasks)) % {"n": len(tasks)}
            lines = [(f"{task.verb}\n{task.what}", task.href) for task in tasks]
            lines.append((_("All of it"), reverse("tracking:my_work")))
            letters.send(person, MailChoice.Letter.DIGEST, subject=subject, lines=lines)
