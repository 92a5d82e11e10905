"""Readiness bundles: asked for, made by a job, released where the hospital wants it, given out."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Organisation, Placed, ReadInFullQuerySet, Role, Site, User
from auditapp.deployments.models import Deployment, next_number
from auditapp.exchange import jobs
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Who answer to those outside for the hospital's tools.
ASKERS = (Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR, Role.EXECUTIVE)


def must_read(releaser: User, site: Site | None) -> None:
    """Refuse somebody who could not read what they are to release."""
    reading = releaser.reading
    if reading is not None and (site is None or site.pk not in reading):
        words = {"name": releaser.name, "where": site.name if site else _("every hospital")}
        raise Refused(_("%(name)s does not read audits at %(where)s. Give them a role there first.") % words)


class ReleaseRuleQuerySet(models.QuerySet["ReleaseRule"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(organisation_id=user.organisation_id)

    def in_force(self) -> Self:
        """The newest rule of each place."""
        return self.order_by("site_id", "-pk").distinct("site_id").select_related("site", "releaser", "by")


class ReleaseRule(models.Model):
    """Who reads a bundle and releases it before it leaves: a person, or nobody. The newest for the hospital holds, else
    the newest for the whole organisation; where there is none, nobody has to.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    releaser = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ReleaseRuleQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.site_id or 'everywhere'} {self.releaser_id}"

    @classmethod
    def releaser_at(cls, site: Site) -> User | None:
        rules = cls.objects.filter(organisation_id=site.organisation_id).select_related("releaser")
        own = rules.filter(site=site).order_by("pk").last()
        rule = own or rules.filter(site=None).order_by("pk").last()
        return rule.releaser if rule else None

    @classmethod
    @transaction.atomic
    def adopt(cls, *, by: User, site: Site | None, releaser: User | None) -> Self:
        """Say who releases from now on, at one hospital or at all that have no rule of their own."""
        by.must_administer(to=_("say who releases bundles"))
        if releaser is not None:
            must_read(releaser, site)
        rule = cls.objects.create(
            organisation_id=by.organisation_id, site=site, releaser=releaser, by=by, at=clock.now()
        )
        facts = {"site": site and site.pk, "releaser": releaser and releaser.pk}
        Event.record(by, "bundle.release_rule", by.organisation, **facts)
        return rule


class BundleQuerySet(ReadInFullQuerySet["Bundle"]):
    def with_names(self) -> Self:
        return self.select_related("site", "organisation", "deployment", "by", "releaser", "verdict__by")

    def open_to(self, user: User) -> Self:
        """Those that the person may ask for, or releases."""
        if user.holds_everywhere(*ASKERS):
            return self
        return self.filter(Q(site__in=Site.objects.where(user, *ASKERS)) | Q(releaser=user))


