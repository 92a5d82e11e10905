"""Answers: every save is a revision that stays, and a save that comes too late keeps both texts."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, PlacedQuerySet, Role, User
from auditapp.audits import carrying
from auditapp.audits.models.assignments import is_given_to, is_shown_to
from auditapp.audits.models.attachments import AnswerEvidence
from auditapp.audits.models.comments import counted
from auditapp.audits.models.flags import Flag, Flagged, flag_of_answer
from auditapp.audits.models.presence import names_of_others
from auditapp.audits.models.revisions import (
    JUSTIFICATION_LENGTH,
    AnswerRevision,
    Held,
    NotApplicableApproval,
    Saved,
    Stale,
    Verdict,
    name_of_request,
)
from auditapp.audits.models.standing import Standing, StandingAnswer, standing_of
from auditapp.audits.scoring import Given
from auditapp.evidence.kept import KeptPassage
from auditapp.evidence.models import Evidence
from auditapp.identifiers.looking import Found, found_in_fields, without
from auditapp.questionnaires.models import Question
from auditapp.questionnaires.models.threshold import numbers_of
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

UNANSWERED = Q(current=None) | Q(current__verdict="")
BACKED = ~Q(question__not_applicable_backed_by="") & (~Q(current__evidence_note="") | Q(has_item=True))
INCOMPLETE = (
    Q(current__verdict__in=[Verdict.PARTIAL, Verdict.NOT_MET])
    & (Q(current__gap="") | Q(current__owner="") | Q(current__due=None))
    | Q(current__verdict=Verdict.PARTIAL, criticality="critical", current__control="")
    | Q(current__verdict=Verdict.NOT_APPLICABLE, justified__lt=JUSTIFICATION_LENGTH)
    | Q(current__verdict=Verdict.NOT_APPLICABLE, criticality="critical", current__approval=None) & ~BACKED
    | Q(current__standing__isnull=False, current__inherited=False, current__deviation="")
)
PEOPLE = tuple(
    f"current__{who}"
    for who in (
        "by",
        "approval__by",
        "standing__by",
        "standing__keeper",
        "paper_entry__by",
        "paper_entry__check_made__by",
    )
)
STATE = Case(
    When(UNANSWERED, Value("unanswered")),
    When(current__verdict=Verdict.MET, current__evidence_note="", has_item=False, then=Value("unevidenced")),
    default=F("current__verdict"),
)


def outdated() -> Q:
    """What was taken over from the whole hospital has expired since; what a round handed over stays as it was then."""
    expired = Q(current__standing__valid_until__lt=LocalDay("site__zone"))
    return Q(expired, current__inherited=True, audit__state="draft", open_in_round=F("audit__round"))


class AnswerQuerySet(PlacedQuerySet):
    def visible_to(self, user: User) -> "AnswerQuerySet":
        """Everything of the hospitals whose audits the person reads; elsewhere in reach what is given to the person."""
        return super().visible_to(user).filter(is_shown_to(user))

    def of_category(self, code: str) -> "AnswerQuerySet":
        return self.filter(category_code=code)

    def for_reading(self) -> "AnswerQuerySet":
        """With everything a frozen document shows of an answer, in a fixed number of queries."""
        return self.for_cards().select_related("question", *PEOPLE)

    def for_cards(self) -> "AnswerQuerySet":
        """The same without the questions, which `asked.questions` knows already."""
        attached = AnswerEvidence.objects.filter(removed_at=None).select_related("evidence", "added_by").order_by("pk")
        return (
            self._with_outdated()
            .select_related(*PEOPLE)
            .prefetch_related(models.Prefetch("attached", queryset=attached, to_attr="evidence_now"))
        )

    def held_for(self, person: User) -> "AnswerQuerySet":
        """Locked together with the audit until the transaction ends, with all that decides on a save, in one query.

        The audit is locked first, as by every verb that moves it: no save slips in beside a submission, and no two wait
        for each other in a circle.
        """
        return (
            self.with_assignment(person)
            ._with_item()
            .with_standing()
            .select_for_update(of=("audit", "self"), no_key=True)
            .select_related("audit", "site", "current")
            .annotate(backed_by=F("question__not_applicable_backed_by"), held=Value(True))
        )

    def given_to(self, person: User) -> "AnswerQuerySet":
        """What was assigned to this person, by itself or with its category."""
        return self.filter(is_given_to(person))

    def with_assignment(self, person: User) -> "AnswerQuerySet":
        """`assigned`: whether the answer is given to this person, by itself or with its category."""
        return self.annotate(assigned=is_given_to(person))

    def with_flag(self) -> "AnswerQuerySet":
        """`flag_row`: the flag that stands on the question, for `Answer.flagged`."""
        return self.annotate(flag_row=flag_of_answer())

    def with_comments(self) -> "AnswerQuerySet":
        """`comments_now` and `comments_open`: how many there are, without the withdrawn ones."""
        return self.annotate(comments_now=counted(), comments_open=counted(resolved_at=None))

    def with_others(self, reader: User) -> "AnswerQuerySet":
        """`here_now`: the names of the others who are at the answer."""
        return self.annotate(here_now=names_of_others(reader))

    def with_local_numbers(self) -> "AnswerQuerySet":
        """`adopted`: the numbers that the organisation adopted for the answer's check, for `local_numbers`."""
        return self.annotate(adopted=numbers_of("organisation", "code"))

    def with_standing(self) -> "AnswerQuerySet":
        """`standing_row`: what stands for the whole hospital, for `Answer.standing`; only of what is asked once."""
        return self.annotate(standing_row=standing_of("organisation", "code", "question"))

    def unanswered(self) -> "AnswerQuerySet":
        return self.filter(UNANSWERED)

    def still_returned(self) -> "AnswerQuerySet":
        """Sent back from the round before, and not answered since."""
        since = Q(current=None) | Q(current__at__lte=F("returns__at"))
        return self.filter(since, returns__submission__round=F("audit__round") - 1)

    def incomplete(self) -> "AnswerQuerySet":
        """Answered, but without something that the verdict requires: the rule of `AnswerRevision.lacks`, in SQL."""
        rows = self._with_item().annotate(justified=Length("current__justification"))
        return rows.filter(INCOMPLETE | outdated())

    def awaiting_approval(self) -> "AnswerQuerySet":
        """Critical, not applicable and justified, without evidence that stands in for a second person's approval."""
        rows = self._with_item().annotate(justified=Length("current__justification"))
        return rows.filter(
            ~BACKED,
            audit__state="draft",
            criticality="critical",
            current__verdict=Verdict.NOT_APPLICABLE,
            current__approval=None,
            justified__gte=JUSTIFICATION_LENGTH,
        )

    def progress(self, **also: Q) -> list[dict[str, Any]]:
        """One row per category, in the order asked, whatever the number of questions.

        {category_code, asked, answered, left, critical_left, unfinished, first_left, states}: `unfinished` counts what
        keeps the audit from being submitted, `first_left` is the place of the first unanswered question. What else
        is to be counted is named with its rule.
        """
        rows = (
            self._with_item()
            .annotate(justified=Length("current__justification"), state=STATE)
            .order_by()
            .values("category_code")
            .annotate(
                first=Min("position"),
                asked=Count("pk"),
                left=Count("pk", filter=UNANSWERED),
                critical_left=Count("pk", filter=UNANSWERED & Q(criticality="critical")),
                unfinished=Count("pk", filter=UNANSWERED | INCOMPLETE | outdated()),
                first_left=Min("position", filter=UNANSWERED),
                states=ArrayAgg("state", order_by="position", default=Value([])),
                **{name: Count("pk", filter=rule) for name, rule in also.items()},
            )
        )
        return [
            row | {"answered": row["asked"] - row["left"], "states": tuple(row["states"])}
            for row in rows.order_by("first")
        ]

    def last_issued(self, audit: Any) -> "AnswerQuerySet":
        """What was answered to the same checks when this deployment was last audited: one answer per check.

        The answers of an issued audit change no more (`must_be_open_to`), so these are the words that were signed.
        """
        before = Answer.objects.filter(
            audit__deployment=audit.deployment_id,
            audit__state__in=["issued", "superseded"],
            audit__opened_at__lte=audit.opened_at,
            code__in=self.values("code"),
        ).exclude(audit=audit.pk)
        latest = before.order_by("code", "-audit__opened_at").distinct("code")
        return latest._with_item().annotate(state=STATE).select_related("audit", "current")

    def _with_outdated(self) -> "AnswerQuerySet":
        """`is_outdated`: whether what the answer took over from the whole hospital has expired."""
        return self.annotate(is_outdated=Case(When(outdated(), then=Value(True)), default=Value(False)))

    def _with_item(self) -> "AnswerQuerySet":
        """`has_item`: whether an item of evidence is named for the answer now."""
        return self.annotate(has_item=Exists(AnswerEvidence.objects.filter(answer=OuterRef("pk"), removed_at=None)))


