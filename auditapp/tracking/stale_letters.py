"""Telling owner and safety officer at once, by e-mail, that an approval no longer holds: title and link, nothing else.

Every ten minutes all that lapsed is looked for. What is to be said is written down before it is sent, once for each
person, version, audit and reason: whoever looks a second time, or at the same time, finds it written.
"""

from collections.abc import Iterable

from django.db import models, transaction
from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp import clock
from auditapp.accounts import letters, scope
from auditapp.accounts.checkpoints import tenants
from auditapp.accounts.models import Placed, PlacedQuerySet, User
from auditapp.accounts.notifications import MailChoice
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.deployments.models.approval import LAPSES
from auditapp.tracking.tasks import named

AGAIN = RetryStrategy(max_attempts=6, exponential_wait=4)
LETTER = MailChoice.Letter.STALE


class StaleLetter(Placed):
    """One person is told of one approval that it lapsed, for one reason."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="+")
    audit = models.CharField(max_length=30, blank=True, default="")  # "" where it was of another version
    lapse = models.CharField(max_length=30)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    objects = PlacedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "version", "audit", "lapse"], name="a_lapse_is_told_to_each_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.version_id} {self.lapse}"


@app.periodic(cron="*/10 * * * *")
@app.task(queue="upkeep", queueing_lock="plan_stale_letters", name="upkeep.plan_stale_letters")
def plan_stale_letters(timestamp: int) -> None:
    """In every organisation."""
    for tenant in tenants():
        if tenant.id is not None:
            with scope.entered(tenant.id):
                plan()


def plan() -> None:
    """Write down what is to be said in the organisation in scope, and have each letter sent."""
    lapsed = ModelVersion.objects.running().lapsed().filter(deployment__status__in=Deployment.IN_USE)
    rows = list(lapsed.select_related("deployment__owner", "site"))
    readers = {site: MailChoice.readers(LETTER, site, site.organisation_id) for site in {row.site for row in rows}}
    for row in rows:
        _write(row, [row.deployment.owner, *readers[row.site]])


@transaction.atomic
def _write(version: ModelVersion, people: Iterable[User]) -> None:
    """Only one of two workers writes a row, and only that one has the letter sent."""
    for user in {person.pk: person for person in people}.values():
        row, new = StaleLetter.objects.get_or_create(
            user=user, version=version, audit=version.audited_by or "", lapse=version.lapse,
            defaults={**version.place, "at": clock.now()},
        )  # fmt: skip
        if new:
            send.defer(letter=row.pk, organisation=version.organisation_id, site=version.site_id)


@app.task(queue="mail", retry=AGAIN, name="mail.stale")
def send(*, letter: int, organisation: int, site: int) -> None:
    """Send it, unless it is done."""
    with scope.entered(organisation, [site]):
        rows = StaleLetter.objects.select_for_update(of=["self"], no_key=True)
        row = rows.select_related("user", "version__deployment__site").get(pk=letter)
        if row.done_at is not None:
            return
        StaleLetter.objects.filter(pk=row.pk).update(done_at=clock.now())
        deployment = row.version.deployment
        _tone, why, _shape = LAPSES[row.lapse]
        subject = _("%(name)s runs without a valid audit") % {"name": deployment.name}
        title = f"{why}\n{named(deployment.name, deployment.site.name, deployment.ref)}"
        letters.send(row.user, LETTER, subject=subject, lines=[(title, deployment.get_absolute_url())])
