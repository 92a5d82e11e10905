"""Questionnaires and their versions: drafted, published once, and fixed from then on."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Count, Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.questionnaires.asking import Asking
from auditapp.questionnaires.canonical import digest
from auditapp.questionnaires.models.question import Question
from auditapp.refusals import Refused
from auditapp.trail.models import Event


class QuestionnaireQuerySet(models.QuerySet["Questionnaire"]):
    def visible_to(self, user: User) -> Self:
        """The seeded questionnaires, and those of the person's own organisation."""
        return self.filter(Q(organisation=None) | Q(organisation_id=user.organisation_id))


class Questionnaire(models.Model):
    """A reason to ask, such as a quarterly check. What exactly it asks is said by its versions."""

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, null=True, blank=True, related_name="+")
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

    def beside(self, questions: Iterable[Question]) -> Self:
        """All versions, published or retired, of the questionnaires to which these questions belong."""
        asking = {question.version.questionnaire_id for question in questions}
        return self.filter(questionnaire__in=asking).exclude(state=QuestionnaireVersion.State.DRAFT)

    def with_questions(self) -> Self:
        """Every question with its category and domain, in two queries whatever the number of versions."""
        questions = Question.objects.select_related("category__domain").order_by("position")
        return self.prefetch_related(Prefetch("questions", questions))

    def counted(self) -> Self:
        """With `questions_count` and `critical_count`: all that any selection could ask."""
        critical = Q(questions__criticality=Question.Criticality.CRITICAL)
        return self.annotate(questions_count=Count("questions"), critical_count=Count("questions", filter=critical))

    def with_content(self) -> list["QuestionnaireVersion"]:
        """The versions with their content at hand, in one query for those that are new to this process."""
        versions: list[QuestionnaireVersion] = list(self)
        fetch_contents(versions)
        return versions


class QuestionnaireVersion(Asking[Question], models.Model):
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
            models.CheckConstraint(name="a_version_has_a_digest", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
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
            raise Refused(_("Only a draft can be published; this version is %(state)s.") % {"state": self.state})
        siblings = QuestionnaireVersion.objects.filter(questionnaire=self.questionnaire, state=self.State.PUBLISHED)
        for earlier in siblings.select_for_update():
            earlier.retire(by=by)
        self.state, self.published_at = self.State.PUBLISHED, clock.now()
        self.save(update_fields=["state", "published_at"])
        Event.record(by, "questionnaire_version.published", self, number=self.number, sha256=self.sha256)

    @transaction.atomic
    def retire(self, *, by: User | None) -> None:
        """No new audit is opened with this version; audits that point at it go on with it."""
        if self.state != self.State.PUBLISHED:
            raise Refused(_("Only a published version can be retired; this one is %(state)s.") % {"state": self.state})
        self.state = self.State.RETIRED
        self.save(update_fields=["state"])
        Event.record(by, "questionnaire_version.retired", self, number=self.number)

    @property
    def canonical(self) -> bytes:
        """The RFC 8785 bytes whose SHA-256 is `sha256`."""
        return bytes(self.frozen.canonical)

    @property
    def content(self) -> dict[str, Any]:
        """The canonical bytes, parsed. Shared by all callers in this process: read, never changed.

        docs/questionnaires.md describes its shape. Scoring, deciding and printing take their rules from here.
        """
        if self.sha256 not in _contents:
            canonical = self.canonical
            if digest(canonical) != self.sha256:
                raise ValueError(f"The stored bytes of {self} are not those of its digest.")
            _contents[self.sha256] = json.loads(canonical)
        return _contents[self.sha256]

    rules = content

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

    @cached_property
    def all_questions(self) -> list[Question]:
        """All that any selection could ask, in taxonomy order; no query after `with_questions`."""
        if "questions" in getattr(self, "_prefetched_objects_cache", {}):
            return sorted(self.questions.all(), key=lambda question: question.position)
        return list(self.questions.select_related("category__domain").order_by("position"))


def fetch_contents(versions: Iterable[QuestionnaireVersion]) -> None:
    """Bring the content of the versions to hand: no query when this process knows them all, otherwise one."""
    unseen = {version.pk: version for version in versions if version.sha256 not in _contents}
    for frozen in FrozenContent.objects.filter(version__in=unseen) if unseen else []:
        unseen[frozen.version_id].frozen = frozen


# By digest: content never changes under its digest, so a process parses it once.
_contents: dict[str, dict[str, Any]] = {}


class FrozenContent(models.Model):
    """The canonical bytes of a version: everything that gives an answer its meaning."""

    version = models.OneToOneField(QuestionnaireVersion, models.PROTECT, primary_key=True, related_name="frozen")
    canonical = models.BinaryField()

    def __str__(self) -> str:
        return f"content of {self.version}"
