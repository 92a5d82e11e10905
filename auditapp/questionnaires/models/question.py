"""One check as one version of a questionnaire words it."""

from typing import Self

from django.db import models
from django.db.models import Q

from auditapp.accounts.models import User
from auditapp.questionnaires.models.taxonomy import Category, Check
from auditapp.questionnaires.models.wording import Wording


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: User) -> Self:
        """Questions of seeded questionnaires, and of those of the person's own organisation."""
        owner = "version__questionnaire__organisation"
        return self.filter(Q(**{owner: None}) | Q(**{owner: user.organisation_id}))

    def published(self) -> Self:
        return self.filter(version__state="published")

    def ever_published(self) -> Self:
        """Of versions that are published or were: what was ever asked."""
        return self.filter(version__state__in=["published", "retired"])

    def asking(self, check: Check) -> Self:
        """The questions that ask a check, in the order of their questionnaires, with all a page needs."""
        rows = self.filter(safety_check=check).select_related("version__questionnaire", "category__domain")
        return rows.order_by("version__questionnaire__position")

    def current_wording(self) -> Self:
        """Each check once, as the published version of latest date words it."""
        latest = self.published().order_by("safety_check_id", "-version__published_at", "-version_id")
        return self.filter(pk__in=latest.distinct("safety_check_id").values("pk"))


class Question(Wording):
    """One check as one version words it: fixed with its version."""

    version = models.ForeignKey("auditapp.QuestionnaireVersion", models.PROTECT, related_name="questions")
    # Not named `check`: that would hide Model.check(), which Django's own system checks call (models.E020).
    safety_check = models.ForeignKey(Check, models.PROTECT, related_name="questions")
    category = models.ForeignKey(Category, models.PROTECT, related_name="questions")
    position = models.PositiveSmallIntegerField()
    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(name="a_version_asks_a_check_once", fields=["version", "safety_check"]),
            models.UniqueConstraint(name="one_question_per_version_and_code", fields=["version", "code"]),
            models.UniqueConstraint(name="one_question_per_place_in_a_version", fields=["version", "position"]),
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