class Bundle(Placed):
    """What was recorded of a deployment, or (none) of a whole hospital, up to the end of a day there.

    Its file lies where evidence lies, under its digest.
    """

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Being made")
        MADE = "made", gettext_lazy("Made")
        WAITING = "waiting", gettext_lazy("Waits for its release")
        RELEASED = "released", gettext_lazy("Released")
        REFUSED = "refused", gettext_lazy("Not released")
        FAILED = "failed", gettext_lazy("Could not be made")

    MOVES = {
        State.QUEUED: {State.MADE, State.WAITING, State.FAILED},
        State.MADE: set(),
        State.WAITING: {State.RELEASED, State.REFUSED},
        State.RELEASED: set(),
        State.REFUSED: set(),
        State.FAILED: {State.QUEUED},
    }
    GIVEN_OUT = {State.MADE, State.RELEASED}

    ref = models.CharField(max_length=20, unique=True)
    deployment = models.ForeignKey(Deployment, models.PROTECT, null=True, related_name="bundles")
    as_of = models.DateField()
    recorded_before = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    manifest_sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.PositiveBigIntegerField(null=True)
    made_at = models.DateTimeField(null=True)
    releaser = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = BundleQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["site", "-at"], name="bundles_of_a_site")]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "deployment", "as_of", "by"],
                condition=Q(state="queued"),
                nulls_distinct=False,
                name="a_bundle_is_asked_for_once_while_it_is_made",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "failed"]) | Q(sha256__regex="^[0-9a-f]{64}$", made_at__isnull=False),
                name="a_bundle_that_was_made_has_a_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("exchange:bundle", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return f"bundle:{self.ref}"

    @property
    def about(self) -> str:
        """What it speaks of, in words."""
        return f"{self.deployment.name}, {self.site.name}" if self.deployment else self.site.name

    @property
    def storage_name(self) -> str:
        return f"{self.sha256[:2]}/{self.sha256}"

    @classmethod
    @transaction.atomic
    def ask(cls, *, by: User, site: Site, as_of: date, deployment: Deployment | None = None) -> "Bundle":
        """Have it made; whoever asks twice while it is being made finds the first."""
        by.must_hold(*ASKERS, site=site, to=_("have a readiness bundle made"))
        if deployment is not None and deployment.site_id != site.pk:
            raise Refused(_("That deployment is at another hospital."))
        if as_of > clock.today(site.zone):
            raise Refused(_("A bundle shows what was recorded up to a day; choose today or a day before."))
        end = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(site.zone)).astimezone(UTC)
        about: dict[str, Any] = {"site": site, "deployment": deployment, "as_of": as_of, "by": by}
        if going := cls.objects.filter(**about, state=cls.State.QUEUED).first():
            return going
        # What happens within the second of asking belongs to it, hence one second more than now.
        before = min(end, clock.now() + timedelta(seconds=1))
        asked = cls.objects.create(
            organisation_id=site.organisation_id, **about, ref=f"B-{next_number('auditapp_bundle_ref'):04d}",
            recorded_before=before, at=clock.now(),
        )  # fmt: skip
        Event.record(
            by, "bundle.asked", asked, site=site.pk, deployment=deployment and deployment.ref, as_of=as_of.isoformat(),
            recorded_before=clock.utc_text(before),
        )  # fmt: skip
        asked.queue()
        return asked

    def queue(self) -> None:
        job = jobs.make_bundle.configure(priority=jobs.LAST)
        job.defer(bundle=self.pk, organisation=self.organisation_id, site=self.site_id)

    @transaction.atomic
    def keep(self, *, sha256: str, size: int, manifest_sha256: str) -> bool:
        """It is made; says whether this run was the first to say so."""
        releaser = ReleaseRule.releaser_at(self.site)
        state = self.State.WAITING if releaser else self.State.MADE
        made = {"sha256": sha256, "size": size, "manifest_sha256": manifest_sha256, "made_at": clock.now()}
        if not self._move(state, **made, releaser=releaser):
            return False
        Event.record(None, "bundle.made", self, sha256=sha256, manifest=manifest_sha256, waits=releaser and releaser.pk)
        if releaser is not None:
            jobs.bundle_waits.defer(bundle=self.pk, organisation=self.organisation_id, site=self.site_id)
        return True

    @transaction.atomic
    def fail(self) -> None:
        """The job gave up; somebody can have it tried again."""
        if self._move(self.State.FAILED):
            Event.record(None, "bundle.failed", self)

    @transaction.atomic
    def try_again(self, *, by: User) -> None:
        by.must_hold(*ASKERS, site=self.site, to=_("have a readiness bundle made"))
        if not self._move(self.State.QUEUED):
            raise Refused(_("This bundle is being made, or is made already."))
        Event.record(by, "bundle.tried_again", self)
        self.queue()

    def _move(self, state: str, **values: Any) -> bool:
        before = [old for old, after in self.MOVES.items() if state in after]
        moved = Bundle.objects.filter(pk=self.pk, state__in=before).update(state=state, **values)
        if moved:
            self.state = state
            for name, value in values.items():
                setattr(self, name, value)
        return bool(moved)

    def may_release(self, user: User) -> bool:
        """Whether this person is the one who releases here: by the rule of today, else by that of when it was made."""
        return self.state == self.State.WAITING and user == (ReleaseRule.releaser_at(self.site) or self.releaser)

    def may_be_read_by(self, user: User) -> bool:
        """Whether this person can have the file: everybody who may ask once it is out, before that who releases it."""
        if self.state in self.GIVEN_OUT:
            return user.holds(*ASKERS, site=self.site) or user == self.releaser
        return (self.state == self.State.REFUSED and user == self.releaser) or self.may_release(user)

    def must_be_open_to(self, user: User) -> None:
        """Refuse a person who may neither ask for bundles here nor releases this one."""
        if not (user == self.releaser or self.may_release(user)):
            user.must_hold(*ASKERS, site=self.site, to=_("see readiness bundles"))

    @transaction.atomic
    def judge(self, *, by: User, release: bool, reason: str = "") -> "BundleVerdict":
        """Release it, or say why not; once."""
        if not self.may_release(by):
            if self.state != self.State.WAITING:
                raise Refused(_("This bundle does not wait for its release."))
            raise NotAllowed(_("Only %(name)s releases this bundle.") % {"name": self.releaser and self.releaser.name})
        if not release and not clean(reason):
            raise Refused(_("Say why it is not released."))
        if not self._move(self.State.RELEASED if release else self.State.REFUSED):
            raise Refused(_("This bundle does not wait for its release."))
        verdict = BundleVerdict.objects.create(
            **self.place, bundle=self, released=release, reason=clean(reason), by=by, at=clock.now()
        )
        Event.record(by, "bundle.released" if release else "bundle.refused", self, sha256=self.sha256)
        return verdict

    @transaction.atomic
    def give_out(self, *, to: User) -> Any:
        """The file, opened; that it was given out is on the trail before the first byte of it is sent."""
        if not self.may_be_read_by(to):
            raise NotAllowed(_("This bundle is not given out, or not to you."))
        if not default_storage.exists(self.storage_name):
            raise Refused(_("The file of this bundle is not where files are kept. Have a new one made."))
        Event.record(to, "bundle.downloaded", self, sha256=self.sha256)
        return default_storage.open(self.storage_name)


class BundleVerdict(Placed):
    """A bundle was released, or it was said why not."""

    bundle = models.OneToOneField(Bundle, models.PROTECT, related_name="verdict")
    released = models.BooleanField()
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(released=True) | ~Q(reason=""), name="a_bundle_is_not_released_for_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id} {'released' if self.released else 'not released'}"
