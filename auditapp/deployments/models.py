"""Vendor, product, and the deployment of a product at a hospital, with its profile, versions and status over time."""

from datetime import date
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import IntegrityError, connection, models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Organisation, Placed, PlacedQuerySet, Role, Site, User
from auditapp.deployments import profile
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event

KEEPERS = (Role.AUDITOR, Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER)  # who keep a deployment's record


def next_number(sequence: str) -> int:
    """The next number for a human reference; unique per installation, gaps allowed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        return cursor.fetchone()[0]


class Vendor(models.Model):
    """A supplier, as one organisation knows it."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="vendors")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="a_vendor_is_entered_once")]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What a vendor supplies, or the hospital builds itself."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="products")
    vendor = models.ForeignKey(Vendor, models.PROTECT, related_name="products")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["vendor", "name"], name="a_product_is_entered_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str, *, vendor: str, organisation: Organisation, description: str = "") -> "Product":
        """The organisation's product of this name by this vendor, entered if it was not known yet."""
        supplier, _new = Vendor.objects.get_or_create(organisation=organisation, name=vendor)
        product, _new = cls.objects.get_or_create(
            organisation=organisation, vendor=supplier, name=name, defaults={"description": description}
        )
        return product


class DeploymentQuerySet(PlacedQuerySet):
    def with_names(self) -> Self:
        return self.select_related("site", "organisation", "owner", "product__vendor")


