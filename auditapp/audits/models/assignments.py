"""Who answers which category."""

from typing import Self

from django.db import models

from auditapp.accounts.models import Placed, PlacedQuerySet, User


class AssignmentQuerySet(PlacedQuerySet["Assignment"]):
    def named(self, key: str) -> Self:
        """The row that a form names by its key; none for anything that is not a key."""
        return self.filter(pk=int(key)) if key.isdecimal() and len(key) < 19 else self.none()


class Assignment(Placed):
    """A category of an audit given to a person to answer, who need not be an auditor."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="assignments")
    category_code = models.CharField(max_length=60)
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    due = models.DateField(null=True)
    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["audit", "category_code", "user"], name="a_category_is_assigned_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.category_code} {self.user_id}"
