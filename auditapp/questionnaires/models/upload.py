"""A checklist or questionnaire that somebody brings along, kept from its upload until it is a draft or given up."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.questionnaires.models.draft import Draft, must_write
from auditapp.questionnaires.models.version import QuestionnaireVersion
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

KEPT = timedelta(days=14)  # what nobody goes on with is no questionnaire and need not be kept


class UploadQuerySet(models.QuerySet["ChecklistUpload"]):
    def visible_to(self, user: User) -> Self:
        """What the organisation brought along and did not take in yet."""
        return self.filter(organisation_id=user.organisation_id).select_related("by", "base__questionnaire")


class ChecklistUpload(models.Model):
    """`parsed` is what was read from the file: {"sheets": [...]} or {"text": YAML}. `choices` are what people said
    that it means: {"sheet", "header", "columns", "values"}. Nothing of it is a draft yet.
    """

    class Kind(models.TextChoices):
        SHEET = "sheet", gettext_lazy("Spreadsheet")
        FILE = "file", gettext_lazy("Questionnaire file")

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    base = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    parsed = models.JSONField()
    choices = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        step = "columns" if self.kind == self.Kind.SHEET else "rows"
        return reverse(f"questionnaires:import_{step}", args=[self.pk])

    @property
    def trail_stream(self) -> str:
        return f"checklist:{self.pk}"

    @classmethod
    @transaction.atomic
    def keep(
        cls, *, by: User, name: str, data: bytes, kind: str, parsed: Any, base: QuestionnaireVersion, title: str
    ) -> "ChecklistUpload":
        """Keep what was read from a file, whose rules are to be those of `base`; older leftovers go."""
        must_write(by)
        cls.objects.filter(organisation_id=by.organisation_id, at__lt=clock.now() - KEPT).delete()
        kept = cls.objects.create(
            organisation_id=by.organisation_id,
            name=clean(name)[-200:],
            kind=kind,
            base=base,
            title=clean(title)[:200],
            parsed=parsed,
            by=by,
            at=clock.now(),
        )
        Event.record(by, "checklist.uploaded", kept, sha256=hashlib.sha256(data).hexdigest())
        return kept

    @transaction.atomic
    def explain(self, *, by: User, **choices: Any) -> None:
        """Say what it means: the sheet, the columns, the words."""
        must_write(by)
        self.choices = self.choices | choices
        ChecklistUpload.objects.filter(pk=self.pk).update(choices=self.choices)
        Event.record(by, "checklist.explained", self, what=sorted(choices))

    @transaction.atomic
    def become_draft(
        self, questions: Sequence[Mapping[str, Any]], *, by: User, title: str, about: Mapping[str, Any]
    ) -> Draft:
        """Begin a draft that asks these questions, under the rules of `base`; what was uploaded goes."""
        self._hold(by)
        draft = Draft.begin(by=by, base=self.base, title=title, about=about)
        draft.take_in(questions, by=by)
        self._end("checklist.taken_in", by)
        return draft

    @transaction.atomic
    def give_up(self, *, by: User) -> None:
        """Take nothing of it in."""
        self._hold(by)
        self._end("checklist.given_up", by)

    def _hold(self, by: User) -> None:
        """Two tabs make one draft of it: the second finds that it is gone."""
        must_write(by)
        if not ChecklistUpload.objects.select_for_update().filter(pk=self.pk).exists():
            raise Refused(_("This file was taken in or given up meanwhile."))

    def _end(self, verb: str, by: User) -> None:
        Event.record(by, verb, self)
        self.delete()
