"""Answers: every save is a revision that stays, and a save that comes too late keeps both texts."""

from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.audits.scoring import Given
from auditapp.evidence.models import Evidence
from auditapp.questionnaires.models import Question
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

JUSTIFICATION_LENGTH = 20  # answer_scale.not_applicable.requires


class Verdict(models.TextChoices):
    MET = "met", gettext_lazy("Met")
    PARTIAL = "partial", gettext_lazy("Partly met")
    NOT_MET = "not_met", gettext_lazy("Not met")
    NOT_APPLICABLE = "not_applicable", gettext_lazy("Not applicable")


class AnswerQuerySet(PlacedQuerySet):
    def of_category(self, code: str) -> "AnswerQuerySet":
        return self.filter(category_code=code)

    def for_reading(self) -> "AnswerQuerySet":
        """With everything a page or a frozen document shows of an answer, in a fixed number of queries."""
        attached = AnswerEvidence.objects.filter(removed_at=None).select_related("evidence", "added_by").order_by("pk")
        return self.select_related("question", "current__by", "current__approval__by").prefetch_related(
            models.Prefetch("attached", queryset=attached, to_attr="evidence_now")
        )


class Answer(Placed):
    """One question asked in one audit. The text is in its revisions; `current` is the one that counts."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    category_code = models.CharField(max_length=60)
    criticality = models.CharField(max_length=10)
    position = models.PositiveIntegerField()
    current = models.OneToOneField("auditapp.AnswerRevision", models.PROTECT, null=True, related_name="+")
    n = models.PositiveIntegerField(default=0)
    open_in_round = models.PositiveSmallIntegerField(default=1)  # the round in which it may be changed
    objects = AnswerQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["audit", "question"], name="one_answer_per_question")]
        indexes = [models.Index(fields=["audit", "category_code"], name="answers_of_a_category")]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.code}"

    @transaction.atomic
    def save_revision(self, *, by: User, base: int, key: str, **fields: Any) -> "Saved | Stale":
        """Keep what a person answered, if it started from the newest revision.

        `base` is the number of the revision the text started from (0: none yet), `key` names the request, so that
        repeating it is harmless. A save that started from an older one is kept as well, counts for nothing, and comes
        back as `Stale` with both texts: nothing is overwritten and nothing is lost (no exception, which would undo it).
        """
        answer = Answer.objects.select_for_update(of=["self"]).select_related("audit", "current").get(pk=self.pk)
        answer.must_be_open_to(by)
        values = {name: clean(value) if isinstance(value, str) else value for name, value in fields.items()}
        if base != answer.n:
            if kept := answer.revisions.filter(request_key=key).first():
                return Saved(kept) if kept.n else Stale(mine=kept, theirs=answer.current)
            mine = answer._keep(by=by, n=None, based_on=base, key=key, values=values)
            Event.record(by, "answer.stale", answer.audit, check=answer.code, based_on=base, current=answer.n)
            return Stale(mine=mine, theirs=answer.current)
        revision = answer._keep(by=by, n=base + 1, based_on=base, key=key, values=values)
        first = answer.current is None or answer.current.verdict == ""
        self.n, self.current = revision.n, revision
        Answer.objects.filter(pk=self.pk).update(n=revision.n, current=revision)
        if change := bool(revision.verdict) - (not first):
            answer.audit.count_answer(change, critical=answer.criticality == "critical")
        Event.record(by, "answer.saved", answer.audit, check=answer.code, n=revision.n, verdict=revision.verdict)
        return Saved(revision)

    def must_be_open_to(self, by: User) -> None:
        """Refuse unless this person may change this answer in this round."""
        if self.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))
        if self.open_in_round != self.audit.round:
            raise Refused(_("Only the questions that were returned can be changed in this round."))
        if by.holds(Role.AUDITOR, site=self.site):
            return
        if not self.audit.assignments.filter(user=by, category_code=self.category_code).exists():
            raise NotAllowed(_("Only an auditor of this hospital, or the lead of this category, can answer here."))

    def _keep(self, *, by: User, n: int | None, based_on: int, key: str, values: dict[str, Any]) -> "AnswerRevision":
        return AnswerRevision.objects.create(
            **self.place, answer=self, n=n, based_on=based_on, request_key=key, by=by, at=clock.now(), **values
        )

    @transaction.atomic
    def approve_not_applicable(self, *, by: User, n: int) -> "NotApplicableApproval":
        """The second person's approval of a critical question set to not applicable; it holds for this text alone."""
        answer = Answer.objects.select_for_update(of=["self"]).select_related("audit", "current").get(pk=self.pk)
        by.must_hold(Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD, site=self.site, to=_("approve this"))
        if answer.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))
        if answer.current is None or answer.n != n or answer.current.verdict != Verdict.NOT_APPLICABLE:
            raise Refused(_("The answer has changed since you read it. Read it again."))
        if answer.current.by == by:
            raise NotAllowed(_("A second person approves this: you answered it yourself."))
        if NotApplicableApproval.objects.filter(revision=answer.current).exists():
            raise Refused(_("This is already approved."))
        approval = NotApplicableApproval.objects.create(
            **self.place, revision=answer.current, answered_by=answer.current.by, by=by, at=clock.now()
        )
        Event.record(by, "answer.not_applicable_approved", answer.audit, check=self.code, n=n)
        return approval

    @transaction.atomic
    def attach(self, evidence: Evidence, *, by: User) -> "AnswerEvidence":
        """Name an item as evidence for this answer."""
        self.must_be_open_to(by)
        link = AnswerEvidence.objects.create(
            **self.place, answer=self, evidence=evidence, added_by=by, added_at=clock.now()
        )
        Event.record(by, "evidence.attached", self.audit, check=self.code, evidence=evidence.pk, sha256=evidence.sha256)
        return link

    @transaction.atomic
    def detach(self, link: "AnswerEvidence", *, by: User) -> None:
        """Take an item off this answer; the item and the fact that it once stood here are kept."""
        self.must_be_open_to(by)
        taken = AnswerEvidence.objects.filter(pk=link.pk, answer=self, removed_at=None)
        if not taken.update(removed_by=by, removed_at=clock.now()):
            raise Refused(_("This evidence was already taken off."))
        Event.record(by, "evidence.detached", self.audit, check=self.code, evidence=link.evidence_id)

    @property
    def given(self) -> Given | None:
        """What scoring needs to know; needs `for_reading()`."""
        if self.current is None or not self.current.verdict:
            return None
        has_evidence = bool(self.evidence_now or self.current.evidence_note)
        return Given(
            verdict=self.current.verdict,
            has_evidence=has_evidence,
            justification=self.current.justification,
            second_approval=hasattr(self.current, "approval"),
            backed_by_evidence=bool(self.question.not_applicable_backed_by) and has_evidence,
        )

    @property
    def lacks(self) -> list[str]:
        """What must be added before the audit can be submitted (answer_scale.requires); needs `for_reading()`."""
        if self.current is None or not self.current.verdict:
            return [_("no answer yet")]
        return self.current.lacks(
            critical=self.criticality == "critical",
            backed=bool(self.question.not_applicable_backed_by) and bool(self.evidence_now or self.current.evidence_note),
        )


