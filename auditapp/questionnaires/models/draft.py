"""The next version of an organisation's own questionnaire while it is being written.

Seeded questionnaires are never edited: a draft copies their questions, and is published as a version of a
questionnaire that belongs to the organisation. Until then its rows may change; every wording that anybody saved stays.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, F, Max, Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, User
from auditapp.deployments.models import next_number, next_numbers
from auditapp.questionnaires import assembling
from auditapp.questionnaires.asking import Proposed
from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.models.question import Question
from auditapp.questionnaires.models.taxonomy import Category, Check, Framework
from auditapp.questionnaires.models.version import FrozenContent, Questionnaire, QuestionnaireVersion
from auditapp.questionnaires.models.wording import FIELDS, Wording
from auditapp.refusals import NotAllowed, Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# What is edited of a question; its code never changes.
EDITED = (*(name for name in FIELDS if name != "code"), "thresholds")


class DraftQuerySet(models.QuerySet["Draft"]):
    def visible_to(self, user: User) -> Self:
        """The drafts of the person's organisation."""
        return self.filter(organisation_id=user.organisation_id)

    def under_way(self) -> Self:
        return self.filter(state__in=[Draft.State.WRITING, Draft.State.OFFERED])

    def with_names(self) -> Self:
        return self.select_related("questionnaire", "base__questionnaire", "created_by", "offered_by", "organisation")

    def counted(self) -> Self:
        """With `questions_count`: what would be asked at most."""
        return self.annotate(questions_count=Count("questions", filter=Q(questions__dropped=False)))


