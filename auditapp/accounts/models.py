"""Organisation (hospital group), site (hospital), person and the roles a person holds."""

from datetime import timedelta
from functools import cached_property
from typing import Self, TypeVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.keys.models import Authority
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event


class Organisation(models.Model):
    """A hospital group: the tenant. Nothing of one organisation is ever seen by another."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    jurisdiction = models.CharField(max_length=20, blank=True, default="")
    marking = models.CharField(max_length=80, blank=True, default="")  # printed on every page of a report

    def __str__(self) -> str:
        return self.name

    @property
    def trail_stream(self) -> str:
        return f"organisation:{self.code}"

    @property
    def organisation_id(self) -> int:
        return self.pk

    @classmethod
    @transaction.atomic
    def found(cls, *, code: str, name: str, jurisdiction: str = "", marking: str = "") -> "Organisation":
        """Enter a new tenant; the running transaction is in its scope from here on.

        Row-level security lets an organisation be written only in its own scope, so its key is drawn first.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('auditapp_organisation', 'id'))")
            key = cursor.fetchone()[0]
            cursor.execute(
                "SELECT set_config('auditapp.organisation', %s, true), set_config('auditapp.sites', '*', true)",
                [str(key)],
            )
        organisation = cls.objects.create(pk=key, code=code, name=name, jurisdiction=jurisdiction, marking=marking)
        Authority.for_code(code, name, at=clock.now())  # before anything that it certifies
        Event.record(None, "organisation.founded", organisation)
        return organisation

    @transaction.atomic
    def add_site(self, *, code: str, name: str, zone: str) -> "Site":
        """Enter a hospital of this organisation. Raises Refused for a time zone that nobody knows."""
        if zone not in available_timezones():
            raise Refused(_("“%(zone)s” is not a time zone. Write it like Europe/London.") % {"zone": zone})
        site = Site.objects.create(organisation=self, code=code, name=name, zone=zone)
        Event.record(None, "site.added", self, site=code)
        return site

    @transaction.atomic
    def add_first_administrator(self, *, name: str, email: str, password: str, title: str = "") -> "User":
        """The one account that nobody inside could open; every other one is opened by an administrator."""
        if User.objects.filter(organisation=self).exists():
            raise Refused(_("This organisation has people already; its administrators add further ones."))
        user = User(organisation=self, name=name, email=email.lower(), title=title, joined_at=clock.now())
        user.set_password(password)
        user.save(force_insert=True)
        Event.record(None, "account.opened", user)
        Membership.objects.create(organisation=self, user=user, role=Role.ADMINISTRATOR)
        Event.record(None, "account.role_given", user, role=Role.ADMINISTRATOR.value, site=None)
        return user


class SiteQuerySet(models.QuerySet["Site"]):
    def in_reach_of(self, user: "User") -> Self:
        """The hospitals that this person's roles cover."""
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if user.reach is None else rows.filter(pk__in=user.reach)

    def where(self, user: "User", *roles: str) -> Self:
        """The hospitals at which this person holds one of the roles."""
        held = [m.site_id for m in user.held if m.role in roles]
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if None in held else rows.filter(pk__in=held)


class LocalDay(models.Func):
    """The calendar day that it is at a hospital, or was some days before: LocalDay("site__zone", before=7)."""

    function = "TIMEZONE"
    template = "(%(function)s(%(expressions)s))::date"
    output_field = models.DateField()

    def __init__(self, zone: str, *, before: int = 0) -> None:
        moment = clock.now() - timedelta(days=before)
        super().__init__(models.F(zone), models.Value(moment, models.DateTimeField()))