class AnswerRevision(Placed):
    """One save of one answer, never changed. `n` is empty for a save that came too late and was not taken."""

    answer = models.ForeignKey(Answer, models.PROTECT, related_name="revisions")
    n = models.PositiveIntegerField(null=True)
    based_on = models.PositiveIntegerField()
    request_key = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices, blank=True, default="")
    note = models.TextField(blank=True, default="")
    evidence_note = models.TextField(blank=True, default="")
    gap = models.TextField(blank=True, default="")
    owner = models.CharField(max_length=120, blank=True, default="")
    due = models.DateField(null=True)
    control = models.TextField(blank=True, default="")
    justification = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["answer", "n"], name="one_revision_per_number"),
            models.UniqueConstraint(fields=["answer", "request_key"], name="one_revision_per_request"),
            models.CheckConstraint(
                condition=models.Q(n=None) | models.Q(n=models.F("based_on") + 1), name="a_revision_follows_its_base"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} {self.n}"

    def lacks(self, *, critical: bool, backed: bool) -> list[str]:
        """What this verdict requires and is not there (answer_scale of the content)."""
        missing: list[str] = []
        if self.verdict in {Verdict.PARTIAL, Verdict.NOT_MET}:
            missing += [] if self.gap else [_("what is missing")]
            missing += [] if self.owner else [_("an owner")]
            missing += [] if self.due else [_("a due date")]
        if self.verdict == Verdict.PARTIAL and critical and not self.control:
            missing.append(_("the control that is in place meanwhile"))
        if self.verdict == Verdict.NOT_APPLICABLE:
            if len(self.justification) < JUSTIFICATION_LENGTH:
                missing.append(_("a justification of at least 20 characters"))
            if critical and not backed and not hasattr(self, "approval"):
                missing.append(_("a second person's approval"))
        return missing


@dataclass(frozen=True)
class Saved:
    """The save was taken: it is the newest revision."""

    revision: AnswerRevision


@dataclass(frozen=True)
class Stale:
    """The save was kept but not taken, because somebody else saved first."""

    mine: AnswerRevision
    theirs: AnswerRevision | None


class NotApplicableApproval(Placed):
    """A second person agreed that a critical question does not apply, for one revision's wording."""

    revision = models.OneToOneField(AnswerRevision, models.PROTECT, related_name="approval")
    answered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("answered_by")), name="not_applicable_is_approved_by_a_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.revision_id} approved"


class AnswerEvidence(Placed):
    """An item of evidence named for an answer, and when it was taken off, if it was."""

    answer = models.ForeignKey(Answer, models.PROTECT, related_name="attached")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "evidence"],
                condition=models.Q(removed_at=None),
                name="evidence_is_named_once_per_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at=None, removed_by=None)
                | models.Q(removed_at__isnull=False, removed_by__isnull=False),
                name="a_removal_has_person_and_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} {self.evidence_id}"


class Assignment(Placed):
    """A category of an audit given to a person to answer."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="assignments")
    category_code = models.CharField(max_length=60)
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    due = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audit", "category_code", "user"], name="a_category_is_assigned_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.category_code} {self.user_id}"
