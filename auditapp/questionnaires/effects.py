"""What a new version would ask of each deployment that is there now, beside what the one before asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditapp.questionnaires.applicability import applies


@dataclass(frozen=True)
class Effect:
    """A deployment's next audit: how many questions before and after, and the codes that come and go."""

    before: int
    after: int
    added: list[str]
    dropped: list[str]

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.dropped)


def effects(
    profiles: Iterable[tuple[int, dict[str, Any]]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[int, Effect]:
    """By the keys of deployments, each given with its facts. No query; of triggers all are taken as chosen.

    Tools with the same facts are asked the same, so this takes as long as there are different profiles.
    """
    known: dict[frozenset[tuple[str, Any]], Effect] = {}
    found = {}
    for deployment, facts in profiles:
        key = frozenset(facts.items())
        if key not in known:
            known[key] = _effect(_asked(before, facts), _asked(after, facts))
        found[deployment] = known[key]
    return found


def _effect(was: list[str], now: list[str]) -> Effect:
    new, old = set(now), set(was)
    added, dropped = [code for code in now if code not in old], [code for code in was if code not in new]
    return Effect(len(was), len(now), added, dropped)


def _asked(content: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    questions = [q for domain in content["domains"] for c in domain["categories"] for q in c["questions"]]
    return [question["code"] for question in questions if applies(question["applies_when"], facts)]
