"""What a new version would ask of each deployment that is there now, beside what the one before asks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditapp.deployments.models import Deployment, Profile
from auditapp.questionnaires.applicability import applies


@dataclass(frozen=True)
class Effect:
    """One deployment's next audit: how many questions before and after, and the codes that come and go."""

    deployment: Deployment
    before: int
    after: int
    added: list[str]
    dropped: list[str]


def effects(profiles: Iterable[Profile], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Effect]:
    """For the newest profile of each deployment. No query; of triggers all are taken as chosen."""
    found = []
    for profile in profiles:
        was, now = _asked(before, profile.facts), _asked(after, profile.facts)
        added, dropped = [code for code in now if code not in was], [code for code in was if code not in now]
        found.append(Effect(profile.deployment, len(was), len(now), added, dropped))
    return found


def _asked(content: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    questions = [q for domain in content["domains"] for c in domain["categories"] for q in c["questions"]]
    return [question["code"] for question in questions if applies(question["applies_when"], facts)]
