"""The rules that count outside an audit: those of the questionnaire that was published last."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import RESPONDENTS, Role, Site, User
from auditapp.questionnaires.models import Question, QuestionnaireVersion

READERS = tuple(role for role in Role if role not in RESPONDENTS)
VERDICTS = {
    "not_met": gettext_lazy("not met"),
    "partial": gettext_lazy("partly met"),
    "unanswered": gettext_lazy("unanswered"),
    "unevidenced": gettext_lazy("met without evidence"),
}


def in_force(user: User) -> dict[str, Any]:
    """The content whose priorities and matrix count now; one query where this process knows it already."""
    versions = QuestionnaireVersion.objects.visible_to(user).published().order_by("-published_at", "-pk")[:1]
    return versions.with_content()[0].rules


def priorities(rules: dict[str, Any], *, live: bool) -> list[dict[str, Any]]:
    """[{"id", "label", "opened_by": [words], "due"}]: which gap gets which priority, and by when it is put right."""
    criticalities = dict(Question.Criticality.choices)
    rows = []
    for row in rules["findings"]["priorities"]:
        days = row["due_days_in_use"] if live else row["due_days_pre"]
        opened_by = [
            f"{criticalities[rule['criticality']]}: {', '.join(str(VERDICTS[answer]) for answer in rule['answers'])}"
            for rule in row["opened_by"]
        ]
        due = row["due_pre"] if days is None else _("within %(days)s days") % {"days": days}
        rows.append({"id": row["id"], "label": row["label"], "opened_by": opened_by, "due": due})
    return rows


def readers_at(site: Site) -> QuerySet[User]:
    """The active people who read what was found at a hospital, and can therefore see to it."""
    return User.objects.holding(*READERS, site=site).order_by("name")