class Draft(models.Model):
    """What will be version `number` of a questionnaire. `about` is the questionnaire's own entry, as it is frozen."""

    class State(models.TextChoices):
        WRITING = "writing", gettext_lazy("Being written")
        OFFERED = "offered", gettext_lazy("Waits for a second person")
        PUBLISHED = "published", gettext_lazy("Published")
        DISCARDED = "discarded", gettext_lazy("Discarded")

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="drafts")
    number = models.PositiveSmallIntegerField()
    base = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="drafts_from")
    about = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WRITING)
    version = models.OneToOneField(QuestionnaireVersion, models.PROTECT, null=True, related_name="draft")
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    offered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    offered_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["questionnaire", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_draft_per_questionnaire",
                fields=["questionnaire"],
                condition=Q(state__in=["writing", "offered"]),
            ),
            models.CheckConstraint(
                name="a_questionnaire_is_published_by_a_second_person",
                condition=~Q(state="published") | ~Q(ended_by=F("offered_by")),
            ),
            models.CheckConstraint(
                name="a_published_draft_names_its_version",
                condition=Q(state="published", version__isnull=False) | ~Q(state="published") & Q(version=None),
            ),
        ]

    def __str__(self) -> str:
        return f"draft of {self.questionnaire.code} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("questionnaires:draft", args=[self.questionnaire.code])

    @property
    def trail_stream(self) -> str:
        return f"questionnaire:{self.questionnaire.code}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.WRITING

    # Beginning -----------------------------------------------------------------------------------------

    @classmethod
    @transaction.atomic
    def begin(
        cls,
        *,
        by: User,
        base: QuestionnaireVersion,
        title: str = "",
        empty: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> "Draft":
        """A draft made from a version: with its questions, or `empty`, keeping only when it is asked and who signs.

        From one's own questionnaire it becomes the next version of that; from a seeded one, or with a title of its
        own, a new questionnaire. `about` is the questionnaire's entry where a file says another than the base's; its
        questions then follow by `take_in`. Raises Refused where a draft of it is under way, or nothing could be asked.
        """
        must_write(by)
        title = clean(title)
        own = base.questionnaire.organisation_id == by.organisation_id and (not title or title == base.about["title"])
        if not own and not title:
            raise Refused(_("Give the new questionnaire a title."))
        if empty and base.trigger_sets and about is None:
            raise Refused(
                _("What a re-audit asks is chosen by its triggers. Take its questions over, or choose another.")
            )
        questionnaire = base.questionnaire if own else _new_questionnaire(by, title)
        if cls.objects.under_way().filter(questionnaire=questionnaire).exists():
            raise Refused(_("A draft of this questionnaire is under way. Go on with it, or discard it first."))
        last = questionnaire.versions.aggregate(last=Max("number"))["last"] or 0
        draft = cls.objects.create(
            organisation_id=by.organisation_id,
            questionnaire=questionnaire,
            number=last + 1,
            base=base,
            about=dict(about or base.about) | {"title": questionnaire.title, "code": questionnaire.code},
            created_by=by,
            created_at=clock.now(),
        )
        if not empty and about is None:
            draft._copy(base, by)
        Event.record(by, "questionnaire.draft_begun", draft, number=draft.number, base=base.sha256)
        return draft

    def _copy(self, base: QuestionnaireVersion, by: User) -> None:
        thresholds: dict[str, list[Any]] = {}
        for row in base.content["local_thresholds"]:
            thresholds.setdefault(row["check"], []).append({key: row[key] for key in row if key != "check"})
        DraftQuestion.objects.bulk_create(
            DraftQuestion(
                **question.worded,
                **self._place(by),
                safety_check_id=question.safety_check_id,
                category_id=question.category_id,
                position=question.position,
                thresholds=thresholds.get(question.code, []),
            )
            for question in base.questions.all()
        )

    def _place(self, by: User) -> dict[str, Any]:
        return {"organisation_id": self.organisation_id, "draft": self, "changed_by": by, "changed_at": clock.now()}

    # Writing -------------------------------------------------------------------------------------------

    def _held(self, by: User) -> "Draft":
        """This draft, locked until the transaction ends. Raises Refused unless it is being written."""
        must_write(by)
        draft = (
            Draft.objects.select_for_update(of=("self",), no_key=True).select_related("questionnaire").get(pk=self.pk)
        )
        if draft.state == self.State.OFFERED:
            raise Refused(_("This draft waits for a second person and is not changed meanwhile. Take it back first."))
        if not draft.is_open:
            raise Refused(
                _("This draft is %(state)s; it changes no more.") % {"state": draft.get_state_display().lower()}
            )
        return draft

    @transaction.atomic
    def describe(self, *, by: User, title: str, purpose: str, frequency: str) -> None:
        """Say what it is called, what it is for and when it is asked."""
        draft = self._held(by)
        self.about = draft.about | {"title": clean(title), "purpose": clean(purpose), "frequency": clean(frequency)}
        Draft.objects.filter(pk=self.pk).update(about=self.about)
        Event.record(by, "questionnaire.draft_described", draft, number=draft.number)

    @transaction.atomic
    def add_check(self, *, by: User, category: Category, **wording: Any) -> "DraftQuestion":
        """Ask something that nobody asked before: a check of the organisation's own, with a code that stays."""
        draft = self._held(by)
        code = f"{by.organisation.code[:12]}-{next_number('auditapp_check_code'):04d}"
        last = Check.objects.filter(category=category).aggregate(last=Max("position"))["last"] or 0
        check = Check.objects.create(
            organisation_id=by.organisation_id, code=code, category=category, position=last + 1
        )
        Event.record(by, "check.added", draft, check=code, category=category.code)
        return draft._ask(check, category, by=by, wording=wording)

    @transaction.atomic
    def ask(self, question: Question, *, by: User) -> "DraftQuestion":
        """Ask a check of the library as a published questionnaire words it. Raises Refused when it is asked already."""
        draft = self._held(by)
        there = draft.questions.filter(safety_check=question.safety_check_id).first()
        if there and not there.dropped:
            raise Refused(_("%(code)s is asked already.") % {"code": question.code})
        if there:
            draft._set_dropped(there, False, by)
            return there
        wording = question.worded
        del wording["code"]
        return draft._ask(question.safety_check, question.category, by=by, wording=wording)

    @transaction.atomic
    def take_in(self, questions: Sequence[Mapping[str, Any]], *, by: User) -> None:
        """Ask all questions of a file, in its order, in the same number of statements however many there are.

        Each has every field of a question, its category by code, and a code: one that the organisation knows is that
        check, reworded; any other, or "", is a new check of the organisation's own. Raises Refused for a check that is
        asked already, or twice in the file.
        """
        draft = self._held(by)
        codes = [question["code"] for question in questions if question["code"]]
        times = Counter([*draft.questions.values_list("code", flat=True), *codes])
        if again := [code for code in codes if times[code] > 1]:
            raise Refused(_("%(code)s is asked already.") % {"code": again[0]})
        checks = {c.code: c for c in Check.objects.visible_to(by).filter(code__in=codes, retired=None)}
        categories = {category.code: category for category in Category.objects.all()}
        new = [categories[question["category"]] for question in questions if question["code"] not in checks]
        added = iter(_new_checks(new, by))
        asked = [(question, checks.get(question["code"]) or next(added)) for question in questions]
        DraftQuestion.objects.bulk_create(
            DraftQuestion(
                **draft._place(by),
                **{name: _clean(question[name]) for name in EDITED},
                safety_check=check,
                category=categories[question["category"]],
                code=check.code,
                position=position,
            )
            for position, (question, check) in enumerate(asked)
        )
        taken = digest(canonical_bytes({"questions": [*questions]}))
        Event.record(
            by,
            "questionnaire.taken_in",
            draft,
            number=draft.number,
            checks=len(asked),
            added=len(new),
            sha256=taken,
        )

    def _ask(self, check: Check, category: Category, *, by: User, wording: dict[str, Any]) -> "DraftQuestion":
        last = self.questions.filter(category=category).aggregate(last=Max("position"))["last"]
        asked = DraftQuestion.objects.create(
            **self._place(by),
            safety_check=check,
            category=category,
            code=check.code,
            position=0 if last is None else last + 1,
            **{name: clean(value) if isinstance(value, str) else value for name, value in wording.items()},
        )
        Event.record(by, "questionnaire.check_asked", self, check=check.code, number=self.number)
        return asked

    @transaction.atomic
    def drop(self, code: str, *, by: User) -> None:
        """No longer ask a check; its wording stays, so that this can be undone."""
        draft = self._held(by)
        draft._set_dropped(draft.questions.get(code=code), True, by)

    @transaction.atomic
    def restore(self, code: str, *, by: User) -> None:
        """Ask a dropped check again, as it was worded."""
        draft = self._held(by)
        draft._set_dropped(draft.questions.get(code=code), False, by)

    def _set_dropped(self, question: "DraftQuestion", dropped: bool, by: User) -> None:
        if question.dropped == dropped:
            return
        question.dropped = dropped
        question.save(update_fields=["dropped"])
        verb = "questionnaire.check_dropped" if dropped else "questionnaire.check_asked"
        Event.record(by, verb, self, check=question.code, number=self.number)

    @transaction.atomic
    def place(self, code: str, *, before: str, by: User) -> None:
        """Put a question before another of its category, or last (""), in two statements however many there are."""
        draft = self._held(by)
        moved = draft.questions.get(code=code)
        others = draft.questions.filter(category=moved.category_id, dropped=False).exclude(pk=moved.pk)
        if before:
            position = others.get(code=before).position
            others.filter(position__gte=position).update(position=F("position") + 1)
        else:
            position = (others.aggregate(last=Max("position"))["last"] or 0) + 1
        draft.questions.filter(pk=moved.pk).update(position=position)
        Event.record(by, "questionnaire.check_moved", draft, check=code, number=draft.number)

    # Publishing ----------------------------------------------------------------------------------------

    def content(self) -> dict[str, Any]:
        """What would be frozen if it were published now; a fixed number of queries."""
        return self.proposed().content

    def proposed(self) -> Proposed:
        """What it would ask if it were published now; a fixed number of queries."""
        rows = self.questions.filter(dropped=False).select_related("category__domain")
        asked = list(rows.order_by("category__position", "position", "pk"))
        frameworks = Framework.objects.prefetch_related("clauses")
        about = self.about | {"version": self.number}
        return Proposed(assembling.assembled(about, asked, rules=self.base.content, frameworks=frameworks), asked)

    @transaction.atomic
    def offer(self, *, by: User) -> None:
        """Ask a second person to publish it. Raises Refused naming everything that stands in the way."""
        draft = self._held(by)
        if wrong := [*assembling.complaints(draft.content()), *draft._retired()]:
            raise Refused(_("This cannot be published yet."), [*wrong])
        draft._move(self.State.OFFERED, by=by, offered_by=by, offered_at=clock.now())
        self.refresh_from_db()
        Event.record(by, "questionnaire.offered", self, number=self.number)

    def _retired(self) -> list[str]:
        """The checks asked that were retired meanwhile, each with what is asked instead."""
        rows = Check.objects.filter(
            retired__isnull=False, pk__in=self.questions.filter(dropped=False).values("safety_check")
        )
        sentence = _("%(code)s is retired. Drop it, and ask %(instead)s.")
        return [sentence % {"code": row.code, "instead": row.replaced_by} for row in rows.select_related("replaced_by")]

    @transaction.atomic
    def take_back(self, *, by: User) -> None:
        """Go on writing what was offered."""
        must_write(by)
        self._move(self.State.WRITING, by=by, was=self.State.OFFERED, offered_by=None, offered_at=None)
        Event.record(by, "questionnaire.taken_back", self, number=self.number)
        self.refresh_from_db()

    @transaction.atomic
    def publish(self, *, by: User) -> QuestionnaireVersion:
        """Fix it for ever, by somebody else than who offered it; the version before it is retired."""
        must_write(by)
        draft = Draft.objects.select_for_update(of=("self",), no_key=True).with_names().get(pk=self.pk)
        if draft.state != self.State.OFFERED:
            raise Refused(_("Only a draft that was offered can be published."))
        if draft.offered_by_id == by.pk:
            raise NotAllowed(_("A second person publishes: somebody else than who offered it."))
        content = draft.content()
        canonical = canonical_bytes(content)
        version = QuestionnaireVersion.objects.create(
            questionnaire=draft.questionnaire, number=draft.number, sha256=digest(canonical)
        )
        FrozenContent.objects.create(version=version, canonical=canonical)
        asked = {question.code: question for question in draft.questions.filter(dropped=False)}
        frozen = [q for domain in content["domains"] for c in domain["categories"] for q in c["questions"]]
        Question.objects.bulk_create(
            Question(
                version=version,
                position=position,
                safety_check_id=asked[question["code"]].safety_check_id,
                category_id=asked[question["code"]].category_id,
                **question,
            )
            for position, question in enumerate(frozen)
        )
        version.publish(by=by)
        Questionnaire.objects.filter(pk=draft.questionnaire_id).update(title=draft.about["title"])
        draft._move(self.State.PUBLISHED, by=by, was=self.State.OFFERED, version=version)
        self.refresh_from_db()
        return version

    @transaction.atomic
    def discard(self, *, by: User) -> None:
        """Give up a draft. Its rows stay, and so does its number: another draft takes it."""
        draft = self._held(by)
        draft._move(self.State.DISCARDED, by=by)
        Event.record(by, "questionnaire.draft_discarded", draft, number=draft.number)
        self.refresh_from_db()

    def _move(self, to: str, *, by: User, was: str = State.WRITING, **changes: Any) -> None:
        if to in (self.State.PUBLISHED, self.State.DISCARDED):
            changes |= {"ended_by": by, "ended_at": clock.now()}
        if not Draft.objects.filter(pk=self.pk, state=was).update(state=to, **changes):
            raise Refused(_("Somebody else moved this draft on meanwhile. Look at it again."))


def must_write(by: User) -> None:
    by.must_hold(*GOVERNORS, site=None, to=_("write questionnaires"))


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _new_checks(categories: Sequence[Category], by: User) -> list[Check]:
    """A new check of the organisation for each category named, in three statements however many there are."""
    if not categories:
        return []
    last = dict(Check.objects.values_list("category").annotate(Max("position")))
    numbers = next_numbers("auditapp_check_code", len(categories))
    checks = []
    for category, number in zip(categories, numbers, strict=True):
        last[category.pk] = last.get(category.pk, 0) + 1
        code = f"{by.organisation.code[:12]}-{number:04d}"
        checks.append(
            Check(organisation_id=by.organisation_id, code=code, category=category, position=last[category.pk])
        )
    return Check.objects.bulk_create(checks)


def _new_questionnaire(by: User, title: str) -> Questionnaire:
    """A questionnaire of the organisation, under a code that says whose it is and that nobody used before."""
    stem = f"{by.organisation.code[:16]}-{slugify(title)[:36] or 'questionnaire'}".strip("-")
    taken = set(Questionnaire.objects.filter(code__startswith=stem).values_list("code", flat=True))
    code = next(c for c in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if c not in taken)
    last = Questionnaire.objects.aggregate(last=Max("position"))["last"] or 0
    return Questionnaire.objects.create(organisation_id=by.organisation_id, code=code, title=title, position=last + 1)


@dataclass(frozen=True)
class Kept:
    """The save was taken: it is how the question stands now."""

    question: "DraftQuestion"
    revision: "DraftRevision"


@dataclass(frozen=True)
class TooLate:
    """The save was kept but not taken, because somebody else saved first."""

    question: "DraftQuestion"
    mine: "DraftRevision"


class DraftQuestion(Wording):
    """A question of a draft. `n` counts its saves; a dropped one can be asked again."""

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    draft = models.ForeignKey(Draft, models.PROTECT, related_name="questions")
    safety_check = models.ForeignKey(Check, models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    position = models.IntegerField()
    thresholds = models.JSONField(default=list, blank=True)  # [{"name", "rule", "value", "unit"}]
    dropped = models.BooleanField(default=False)
    n = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["draft", "position", "pk"]
        constraints = [
            models.UniqueConstraint(name="a_draft_asks_a_check_once", fields=["draft", "safety_check"]),
            models.UniqueConstraint(name="one_question_per_draft_and_code", fields=["draft", "code"]),
        ]

    @property
    def edited(self) -> dict[str, Any]:
        """Everything that a save may change, as a revision keeps it."""
        return {name: getattr(self, name) for name in EDITED} | {"category": self.category.code}

    @transaction.atomic
    def save_wording(self, *, by: User, base: int, key: str, category: Category, **wording: Any) -> Kept | TooLate:
        """Keep what a person wrote, if it started from save number `base`; otherwise keep it beside what counts.

        `key` names the request, so that repeating it is harmless. Nothing is overwritten and nothing is lost.
        """
        draft = self.draft._held(by)
        question = DraftQuestion.objects.select_for_update(of=("self",)).select_related("category").get(pk=self.pk)
        question.draft = draft
        values = {name: clean(value) if isinstance(value, str) else value for name, value in wording.items()}
        wanted = question.edited | values | {"category": category.code}
        name = digest(canonical_bytes({"key": key, "base": base, "values": wanted}))
        if again := question.revisions.filter(request_key=name).first():
            return Kept(question, again) if again.n else TooLate(question, again)
        if base != question.n:
            mine = question._keep(None, base, name, wanted, by)
            Event.record(by, "questionnaire.wording_stale", draft, check=question.code, n=question.n)
            return TooLate(question, mine)
        revision = question._keep(base + 1, base, name, wanted, by)
        for field, value in values.items():
            setattr(question, field, value)
        question.n, question.changed_by, question.changed_at = base + 1, by, revision.at
        if category.pk != question.category_id:
            question.category = category
            last = draft.questions.filter(category=category).aggregate(last=Max("position"))["last"]
            question.position = 0 if last is None else last + 1
        question.save(update_fields=[*values, "n", "changed_by", "changed_at", "category", "position"])
        Event.record(by, "questionnaire.worded", draft, check=question.code, n=question.n, number=draft.number)
        return Kept(question, revision)

    def _keep(self, n: int | None, base: int, key: str, edited: dict[str, Any], by: User) -> "DraftRevision":
        return DraftRevision.objects.create(
            organisation_id=self.organisation_id,
            question=self,
            n=n,
            based_on=base,
            request_key=key,
            edited=edited,
            by=by,
            at=clock.now(),
        )


class DraftRevision(models.Model):
    """One save of one question of a draft, never changed. `n` is empty for a save that came too late."""

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    question = models.ForeignKey(DraftQuestion, models.PROTECT, related_name="revisions")
    n = models.PositiveIntegerField(null=True)
    based_on = models.PositiveIntegerField()
    request_key = models.CharField(max_length=64)
    edited = models.JSONField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["question", "n"], name="one_draft_revision_per_number"),
            models.UniqueConstraint(fields=["question", "request_key"], name="one_draft_revision_per_request"),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.n}"
