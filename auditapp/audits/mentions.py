"""Whom a comment names with “@”. Pure: reads a text and names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from auditapp.accounts.models import User

AT = re.compile(r"(?<![\w.@])@(?=[^\W\d_])")  # begins a name; the one inside an e-mail address does not
WORD = re.compile(r"[\w’'-]+")


@dataclass
class Found:
    """The people named, each once, and what is wrong with the other names, in sentences."""

    people: list["User"] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def found_in(text: str, people: Iterable["User"]) -> Found:
    """Who of `people` is named: by the whole name, or by a first name that only one of them has."""
    everybody = sorted(people, key=lambda person: -len(person.name))
    found = Found()
    for at in AT.finditer(text):
        rest = text[at.end() :]
        meant = [person for person in everybody if _begins_with(rest, person.name)][:1]
        word = WORD.match(rest)
        typed = word.group().casefold() if word else ""
        meant = meant or [person for person in everybody if person.name.split()[0].casefold() == typed]
        if len(meant) == 1:
            found.people += [person for person in meant if person not in found.people]
            continue
        name = {"name": word.group() if word else ""}
        if meant:
            names = _(" or ").join(sorted(person.name for person in meant))
            sentence = _("“@%(name)s” could be %(names)s. Write the whole name.") % (name | {"names": names})
        else:
            sentence = _("Nobody who sees this question is called “%(name)s”. Choose a name from the list.") % name
        if sentence not in found.wrong:
            found.wrong.append(sentence)
    return found


def _begins_with(text: str, name: str) -> bool:
    """Whether the text begins with this name as whole words."""
    after = text[len(name) : len(name) + 1]
    return text[: len(name)].casefold() == name.casefold() and not (after and WORD.match(after) and after not in "’'-")
