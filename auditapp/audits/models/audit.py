"""The audit itself: opened, filled, submitted, reviewed; what follows is moved by the report."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Self

import rfc8785
from django.db import models, transaction
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Role, User
from auditapp.audits import carrying, facts, moving, reconciliation, scoring
from auditapp.audits.models.answers import UNANSWERED, Answer
from auditapp.audits.models.assignments import Assignment, must_be_assignable
from auditapp.audits.models.comments import comments_for_report
from auditapp.audits.models.flags import Look, look_of
from auditapp.audits.models.moves import VersionMove
from auditapp.audits.models.paper import PaperEntry
from auditapp.audits.models.revisions import Stale
from auditapp.audits.models.submission import CategoryScore, Return, Review, Submission
from auditapp.audits.models.suppliers import put_to_suppliers
from auditapp.deployments.models import Deployment, ModelVersion, next_number
from auditapp.findings.models import HazardRating
from auditapp.questionnaires.models import Question, QuestionnaireVersion
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event


class AuditQuerySet(PlacedQuerySet["Audit"]):
    def visible_to(self, user: User) -> Self:
        """All of the hospitals whose audits the person reads; elsewhere in reach those in which something is theirs."""
        rows = super().visible_to(user)
        if user.reading is None:
            return rows
        theirs = models.Exists(Assignment.objects.filter(audit=models.OuterRef("pk"), user=user))
        return rows.filter(models.Q(site_id__in=user.reading) | models.Q(theirs))

    def with_place(self) -> Self:
        """`place_in_trail`: the number of the last act on the audit; every act of anybody moves it."""
        stream = Concat(models.Value("audit:"), models.OuterRef("ref"), output_field=models.CharField())
        last = Event.objects.filter(stream=stream).order_by("-seq").values("seq")[:1]
        return self.annotate(place_in_trail=models.Subquery(last))

    def with_counts_for(self, user: User) -> Self:
        """`asked_here`, `answered_here`, `critical_left_here`: of the audit, or of the part that is the person's."""
        if user.reading is None:
            whole = {f"{name}_here": models.F(name) for name in ("asked", "answered", "critical_left")}
            return self.annotate(**whole)
        return self.annotate(
            asked_here=_of_part(user, "asked"),
            answered_here=_of_part(user, "answered", ~UNANSWERED),
            critical_left_here=_of_part(user, "critical_left", UNANSWERED, criticality="critical"),
        )

    def matching(self, text: str) -> Self:
        """Audits that hold every word searched for, in their reference or their deployment's reference or name."""
        rows = self
        for word in text.split():
            places = ("ref", "deployment__ref", "deployment__name")
            rows = rows.filter(reduce(or_, (models.Q(**{f"{place}__icontains": word}) for place in places)))
        return rows

    def with_names(self) -> Self:
        return self.select_related(
            "organisation",
            "site",
            "deployment__product__vendor",
            "model_version",
            "version__questionnaire",
            "opened_by",
        )

    def with_look_of(self, person: User) -> Self:
        """`look`: when this person last had the questions before them, for `Audit.look_by`."""
        return self.annotate(look=look_of(person))

    def asking_the_same(self, version: QuestionnaireVersion) -> "Audit | None":
        """The unfinished audit that asks this questionnaire already, in whatever version; there is one at most."""
        return self.under_way().filter(version__questionnaire=version.questionnaire_id).first()

    def lacks_before(self, version: QuestionnaireVersion, triggers: Iterable[str]) -> str:
        """The code of the questionnaire that has to be submitted before this re-audit is opened; "" when it was.

        One submission covers one event: what was opened before the last re-audit after an event belongs to that one.
        Another questionnaire that was asked as the containment check, a hospital's own, does as well.
        """
        first = version.comes_after(triggers)
        if not first or not QuestionnaireVersion.objects.published().filter(questionnaire__code=first).exists():
            return ""
        rows = self.exclude(state=Audit.State.WITHDRAWN)
        before = rows.filter(triggers__has_any_keys=version.event_triggers()).order_by("-opened_at").first()
        since = models.Q(opened_at__gt=before.opened_at) if before else models.Q()
        contained = models.Q(version__questionnaire__code=first) | models.Q(reason=Audit.Reason.CONTAINMENT)
        return "" if rows.filter(since, contained, submissions__isnull=False).exists() else first

    def for_overview(self) -> Self:
        """With the revisions before and after, and how it was withdrawn, if it was."""
        return self.with_names().select_related("supersedes", "superseded_by", "withdrawal__by")

    def issued(self) -> Self:
        return self.filter(state=Audit.State.ISSUED)

    def under_way(self) -> Self:
        return self.exclude(state__in=Audit.ENDED)


