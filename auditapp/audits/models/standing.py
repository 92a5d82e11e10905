"""What is answered once for the whole hospital group: with an owner, until a day, and never overwritten."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db import models, transaction
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, Organisation, Role, User
from auditapp.audits.models.revisions import Said, Verdict
from auditapp.evidence.kept import KeptPassage
from auditapp.identifiers.looking import Found, found_in_fields, without
from auditapp.questionnaires.models import Question
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

LONGEST = timedelta(days=731)  # two years; what nobody has looked at for longer is no answer
SOON = timedelta(days=30)


class StandingAnswerQuerySet(models.QuerySet["StandingAnswer"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(organisation_id=user.organisation_id)

    def with_people(self) -> Self:
        return self.select_related("by", "keeper")

    def of(self, code: str) -> Self:
        """Everything that was ever answered to a check, the newest first."""
        return self.filter(check_code=code).with_people().prefetch_related("kept").order_by("-n")

    def newest(self) -> Self:
        """The answer that counts for each check, whether it has expired or not."""
        return self.order_by("check_code", "-n").distinct("check_code")


class StandingAnswer(Said):
    """A check of organisation scope, answered for all audits of the group until a day.

    Rows are only added; the newest counts. It has no files: evidence is named in its note, since files are kept at one
    hospital. An audit takes it over as an answer revision of its own, which later answers do not change.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    check_code = models.CharField(max_length=20)
    n = models.PositiveIntegerField()
    keeper = models.ForeignKey(User, models.PROTECT, related_name="+")  # who keeps it true
    valid_until = models.DateField()  # the last day on which it counts
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = StandingAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "check_code", "n"], name="one_standing_answer_per_number"),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="a_standing_answer_has_a_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.check_code} {self.n}"

    @classmethod
    def must_let_answer(cls, by: User, newest: "StandingAnswer | None") -> None:
        """Refuse unless this person may answer for the whole group: by their role, or as keeper of what stands."""
        if not cls.is_open_to(by, newest):
            who = _("Only its owner, or the %(roles)s of the whole organisation, can answer for every hospital.")
            raise NotAllowed(who % {"roles": _(" or ").join(str(Role(role).label).lower() for role in GOVERNORS)})

    @staticmethod
    def is_open_to(by: User, newest: "StandingAnswer | None") -> bool:
        return by.holds_everywhere(*GOVERNORS) or (newest is not None and newest.keeper_id == by.pk)

    @classmethod
    @transaction.atomic
    def give(
        cls,
        question: Question,
        *,
        by: User,
        base: int,
        keeper: User,
        valid_until: date,
        kept: Mapping[str, str] | None = None,
        **said: Any,
    ) -> "StandingAnswer":
        """Answer a check for every hospital of the group; `base` is the number of the answer the text started from.

        Raises Refused when somebody answered meanwhile, when the verdict lacks what it requires, and for an end that
        is past or too far off. A second person's agreement to "not applicable" is given in each audit. Also refused is
        what looks like patient data, until `kept` says why each passage (its digest) is none.
        """
        Organisation.objects.select_for_update(no_key=True).get(pk=by.organisation_id)
        newest = cls.objects.visible_to(by).of(question.code).first()
        cls.must_let_answer(by, newest)
        if question.scope != Question.Scope.ORGANISATION:
            raise Refused(_("%(code)s is answered for each deployment.") % {"code": question.code})
        n = newest.n if newest else 0
        if base != n:
            raise Refused(_("Somebody answered this after you opened the page. Read it again."))
        if wrong := out_of_range(valid_until):
            raise Refused(wrong)
        if keeper.organisation_id != by.organisation_id or not keeper.is_active:
            raise Refused(_("The owner must be an active person of the organisation."))
        values = {name: clean(value) if isinstance(value, str) else value for name, value in said.items()}
        answer = cls(organisation_id=by.organisation_id, check_code=question.code, n=n + 1, **values)
        if missing := answer.wanting(critical=question.criticality == Question.Criticality.CRITICAL):
            raise Refused(_("The answer is not complete: %(what)s.") % {"what": ", ".join(missing)})
        kept, asked = kept or {}, cls.not_answered_for(values, newest)
        if without(asked, kept):
            raise Refused(_("The answer looks like it holds patient data. Change it, or say why it is none."))
        answer.keeper, answer.valid_until, answer.by, answer.at = keeper, valid_until, by, clock.now()
        answer.save(force_insert=True)
        Event.record(
            by,
            "standing_answer.given",
            by.organisation,
            check=question.code,
            n=answer.n,
            verdict=answer.verdict,
            keeper=keeper.pk,
            valid_until=valid_until.isoformat(),
        )
        where = {"organisation_id": by.organisation_id, "standing": answer}
        KeptPassage.keep(asked, kept, by=by, subject=by.organisation, where=where, check=question.code, n=answer.n)
        return answer

    @staticmethod
    def not_answered_for(values: Mapping[str, Any], newest: "StandingAnswer | None") -> dict[str, list[Found]]:
        """What looks like patient data and was not kept in an earlier answer to the same check."""
        found = found_in_fields(values)
        if not found or newest is None:
            return found
        before = KeptPassage.objects.filter(organisation=newest.organisation_id, standing__check_code=newest.check_code)
        return without(found, before.values_list("digest", flat=True))

    def wanting(self, *, critical: bool) -> list[str]:
        """What must be said before it can stand."""
        return self.incomplete(critical=critical) if self.verdict else [_("a verdict")]


def out_of_range(day: date) -> str:
    """Why an answer cannot stand until this day, in a sentence; empty when it can."""
    today = clock.now().date()
    if day < today:
        return _("This day is past. Enter the last day on which the answer counts.")
    if day > today + LONGEST:
        return _("An answer stands for two years at most. Enter an earlier day.")
    return ""


class Standing(NamedTuple):
    """What stands for a check, as an answer's row brings it along."""

    pk: int
    n: int
    verdict: str
    by: str
    keeper: str
    at: datetime
    valid_until: date

    @classmethod
    def read(cls, row: Mapping[str, Any] | None) -> "Standing | None":
        """From what `standing_of` annotated."""
        if row is None:
            return None
        at, until = datetime.fromisoformat(row["at"]), date.fromisoformat(row["valid_until"])
        return cls(**{**row, "at": at, "valid_until": until})


def standing_of(organisation: str, code: str, question: str) -> Case:
    """For an annotation: the newest standing answer of a question that is asked once, without a query of its own."""
    newest = StandingAnswer.objects.filter(organisation=OuterRef(organisation), check_code=OuterRef(code))
    row = JSONObject(
        pk="pk", n="n", verdict="verdict", by="by__name", keeper="keeper__name", at="at", valid_until="valid_until"
    )
    once = {f"{question}__scope": Question.Scope.ORGANISATION}
    return Case(When(**once, then=Subquery(newest.order_by("-n").values(row=row)[:1])), default=None)
