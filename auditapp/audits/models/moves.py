"""That an open audit was moved to another version of its questionnaire."""

from django.db import models

from auditapp.accounts.models import Placed, User
from auditapp.questionnaires.models import QuestionnaireVersion


class VersionMove(Placed):
    """One move, never changed; the audit itself says where it stands now."""

    audit = models.ForeignKey("auditapp.Audit", models.PROTECT, related_name="moves")
    before = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    after = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(before=models.F("after")), name="a_move_leads_to_another_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.audit_id} {self.before_id} to {self.after_id}"
