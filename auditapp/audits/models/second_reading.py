"""A blind second reading: two auditors answer the same questions apart, a third settles where they differ.

What they answer stands in rows of their own and not in the answers of the audit, which stay empty and closed until both
have finished. So no page, list, history or export of answers can show one reader what the other wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.audits.agreement import Agreement, agreement
from auditapp.audits.models.answers import Answer
from auditapp.audits.models.revisions import Said, Saved
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

READERS = 2
CHOICES = ("first", "second", "own")


class SecondReadingQuerySet(ReadInFullQuerySet["SecondReading"]):
    def with_people(self) -> Self:
        return self.select_related("audit__site", "site", "first", "second", "by")


class SecondReading(Placed):
    """That an audit is read twice, by whom, and since when both have finished."""

    audit = models.OneToOneField("auditapp.Audit", models.PROTECT, related_name="second_reading")
    first = models.ForeignKey(User, models.PROTECT, related_name="+")
    second = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)  # both have finished: from here on the readings can be seen
    objects = SecondReadingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(first=models.F("second")), name="two_people_read_apart")
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} read twice"

    def get_absolute_url(self) -> str:
        return reverse("audits:second_reading", args=[self.audit.ref])

    @classmethod
    @transaction.atomic
    def begin(cls, audit: Any, *, by: User, first: User, second: User) -> "SecondReading":
        """Have an audit read by two auditors apart, before anybody has answered by hand."""
        audit = type(audit).objects.select_for_update(of=["self"]).select_related("site").get(pk=audit.pk)
        cls.must_let_begin(audit, by)
        if first == second:
            raise Refused(_("Choose two different people."))
        for reader in (first, second):
            if not reader.holds(Role.AUDITOR, site=audit.site):
                raise Refused(_("%(name)s is no auditor at this hospital.") % {"name": reader.name})
        reading = cls.objects.create(**audit.place, audit=audit, first=first, second=second, by=by, at=clock.now())
        type(audit).objects.filter(pk=audit.pk).update(is_read_apart=True)
        Event.record(by, "second_reading.begun", audit, readers=sorted([first.pk, second.pk]))
        return reading

    @classmethod
    def must_let_begin(cls, audit: Any, by: User) -> None:
        """Refuse unless this person may have the audit read twice, now."""
        by.must_hold(
            Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, site=audit.site, to=_("have an audit read by two people")
        )
        if audit.state != "draft" or audit.round > 1:
            raise Refused(_("Only a draft that was never submitted can be read by two people apart."))
        if cls.objects.filter(audit=audit).exists():
            raise Refused(_("Two people read this audit already."))
        if cls._is_answered_by_hand(audit):
            raise Refused(_("Somebody has answered already, and the other reader could see it. Decide before that."))

    @classmethod
    def may_begin(cls, audit: Any, person: User) -> bool:
        """Whether `must_let_begin` would let this person, of an audit that nobody reads apart yet."""
        may = person.holds(Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, site=audit.site)
        return may and audit.state == "draft" and audit.round == 1 and not cls._is_answered_by_hand(audit)

    @staticmethod
    def _is_answered_by_hand(audit: Any) -> bool:
        return audit.answers.filter(n__gt=0).exclude(current__inherited=True).exists()

    @property
    def readers(self) -> list[User]:
        return [self.first, self.second]

    def is_read_by(self, person: User) -> bool:
        return person.pk in (self.first_id, self.second_id)

    @property
    def questions(self) -> models.QuerySet[Answer]:
        """The answers that both give apart: what the hospital answered once, and both could see, is not among them."""
        if self.opened_at is None:
            return self.audit.answers.filter(n=0)
        read = ReadingAnswer.objects.filter(reading=self).values("answer")
        return self.audit.answers.filter(pk__in=read)

    def finished(self) -> list[int]:
        """The keys of the readers who have finished."""
        return list(self.finishes.values_list("reader", flat=True))

    def _must_be_read_by(self, by: User) -> None:
        if not self.is_read_by(by):
            raise NotAllowed(_("Only the two readers answer here."))
        if self.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))
        if self.finishes.filter(reader=by).exists():
            raise Refused(_("You have finished your reading; it is fixed."))

    def _locked(self) -> "SecondReading":
        rows = SecondReading.objects.select_for_update(of=["self"])
        return rows.select_related("audit__site", "first", "second").get(pk=self.pk)

    @transaction.atomic
    def answer(self, code: str, *, by: User, base: int, **said: Any) -> "ReadingAnswer":
        """Keep what a reader answers, as a further row of their own.

        `base` is the number of the row that it started from: a second tab of the same person does not write over the
        first one unnoticed.
        """
        reading = self._locked()
        reading._must_be_read_by(by)
        answer = reading.questions.filter(code=code).first()
        if answer is None:
            raise Refused(_("%(code)s is not read apart in this audit.") % {"code": code})
        mine = ReadingAnswer.objects.filter(reading=self, answer=answer, reader=by)
        last = mine.order_by("-n").first()
        if (last.n if last else 0) != base:
            raise Refused(_("You have saved a newer answer in another tab. Go back, reload the page and compare."))
        values = {name: clean(value) if isinstance(value, str) else value for name, value in said.items()}
        row = ReadingAnswer.objects.create(
            **self.place, reading=self, answer=answer, reader=by, n=base + 1, at=clock.now(), **values
        )
        Event.record(by, "second_reading.saved", reading.audit, check=code, n=row.n)
        return row

    @transaction.atomic
    def finish(self, *, by: User) -> None:
        """This reader has answered everything and changes nothing any more. When both have, the readings are shown."""
        reading = self._locked()
        reading._must_be_read_by(by)
        answered = {code for code, row in reading.readings_of(by).items() if row.verdict}
        if left := set(reading.questions.values_list("code", flat=True)) - answered:
            words = ngettext("%(n)s question is left: %(codes)s", "%(n)s questions are left: %(codes)s", len(left))
            raise Refused(words % {"n": len(left), "codes": ", ".join(sorted(left))})
        ReadingFinish.objects.create(**self.place, reading=self, reader=by, at=clock.now())
        Event.record(by, "second_reading.finished", reading.audit)
        if reading.finishes.count() == READERS:
            self.opened_at = clock.now()
            SecondReading.objects.filter(pk=self.pk).update(opened_at=self.opened_at)
            type(reading.audit).objects.filter(pk=self.audit_id).update(is_read_apart=False)
            Event.record(by, "second_reading.opened", reading.audit)

    def readings_of(self, person: User) -> "dict[str, ReadingAnswer]":
        """Code -> the newest row of one reader."""
        rows = ReadingAnswer.objects.filter(reading=self, reader=person).select_related("answer", "reader")
        return {row.answer.code: row for row in rows.order_by("answer__position", "n")}

    def compared(self) -> "list[Compared]":
        """Both readings of each question, with how it was settled; nothing before both have finished."""
        if self.opened_at is None:
            return []
        firsts, seconds = self.readings_of(self.first), self.readings_of(self.second)
        settled = {row.answer_id: row for row in self.settlements.select_related("by")}
        return [
            Compared(answer, firsts[answer.code], seconds[answer.code], settled.get(answer.pk))
            for answer in self.questions.select_related("question")
        ]

    def must_let_settle(self, by: User) -> None:
        """Refuse unless this person is the third who may settle, now."""
        by.must_hold(Role.AUDITOR, site=self.audit.site, to=_("settle where two readings differ"))
        if self.is_read_by(by):
            raise NotAllowed(_("A third person settles this: you are one of the two readers."))
        if self.opened_at is None:
            raise Refused(_("Both readers must have finished first."))
        if self.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))

    @transaction.atomic
    def settle(self, code: str, *, by: User, choice: str, reason: str, **own: Any) -> "Settlement":
        """Decide on one difference: the first reading, the second one, or an answer of one's own, with the reason."""
        reading = self._locked()
        reading.must_let_settle(by)
        row = next((row for row in reading.compared() if row.answer.code == code), None)
        if row is None or row.agree:
            raise Refused(_("The two readings do not differ on this question."))
        if row.settlement:
            raise Refused(_("This is settled already."))
        if not clean(reason):
            raise Refused(_("Give the reason for your choice."))
        if choice not in CHOICES:
            raise Refused(_("Choose one of the readings, or answer yourself."))
        words = own if choice == "own" else (row.first if choice == "first" else row.second).said
        if not words.get("verdict"):
            raise Refused(_("Choose a verdict for your own answer."))
        return reading._settle(row, by=by, choice=choice, reason=clean(reason), words=words)

    @transaction.atomic
    def take_over_agreed(self, *, by: User) -> int:
        """Make every answer on which both agree an answer of the audit, with the words of both; returns how many."""
        reading = self._locked()
        reading.must_let_settle(by)
        agreed = [row for row in reading.compared() if row.agree and not row.settlement]
        for row in agreed:
            reading._settle(row, by=by, choice="agreed", reason="", words=row.together)
        return len(agreed)

    def _settle(self, row: "Compared", *, by: User, choice: str, reason: str, words: Mapping[str, Any]) -> "Settlement":
        settled = Settlement.objects.create(
            **self.place, reading=self, answer=row.answer, choice=choice, reason=reason, by=by, at=clock.now()
        )
        answer = Answer.objects.held_for(by).get(pk=row.answer.pk)
        outcome = answer.save_revision(by=by, base=answer.n, key=f"settlement-{settled.pk}", typed=False, **words)
        assert isinstance(outcome, Saved)  # the row is held, and its newest revision was named
        Event.record(by, "second_reading.settled", self.audit, check=row.answer.code, choice=choice)
        return settled

    def for_facts(self) -> dict[str, Any]:
        """As it is frozen: both readings of every question, how far they agree, how each became the answer."""
        rows = self.compared()
        overall, by_category = agreements(rows)
        return {
            "first": self.first.for_facts,
            "second": self.second.for_facts,
            "begun_by": self.by.for_facts,
            "begun_at": clock.utc_text(self.at),
            "opened_at": clock.utc_text(self.opened_at) if self.opened_at else None,
            "agreement": overall.for_facts,
            "categories": [{"code": code} | found.for_facts for code, found in by_category.items()],
            "questions": [row.for_facts for row in rows],
        }

    def unsettled(self) -> int:
        """How many questions have no answer of the audit yet."""
        if self.opened_at is None:
            return self.questions.count()
        return self.questions.exclude(settlements__reading=self).count()


