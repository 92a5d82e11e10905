"""How a check was worded over time: version by version of each questionnaire, and what changed between two of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy

from auditapp.questionnaires.models import Question, Questionnaire, QuestionnaireVersion

# What a version fixes of a check, in the order in which changes are named.
PARTS = {
    "text": gettext_lazy("the question"),
    "criticality": gettext_lazy("its criticality"),
    "guidance": gettext_lazy("the guidance"),
    "expected_evidence": gettext_lazy("the expected evidence"),
    "applies_when": gettext_lazy("when it applies"),
    "stages": gettext_lazy("at which stages it is asked"),
    "scope": gettext_lazy("for what it is answered"),
    "not_applicable_backed_by": gettext_lazy("what stands in for an approval"),
    "criticality_option": gettext_lazy("whether it can be raised"),
    "reason": gettext_lazy("why it is asked here"),
    "clauses": gettext_lazy("its related clauses"),
}


@dataclass(frozen=True)
class Wording:
    """The check as one version words it, beside the version before it that words it too."""

    question: Question
    before: Question | None

    @property
    def changes(self) -> list[Any]:
        """The parts that differ from the wording before; none where there is none before."""
        before = self.before
        if before is None:
            return []
        return [word for part, word in PARTS.items() if getattr(self.question, part) != getattr(before, part)]

    @property
    def is_reworded(self) -> bool:
        return self.before is not None and self.before.text != self.question.text


@dataclass(frozen=True)
class History:
    """The wordings in one questionnaire, the newest first; `dropped_in` is the version that asks it no longer."""

    questionnaire: Questionnaire
    wordings: list[Wording]
    dropped_in: QuestionnaireVersion | None


def histories(questions: Iterable[Question], versions: Iterable[QuestionnaireVersion]) -> list[History]:
    """One for each questionnaire that ever asked the check, in the order of the questions; no query of its own.

    `versions` are all published and retired versions of these questionnaires.
    """
    groups: dict[Questionnaire, list[Question]] = {}
    for question in questions:
        groups.setdefault(question.version.questionnaire, []).append(question)
    versions = sorted(versions, key=lambda version: version.number)
    found = []
    for questionnaire, asked in groups.items():
        asked.sort(key=lambda question: question.version.number, reverse=True)
        own = (v for v in versions if v.questionnaire_id == questionnaire.pk)
        dropped = next((v for v in own if v.number > asked[0].version.number), None)
        wordings = [Wording(question, before) for question, before in pairwise([*asked, None]) if question]
        found.append(History(questionnaire, wordings, dropped))
    return found