class Site(models.Model):
    """A hospital. Its time zone decides what a day is there."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="sites")
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=60, default="Europe/London")
    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> dict[str, int]:
        """The two columns that every row at this hospital carries."""
        return {"organisation_id": self.organisation_id, "site_id": self.pk}


class Role(models.TextChoices):
    AUDITOR = "auditor", gettext_lazy("Auditor")
    CATEGORY_LEAD = "category_lead", gettext_lazy("Category lead")
    CLINICAL_SAFETY_OFFICER = "clinical_safety_officer", gettext_lazy("Clinical safety officer")
    EXECUTIVE = "executive", gettext_lazy("Executive")
    GOVERNANCE_CHAIR = "governance_chair", gettext_lazy("Governance chair")
    DEPLOYMENT_OWNER = "deployment_owner", gettext_lazy("Deployment owner")
    VIEWER = "viewer", gettext_lazy("Viewer")
    ADMINISTRATOR = "administrator", gettext_lazy("Administrator")


# Who speak for the clinical safety of a whole organisation: what is asked, measured against and answered once.
GOVERNORS = (Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR, Role.ADMINISTRATOR)


# Who holds nothing else at a hospital sees of its audits what is assigned to them, and of their results nothing.
RESPONDENTS = (Role.CATEGORY_LEAD,)


class PeopleManager(BaseUserManager["User"]):
    """Finds people before any scope is set, through database functions that return only what that page needs."""

    def to_sign_in(self, email: str) -> "User | None":
        """The active account with this e-mail address, for the sign-in page alone."""
        return next(iter(self.raw("SELECT * FROM auditapp_user_to_sign_in(%s)", [email.strip()])), None)

    def of_session(self, pk: int) -> "User | None":
        """The active account that a session belongs to."""
        return next(iter(self.raw("SELECT * FROM auditapp_user_of_session(%s)", [pk])), None)

    def is_known(self, email: str) -> bool:
        """Whether any organisation has an account with this address, without saying whose."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT auditapp_email_is_known(%s)", [email.strip()])
            return cursor.fetchone()[0]

    def visible_to(self, user: "User") -> models.QuerySet["User"]:
        """Colleagues: everybody of the same hospital group."""
        return self.filter(organisation_id=user.organisation_id)

    def holding(self, *roles: str, site: Site) -> models.QuerySet["User"]:
        """The active people who hold one of the roles at a hospital, for it or for the whole organisation."""
        where = models.Q(memberships__site=site) | models.Q(memberships__site=None)
        people = self.filter(is_active=True, organisation_id=site.organisation_id)
        return people.filter(where, memberships__role__in=roles).distinct()