@dataclass(frozen=True)
class Compared:
    """One question with both readings, and the third person's decision."""

    answer: Answer
    first: "ReadingAnswer"
    second: "ReadingAnswer"
    settlement: "Settlement | None"

    @property
    def agree(self) -> bool:
        """Verdicts are compared; words always differ."""
        return self.first.verdict == self.second.verdict

    @property
    def for_facts(self) -> dict[str, Any]:
        settled = self.settlement
        return {
            "code": self.answer.code,
            "first": _read(self.first),
            "second": _read(self.second),
            "settled": settled
            and {
                "choice": settled.choice,
                "reason": settled.reason,
                "by": settled.by.for_facts,
                "at": clock.utc_text(settled.at),
            },
        }

    @property
    def together(self) -> dict[str, Any]:
        """The words of both, each once, for an answer on which they agree."""
        first, second = self.first.said, self.second.said
        return {name: _joined(value, second[name]) for name, value in first.items()}


def _read(row: "ReadingAnswer") -> dict[str, Any]:
    """One reading, in the shape of a frozen answer."""
    return row.said | {"due": row.due.isoformat() if row.due else None, "at": clock.utc_text(row.at)}


def _joined(first: Any, second: Any) -> Any:
    """Texts one below the other; of two days the earlier one."""
    if isinstance(first, str) and isinstance(second, str) and first and second and first != second:
        return (
            f"{first}\n\n{second}"
            if "\n" in first + second or len(first) + len(second) > 100
            else f"{first} / {second}"
        )
    if first and second and not isinstance(first, str):
        return min(first, second)
    return first or second


