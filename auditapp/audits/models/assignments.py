"""Who answers which category or which single question, and who sees what of an audit because of it."""

from datetime import date
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from auditapp.accounts.models import RESPONDENTS, Membership, Placed, PlacedQuerySet, Role, Site, User
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Who can be given questions. Those who review, decide and sign for the hospital do not answer what they judge.
ASSIGNABLE = (Role.AUDITOR, Role.CATEGORY_LEAD, Role.DEPLOYMENT_OWNER)


class AssignmentQuerySet(PlacedQuerySet["Assignment"]):
    def named(self, key: str) -> Self:
        """The row that a form names by its key; none for anything that is not a key."""
        return self.filter(pk=int(key)) if key.isdecimal() and len(key) < 19 else self.none()

    def of_category(self, code: str) -> Self:
        return self.filter(category_code=code)

    def of_answer(self, answer: str = "") -> Self:
        """For a subquery: those that give the outer query's answer to somebody; `answer` is the way to it."""
        whole = Q(check_code="", category_code=OuterRef(f"{answer}category_code"))
        return self.filter(whole | Q(check_code=OuterRef(f"{answer}code")), audit=OuterRef(f"{answer}audit"))

    def with_names(self) -> Self:
        return self.select_related("user", "by").order_by("user__name", "check_code")


class Assignment(Placed):
    """A category of an audit, or one question of it, given to a person to answer, who need not be an auditor."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="assignments")
    category_code = models.CharField(max_length=60)
    check_code = models.CharField(max_length=20, blank=True, default="", db_default="")  # empty: the whole category
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    due = models.DateField(null=True)
    message = models.TextField(blank=True, default="", db_default="")
    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audit", "category_code", "check_code", "user"], name="a_part_is_assigned_once_per_person"
            )
        ]
        indexes = [models.Index(fields=["user", "audit"], name="assignments_of_a_person")]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.check_code or self.category_code} {self.user_id}"

    @property
    def is_of_whole_category(self) -> bool:
        return not self.check_code

    @transaction.atomic
    def change(self, *, by: User, due: date | None, message: str) -> None:
        """Another day, another message; whom it concerns is told."""
        self.audit.must_let_assign(by)
        if by.pk != self.user_id and (due, clean(message)) != (self.due, self.message):
            self.tell()
        self.due, self.message = due, clean(message)
        self.save(update_fields=["due", "message"])
        about: dict[str, Any] = {"category": self.category_code, "check": self.check_code, "user": self.user_id}
        Event.record(by, "audit.assignment_changed", self.audit, **about, due=due and due.isoformat())

    def tell(self) -> None:
        """By e-mail, once this is committed."""
        from auditapp.audits import letters  # noqa: PLC0415 - the letters read these models

        letters.assigned.defer(
            audit=self.audit_id, user=self.user_id, organisation=self.organisation_id, site=self.site_id
        )


def is_given_to(person: User, answer: str = "") -> Exists:
    """For a filter: whether the outer query's answer is among what was given to the person; `answer` leads to it."""
    return Exists(Assignment.objects.of_answer(answer).filter(user=person))


def is_shown_to(person: User, answer: str = "") -> Q:
    """For a filter: answers of hospitals whose audits the person reads as a whole, and those given to the person."""
    if person.reading is None:
        return Q()
    return Q(**{f"{answer}site_id__in": person.reading}) | Q(is_given_to(person, answer))


def assignable(site: Site) -> QuerySet[User]:
    """Who can be given questions at a hospital."""
    return User.objects.holding(*ASSIGNABLE, site=site)


def must_be_assignable(person: User, site: Site) -> None:
    """Raises Refused for somebody who does not answer questions there."""
    if not (person.is_active and person.holds(*ASSIGNABLE, site=site)):
        raise Refused(
            _("%(name)s is neither auditor nor category lead nor deployment owner at this hospital.")
            % {"name": person.name}
        )


def readers_of(answer: Any) -> QuerySet[User]:
    """The active people who see this question: all who read the hospital's audits, and those it is given to."""
    here = Membership.objects.filter(user=OuterRef("pk")).filter(Q(site=answer.site_id) | Q(site=None))
    whole = Q(check_code="", category_code=answer.category_code)
    given = Assignment.objects.filter(whole | Q(check_code=answer.code), audit=answer.audit_id, user=OuterRef("pk"))
    sees = Q(Exists(here.exclude(role__in=RESPONDENTS))) | Q(Exists(here), Exists(given))
    return User.objects.filter(sees, organisation=answer.organisation_id, is_active=True).order_by("name")