class User(AbstractBaseUser):
    """A person, known by their e-mail address; `title` is what reports print after the name."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="people")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True, default="")
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField()
    objects = PeopleManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def trail_stream(self) -> str:
        return f"account:{self.pk}"

    @property
    def for_facts(self) -> dict[str, str]:
        """How frozen facts and reports name this person."""
        return {"name": self.name, "title": self.title}

    @cached_property
    def held(self) -> list["Membership"]:
        """The roles in force, read once per request."""
        return list(self.memberships.select_related("site").order_by("role", "site__name"))

    @cached_property
    def reach(self) -> set[int] | None:
        """Primary keys of the hospitals the roles cover; None means all of the organisation."""
        if any(m.site_id is None for m in self.held):
            return None
        return {m.site_id for m in self.held if m.site_id is not None}

    @cached_property
    def reading(self) -> set[int] | None:
        """Primary keys of the hospitals whose audits the person reads as a whole; None means all of them."""
        places = {m.site_id for m in self.held if m.role not in RESPONDENTS}
        return None if None in places else {pk for pk in places if pk is not None}

    def reads_all_at(self, site: int) -> bool:
        """Whether the person reads the audits of this hospital (its key) as a whole, and not only what is theirs."""
        return self.reading is None or site in self.reading

    def holds(self, *roles: str, site: Site | None = None) -> bool:
        """Whether the person holds one of the roles at the hospital (anywhere, if no hospital is named)."""
        return any(m.role in roles and (site is None or m.site_id is None or m.site_id == site.pk) for m in self.held)

    def must_hold(self, *roles: str, site: Site | None, to: str) -> None:
        """Refuse unless one of the roles is held: `to` completes "Only … can …"."""
        if not self.holds(*roles, site=site):
            who = _(" or ").join(str(Role(role).label).lower() for role in roles)
            raise NotAllowed(_("Only the %(who)s can %(to)s.") % {"who": who, "to": to})

    def holds_everywhere(self, *roles: str) -> bool:
        """Whether the person holds one of the roles for the whole organisation and not for one hospital alone."""
        return any(m.role in roles and m.site_id is None for m in self.held)

    def must_hold_everywhere(self, *roles: str, to: str) -> None:
        """Refuse unless one of the roles is held for the whole organisation: `to` completes "Only … can …"."""
        if not self.holds_everywhere(*roles):
            who = _(" or ").join(str(Role(role).label).lower() for role in roles)
            raise NotAllowed(_("Only the %(who)s of the whole organisation can %(to)s.") % {"who": who, "to": to})

    def must_administer(self, *, to: str) -> None:
        """Refuse unless the person administers the whole organisation: at one hospital alone nobody gives roles."""
        if not self.holds_everywhere(Role.ADMINISTRATOR):
            raise NotAllowed(_("Only an administrator of the whole organisation can %(to)s.") % {"to": to})

    @classmethod
    @transaction.atomic
    def invite(
        cls, *, by: "User", name: str, email: str, password: str, role: str, site: Site | None = None, title: str = ""
    ) -> "User":
        """Open an account in the administrator's organisation, with one role to begin with."""
        by.must_administer(to=_("add people"))
        user = cls(organisation_id=by.organisation_id, name=name, email=email.lower(), title=title)
        user.joined_at = clock.now()
        user.set_password(password)
        user.save(force_insert=True)
        Event.record(by, "account.opened", user)
        user.give_role(role, site=site, by=by)
        return user

    @transaction.atomic
    def give_role(self, role: str, *, site: Site | None, by: "User") -> "Membership":
        """Let the person act in a role, at one hospital or (None) at all of the organisation's."""
        by.must_administer(to=_("give roles"))
        membership, new = Membership.objects.get_or_create(
            organisation_id=self.organisation_id, user=self, role=role, site=site
        )
        if not new:
            raise Refused(_("%(name)s already holds this role there.") % {"name": self.name})
        Event.record(by, "account.role_given", self, role=role, site=site.pk if site else None)
        return membership

    @transaction.atomic
    def take_role(self, membership: "Membership", *, by: "User") -> None:
        """End a role; what the person did in it stays."""
        by.must_administer(to=_("take roles away"))
        if by == self and membership.role == Role.ADMINISTRATOR:
            raise Refused(_("You cannot take the administrator's role from yourself. Ask another administrator."))
        Event.record(by, "account.role_taken", self, role=membership.role, site=membership.site_id)
        membership.delete()

    @transaction.atomic
    def change_password(self, new: str) -> None:
        """Set one's own password."""
        self.set_password(new)
        self.save(update_fields=["password"])
        Event.record(self, "account.password_changed", self)

    @transaction.atomic
    def deactivate(self, *, by: "User") -> None:
        """Close the account: it can no longer sign in; everything the person did stays."""
        by.must_administer(to=_("close an account"))
        if by == self:
            raise Refused(_("You cannot close your own account. Ask another administrator."))
        self.is_active = False
        self.save(update_fields=["is_active"])
        Event.record(by, "account.deactivated", self)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, user: User) -> Self:
        return self.filter(user=user)


class Membership(models.Model):
    """A role that a person holds at one hospital, or (no site) for the whole organisation."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role.choices)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="memberships")
    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "site"], name="a_role_is_held_once_per_place", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="a_role_is_one_of_the_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.site_id or 'everywhere'}"


M = TypeVar("M", bound=models.Model)


class Placed(models.Model):
    """A row that belongs to one hospital: row-level security reads these two columns and no other table.

    The database keeps them equal to the parent's by composite foreign keys (migration 0003_place).
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    def place(self) -> dict[str, int]:
        return {"organisation_id": self.organisation_id, "site_id": self.site_id}


class PlacedQuerySet(models.QuerySet[M]):
    """What every list of hospital rows can be asked."""

    def visible_to(self, user: User) -> Self:
        """Only rows of hospitals that the person's roles cover. Row-level security holds the same line below us."""
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if user.reach is None else rows.filter(site_id__in=user.reach)

    def in_full(self, user: User) -> Self:
        """Of these, the rows of hospitals whose audits the person reads as a whole."""
        return self if user.reading is None else self.filter(site_id__in=user.reading)


class ReadInFullQuerySet(PlacedQuerySet[M]):
    """Rows that tell of answers and belong to no single one of them: nothing for those who only answer their part."""

    def visible_to(self, user: User) -> Self:
        return super().visible_to(user).in_full(user)