def agreements(rows: "list[Compared]") -> tuple[Agreement, dict[str, Agreement]]:
    """Over everything, and by category."""
    by_category: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        by_category.setdefault(row.answer.category_code, []).append((row.first.verdict, row.second.verdict))
    overall = agreement(pair for pairs in by_category.values() for pair in pairs)
    return overall, {code: agreement(pairs) for code, pairs in by_category.items()}


class ReadingAnswerQuerySet(ReadInFullQuerySet["ReadingAnswer"]):
    def visible_to(self, user: User) -> Self:
        """One's own; those of others only when both readers have finished."""
        seen = models.Q(reader=user) | models.Q(reading__opened_at__isnull=False)
        return super().visible_to(user).filter(seen)


class ReadingAnswer(Said, Placed):
    """What one reader answered, save by save: rows that are only ever added."""

    reading = models.ForeignKey(SecondReading, models.PROTECT, related_name="answers")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="readings")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+")
    n = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    objects = ReadingAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["reading", "answer", "reader", "n"], name="one_reading_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.reading_id} {self.answer_id} {self.n}"


class ReadingFinish(Placed):
    """A reader has finished."""

    reading = models.ForeignKey(SecondReading, models.PROTECT, related_name="finishes")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reading", "reader"], name="a_reader_finishes_once")]

    def __str__(self) -> str:
        return f"{self.reading_id} finished by {self.reader_id}"


class Settlement(Placed):
    """How one question became an answer of the audit: agreed, or decided by a third person with a reason."""

    reading = models.ForeignKey(SecondReading, models.PROTECT, related_name="settlements")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="settlements")
    choice = models.CharField(max_length=10)
    reason = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reading", "answer"], name="a_question_is_settled_once"),
            models.CheckConstraint(
                condition=models.Q(choice="agreed") | (models.Q(choice__in=CHOICES) & ~models.Q(reason="")),
                name="a_difference_is_settled_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reading_id} {self.answer_id} {self.choice}"
