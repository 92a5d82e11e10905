"""Questionnaires, their published versions and the questions each version can ask."""

import json
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.deployments.profile import facts_in
from auditapp.questionnaires import applicability
from auditapp.questionnaires.taxonomy import Category, Check, Clause, Domain, Framework
from auditapp.refusals import Refused
from auditapp.trail.models import Event

__all__ = [
    "Category",
    "Check",
    "Clause",
    "Domain",
    "Framework",
    "FrozenContent",
    "Question",
    "Questionnaire",
    "QuestionnaireVersion",
]


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def visible_to(self, user: User) -> Self:
        """The seeded questionnaires, and those of the person's own organisation."""
        return self.filter(Q(organisation=None) | Q(organisation_id=user.organisation_id))


class Questionnaire(models.Model):
    """A reason to ask, such as a quarterly check. What exactly it asks is said by its versions."""

    organisation = models.ForeignKey(
        "auditapp.Organisation", models.PROTECT, null=True, blank=True, related_name="+"
    )
    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()
    objects = QuestionnaireQuerySet.as_manager()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class VersionQuerySet(models.QuerySet["QuestionnaireVersion"]):
    def visible_to(self, user: User) -> Self:
        """Versions of the questionnaires that the person may see."""
        return self.filter(questionnaire__in=Questionnaire.objects.visible_to(user))

    def published(self) -> Self:
        """What a new audit can be opened with: one version of each questionnaire."""
        return self.filter(state=QuestionnaireVersion.State.PUBLISHED).select_related("questionnaire")

    def with_questions(self) -> Self:
        """Every question with its category and domain, in two queries whatever the number of versions."""
        questions = Question.objects.select_related("category__domain").order_by("position")
        return self.prefetch_related(Prefetch("questions", questions))


