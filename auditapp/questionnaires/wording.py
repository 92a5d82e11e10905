"""What changed between two wordings, word by word. Pure."""

import re
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, NamedTuple

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
MOST = 9_000_000  # pairs of tokens that are compared; beyond, the whole text counts as replaced


class Change(NamedTuple):
    """A stretch of text; those kept or removed make up the old wording, those kept or added the new one."""

    kind: Literal["kept", "removed", "added"]
    text: str


def word_difference(before: str, after: str) -> list[Change]:
    """The stretches in reading order, none of them empty; what was removed stands before what took its place.

    White space alone does not part two changes: "one two" for "three four" is one change and not two.
    """
    pairs = _pairs(TOKEN.findall(before), TOKEN.findall(after))
    last = len(pairs) - 1
    parting = {n for n, (same, old, _new) in enumerate(pairs) if same and not (0 < n < last and old.isspace())}
    found: list[Change] = []
    for same, group in groupby(enumerate(pairs), key=lambda numbered: numbered[0] in parting):
        texts = [(old, new) for _n, (_same, old, new) in group]
        removed, added = ("".join(side) for side in zip(*texts, strict=True))
        if same:
            found.append(Change("kept", removed))
        else:
            found += [Change("removed", removed)] if removed else []
            found += [Change("added", added)] if added else []
    return found


def _pairs(old: list[str], new: list[str]) -> list[tuple[bool, str, str]]:
    """(same, text before, text after) in order, from end to end of both; same and changed take turns."""
    if len(old) * len(new) > MOST:
        return [(False, "".join(old), "".join(new))]
    matcher = SequenceMatcher(str.isspace, old, new, autojunk=False)
    return [
        (word == "equal", "".join(old[i1:i2]), "".join(new[j1:j2])) for word, i1, i2, j1, j2 in matcher.get_opcodes()
    ]
