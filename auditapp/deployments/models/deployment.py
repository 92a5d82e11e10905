"""The deployment of a product at a hospital, with its status over time."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, Site, User
from auditapp.deployments import profile
from auditapp.deployments.models.policy import Policy, Tier
from auditapp.deployments.models.product import Product
from auditapp.deployments.models.profile import KEEPERS, Profile
from auditapp.deployments.models.step import MOVERS, SIGNED_OFF, Gate, GateWord, StatusProposal
from auditapp.deployments.models.version import ModelVersion, name_digest
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

CODES = 1  # from here on a deployment's trail holds every code from which its past can be replayed


def next_number(sequence: str) -> int:
    """The next number for a human reference; unique per installation, gaps allowed."""
    return next_numbers(sequence, 1)[0]


def next_numbers(sequence: str, many: int) -> list[int]:
    """Several numbers at once, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, many])
        return [number for (number,) in cursor.fetchall()]


class DeploymentQuerySet(PlacedQuerySet["Deployment"]):
    def with_names(self) -> Self:
        return self.select_related("site", "organisation", "owner", "product__vendor")

    def matching(self, text: str) -> Self:
        """Deployments that hold every word searched for, in reference, name, product or vendor."""
        rows = self
        for word in text.split():
            places = ("ref", "name", "product__name", "product__vendor__name")
            rows = rows.filter(reduce(or_, (Q(**{f"{place}__icontains": word}) for place in places)))
        return rows

    def named(self, name: str, *, site: Site) -> Self:
        """The deployment that has this name at the hospital already; upper and lower case are the same."""
        return self.filter(site=site, name__iexact=name)

    def in_use(self) -> Self:
        return self.filter(status__in=Deployment.IN_USE)

    def without_valid_audit(self) -> Self:
        """In use, and no valid signed audit lets the running version run: `tracking.validity`, as one filter."""
        settled = ModelVersion.objects.running().needing_no_audit().filter(deployment=OuterRef("pk"))
        return self.in_use().filter(~Exists(settled))

    def with_tier(self, policies: Mapping[int, Policy]) -> Self:
        """With `tier_now` by the rules of each hospital, and `facts_now`, the confirmed profile's (None without)."""
        confirmed = Profile.objects.filter(deployment=OuterRef("pk"), confirmation__isnull=False).order_by("-n")
        rows = self.annotate(facts_now=Subquery(confirmed.values("facts")[:1]))
        return rows.annotate(tier_now=Policy.tier_in_database(policies, "facts_now"))

    def with_planned(self) -> Self:
        """With `planned_for`: the day of its first audit by the signed first plan, until it has passed."""
        # of a room above, through its reverse relation
        planned: Any = Deployment.planned_audits.field.model._default_manager
        ahead = planned.ahead().filter(deployment=OuterRef("pk"))
        return self.annotate(planned_for=Subquery(ahead.values("on")[:1]))

    def with_running_version(self) -> Self:
        """With `running_version` at hand, the audit that examined it, and whether its approval holds."""
        running = ModelVersion.objects.running().with_validity()
        return self.prefetch_related(Prefetch("versions", running, to_attr="running"))


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

    running: list[ModelVersion]  # set by with_running_version()
    facts_now: dict[str, Any] | None  # set by with_tier()
    tier_now: str
    planned_for: date | None  # set by with_planned()

    @property
    def tier_words(self) -> str:
        """The risk tier in words; needs `with_tier()`."""
        return str(Tier(self.tier_now).label)

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

    @property
    def running_version(self) -> ModelVersion | None:
        """The version that runs today; needs `with_running_version()`."""
        return self.running[0] if self.running else None

    @classmethod
    @transaction.atomic
    def register(
        cls,
        *,
        by: User,
        site: Site,
        product: Product,
        facts: dict[str, Any],
        owner: User,
        name: str,
        intended_use: str,
        assumed: Sequence[str] = (),
    ) -> "Deployment":
        """Enter a deployment with its profile; a second person has still to confirm the profile.

        `assumed` are the facts that nobody stated (see `fill_profile`).
        """
        name, intended_use = clean(name), clean(intended_use)
        by.must_hold(*KEEPERS, site=site, to=_("register a deployment here"))
        if not owner.holds(Role.DEPLOYMENT_OWNER, site=site):
            raise Refused(_("%(name)s is not a deployment owner at this hospital.") % {"name": owner.name})
        if cls.objects.named(name, site=site).exists():
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
        Event.record(by, "deployment.registered", deployment, product=product.pk, owner=owner.pk, codes=CODES)
        deployment.fill_profile(facts, by=by, assumed=assumed)
        return deployment

    @transaction.atomic
    def fill_profile(self, facts: dict[str, Any], *, by: User, assumed: Sequence[str] = ()) -> Profile:
        """State the profile anew; it counts from the moment a second person confirms it.

        `assumed` are the facts that nobody stated: they have the value that asks more questions, and are marked.
        """
        by.must_hold(*KEEPERS, site=self.site, to=_("fill in the profile"))
        facts = profile.cleaned(facts, profile.facts())
        Deployment.objects.select_for_update().get(pk=self.pk)
        n = self.profiles.count() + 1
        about = {"facts": facts, "assumed": [name for name in facts if name in assumed]}
        filled = Profile.objects.create(**self.place, deployment=self, n=n, **about, by=by, at=clock.now())
        Event.record(by, "profile.filled", self, n=n, **({"assumed": filled.assumed} if filled.assumed else {}))
        return filled

    @property
    def newest_profile(self) -> Profile:
        return self.profiles.with_people().latest("n")

    @property
    def confirmed_profile(self) -> Profile | None:
        """The profile that decides what is asked: the newest one that a second person confirmed."""
        return self.profiles.with_people().filter(confirmation__isnull=False).order_by("n").last()

    @transaction.atomic
    def add_version(
        self, *, by: User, name: str, starts: date, ends: date | None = None, note: str = ""
    ) -> ModelVersion:
        """Enter a model version with its half-open range of days; the database refuses an overlap.

        A version that runs on without an end is ended on the day the new one starts.
        """
        by.must_hold(*KEEPERS, site=self.site, to=_("enter a model version"))
        if ends is not None and ends <= starts:
            raise Refused(_("A version's last day must come after its first. Check the two dates."))
        name, note = clean(name), clean(note)
        for before in self.versions.filter(ends=None, starts__lt=starts):
            before.end(starts, by=by)
        try:
            with transaction.atomic():
                version = ModelVersion.objects.create(
                    **self.place,
                    deployment=self,
                    name=name,
                    starts=starts,
                    ends=ends,
                    note=note,
                    by=by,
                    at=clock.now(),
                )
        except IntegrityError as error:
            raise Refused(
                _("These dates overlap with another version, or the name is taken. Check the versions.")
            ) from error
        named = name_digest(name)
        Event.record(by, "version.entered", self, version=version.pk, starts=starts.isoformat(), name=named)
        if ends is not None:
            version.end(ends, by=by)
        return version

    def version_between(self, starts: date, ends: date | None) -> ModelVersion | None:
        """The version that a new one would overlap; one that runs on without an end gives way."""
        later = self.versions.filter(Q(ends__gt=starts) | Q(ends=None, starts__gte=starts))
        return (later if ends is None else later.filter(starts__lt=ends)).first()

    def version_on(self, day: date) -> ModelVersion | None:
        """The version that runs at the site on a day."""
        return self.versions.filter(Q(ends=None) | Q(ends__gt=day), starts__lte=day).first()

    def moves_for(self, user: User) -> list[str]:
        """The statuses that this person can give it or propose now, in the order of a deployment's life."""
        suspends = user.holds(Role.CLINICAL_SAFETY_OFFICER, site=self.site)
        moves = user.holds(*MOVERS, site=self.site)
        return [
            status
            for status in self.Status.values
            if status in self.MOVES[self.Status(self.status)]
            and (suspends if status == self.Status.SUSPENDED else moves)
        ]

    def must_let_move(self, to: str, *, by: User, reason: str) -> None:
        """Refuse unless this is a step of its life that the person may take or propose, with a reason."""
        if to == self.Status.SUSPENDED:
            by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("suspend a deployment"))
        else:
            by.must_hold(*MOVERS, site=self.site, to=_("change the status"))
        labels = dict(self.Status.choices)
        if to not in self.MOVES[self.Status(self.status)]:
            raise Refused(
                _("A deployment that is %(old)s cannot become %(new)s.")
                % {"old": str(labels[self.status]).lower(), "new": str(labels.get(to, to)).lower()}
            )
        if not clean(reason):
            raise Refused(_("Give the reason for the change of status."))

    @transaction.atomic
    def change_status(self, to: str, *, by: User, reason: str) -> "StatusChange":
        """Take a step that needs nobody else: into evaluation, back to it, or the clinical safety officer suspends.

        Suspension takes effect at once, whatever is proposed at the time.
        """
        self.must_let_move(to, by=by, reason=reason)
        if to in SIGNED_OFF:
            raise Refused(_("A second person signs this step off. Propose it."))
        for proposed in self.status_proposals.waiting():
            proposed.drop(by=by)
        return self._move(to, by=by, reason=reason)

    @transaction.atomic
    def propose_status(self, to: str, *, by: User, reason: str) -> StatusProposal:
        """Ask for a step that two people take; whether the gate lets it pass is `tracking.life`'s to say."""
        self.must_let_move(to, by=by, reason=reason)
        return StatusProposal.propose(self, to=to, by=by, reason=reason)

    @transaction.atomic
    def take_step(self, proposed: StatusProposal, *, by: User, word: GateWord | None = None) -> "StatusChange":
        """The second person signs it off. A step into use needs the gate's word for this very step."""
        proposed.must_be_signed_by(by)
        if proposed.deployment_id != self.pk:
            raise Refused(_("This step was proposed for another deployment."))
        if proposed.to in self.IN_USE and (word is None or (word.deployment, word.to) != (self.pk, proposed.to)):
            raise Refused(_("A step into use goes through the gate."))
        proposed.end(signed_by=by, signed_at=clock.now())
        return self._move(proposed.to, by=proposed.by, reason=proposed.reason, signed_by=by, word=word)

    def _move(
        self, to: str, *, by: User, reason: str, signed_by: User | None = None, word: GateWord | None = None
    ) -> "StatusChange":
        """Compare and swap, so that two tabs cannot both win."""
        if not Deployment.objects.filter(pk=self.pk, status=self.status).update(status=to):
            raise Refused(_("Someone else has just changed the status. Reload the page."))
        found, audit = (word.found, word.audit) if word else ("", "")
        change = StatusChange.objects.create(
            **self.place, deployment=self, before=self.status, after=to, reason=clean(reason), by=by, at=clock.now(),
            signed_by=signed_by, gate=found, rests_on=audit,
        )  # fmt: skip
        self.status = to
        said = {"before": change.before, "after": to, "proposed_by": by.pk, "gate": found, "audit": audit}
        Event.record(signed_by or by, "deployment.status", self, **said)
        return change

    @transaction.atomic
    def bring_in(self, status: str, *, by: User, reason: str, source: str) -> "StatusChange":
        """Say, once and before anything else, where in its life a tool was already when it was entered here.

        That is no decision to go live: it was in use, and is "live, not yet audited" now. `source` names the list.
        """
        by.must_hold(
            Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("bring in a tool in use")
        )
        if self.status_changes.exists() or status == self.status or status not in self.Status.values:
            raise Refused(_("A status is brought in once, for a deployment that was just entered."))
        Deployment.objects.filter(pk=self.pk).update(status=status)
        change = StatusChange.objects.create(
            **self.place, deployment=self, before=self.status, after=status, reason=clean(reason), imported=True,
            by=by, at=clock.now(),
        )  # fmt: skip
        self.status = status
        Event.record(by, "deployment.status", self, before=change.before, after=status, imported=source)
        return change


class StatusChange(Placed):
    """One step in the life of a deployment, with its reason."""

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="status_changes")
    before = models.CharField(max_length=20, choices=Deployment.Status.choices)
    after = models.CharField(max_length=20, choices=Deployment.Status.choices)
    reason = models.TextField()
    imported = models.BooleanField(default=False, db_default=False)  # so it was when it was entered here
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)  # of a step that two people take
    gate = models.CharField(max_length=10, choices=Gate.choices, blank=True, default="", db_default="")
    rests_on = models.CharField(max_length=30, blank=True, default="", db_default="")  # the audit that let it pass

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_status_change_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id} {self.after}"
