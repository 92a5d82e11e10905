"""What makes up one question, whether it is still being written or fixed for ever."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy


class Wording(models.Model):
    """A check in the words of one version. `code` is the check's own, so that versions can be compared."""

    class Criticality(models.TextChoices):
        CRITICAL = "critical", gettext_lazy("Critical")
        MAJOR = "major", gettext_lazy("Major")
        MINOR = "minor", gettext_lazy("Minor")

    class Scope(models.TextChoices):
        DEPLOYMENT = "deployment", gettext_lazy("Answered for each deployment")
        ORGANISATION = "organisation", gettext_lazy("Answered once for the hospital")

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

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.text}"

    @property
    def worded(self) -> dict[str, Any]:
        """The question as frozen content holds it, every field."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(field.name for field in Wording._meta.local_fields)
