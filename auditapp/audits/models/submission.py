"""What was handed over and what came back: the frozen submission, its scores, the review and the returns."""

import json
from typing import Any, Self

from django.db import models

from auditapp.accounts.models import Placed, ReadInFullQuerySet, User
from auditapp.audits.models.answers import Answer
from auditapp.findings.models import Finding


class SubmissionQuerySet(ReadInFullQuerySet["Submission"]):
    def last_answering(self, code: str) -> Self:
        """For each deployment the newest one that answers this check; of audits that count, so of no draft.

        A draft's earlier rounds no longer count, and what was withdrawn never did.
        """
        counting = self.filter(states__has_key=code).exclude(audit__state__in=["draft", "withdrawn"])
        newest = counting.order_by("audit__deployment_id", "-at", "-pk").distinct("audit__deployment_id")
        return self.filter(pk__in=newest.values("pk"))

    def for_reading(self) -> Self:
        """With who handed it over, what came back, and who accepted it; without the frozen bytes."""
        returns = Return.objects.select_related("answer__current", "by").order_by("answer__position")
        return (
            self.select_related("by", "review__by")
            .prefetch_related(models.Prefetch("returns", queryset=returns, to_attr="sent_back"))
            .defer("canonical")
        )


class Submission(Placed):
    """A round handed over: its canonical bytes (RFC 8785) are what is scored, signed, printed and compared."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField()
    canonical = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    gate = models.CharField(max_length=30)
    calculated_result = models.CharField(max_length=30)
    numerator = models.PositiveIntegerField()
    denominator = models.PositiveIntegerField()
    lowest_title = models.CharField(max_length=200, blank=True, default="")
    lowest_numerator = models.PositiveIntegerField(null=True)
    lowest_denominator = models.PositiveIntegerField(null=True)
    # {"hal-01": "met", …}: worked out by Postgres from the frozen bytes, and never different from them.
    states = models.GeneratedField(
        expression=models.Func(models.F("canonical"), function="auditapp_states_submitted"),
        output_field=models.JSONField(),
        db_persist=True,
    )
    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["round"]
        constraints = [
            models.UniqueConstraint(fields=["audit", "round"], name="one_submission_per_round"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="a_submission_has_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} round {self.round}"

    @property
    def facts(self) -> dict[str, Any]:
        """The stored bytes, parsed; nothing is read from live rows."""
        return json.loads(bytes(self.canonical))


class CategoryScore(Placed):
    """The score of one category or domain in one submission, so that lists never touch answers.

    A score is 100 * numerator / denominator percent; both count half points times weight.
    """

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="scores")
    part = models.CharField(max_length=10, choices=[("category", "category"), ("domain", "domain")])
    code = models.CharField(max_length=60)
    applicable = models.PositiveSmallIntegerField()
    numerator = models.PositiveIntegerField()
    denominator = models.PositiveIntegerField()
    counted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "part", "code"], name="one_score_per_part")]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.code}"


class Return(Placed):
    """The clinical safety officer sent one question back, with the reason."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="returns")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="returns")
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["answer__position"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "answer"], name="a_question_is_returned_once_per_round"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_return_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.answer_id}"

    @property
    def is_answered_since(self) -> bool:
        """Whether somebody has saved the answer again after reading the reason."""
        return self.answer.current is not None and self.answer.current.at > self.at


class Review(Placed):
    """The clinical safety officer accepted a submission."""

    submission = models.OneToOneField(Submission, models.PROTECT, related_name="review")
    note = models.TextField(blank=True, default="")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.submission_id} accepted"


class AuditFinding(Placed):
    """Which round of which audit raised (or found again) a finding, and for which answer."""

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="raised")
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="raised")
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="raised_by")
    objects = ReadInFullQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "answer"], name="one_finding_per_answer_and_round")
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.finding_id}"