def _of_part(user: User, name: str, *which: models.Q, **more: Any) -> models.Case:
    """The audit's own counter where the person reads it all; elsewhere counted among what is given to the person."""
    theirs = Answer.objects.given_to(user).filter(*which, audit=models.OuterRef("pk"), **more).order_by()
    counted = models.Subquery(theirs.values("audit").annotate(n=models.Count("pk")).values("n"))
    whole = models.When(site_id__in=user.reading, then=models.F(name))
    return models.Case(whole, default=Coalesce(counted, 0), output_field=models.IntegerField())


class Audit(Placed):
    """One examination of one deployment, of one model version, with one questionnaire version.

    Until its first submission it can be moved to a newer version; from then on it points at one for ever.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        SUBMITTED = "submitted", gettext_lazy("In review")
        REVIEWED = "reviewed", gettext_lazy("Reviewed")
        DECIDED = "decided", gettext_lazy("Decided")
        SIGNING = "signing", gettext_lazy("Being signed")
        ISSUED = "issued", gettext_lazy("Issued")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")
        SUPERSEDED = "superseded", gettext_lazy("Superseded")
        RETRACTED = "retracted", gettext_lazy("Report withdrawn")

    ENDED = (State.ISSUED, State.WITHDRAWN, State.SUPERSEDED, State.RETRACTED)

    class Reason(models.TextChoices):
        PRE_DEPLOYMENT = "pre_deployment", gettext_lazy("Before deployment")
        QUARTERLY = "quarterly", gettext_lazy("Quarterly check")
        YEARLY = "yearly", gettext_lazy("Yearly review")
        CONTAINMENT = "containment", gettext_lazy("Containment after an event")
        RE_AUDIT = "re_audit", gettext_lazy("Re-audit after a change or an event")

    MOVES = {
        State.DRAFT: {State.SUBMITTED, State.WITHDRAWN},
        State.SUBMITTED: {State.DRAFT, State.REVIEWED, State.WITHDRAWN},
        State.REVIEWED: {State.DECIDED, State.WITHDRAWN},
        State.DECIDED: {State.SIGNING},
        State.SIGNING: {State.ISSUED, State.DRAFT},
        State.ISSUED: {State.SUPERSEDED, State.RETRACTED},
        State.WITHDRAWN: set(),
        State.SUPERSEDED: set(),
        State.RETRACTED: {State.SUPERSEDED},
    }

    ref = models.CharField(max_length=30, unique=True)
    revision = models.PositiveSmallIntegerField(default=1)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="audits")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="audits")
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="audits")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    triggers = models.JSONField(default=list)
    profile = models.JSONField()  # the confirmed profile as it was at opening, with both names and dates
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    round = models.PositiveSmallIntegerField(default=1)
    asked = models.PositiveSmallIntegerField()
    answered = models.PositiveSmallIntegerField(default=0)
    critical_left = models.PositiveSmallIntegerField()
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    is_read_apart = models.BooleanField(default=False, db_default=False)  # two readers answer; see SecondReading
    issued_at = models.DateTimeField(null=True)  # as its report says; here so that the last one is found at once
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")
    supersede_reason = models.TextField(blank=True, default="")
    objects = AuditQuerySet.as_manager()

    look: dict[str, str | None] | None  # from with_look_of()

    place_in_trail: int  # see `with_place`

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(answered__lte=models.F("asked")), name="no_more_is_answered_than_asked"
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(supersede_reason=""), name="a_revision_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["issued", "superseded", "retracted"])
                | models.Q(issued_at__isnull=False),
                name="an_issued_audit_says_when",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "site", "state", "-opened_at"], name="audits_of_a_site"),
            models.Index(fields=["deployment", "-opened_at"], name="audits_of_a_deployment"),
            models.Index(
                fields=["deployment", "-issued_at"],
                condition=models.Q(state="issued"),
                name="issued_audits_of_a_deployment",
            ),
            models.Index(
                fields=["model_version", "-issued_at"],
                condition=models.Q(state="issued"),
                name="issued_audits_of_a_version",
            ),
            models.Index(
                fields=["organisation", "issued_at"],
                condition=models.Q(issued_at__isnull=False),
                name="issued_audits_by_time",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    def get_absolute_url(self) -> str:
        return reverse("audits:audit", args=[self.ref])

    @property
    def trail_stream(self) -> str:
        return f"audit:{self.ref}"

    @classmethod
    @transaction.atomic
    def open(
        cls,
        deployment: Deployment,
        *,
        by: User,
        version: QuestionnaireVersion,
        model_version: ModelVersion,
        reason: str,
        triggers: Iterable[str] = (),
    ) -> "Audit":
        """Start an audit: the confirmed profile is copied, and with it what is asked and what is not is settled."""
        by.must_hold(Role.AUDITOR, site=deployment.site, to=_("open an audit here"))
        Deployment.objects.select_for_update().get(pk=deployment.pk)
        profile = deployment.newest_profile
        if not hasattr(profile, "confirmation"):
            raise Refused(
                _("The profile waits for a second person's confirmation. Ask for it on the deployment's page.")
            )
        if version.state != QuestionnaireVersion.State.PUBLISHED:
            raise Refused(_("This version of the questionnaire is not published. Choose the published one."))
        if model_version.deployment_id != deployment.pk:
            raise Refused(_("This model version belongs to another deployment."))
        triggers = list(triggers)
        if bool(version.trigger_sets) != bool(triggers):
            raise Refused(_("Choose at least one trigger for a re-audit, and none for any other questionnaire."))
        if deployment.audits.lacks_before(version, triggers):
            raise Refused(_("After an event the containment check comes first. Submit it, then open the re-audit."))
        if other := deployment.audits.asking_the_same(version):
            raise Refused(
                _("%(ref)s asks the same of this deployment and is not finished.") % {"ref": other.ref},
                [(_("Open %(ref)s") % {"ref": other.ref}, other.get_absolute_url())],
            )
        audit = cls._start(
            deployment,
            by=by,
            ref=f"A-{clock.now():%Y}-{next_number('auditapp_audit_ref'):03d}",
            version=version,
            model_version=model_version,
            reason=reason,
            triggers=triggers,
            profile=facts.profile(profile, version=version),
        )
        audit._inherit(by=by)
        return audit

    @classmethod
    def _start(
        cls, deployment: Deployment, *, by: User, version: QuestionnaireVersion, profile: dict[str, Any], **about: Any
    ) -> "Audit":
        values = {fact["id"]: fact["value"] for fact in profile["facts"]}
        questions = version.select(values, about["triggers"])
        if not questions:
            raise Refused(_("This questionnaire asks nothing of a tool with this profile. Choose another one."))
        audit = cls.objects.create(
            **deployment.place,
            deployment=deployment,
            version=version,
            profile=profile,
            asked=len(questions),
            critical_left=sum(q.criticality == "critical" for q in questions),
            opened_by=by,
            opened_at=clock.now(),
            **about,
        )
        Answer.objects.bulk_create(
            Answer(
                **deployment.place,
                audit=audit,
                question=question,
                code=question.code,
                category_code=question.category.code,
                criticality=question.criticality,
                position=question.position,
            )
            for question in questions
        )
        Event.record(
            by, "audit.opened", audit, deployment=deployment.ref, questionnaire=version.sha256, asked=len(questions)
        )
        return audit

    def _inherit(self, *, by: User) -> None:
        """Begin with what stands for the whole hospital: each such answer is copied, and stays as it is today."""
        once = self.answers.with_standing().filter(question__scope=Question.Scope.ORGANISATION, n=0)
        for answer in once.select_related("site"):
            if answer.standing_today:
                answer.inherit(by=by, base=0)
        self.refresh_from_db(fields=["answered", "critical_left"])

    def look_by(self, person: User) -> datetime | None:
        """Note that the person has the questions before them; returns when they last did. Needs `with_look_of`."""
        return Look.take(self, by=person)

    def counts_for(self, reader: User) -> dict[str, int]:
        """{answered, asked}: of the audit, or of the part that is this reader's."""
        if reader.reads_all_at(self.site_id):
            return {"answered": self.answered, "asked": self.asked}
        theirs = self.answers.given_to(reader)
        given = ~UNANSWERED
        return theirs.aggregate(answered=models.Count("pk", filter=given), asked=models.Count("pk"))

    @property
    def profile_values(self) -> dict[str, Any]:
        """Fact id -> value, of the profile frozen at opening."""
        return {fact["id"]: fact["value"] for fact in self.profile["facts"]}

    @property
    def trigger_labels(self) -> list[str]:
        """What led to a re-audit, in words; nothing for other questionnaires."""
        return [t["label"] for t in self.version.triggers if t["code"] in self.triggers]

    def excluded(self) -> list[Any]:
        """The questions not asked, each with the facts that excluded it, in words."""
        return self.version.excluded(self.profile_values, self.triggers)

    def count_answer(self, change: int, *, critical: bool) -> None:
        """Move the counters that lists and progress read, in the transaction of the answer that changed them."""
        self.answered += change
        self.critical_left -= change if critical else 0
        Audit.objects.filter(pk=self.pk).update(
            answered=models.F("answered") + change,
            critical_left=models.F("critical_left") - (change if critical else 0),
        )

    def assign(
        self,
        category_code: str,
        user: User,
        *,
        by: User,
        due: date | None = None,
        message: str = "",
        check_code: str = "",
    ) -> Assignment:
        """Give a category, or one question of it, to one person."""
        codes = [check_code] if check_code else []
        return self.assign_to([user], category_code, by=by, codes=codes, due=due, message=message)[0]

    @transaction.atomic
    def assign_to(
        self,
        people: Iterable[User],
        category_code: str,
        *,
        by: User,
        codes: Iterable[str] = (),
        due: date | None = None,
        message: str = "",
    ) -> list[Assignment]:
        """Give a category, or (`codes`) single questions of it, to people, who may then answer and are told by e-mail.

        `due` is a day at the hospital. What somebody has already stays as it was given.
        """
        self.must_let_assign(by)
        people, codes = list(people), list(codes)
        asked = set(self.answers.of_category(category_code).values_list("code", flat=True))
        if not asked:
            raise Refused(_("This audit asks nothing in that category."))
        if unknown := set(codes) - asked:
            raise Refused(_("%(code)s is not asked in that category.") % {"code": min(unknown)})
        given = []
        for user in people:
            must_be_assignable(user, self.site)
            rows = [self._give(category_code, code, user, by=by, due=due, message=message) for code in codes or [""]]
            if user != by and any(new for _row, new in rows):
                rows[0][0].tell()
            given += [row for row, _new in rows]
        return given

    def _give(
        self, category_code: str, check_code: str, user: User, *, by: User, due: date | None, message: str
    ) -> tuple[Assignment, bool]:
        about = {**self.place, "by": by, "at": clock.now(), "due": due, "message": clean(message)}
        assignment, new = Assignment.objects.get_or_create(
            audit=self, category_code=category_code, check_code=check_code, user=user, defaults=about
        )
        if new:
            due_day = due and due.isoformat()
            Event.record(
                by, "audit.assigned", self, category=category_code, check=check_code, user=user.pk, due=due_day
            )
        return assignment, new

    @transaction.atomic
    def take_back(self, key: str, *, by: User) -> Assignment:
        """End an assignment, named by its row's key; what the person answered stays, under their name."""
        self.must_let_assign(by)
        assignment = self.assignments.named(key).select_related("user").first()
        if assignment is None:
            raise Refused(_("This was already taken back."))
        about = {"category": assignment.category_code, "check": assignment.check_code, "user": assignment.user_id}
        Event.record(by, "audit.assignment_taken_back", self, **about)
        assignment.delete()
        return assignment

    def must_let_assign(self, by: User) -> None:
        """Refuse unless this person may say who answers what, now."""
        by.must_hold(Role.AUDITOR, site=self.site, to=_("assign questions"))
        if self.state != self.State.DRAFT:
            raise Refused(_("Only a draft's questions can be assigned."))

    def must_let_take_over(self, by: User) -> None:
        """Refuse unless this person answers here at all; which questions is another matter."""
        if not by.holds(Role.AUDITOR, site=self.site) and not self.assignments.filter(user=by).exists():
            raise NotAllowed(_("Only an auditor of this hospital, or the lead of a category, can answer here."))
        if self.state != self.State.DRAFT:
            raise Refused(_("This audit is no longer a draft; its answers are fixed."))

    @transaction.atomic
    def take_over_unchanged(self, read: Mapping[str, int], *, source: str, by: User, key: str) -> list[str]:
        """Take over what a person has read and found still true, each as an act of its own; returns what was too late.

        `read` maps the code of each to the revision that stood there when it was read. Raises Refused where the wording
        is not the one that was signed: those are taken over singly, with the difference in view.
        """
        answers = list(self.answers.held_for(by).filter(code__in=read).select_related("question"))
        proposals = carrying.proposals(self, answers, carrying.last_signed(self))
        late = []
        for answer in answers:
            answer.must_be_open_to(by)
            proposal = proposals.get(answer.code)
            if proposal is None or proposal.ref != source or proposal.reworded:
                raise Refused(
                    _("What could be taken over for %(code)s has changed since you read it. Read it again.")
                    % {"code": answer.code}
                )
            base = read[answer.code]
            outcome = answer.accept(proposal, by=by, base=base, key=key, question=answer.question_id)
            late += [answer.code] if isinstance(outcome, Stale) else []
        return late

    def other_versions(self) -> list[QuestionnaireVersion]:
        """The versions that this draft can be moved to: a newer published one, and those that it came from."""
        if self.state != self.State.DRAFT or self.round > 1 or self.supersedes_id:
            return []
        came_from = set(self.moves.values_list("before", flat=True))
        versions = QuestionnaireVersion.objects.filter(questionnaire=self.version.questionnaire_id)
        newer = models.Q(state=QuestionnaireVersion.State.PUBLISHED, number__gt=self.version.number)
        other = versions.filter(newer | models.Q(pk__in=came_from)).exclude(pk=self.version_id)
        return list(other.select_related("questionnaire").order_by("-number"))

    def must_let_move(self, by: User) -> None:
        """Refuse unless this person may move the audit to another version of its questionnaire, now."""
        by.must_hold(Role.AUDITOR, site=self.site, to=_("move an audit to another version"))
        if self.state != self.State.DRAFT or self.round > 1:
            raise Refused(_("Only a draft that was never submitted can be moved to another version."))
        if self.is_read_apart:
            raise Refused(_("Two people read this audit apart; it can be moved when both have finished."))
        if self.supersedes_id:
            raise Refused(_("A revision asks what the issued audit asked. Open a new audit for the newer version."))

    def preview_of_move(self, version: QuestionnaireVersion, *, by: User) -> moving.Preview:
        """What `move_to_version` would do. Raises Refused when it would be refused."""
        self.must_let_move(by)
        if version not in self.other_versions():
            raise Refused(
                _(
                    "An audit can be moved to a newer published version of its questionnaire, or back to one "
                    "that it came from."
                )
            )
        filled = self.deployment.profiles.select_related("by", "confirmation__by").get(n=self.profile["n"])
        found = moving.preview(self, version, profile=facts.profile(filled, version=version))
        if not found.asked:
            raise Refused(_("That version asks nothing of a tool with this profile."))
        return found

    @transaction.atomic
    def move_to_version(self, version: QuestionnaireVersion, *, by: User) -> VersionMove:
        """Ask what another version asks. Answers stay by check code; what is worded otherwise waits for a person."""
        audit = Audit.objects.select_for_update(of=["self"]).with_names().get(pk=self.pk)
        found = audit.preview_of_move(version, by=by)
        before = audit.version
        counted = moving.repoint(audit, found)
        moved = {"version": version, "profile": found.profile, **counted}
        Audit.objects.filter(pk=self.pk).update(**moved)
        for name, value in moved.items():
            setattr(self, name, value)
        Event.record(by, "audit.moved", audit, before=before.sha256, after=version.sha256, **counted)
        self._inherit(by=by)  # of what is newly asked
        place = {**audit.place, "audit": audit, "before": before, "after": version}
        return VersionMove.objects.create(**place, by=by, at=clock.now())

    def missing(self) -> list[tuple[Answer, list[str]]]:
        """What stands between this draft and its submission, question by question."""
        return [(answer, lacks) for answer in self.answers.for_reading() if (lacks := answer.lacks)]

    @transaction.atomic
    def submit(self, *, by: User) -> Submission:
        """Hand the audit over: everything is frozen as canonical bytes, scored, and its gaps become findings."""
        audit = Audit.objects.select_for_update(of=["self"]).with_names().get(pk=self.pk)
        audit.must_let_submit(by)
        answers = list(audit.answers.for_reading())
        if missing := [(a, lacks) for a in answers if (lacks := a.lacks)]:
            raise Refused(
                _("The audit is not complete: %(count)s left.") % {"count": len(missing)},
                [
                    (
                        f"{a.code}: {', '.join(lacks)}",
                        f"{self.get_absolute_url()}categories/{a.category_code}/#{a.code}",
                    )
                    for a, lacks in missing
                ],
            )
        at = clock.now()
        live = audit.deployment.is_live
        result = audit.score(answers, live=live, on=clock.today(audit.site.zone))
        reading = getattr(audit, "second_reading", None)
        frozen = facts.submission(
            audit,
            answers,
            by=by,
            at=at,
            live=live,
            scored=result,
            asked_of_suppliers=put_to_suppliers(answers),
            comments=comments_for_report(audit),
            second_reading=reading.for_facts() if reading else None,
        )
        canonical = rfc8785.dumps(frozen)
        submission = Submission.objects.create(
            **self.place,
            audit=self,
            round=audit.round,
            canonical=canonical,
            sha256=hashlib.sha256(canonical).hexdigest(),
            by=by,
            at=at,
            **facts.headline(result["result"]),
        )
        CategoryScore.objects.bulk_create(
            CategoryScore(**self.place, submission=submission, **row) for row in facts.score_rows(result["result"])
        )
        reconciliation.raise_findings(submission, answers, result["findings"], by=by)
        self.move(self.State.SUBMITTED, by=by, round=audit.round, sha256=submission.sha256)
        return submission

    def must_let_submit(self, by: User) -> None:
        """Refuse unless this person may hand the audit over, now; what is missing is another matter."""
        by.must_hold(Role.AUDITOR, site=self.site, to=_("submit this audit"))
        if self.state != self.State.DRAFT:
            raise Refused(_("This audit is no longer a draft."))
        reading = getattr(self, "second_reading", None)
        if reading and (left := reading.unsettled()):
            sentence = ngettext(
                "Two people read this audit apart, and %(n)s question is not settled yet.",
                "Two people read this audit apart, and %(n)s questions are not settled yet.",
                left,
            ) % {"n": left}
            raise Refused(sentence, [(_("Compare the readings"), reading.get_absolute_url())])
        if unchecked := PaperEntry.objects.of(self).unchecked().count():
            sentence = ngettext(
                "%(n)s answer was entered from paper and waits for a second person's check.",
                "%(n)s answers were entered from paper and wait for a second person's check.",
                unchecked,
            ) % {"n": unchecked}
            raise Refused(sentence, [(_("Check the copies"), reverse("audits:paper_checks", args=[self.ref]))])

    def score(self, answers: list[Answer], *, live: bool, on: Any) -> dict[str, Any]:
        """{"result", "findings", …} by the content's rules, with the hazard ratings open at this moment."""
        levels = [h.level for h in HazardRating.objects.filter(deployment_id=self.deployment_id).open()]
        return scoring.score(
            self.version.rules,
            [answer.question for answer in answers],
            {answer.code: given for answer in answers if (given := answer.given)},
            triggers=self.triggers,
            live=live,
            hazard_levels=levels,
            submitted=on,
        )

    @property
    def submission(self) -> Submission:
        """The newest round handed over."""
        return self.submissions.latest("round")

    def must_let_review(self, by: User) -> None:
        """Refuse unless this person may judge what is submitted, now."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("review an audit"))
        if self.state != self.State.SUBMITTED:
            raise Refused(_("This audit is not waiting for a review."))
        if self.submission.by_id == by.pk:
            raise Refused(_("You submitted this audit yourself; another clinical safety officer reviews it."))

    @transaction.atomic
    def return_questions(self, reasons: dict[str, str], *, by: User) -> None:
        """Send single questions back, each with a reason: a new round, in which everything else stays as it is."""
        self.must_let_review(by)
        reasons = {code: text for code, raw in reasons.items() if (text := clean(raw))}
        if not reasons:
            raise Refused(_("Give a reason for at least one question, or accept the audit."))
        submission = self.submission
        answers = {a.code: a for a in self.answers.filter(code__in=reasons)}
        if unknown := set(reasons) - set(answers):
            raise Refused(_("%(code)s is not asked in this audit.") % {"code": min(unknown)})
        Return.objects.bulk_create(
            Return(**self.place, submission=submission, answer=answers[code], reason=reason, by=by, at=clock.now())
            for code, reason in reasons.items()
        )
        self.next_round(by=by, reopened=sorted(reasons), verb="audit.returned")

    def next_round(self, *, by: User, reopened: list[str] | None, verb: str) -> None:
        """Back to draft for another round, with some questions open again (None: all of them)."""
        self.move(self.State.DRAFT, by=by, verb=verb, round=self.round + 1, reopened=reopened or "all")
        self.round += 1
        Audit.objects.filter(pk=self.pk).update(round=self.round)
        answers = self.answers.all() if reopened is None else self.answers.filter(code__in=reopened)
        answers.update(open_in_round=self.round)

    @transaction.atomic
    def accept(self, *, by: User, note: str = "") -> Review:
        """The clinical safety officer has judged what is submitted and takes it to the decision."""
        self.must_let_review(by)
        submission = self.submission
        self.move(self.State.REVIEWED, by=by, round=self.round)
        return Review.objects.create(**self.place, submission=submission, note=clean(note), by=by, at=clock.now())

    @transaction.atomic
    def withdraw(self, *, by: User, reason: str) -> "Withdrawal":
        """End the audit without a report; possible until a decision is recorded. What was answered stays readable."""
        self.must_let_withdraw(by)
        if not clean(reason):
            raise Refused(_("Give the reason why this audit is withdrawn."))
        self.move(self.State.WITHDRAWN, by=by)
        return Withdrawal.objects.create(**self.place, audit=self, reason=clean(reason), by=by, at=clock.now())

    def must_let_withdraw(self, by: User) -> None:
        """Refuse unless this person may end the audit, now."""
        by.must_hold(Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("withdraw this audit"))
        if self.State.WITHDRAWN not in self.MOVES[self.State(self.state)]:
            raise Refused(_("An audit can be withdrawn until its decision is recorded; it is too late now."))

    @transaction.atomic
    def revise(self, *, by: User, reason: str) -> "Audit":
        """Open the next revision of an issued audit: same questions, answers taken over one by one by people.

        The issued report stays valid and readable; it is superseded on the day the revision is issued.
        """
        self.must_let_revise(by)
        if not clean(reason):
            raise Refused(_("Give the reason for the revision."))
        root = self.ref.rsplit("-r", 1)[0]
        audit = Audit._start(
            self.deployment,
            by=by,
            ref=f"{root}-r{self.revision + 1}",
            revision=self.revision + 1,
            version=self.version,
            model_version=self.model_version,
            reason=self.reason,
            triggers=self.triggers,
            profile=self.profile,
            supersedes=self,
            supersede_reason=clean(reason),
        )
        audit._take_over(self, by=by)
        return audit

    def must_let_revise(self, by: User) -> None:
        """Refuse unless this person may open the next revision, now."""
        by.must_hold(Role.AUDITOR, site=self.site, to=_("open a revision"))
        if self.state not in (self.State.ISSUED, self.State.RETRACTED):
            raise Refused(_("Only an issued audit can be revised."))
        if hasattr(self, "superseded_by"):
            after = self.superseded_by
            link = (_("Open %(ref)s") % {"ref": after.ref}, after.get_absolute_url())
            raise Refused(_("A revision is already open."), [link])

    def _take_over(self, earlier: "Audit", *, by: User) -> None:
        """A correction starts from what was issued: each answer is copied as a first revision by who opens it."""
        before = {a.code: a for a in earlier.answers.for_reading()}
        for answer in self.answers.select_related("audit"):
            old = before[answer.code].current
            if old is None:
                continue
            kept = old.values
            if old.inherited:
                if old.standing.valid_until < clock.today(self.site.zone):
                    continue  # the hospital's answer has expired: it is renewed, or this question answered here
                kept = old.said | {"inherited": True, "standing_id": old.standing_id}
            answer.save_revision(by=by, base=0, key=f"revision-{self.ref}", typed=False, **kept)
            for link in before[answer.code].evidence_now:
                answer.attach(link.evidence, by=by)

    def move(self, to: str, *, by: User | None, verb: str = "", **about: Any) -> None:
        """Compare and swap the state, so that two tabs cannot both win; the event goes with it."""
        labels = dict(self.State.choices)
        if to not in self.MOVES[self.State(self.state)]:
            raise Refused(
                _("An audit that is “%(old)s” cannot become “%(new)s”.")
                % {"old": labels[self.state], "new": labels[to]}
            )
        issued_at = clock.now() if to == self.State.ISSUED else self.issued_at
        if not Audit.objects.filter(pk=self.pk, state=self.state).update(state=to, issued_at=issued_at):
            raise Refused(_("Someone else has just changed this audit. Reload the page."))
        self.state, self.issued_at = to, issued_at
        Event.record(by, verb or f"audit.{to}", self, **about)


class Withdrawal(Placed):
    """An audit was ended without a report."""

    audit = models.OneToOneField(Audit, models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(reason=""), name="a_withdrawal_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.audit_id} withdrawn"
