"""The living taxonomy: kinds of risk, the checks that ask about them, the clauses these help with.

These rows may be corrected. What an audit relies on is not read from here but from the frozen content of its
questionnaire version.
"""

from collections.abc import Iterable
from typing import Self, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, User
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

M = TypeVar("M", bound=models.Model)


class SharedQuerySet(models.QuerySet[M]):
    """Rows that belong to no organisation: everybody who is signed in may read them."""

    def visible_to(self, user: User) -> Self:
        """All of them; named so that views read these rows like any others."""
        return self.all()


PLACES = {"UK": {"UK", "England"}}  # what an organisation's jurisdiction covers besides its own name


class Framework(models.Model):
    """A law, standard or guideline whose clauses the checks may help to evidence."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=200)
    publisher = models.CharField(max_length=200)
    url = models.URLField(max_length=500)
    jurisdiction = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    verification = models.CharField(max_length=20)
    last_verified = models.DateField()
    note = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField()

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="a_framework_says_how_it_was_verified",
                condition=Q(verification__in=["primary", "secondary", "mixed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("questionnaires:framework", args=[self.code])

    @property
    def trail_stream(self) -> str:
        return f"framework:{self.code}"

    @property
    def organisation_id(self) -> None:
        """Frameworks belong to no organisation."""

    def applies_in(self, jurisdiction: str) -> bool:
        """Whether its clauses are shown to an organisation there; an organisation that names none sees all.

        The setting chooses among related clauses and never hides a check.
        """
        if not jurisdiction or "International" in self.jurisdiction or "worldwide" in self.jurisdiction:
            return True
        return self.jurisdiction.split(" ")[0] in PLACES.get(jurisdiction, {jurisdiction})


class Clause(models.Model):
    """One clause of a framework; checks name it as ``framework:clause``."""

    framework = models.ForeignKey(Framework, models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField()

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["framework", "position"]
        constraints = [models.UniqueConstraint(name="one_clause_per_framework_and_code", fields=["framework", "code"])]

    def __str__(self) -> str:
        return f"{self.framework.code}:{self.code}"


class Domain(models.Model):
    """The coarsest grouping of risks, following the review's parts."""

    code = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField()
    position = models.PositiveSmallIntegerField()
    review_place = models.TextField(blank=True)  # part of the review: stored, never shown

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class Category(models.Model):
    """One kind of risk. `review_source` also holds the place in the review: stored, never shown."""

    code = models.SlugField(max_length=40, unique=True)
    prefix = models.CharField(max_length=3, unique=True)
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="categories")
    title = models.CharField(max_length=200)
    definition = models.TextField()
    position = models.PositiveSmallIntegerField()
    review_source = models.JSONField(default=dict)
    ai_types = models.JSONField(default=list)
    lifecycle_stages = models.JSONField(default=list)
    typical_hazards = models.JSONField(default=list)
    suggested_lead = models.CharField(max_length=200, blank=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.title


class CheckQuerySet(models.QuerySet["Check"]):
    def visible_to(self, user: User) -> Self:
        """The seeded checks, and those that the person's own organisation added."""
        return self.filter(Q(organisation=None) | Q(organisation_id=user.organisation_id))

    def no_longer_asked(self) -> Self:
        """Retired checks, each with the one that replaced it."""
        return self.filter(retired__isnull=False).select_related("replaced_by").order_by("code")

    def successors(self) -> dict[str, list[str]]:
        """Retired check -> the codes of those that are asked instead; one query."""
        rows = self.no_longer_asked().values_list("code", "replaced_by__code", "also_replaced_by")
        return {code: [first, *others] for code, first, others in rows}


class Check(models.Model):
    """What is asked, apart from its wording: a code that is stable for ever and never used twice.

    The wording belongs to the questions of each questionnaire version.
    """

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=20, unique=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="checks")
    position = models.PositiveSmallIntegerField()
    retired = models.DateField(null=True, blank=True)
    retired_reason = models.TextField(blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")
    # Where it was split: the codes of the others that are asked instead.
    also_replaced_by = ArrayField(models.CharField(max_length=20), default=list, db_default=[], blank=True)

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="a_retired_check_names_its_replacement",
                condition=Q(retired=None, replaced_by=None) | Q(retired__isnull=False, replaced_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("questionnaires:check", args=[self.code])

    @property
    def trail_stream(self) -> str:
        return f"check:{self.code}"

    @transaction.atomic
    def retire(self, *, by: User, replaced_by: "Check", reason: str, also: Iterable["Check"] = ()) -> None:
        """No new questionnaire asks it; those that do keep it. The code of what is asked instead is named for ever.

        `also` are the further checks that it was split into. Raises Refused for a seeded check, which content retires,
        and where one of the others is retired itself or the same.
        """
        by.must_hold(*GOVERNORS, site=None, to=_("retire a check"))
        if self.organisation_id is None:
            raise Refused(_("A seeded check is retired by the content that brought it, not here."))
        held = Check.objects.select_for_update().get(pk=self.pk)
        if held.retired:
            raise Refused(_("%(code)s is retired already.") % {"code": self.code})
        others = [check for check in also if check.pk != replaced_by.pk]
        if any(check.pk == self.pk or check.retired for check in (replaced_by, *others)):
            raise Refused(_("Name a check that is asked instead, and is not retired itself."))
        self.retired, self.retired_reason, self.replaced_by = clock.now().date(), clean(reason), replaced_by
        self.also_replaced_by = sorted({check.code for check in others})
        self.save(update_fields=["retired", "retired_reason", "replaced_by", "also_replaced_by"])
        split = {"also": self.also_replaced_by} if others else {}
        Event.record(by, "check.retired", self, check=self.code, replaced_by=replaced_by.code, **split)