class Deployment(Placed):
    """An AI product in use (or meant to be used) at one hospital, for one purpose."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Proposed")
        IN_EVALUATION = "in_evaluation", gettext_lazy("In evaluation")
        PILOT = "pilot", gettext_lazy("Pilot")
        LIVE = "live", gettext_lazy("Live")
        SUSPENDED = "suspended", gettext_lazy("Suspended")
        RETIRED = "retired", gettext_lazy("Retired")

    MOVES = {
        Status.PROPOSED: {Status.IN_EVALUATION, Status.RETIRED},
        Status.IN_EVALUATION: {Status.PILOT, Status.LIVE, Status.RETIRED},
        Status.PILOT: {Status.LIVE, Status.SUSPENDED, Status.RETIRED, Status.IN_EVALUATION},
        Status.LIVE: {Status.SUSPENDED, Status.RETIRED},
        Status.SUSPENDED: {Status.LIVE, Status.PILOT, Status.RETIRED},
        Status.RETIRED: set(),
    }
    # scoring.definitions.live: in use with patients in any form, a pilot included
    IN_USE = {Status.PILOT, Status.LIVE}

    ref = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=160)
    product = models.ForeignKey(Product, models.PROTECT, related_name="deployments")
    owner = models.ForeignKey(User, models.PROTECT, related_name="+")
    intended_use = models.TextField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PROPOSED)
    registered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="a_deployment_is_named_once_per_site"),
            models.CheckConstraint(condition=~models.Q(intended_use=""), name="a_deployment_has_an_intended_use"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("tracking:deployment", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return f"deployment:{self.ref}"

    @property
    def is_live(self) -> bool:
        return self.status in self.IN_USE

    @classmethod
    @transaction.atomic
    def register(
        cls, *, by: User, site: Site, product: Product, facts: dict[str, Any], owner: User, name: str, intended_use: str
    ) -> "Deployment":
        """Enter a deployment with its profile; a second person has still to confirm the profile."""
        by.must_hold(*KEEPERS, site=site, to=_("register a deployment here"))
        if not owner.holds(Role.DEPLOYMENT_OWNER, site=site):
            raise Refused(_("%(name)s is not a deployment owner at this hospital.") % {"name": owner.name})
        if cls.objects.filter(site=site, name=name).exists():
            raise Refused(_("This hospital already has a deployment of that name. Choose another name."))
        deployment = cls.objects.create(
            **site.place,
            ref=f"D-{next_number('auditapp_deployment_ref'):03d}",
            name=name,
            product=product,
            owner=owner,
            intended_use=intended_use,
            registered_by=by,
            registered_at=clock.now(),
        )
        Event.record(by, "deployment.registered", deployment, product=product.pk, owner=owner.pk)
        deployment.fill_profile(facts, by=by)
        return deployment

    @transaction.atomic
    def fill_profile(self, facts: dict[str, Any], *, by: User) -> "Profile":
        """State the profile anew; it counts from the moment a second person confirms it."""
        by.must_hold(*KEEPERS, site=self.site, to=_("fill in the profile"))
        facts = profile.cleaned(facts, profile.facts())
        Deployment.objects.select_for_update().get(pk=self.pk)
        n = self.profiles.count() + 1
        filled = Profile.objects.create(**self.place, deployment=self, n=n, facts=facts, by=by, at=clock.now())
        Event.record(by, "profile.filled", self, n=n)
        return filled

    @property
    def newest_profile(self) -> "Profile":
        return self.profiles.select_related("by", "confirmation__by").latest("n")

    @property
    def confirmed_profile(self) -> "Profile | None":
        """The profile that decides which questions are asked: the newest one that a second person confirmed."""
        return self.profiles.select_related("by", "confirmation__by").filter(confirmation__isnull=False).order_by("n").last()

    @transaction.atomic
    def add_version(self, *, by: User, name: str, starts: date, ends: date | None = None, note: str = "") -> "ModelVersion":
        """Enter a model version with its half-open range of days; the database refuses an overlap.

        A version that runs on without an end is ended on the day the new one starts.
        """
        by.must_hold(*KEEPERS, site=self.site, to=_("enter a model version"))
        if ends is not None and ends <= starts:
            raise Refused(_("A version's last day must come after its first. Check the two dates."))
        self.versions.filter(ends=None, starts__lt=starts).update(ends=starts)
        try:
            with transaction.atomic():
                version = ModelVersion.objects.create(
                    **self.place, deployment=self, name=name, starts=starts, ends=ends, note=note, by=by, at=clock.now()
                )
        except IntegrityError as error:
            raise Refused(
                _("These dates overlap with another version, or the name is taken. Check the versions on this page.")
            ) from error
        Event.record(by, "version.entered", self, version=version.pk, starts=starts.isoformat())
        return version

    def version_on(self, day: date) -> "ModelVersion | None":
        """The version that runs at the site on a day."""
        return self.versions.filter(models.Q(ends=None) | models.Q(ends__gt=day), starts__lte=day).first()

    @transaction.atomic
    def change_status(self, to: str, *, by: User, reason: str) -> "StatusChange":
        """Move along the life of a deployment; suspending belongs to the clinical safety officer, at any time."""
        if to == self.Status.SUSPENDED:
            by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("suspend a deployment"))
        else:
            by.must_hold(
                Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("change the status")
            )
        labels = dict(self.Status.choices)
        if to not in self.MOVES[self.Status(self.status)]:
            raise Refused(
                _("A deployment that is %(old)s cannot become %(new)s.")
                % {"old": str(labels[self.status]).lower(), "new": str(labels.get(to, to)).lower()}
            )
        if not reason.strip():
            raise Refused(_("Give the reason for the change of status."))
        if not Deployment.objects.filter(pk=self.pk, status=self.status).update(status=to):
            raise Refused(_("Someone else has just changed the status. Reload the page."))
        change = StatusChange.objects.create(
            **self.place, deployment=self, before=self.status, after=to, reason=reason, by=by, at=clock.now()
        )
        self.status = to
        Event.record(by, "deployment.status", self, before=change.before, after=to)
        return change


class Profile(Placed):
    """What the tool is, fact by fact. It decides which checks are asked, so a second person confirms it."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="profiles")
    n = models.PositiveSmallIntegerField()
    facts = models.JSONField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "n"], name="one_profile_per_number")]

    def __str__(self) -> str:
        return f"{self.deployment_id} profile {self.n}"

    @transaction.atomic
    def confirm(self, *, by: User) -> "ProfileConfirmation":
        """The second person's word that the facts are right: each "no" removes questions."""
        by.must_hold(*KEEPERS, site=self.site, to=_("confirm a profile"))
        if by == self.by:
            raise NotAllowed(_("A second person confirms the profile: you filled it in yourself."))
        if ProfileConfirmation.objects.filter(profile=self).exists():
            raise Refused(_("This profile is already confirmed."))
        confirmation = ProfileConfirmation.objects.create(
            **self.place, profile=self, filled_by=self.by, by=by, at=clock.now()
        )
        Event.record(by, "profile.confirmed", self.deployment, n=self.n)
        return confirmation


class ProfileConfirmation(Placed):
    """A profile was confirmed, once, by somebody else."""

    profile = models.OneToOneField(Profile, models.PROTECT, related_name="confirmation")
    filled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("filled_by")), name="a_profile_is_confirmed_by_a_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} confirmed"


class DateRange(models.Func):
    """Postgres' daterange(starts, ends, '[)')."""

    function = "DATERANGE"


class ModelVersion(Placed):
    """A version of the model that runs at the site from one day up to, not including, another."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="versions")
    name = models.CharField(max_length=60)
    starts = models.DateField()
    ends = models.DateField(null=True)
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "name"], name="a_version_is_named_once_per_deployment"),
            models.CheckConstraint(
                condition=models.Q(ends=None) | models.Q(ends__gt=models.F("starts")),
                name="a_version_ends_after_it_starts",
            ),
            ExclusionConstraint(
                name="versions_of_a_deployment_do_not_overlap",
                expressions=[
                    ("deployment", RangeOperators.EQUAL),
                    (DateRange("starts", "ends", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StatusChange(Placed):
    """One step in the life of a deployment, with its reason."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="status_changes")
    before = models.CharField(max_length=20, choices=Deployment.Status.choices)
    after = models.CharField(max_length=20, choices=Deployment.Status.choices)
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_status_change_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id} {self.after}"