class QuestionnaireVersion(models.Model):
    """What is asked, how it is answered, scored, decided and signed: fixed for ever once published.

    The row is light, so that lists of audits may join it; the canonical bytes stand in `FrozenContent`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        PUBLISHED = "published", gettext_lazy("Published")
        RETIRED = "retired", gettext_lazy("Retired")

    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    published_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["questionnaire", "number"]
        constraints = [
            models.UniqueConstraint(name="one_version_per_number", fields=["questionnaire", "number"]),
            models.UniqueConstraint(
                name="one_published_version_at_a_time",
                fields=["questionnaire"],
                condition=Q(state="published"),
            ),
            models.CheckConstraint(name="a_version_number_starts_at_one", condition=Q(number__gte=1)),
            models.CheckConstraint(
                name="a_version_is_a_draft_or_says_when_it_was_published",
                condition=Q(state="draft", published_at=None)
                | Q(state__in=["published", "retired"], published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="a_version_has_a_digest", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire.code} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("questionnaires:questionnaire", args=[self.questionnaire.code, self.number])

    @property
    def trail_stream(self) -> str:
        return f"questionnaire_version:{self.questionnaire.code}:{self.number}"

    @property
    def organisation_id(self) -> int | None:
        return self.questionnaire.organisation_id

    @transaction.atomic
    def publish(self, *, by: User | None) -> None:
        """Fix this draft for ever and retire the version before it; `by` is None for seeded content.

        Raises Refused when it is no draft. The database checks the digest and refuses every later change.
        """
        if self.state != self.State.DRAFT:
            raise Refused(
                _("Only a draft can be published; this version is %(state)s.") % {"state": self.state}
            )
        siblings = QuestionnaireVersion.objects.filter(
            questionnaire=self.questionnaire, state=self.State.PUBLISHED
        )
        for earlier in siblings.select_for_update():
            earlier.retire(by=by)
        self.state, self.published_at = self.State.PUBLISHED, clock.now()
        self.save(update_fields=["state", "published_at"])
        Event.record(by, "questionnaire_version.published", self, number=self.number, sha256=self.sha256)

    @transaction.atomic
    def retire(self, *, by: User | None) -> None:
        """No new audit is opened with this version; audits that point at it go on with it."""
        if self.state != self.State.PUBLISHED:
            raise Refused(
                _("Only a published version can be retired; this one is %(state)s.") % {"state": self.state}
            )
        self.state = self.State.RETIRED
        self.save(update_fields=["state"])
        Event.record(by, "questionnaire_version.retired", self, number=self.number)

    @property
    def canonical(self) -> bytes:
        """The RFC 8785 bytes whose SHA-256 is `sha256`."""
        return bytes(self.frozen.canonical)

    @property
    def content(self) -> dict[str, Any]:
        """The canonical bytes, parsed. Shared by all callers in this process: read it, never change it.

        docs/questionnaires.md describes its shape. Scoring, deciding and printing take their rules from here.
        """
        kept = _parsed(self.sha256)
        if not kept:
            kept.update(json.loads(self.canonical))
        return kept

    rules = content

    @property
    def about(self) -> dict[str, Any]:
        """Purpose, stages, categories, triggers, frequency, intervals and signatories, as frozen."""
        return self.content["questionnaire"]

    @property
    def signatories(self) -> list[dict[str, Any]]:
        """In signing order: {order, role, role_label, meaning, named_deputy}."""
        labels = self.content["signatory_roles"]
        return [
            {"order": n, "role": s["role"], "role_label": labels[s["role"]], "meaning": s["meaning"]}
            | {"named_deputy": bool(s.get("named_deputy"))}
            for n, s in enumerate(self.about["signatories"], start=1)
        ]

    @property
    def decision_role(self) -> str:
        """The role that records the decision: the last signatory whose meaning speaks of the decision."""
        return [s["role"] for s in self.about["signatories"] if "decision" in s["meaning"]][-1]

    @property
    def trigger_sets(self) -> dict[str, list[str]]:
        """Trigger -> further categories, in order; empty when the questionnaire always asks the same."""
        return {row["trigger"]: row["categories"] for row in self.about["trigger_sets"]}

    @cached_property
    def all_questions(self) -> list["Question"]:
        """All that any selection could ask, in taxonomy order; no query after `with_questions`."""
        if "questions" in getattr(self, "_prefetched_objects_cache", {}):
            return sorted(self.questions.all(), key=lambda question: question.position)
        return list(self.questions.select_related("category__domain").order_by("position"))

    def pool(self, triggers: Iterable[str] = ()) -> list["Question"]:
        """Questions of the core categories and of those that triggers add, before the profile has a say.

        Raises Refused for a trigger that this version does not know.
        """
        chosen = list(triggers)
        if unknown := sorted(set(chosen) - set(self.trigger_sets)):
            raise Refused(_("This questionnaire has no trigger “%(name)s”.") % {"name": unknown[0]})
        if self.about["check_ids"]:
            return self.all_questions
        categories = set(self.about["categories"]).union(*(self.trigger_sets[trigger] for trigger in chosen))
        return [question for question in self.all_questions if question.category.code in categories]

    def select(self, profile_facts: dict[str, Any], triggers: Iterable[str] = ()) -> list["Question"]:
        """The questions asked of a deployment with this profile, in taxonomy order."""
        return [q for q in self.pool(triggers) if applicability.applies(q.applies_when, profile_facts)]

    def excluded(
        self, profile_facts: dict[str, Any], triggers: Iterable[str] = ()
    ) -> list[tuple["Question", list[str]]]:
        """The questions the profile removes, each with the facts that remove it, in words."""
        facts = facts_in(self.content["applicability"]["profile_facts"])
        return [
            (question, applicability.why_not(question.applies_when, profile_facts, facts))
            for question in self.pool(triggers)
            if not applicability.applies(question.applies_when, profile_facts)
        ]


@lru_cache(maxsize=64)
def _parsed(sha256: str) -> dict[str, Any]:
    """One dictionary per digest: content never changes under its digest, so a process parses it once."""
    return {}


class FrozenContent(models.Model):
    """The canonical bytes of a version: everything that gives an answer its meaning."""

    version = models.OneToOneField(
        QuestionnaireVersion, models.PROTECT, primary_key=True, related_name="frozen"
    )
    canonical = models.BinaryField()

    def __str__(self) -> str:
        return f"content of {self.version}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: User) -> Self:
        """Questions of the questionnaires that the person may see."""
        return self.filter(version__questionnaire__in=Questionnaire.objects.visible_to(user))

    def published(self) -> Self:
        return self.filter(version__state=QuestionnaireVersion.State.PUBLISHED)

    def current_wording(self) -> Self:
        """Each check once, as the published version of latest date words it."""
        latest = self.published().order_by("safety_check", "-version__published_at", "-version")
        return self.filter(pk__in=latest.distinct("safety_check").values("pk"))


class Question(models.Model):
    """One check as one version words it. `code` is the check's own, so that versions can be compared."""

    class Criticality(models.TextChoices):
        CRITICAL = "critical", gettext_lazy("Critical")
        MAJOR = "major", gettext_lazy("Major")
        MINOR = "minor", gettext_lazy("Minor")

    class Scope(models.TextChoices):
        DEPLOYMENT = "deployment", gettext_lazy("Answered for each deployment")
        ORGANISATION = "organisation", gettext_lazy("Answered once for the hospital")

    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="questions")
    # Not named `check`: that would hide Model.check(), which Django's own system checks call (models.E020).
    safety_check = models.ForeignKey(Check, models.PROTECT, related_name="questions")
    category = models.ForeignKey(Category, models.PROTECT, related_name="questions")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=20)
    text = models.TextField()
    guidance = models.TextField()
    expected_evidence = models.TextField()
    criticality = models.CharField(max_length=10, choices=Criticality.choices)
    stages = models.JSONField()
    applies_when = models.JSONField()  # "always", or {"all": [...], "any": [...]}
    scope = models.CharField(max_length=20, choices=Scope.choices)
    not_applicable_backed_by = models.TextField(blank=True, default="")
    criticality_option = models.JSONField(default=dict, blank=True)  # {} or {"criticality", "offer_when"}
    clauses = models.JSONField()  # ["nist-ai-rmf:MEASURE 2.5", ...]
    reason = models.TextField(blank=True, default="")  # why this questionnaire asks it
    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(name="a_version_asks_a_check_once", fields=["version", "safety_check"]),
            models.UniqueConstraint(name="one_question_per_version_and_code", fields=["version", "code"]),
            models.UniqueConstraint(
                name="one_question_per_place_in_a_version", fields=["version", "position"]
            ),
            models.CheckConstraint(
                name="a_question_is_critical_major_or_minor",
                condition=Q(criticality__in=["critical", "major", "minor"]),
            ),
            models.CheckConstraint(
                name="a_question_is_for_a_deployment_or_the_organisation",
                condition=Q(scope__in=["deployment", "organisation"]),
            ),
            models.CheckConstraint(name="a_question_has_a_text", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.text}"
