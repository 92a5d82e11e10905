"""What a questionnaire asks of a tool, from its content and its questions alone: published, or still being written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _

from auditapp.deployments.profile import facts_in
from auditapp.questionnaires import applicability
from auditapp.refusals import Refused

Q = TypeVar("Q", bound=Any)  # a question: its wording, and its category


class Asking(Generic[Q]):
    """Needs `content`, as docs/questionnaires.md describes it, and `all_questions`, in taxonomy order."""

    content: Any
    all_questions: Any  # a sequence of Q

    @property
    def about(self) -> dict[str, Any]:
        """Purpose, stages, categories, triggers, frequency, intervals and signatories, as frozen."""
        return self.content["questionnaire"]

    @property
    def trigger_sets(self) -> dict[str, list[str]]:
        """Trigger -> further categories, in order; empty when the questionnaire always asks the same."""
        return {row["trigger"]: row["categories"] for row in self.about["trigger_sets"]}

    @property
    def triggers(self) -> list[dict[str, Any]]:
        """The triggers to choose from: [{"code", "label", "planned"}]; a planned change is not yet live."""
        planned = self.about["planned_change_triggers"]
        return [
            {"code": code, "label": code.replace("_", " ").capitalize(), "planned": code in planned}
            for code in self.trigger_sets
        ]

    def triggers_asking(self, question: Q) -> list[str]:
        """The labels of the triggers without which a question of this version is not asked; usually none."""
        code = question.category.code
        if self.about["check_ids"] or code in self.about["categories"]:
            return []
        return [t["label"] for t in self.triggers if code in self.trigger_sets[t["code"]]]

    def triggers_bringing(self, category: str, triggers: Iterable[str]) -> list[str]:
        """The labels of those of the chosen triggers that bring in a category; none for one that is always asked."""
        if self.about["check_ids"] or category in self.about["categories"]:
            return []
        chosen = set(triggers)
        return [t["label"] for t in self.triggers if t["code"] in chosen and category in self.trigger_sets[t["code"]]]

    def event_triggers(self) -> list[str]:
        """The codes of the triggers that are events, and no planned changes."""
        return [trigger["code"] for trigger in self.triggers if not trigger["planned"]]

    def comes_after(self, triggers: Iterable[str]) -> str:
        """The code of the questionnaire that comes first after the chosen events, or "" (content: `preceded_by`)."""
        before = self.about.get("preceded_by")
        return before["questionnaire"] if before and set(triggers) & set(self.event_triggers()) else ""

    def pool(self, triggers: Iterable[str] = ()) -> list[Q]:
        """Questions of the core categories and of those that triggers add, before the profile has a say.

        Raises Refused for a trigger that this version does not know.
        """
        chosen = list(triggers)
        if unknown := sorted(set(chosen) - set(self.trigger_sets)):
            raise Refused(_("This questionnaire has no trigger “%(name)s”.") % {"name": unknown[0]})
        if self.about["check_ids"]:
            return list(self.all_questions)
        categories = set(self.about["categories"]).union(*(self.trigger_sets[trigger] for trigger in chosen))
        return [question for question in self.all_questions if question.category.code in categories]

    def select(self, profile_facts: dict[str, Any], triggers: Iterable[str] = ()) -> list[Q]:
        """The questions asked of a deployment with this profile, in taxonomy order."""
        return [q for q in self.pool(triggers) if applicability.applies(q.applies_when, profile_facts)]

    def excluded(self, profile_facts: dict[str, Any], triggers: Iterable[str] = ()) -> list[tuple[Q, list[str]]]:
        """The questions the profile removes, each with the facts that remove it, in words."""
        facts = facts_in(self.content["applicability"]["profile_facts"])
        return [
            (question, applicability.why_not(question.applies_when, profile_facts, facts))
            for question in self.pool(triggers)
            if not applicability.applies(question.applies_when, profile_facts)
        ]


@dataclass
class Proposed(Asking[Any]):
    """What a draft would ask if it were published as it stands."""

    content: dict[str, Any]
    all_questions: Sequence[Any]
