"""The facts that describe a deployment and decide which checks apply to it. Pure: no database, no clock.

They are defined once, in `applicability.profile_facts` of the seeded content. A published questionnaire
version carries its own frozen copy, and every function here takes the facts to go by, so that old audits keep
the words they had.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from auditapp.refusals import Refused

SEED = Path(__file__).resolve().parent.parent.parent / "fixtures" / "seed" / "checks.yaml"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true or not of a deployment, or (integer) to what level."""

    id: str
    type: str  # "boolean" or "integer"
    label: str
    help: str
    minimum: int = 0
    maximum: int = 1

    @property
    def is_level(self) -> bool:
        return self.type == "integer"

    @property
    def values(self) -> list[Any]:
        """Every value it can have, the least first."""
        return list(range(self.minimum, self.maximum + 1)) if self.is_level else [False, True]

    def in_words(self, value: Any) -> str:
        """A value as a page says it: Yes, No, or a level with what the content says it means."""
        if not self.is_level:
            return _("Yes") if value else _("No")
        meanings = dict(re.findall(r"(\d+) ([^;]+?)\.?(?:; |$)", self.help))
        meaning = meanings.get(str(value), "")
        return f"{value}: {meaning}" if meaning else str(value)


def facts_in(definition: Iterable[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """The facts that a definition lists, as the content and each version's frozen copy hold it."""
    return tuple(Fact(f["id"], f["type"], f["label"], f["help"], f.get("min", 0), f.get("max", 1)) for f in definition)


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """The facts that profiles are filled in with today, in the order in which they are asked."""
    with SEED.open(encoding="utf-8") as file:
        return facts_in(yaml.load(file, yaml.CSafeLoader)["applicability"]["profile_facts"])


def cleaned(values: Mapping[str, Any], facts: Iterable[Fact]) -> dict[str, Any]:
    """The values as they are stored: every fact once, in order, of its own type.

    Raises Refused naming each fact that is missing, unknown or out of range: nothing is taken for a "no".
    """
    facts = tuple(facts)
    known = {fact.id for fact in facts}
    wrong = [_("“%(fact)s” is not a fact of the profile.") % {"fact": name} for name in values if name not in known]
    for fact in facts:
        value = values.get(fact.id)
        if fact.is_level and (type(value) is not int or not fact.minimum <= value <= fact.maximum):
            limits = {"fact": fact.label, "from": fact.minimum, "to": fact.maximum}
            wrong.append(_("“%(fact)s” needs a level from %(from)s to %(to)s.") % limits)
        elif not fact.is_level and type(value) is not bool:
            wrong.append(_("“%(fact)s” needs a yes or a no.") % {"fact": fact.label})
    if wrong:
        raise Refused(_("The profile is not complete."), [*wrong])
    return {fact.id: values[fact.id] for fact in facts}


def described(values: Mapping[str, Any], facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """The profile as frozen facts hold it: [{"id", "label", "value"}]."""
    return [{"id": fact.id, "label": fact.label, "value": values[fact.id]} for fact in facts]


def spoken(fact: Fact, value: Any) -> str:
    """A fact and its value in words, such as "Reads images or signals: no" or "Autonomy level: 2".

    Not translated: these words are frozen beside the content they quote, which has one language of its own.
    """
    return f"{fact.label}: {value}" if fact.is_level else f"{fact.label}: {'yes' if value else 'no'}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any], facts: Iterable[Fact]) -> list[Fact]:
    """The facts whose value differs between two profiles."""
    return [fact for fact in facts if before.get(fact.id) != after.get(fact.id)]
