"""Answers taken on paper: entered with the scan, and held against it by a second person."""

from collections.abc import Mapping
from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.audits.models.answers import Answer
from auditapp.audits.models.assignments import is_shown_to
from auditapp.audits.models.revisions import AnswerRevision, Saved
from auditapp.evidence.kept import KeptPassage
from auditapp.evidence.models import Evidence
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event

CHECKERS = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD)


class PaperEntryQuerySet(PlacedQuerySet["PaperEntry"]):
    def visible_to(self, user: User) -> Self:
        """Copies of answers that the person sees."""
        return super().visible_to(user).filter(is_shown_to(user, "revision__answer__"))

    def of(self, audit: Any) -> Self:
        return self.filter(revision__answer__audit=audit).order_by("revision__answer__position")

    def unchecked(self) -> Self:
        """What counts now and nobody has held against the scan; what was answered anew since is no copy any more."""
        return self.filter(check_made=None, revision__answer__current=models.F("revision"))

    def for_reading(self) -> Self:
        return self.select_related("by", "scan", "revision__answer__question", "revision__answer__audit__site")


class PaperEntry(Placed):
    """One save was copied from paper; `scan` is the paper."""

    revision = models.OneToOneField(AnswerRevision, models.PROTECT, related_name="paper_entry")
    scan = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PaperEntryQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.revision_id} from paper"

    @staticmethod
    def must_let_enter(audit: Any, by: User) -> None:
        """Refuse unless this person may copy answers from paper, now."""
        by.must_hold(Role.AUDITOR, site=audit.site, to=_("enter answers from paper"))
        if audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))

    @classmethod
    @transaction.atomic
    def enter(
        cls, audit: Any, answers: Mapping[str, Mapping[str, Any]], *, scan: Mapping[str, Any], by: User, key: str
    ) -> "list[PaperEntry]":
        """Save answers copied from one scan, which becomes evidence of each. All of them or none.

        `answers` maps codes to their words, which were looked through for patient data, and to `base`, the save that
        the copy started from; `scan` is what `Answer.add_evidence` takes; `key` names the request.
        """
        cls.must_let_enter(audit, by)
        if not answers:
            raise Refused(_("Enter at least one answer."))
        paper = dict(scan)
        looked_at, why = paper.pop("looked_at", {}), paper.pop("reason", "")
        evidence = Evidence.keep_file(by=by, site=audit.site, **paper)
        entries: list[PaperEntry] = []
        for answer in audit.answers.held_for(by).filter(code__in=answers).order_by("position"):
            said = dict(answers[answer.code])
            outcome = answer.save_revision(
                by=by, base=said.pop("base"), key=f"{key}-{answer.code}", typed=False, **said
            )
            if not isinstance(outcome, Saved):
                raise Refused(
                    _("%(code)s was answered since you opened the form. Read that answer first.")
                    % {"code": answer.code}
                )
            answer.attach(evidence, by=by)
            entries.append(
                PaperEntry.objects.create(
                    **answer.place, revision=outcome.revision, scan=evidence, by=by, at=clock.now()
                )
            )
            Event.record(
                by, "answer.entered_from_paper", audit, check=answer.code, n=outcome.revision.n, scan=evidence.sha256
            )
        first = entries[0].revision.answer
        KeptPassage.keep_together(
            looked_at, why, by=by, subject=audit, where={**first.place, "evidence": evidence, "answer": first},
            check=first.code, evidence=evidence.pk,
        )  # fmt: skip
        return entries

    def _must_let_check(self, by: User) -> None:
        answer = self.revision.answer
        by.must_hold(*CHECKERS, site=answer.audit.site, to=_("check what was copied from paper"))
        if self.by_id == by.pk:
            raise NotAllowed(_("A second person checks this: you entered it yourself."))
        if answer.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))
        current = Answer.objects.filter(pk=answer.pk).values_list("current", flat=True).first()
        if current != self.revision_id or PaperCheck.objects.filter(entry=self).exists():
            raise Refused(_("This was checked, or answered anew, since you opened the page. Read it again."))

    @transaction.atomic
    def confirm(self, *, by: User) -> "PaperCheck":
        """A second person has compared it with the scan: it is a true copy."""
        list(Answer.objects.held_for(by).filter(pk=self.revision.answer_id))  # no save slips in beside it
        self._must_let_check(by)
        return self._checked(by, PaperCheck.Outcome.CONFIRMED)

    @transaction.atomic
    def correct(self, *, by: User, key: str, **said: Any) -> "PaperCheck":
        """A second person has compared it with the scan, and puts right what was copied wrongly."""
        answer = Answer.objects.held_for(by).get(pk=self.revision.answer_id)
        self._must_let_check(by)
        answer.must_be_open_to(by)
        answer.save_revision(by=by, base=answer.n, key=key, typed=False, **said)  # the form looked through it
        return self._checked(by, PaperCheck.Outcome.CORRECTED)

    def _checked(self, by: User, outcome: str) -> "PaperCheck":
        check = PaperCheck.objects.create(
            **self.place, entry=self, entered_by=self.by, outcome=outcome, by=by, at=clock.now()
        )
        answer = self.revision.answer
        Event.record(by, f"answer.paper_{outcome}", answer.audit, check=answer.code, n=self.revision.n)
        return check


class PaperCheck(Placed):
    """A second person held a copy against the scan."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", gettext_lazy("Confirmed")
        CORRECTED = "corrected", gettext_lazy("Corrected")

    entry = models.OneToOneField(PaperEntry, models.PROTECT, related_name="check_made")
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("entered_by")), name="paper_is_checked_by_a_second_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.outcome}"