class AskedManager(models.Manager.from_queryset(AnswerQuerySet)):  # type: ignore[misc]
    """The answers to what is asked; those that a move to another version has hidden are found through `every`."""

    def get_queryset(self) -> AnswerQuerySet:
        return super().get_queryset().filter(asked=True)


class Answer(Placed):
    """One question asked in one audit. The text is in its revisions; `current` is the one that counts.

    An answer whose `n` is above 0 and that has no `current` was given to another wording (see `moving`).
    """

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    code = models.CharField(max_length=20)
    category_code = models.CharField(max_length=60)
    criticality = models.CharField(max_length=10)
    position = models.PositiveIntegerField()
    current = models.OneToOneField("auditapp.AnswerRevision", models.PROTECT, null=True, related_name="+")
    n = models.PositiveIntegerField(default=0)
    open_in_round = models.PositiveSmallIntegerField(default=1)  # the round in which it may be changed
    asked = models.BooleanField(default=True, db_default=True)  # no: the version that the audit moved to leaves it out
    objects = AskedManager()
    every = models.Manager.from_queryset(AnswerQuerySet)()

    # What reading adds to a row (`for_reading`, `held_for` and others say which).
    evidence_now: list[AnswerEvidence]
    assigned: bool
    has_item: bool
    is_outdated: bool
    standing_row: dict[str, Any] | None
    flag_row: dict[str, Any] | None
    backed_by: str
    adopted: list[dict[str, Any]]
    comments_now: int
    comments_open: int
    here_now: list[str]

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["audit", "question"], name="one_answer_per_question")]
        indexes = [models.Index(fields=["audit", "category_code"], name="answers_of_a_category")]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.code}"

    @classmethod
    def newest_revisions(cls, answers: Iterable["Answer"]) -> dict[int, AnswerRevision]:
        """Key of an answer -> its newest revision, also where it does not count any more."""
        rows = AnswerRevision.objects.filter(answer__in=list(answers), n=F("answer__n"))
        read = ("question", "by", "approval__by", "paper_entry__by", "paper_entry__check_made__by")
        return {row.answer_id: row for row in rows.select_related(*read)}

    @transaction.atomic
    def save_revision(self, *, by: User, base: int, key: str, **fields: Any) -> "Saved | Stale | Held":
        """Hold the answer, then `save_held`."""
        answer = self._held(by)
        outcome = answer.save_held(by=by, base=base, key=key, **fields)
        if isinstance(outcome, Saved) and answer is not self:
            self.n, self.current, self.is_outdated = answer.n, answer.current, answer.is_outdated
        return outcome

    def save_held(
        self,
        *,
        by: User,
        base: int,
        key: str,
        question: int | None = None,
        kept: Mapping[str, str] | None = None,
        typed: bool = True,
        **fields: Any,
    ) -> "Saved | Stale | Held":
        """Keep what a person answered, if it started from the newest revision.

        For an answer that `held_for` has read and locked, in the transaction that locked it.
        `base` is the number of the revision the text started from (0: none yet), `key` names the request, so that
        repeating it is harmless. A save that started from an older one is kept as well, counts for nothing, and comes
        back as `Stale` with both texts: nothing is overwritten and nothing is lost (no exception, which would undo it).
        So does one that was written to another wording of the question, which `question` names by its row's key.

        What looks like patient data is `Held` and nothing is kept, until `kept` says why each passage (its digest) is
        none. Words that were not `typed` now but taken over were looked through when they were.
        """
        self.must_be_open_to(by)
        values = {name: clean(value) if isinstance(value, str) else value for name, value in fields.items()}
        kept, asked = kept or {}, self._not_answered_for(values) if typed else {}
        if held := without(asked, kept):
            return Held(held)
        key = name_of_request(key, base=base, values=values)
        if not values.get("inherited"):
            values |= self._stance(values.get("deviation", ""))
        if base != self.n or (reworded := self._is_reworded_since(question)):
            outcome = self._refuse_stale(by=by, base=base, key=key, values=values, reworded=base == self.n and reworded)
            if isinstance(outcome, Stale):
                self._answer_for(asked, kept, outcome.mine)
            return outcome
        revision = self._keep(by=by, n=base + 1, based_on=base, key=key, values=values)
        was_answered = bool(self.current and self.current.verdict)
        self.n, self.current, self.is_outdated = base + 1, revision, False  # what is taken over is in force today
        Answer.objects.filter(pk=self.pk).update(n=revision.n, current=revision)
        if change := bool(revision.verdict) - was_answered:
            self.audit.count_answer(change, critical=self.criticality == "critical")
        about: dict[str, Any] = {"carried_from": revision.carried_from} if revision.carried_from else {}
        if revision.standing_id:
            about |= {"standing": revision.standing_id, "inherited": revision.inherited}
        Event.record(by, "answer.saved", self.audit, check=self.code, n=revision.n, verdict=revision.verdict, **about)
        self._answer_for(asked, kept, revision)
        return Saved(revision)

    def _not_answered_for(self, values: Mapping[str, Any]) -> dict[str, list[Found]]:
        """What looks like patient data and was not kept in this answer before. No query where nothing does."""
        found = found_in_fields(values)
        if not found:
            return found
        before = KeptPassage.objects.filter(revision__answer=self)
        return without(found, before.values_list("digest", flat=True))

    def _answer_for(self, found: Mapping[str, list[Found]], kept: Mapping[str, str], revision: AnswerRevision) -> None:
        """Record why the person who saved kept what looks like patient data."""
        where = {**self.place, "revision": revision}
        KeptPassage.keep(found, kept, by=revision.by, subject=self.audit, where=where, check=self.code, n=revision.n)

    @transaction.atomic
    def inherit(self, *, by: User, base: int) -> "Saved | Stale | Held":
        """Take over what stands for the whole hospital, word for word, as this audit's own frozen copy.

        Raises Refused when nothing stands today: what has expired is not taken over.
        """
        answer = self._held(by)
        answer.must_be_open_to(by)
        standing = answer.standing_today
        if standing is None:
            raise Refused(_("Nothing is answered for the whole hospital that is valid today. Answer it here."))
        said = StandingAnswer.objects.get(pk=standing.pk).said
        key = f"standing-{standing.pk}-{base}"
        said |= {"inherited": True, "standing_id": standing.pk}
        return answer.save_revision(by=by, base=base, key=key, typed=False, **said)

    @property
    def standing(self) -> Standing | None:
        """What was last answered for the whole hospital, expired or not; needs `with_standing()`."""
        return Standing.read(self.standing_row)

    @property
    def standing_today(self) -> Standing | None:
        """What stands for the whole hospital today; needs `with_standing()`."""
        standing = self.standing
        return standing if standing and standing.valid_until >= clock.today(self.site.zone) else None

    def _stance(self, deviation: str) -> dict[str, Any]:
        """How an answer given by hand stands to the hospital's: from what it deviates today, and why."""
        today = self.standing_today
        return {"standing_id": today and today.pk, "deviation": deviation if self.standing else ""}

    def _is_reworded_since(self, question: int | None) -> bool:
        """Whether the question is worded otherwise than in the row that was read; None: nobody says what was read."""
        if question in (None, self.question_id):
            return False
        read = Question.objects.filter(pk=question, code=self.code).first()
        return read is None or bool(carrying.differences(carrying.described(read), self.question))

    @transaction.atomic
    def take_over(self, *, by: User, base: int, key: str, question: int, source: str) -> "Saved | Stale | Held":
        """Make what was said before an answer of this audit: a person has read it and says that it is still true.

        `source` is the signed audit that it was read from, or empty for this audit's own words to an earlier wording;
        `question` names the wording that was read with it. Raises Refused when either is another one by now.
        """
        answer = self._held(by)
        answer.must_be_open_to(by)
        proposal = carrying.proposals(answer.audit, [answer], carrying.last_signed(answer.audit)).get(answer.code)
        if proposal is None or proposal.ref != source:
            raise Refused(_("What could be taken over has changed since you read it. Read it again."))
        return answer.accept(proposal, by=by, base=base, key=key, question=question)

    def accept(
        self, proposal: "carrying.Proposal", *, by: User, base: int, key: str, question: int
    ) -> "Saved | Stale | Held":
        """The saving behind `take_over`, of an answer that is held; evidence that is still valid is named again."""
        if self._is_reworded_since(question):
            raise Refused(
                _("The wording of %(code)s has changed since you read it. Read it again.") % {"code": self.code}
            )
        is_new = base == self.n
        outcome = self.save_revision(by=by, base=base, key=key, typed=False, **proposal.values)
        if is_new and proposal.ref:
            self._attach_again(proposal, by=by)
        return outcome

    def _attach_again(self, proposal: "carrying.Proposal", *, by: User) -> None:
        """The same items, not copies of them."""
        then = AnswerEvidence.objects.filter(answer__audit__ref=proposal.ref, answer__code=self.code, removed_at=None)
        already = set(self.attached.filter(removed_at=None).values_list("evidence_id", flat=True))
        for link in then.select_related("evidence").order_by("pk"):
            if link.evidence_id not in already and carrying.named_in(proposal.valid, link.evidence):
                self.attach(link.evidence, by=by)

    def _held(self, by: User) -> "Answer":
        """This answer as `held_for` reads and locks it; not read again when it was just read so."""
        return self if hasattr(self, "held") else Answer.objects.held_for(by).get(pk=self.pk)

    def must_be_open_to(self, by: User) -> None:
        """Refuse unless this person may change this answer in this round."""
        if not self.may_be_answered_by(by):
            raise NotAllowed(_("Only an auditor of this hospital, or the lead of this category, can answer here."))
        if fixed := self.why_fixed:
            raise Refused(fixed)

    @property
    def why_fixed(self) -> str:
        """Why nobody can change this answer now, in a sentence; empty while it is open."""
        if self.audit.state != "draft":
            return _("This audit is no longer a draft; its answers are fixed.")
        if self.audit.is_read_apart:
            return _("Two people read this audit apart; it is answered here when both have finished.")
        if self.open_in_round != self.audit.round:
            return _("Only the questions that were returned can be changed in this round.")
        return ""

    def may_be_answered_by(self, person: User) -> bool:
        """Auditors answer everything at their hospital, others what is given to them; see `with_assignment`."""
        if person.holds(Role.AUDITOR, site=self.site):
            return True
        return self.assigned if hasattr(self, "assigned") else self._held(person).assigned

    def _refuse_stale(
        self, *, by: User, base: int, key: str, values: dict[str, Any], reworded: bool = False
    ) -> "Saved | Stale":
        if kept := self.revisions.select_related("by").filter(request_key=key).first():
            return self._saved_before(kept) if kept.n else Stale(kept, theirs=self._newest(), reworded=reworded)
        mine = self._keep(by=by, n=None, based_on=base, key=key, values=values)
        Event.record(by, "answer.stale", self.audit, check=self.code, based_on=base, current=self.n)
        return Stale(mine=mine, theirs=self._newest(), reworded=reworded)

    def _saved_before(self, kept: AnswerRevision) -> Saved:
        """The request has come before and was taken then; what is said of the answer is how it stands now."""
        current = self.current = self._newest()
        standing = current.standing if current and current.inherited else None
        self.is_outdated = standing is not None and standing.valid_until < clock.today(self.site.zone)
        return Saved(kept)

    def _newest(self) -> "AnswerRevision | None":
        """What counts now, read once the lock is held.

        What `held_for` joined was read before it waited for the lock: after waiting, PostgreSQL gives the row as it is
        now, but finds no row beside it for a `current` that has changed meanwhile.
        """
        key = self.current_id
        return AnswerRevision.objects.select_related("by").get(pk=key) if key is not None else None

    def _keep(self, *, by: User, n: int | None, based_on: int, key: str, values: dict[str, Any]) -> "AnswerRevision":
        revision = AnswerRevision.objects.create(
            **self.place,
            answer=self,
            question_id=self.question_id,
            n=n,
            based_on=based_on,
            request_key=key,
            by=by,
            at=clock.now(),
            **values,
        )
        AnswerRevision._meta.get_field("approval").set_cached_value(revision, None)  # new: nobody approved it, no query
        return revision

    @transaction.atomic
    def approve_not_applicable(self, *, by: User, n: int) -> "NotApplicableApproval":
        """The second person's approval of a critical question set to not applicable; it holds for this text alone."""
        answer = self._held(by)
        by.must_hold(
            Role.AUDITOR,
            Role.CLINICAL_SAFETY_OFFICER,
            Role.CATEGORY_LEAD,
            site=self.site,
            to=_("approve this"),
        )
        if answer.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))
        if answer.current is None or answer.n != n or answer.current.verdict != Verdict.NOT_APPLICABLE:
            raise Refused(_("The answer has changed since you read it. Read it again."))
        if answer.current.by_id == by.pk:
            raise NotAllowed(_("A second person approves this: you answered it yourself."))
        if NotApplicableApproval.objects.filter(revision=answer.current).exists():
            raise Refused(_("This is already approved."))
        approval = NotApplicableApproval.objects.create(
            **self.place, revision=answer.current, answered_by_id=answer.current.by_id, by=by, at=clock.now()
        )
        Event.record(by, "answer.not_applicable_approved", answer.audit, check=self.code, n=n)
        return approval

    @transaction.atomic
    def add_evidence(
        self,
        *,
        by: User,
        again: Evidence | None = None,
        looked_at: Mapping[str, list[Found]] | None = None,
        reason: str = "",
        **about: Any,
    ) -> "AnswerEvidence":
        """Keep a file (`content`), a link (`url`) or the bytes of another item (`again`) as a new item, and name it.

        `looked_at` is what in it looks like patient data and was kept for a `reason`, by the part that it stands in.
        """
        self._held(by).must_be_open_to(by)
        if again:
            kept = again.keep_again(by=by, **about)
        else:
            keep = Evidence.keep_link if about.get("url") else Evidence.keep_file
            kept = keep(by=by, site=self.site, **about)
        link = self.attach(kept, by=by)
        where = {**self.place, "evidence": link.evidence, "answer": self}
        said = {"check": self.code, "evidence": link.evidence_id}
        KeptPassage.keep_together(looked_at or {}, reason, by=by, subject=self.audit, where=where, **said)
        return link

    @transaction.atomic
    def use_evidence(self, items: Iterable[Evidence], *, by: User) -> "list[AnswerEvidence]":
        """Name items that are kept here already; those that stand there are left as they are."""
        self._held(by).must_be_open_to(by)
        there = set(self.attached.filter(removed_at=None).values_list("evidence_id", flat=True))
        return [self.attach(item, by=by) for item in items if item.pk not in there]

    def note_not_taken(self, code: str, *, by: User) -> None:
        """Somebody brought a file that is not kept; why stays on the trail."""
        Event.record(by, "evidence.not_taken", self.audit, check=self.code, why=code)

    @transaction.atomic
    def attach(self, evidence: Evidence, *, by: User) -> "AnswerEvidence":
        """Name an item as evidence for this answer."""
        self._held(by).must_be_open_to(by)
        link = AnswerEvidence.objects.create(
            **self.place, answer=self, evidence=evidence, added_by=by, added_at=clock.now()
        )
        Event.record(by, "evidence.attached", self.audit, check=self.code, evidence=evidence.pk, sha256=evidence.sha256)
        return link

    @transaction.atomic
    def take_off(self, key: str, *, by: User) -> AnswerEvidence:
        """Take an item, named by its row's key, off this answer; item and row are kept.

        Raises Refused when it does not stand there (any more).
        """
        self._held(by).must_be_open_to(by)
        link = self.attached.named(key).filter(removed_at=None).select_related("evidence").first()
        if link is None or not self.attached.filter(pk=link.pk, removed_at=None).update(
            removed_by=by, removed_at=clock.now()
        ):
            raise Refused(_("This evidence was already taken off."))
        Event.record(by, "evidence.detached", self.audit, check=self.code, evidence=link.evidence_id)
        return link

    @transaction.atomic
    def flag(self, *, by: User) -> None:
        """Mark the question to come back to, for everybody who fills the audit. Flagging twice is flagging once."""
        self._must_let_flag(by)
        given = {**self.place, "by": by, "at": clock.now()}
        _flag, new = Flag.objects.get_or_create(answer=self, lifted_at=None, defaults=given)
        if new:
            Event.record(by, "answer.flagged", self.audit, check=self.code)

    @transaction.atomic
    def lift_flag(self, *, by: User) -> None:
        """Take the flag off; that it stood there is kept."""
        self._must_let_flag(by)
        if self.flags.filter(lifted_at=None).update(lifted_by=by, lifted_at=clock.now()):
            Event.record(by, "answer.flag_lifted", self.audit, check=self.code)

    def _must_let_flag(self, by: User) -> None:
        if not self.may_be_answered_by(by):
            raise NotAllowed(_("Only an auditor of this hospital, or the lead of this category, can flag this."))
        if self.audit.state != "draft":
            raise Refused(_("This audit is no longer a draft; there is nothing to come back to."))
        if self.audit.is_read_apart:
            raise Refused(_("Two people read this audit apart; it is flagged when both have finished."))

    @property
    def flagged(self) -> Flagged | None:
        """The flag that stands on the question; needs `with_flag()`."""
        return Flagged.read(self.flag_row)

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
        """What must be added before the audit can be submitted; needs `for_reading()` or `held_for()`."""
        if self.current is None or not self.current.verdict:
            return [_("no answer yet")]
        held = hasattr(self, "held")
        has_item = self.has_item if held else bool(self.evidence_now)
        backed_by = self.backed_by if held else self.question.not_applicable_backed_by
        return self.current.lacks(
            critical=self.criticality == "critical",
            backed=bool(backed_by) and (has_item or bool(self.current.evidence_note)),
            outdated=self.is_outdated,
        )
