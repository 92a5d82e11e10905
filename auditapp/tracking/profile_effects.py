"""What a profile takes away: the critical checks that its answers keep from being asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditapp.accounts.models import User
from auditapp.deployments import profile
from auditapp.deployments.models import KEEPERS, Deployment, Profile
from auditapp.deployments.profile import Fact
from auditapp.questionnaires import applicability
from auditapp.questionnaires.models import Question

Removed = dict[str, dict[Any, list[Question]]]  # fact -> value -> the critical checks that this value removes


@dataclass(frozen=True)
class Row:
    """One fact as the profile's page shows it; `before` is what the profile before it said, if it differs."""

    fact: Fact
    value: str
    before: str
    removed: list[Question]


def critical_questions(user: User) -> list[Question]:
    """Every critical check in its newest published wording, in taxonomy order."""
    newest = Question.objects.visible_to(user).current_wording().filter(criticality="critical")
    return list(newest.order_by("safety_check__position"))


def removed_by_answer(questions: Sequence[Question]) -> Removed:
    """For each fact and each value, what that value removes by itself, whatever the other facts are."""
    facts, known = profile.facts(), {question.code: question for question in questions}
    effects = {fact.id: applicability.critical_checks_removed_by(fact, questions, facts) for fact in facts}
    return {
        name: {value: [known[code] for code in codes] for value, codes in by_value.items()}
        for name, by_value in effects.items()
    }


def removed_by(filled: Profile, questions: Sequence[Question]) -> list[Question]:
    """What the whole profile removes, for the person who confirms it."""
    codes = set(applicability.critical_checks_removed(filled.facts, questions))
    return [question for question in questions if question.code in codes]


def rows(filled: Profile, earlier: Profile | None, questions: Sequence[Question]) -> list[Row]:
    """The profile fact by fact, with what each answer removes and what it was in the profile before it."""
    removed = removed_by_answer(questions)
    changed = {fact.id for fact in changes(filled, earlier)}
    return [
        Row(
            fact=fact,
            value=fact.in_words(filled.facts[fact.id]),
            before=fact.in_words(earlier.facts[fact.id]) if earlier and fact.id in changed else "",
            removed=removed[fact.id].get(filled.facts[fact.id], []),
        )
        for fact in profile.facts()
    ]


def changes(filled: Profile, earlier: Profile | None) -> list[Fact]:
    """The facts that differ from the profile before it."""
    return profile.changes(earlier.facts, filled.facts, profile.facts()) if earlier else []


def page(deployment: Deployment, user: User) -> dict[str, Any]:
    """What the profile's page shows: the newest profile, and all before it with what changed."""
    history = list(deployment.profiles.with_people().order_by("-n"))
    questions = critical_questions(user)
    earlier: list[Profile | None] = [*history[1:], None]
    return {
        "deployment": deployment,
        "profile": history[0],
        "rows": rows(history[0], earlier[0], questions),
        "removed": removed_by(history[0], questions),
        "critical": len(questions),
        "history": [(filled, changes(filled, before)) for filled, before in zip(history, earlier, strict=True)],
        "may_confirm": history[0].awaits(user),
        "may_fill": user.holds(*KEEPERS, site=deployment.site),
    }
