"""Looking through a text: what looks like a patient, where it stands, and the name it is remembered by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from auditapp.identifiers.rules import RULES, Rule

AROUND = 40  # characters shown on each side of what was found

# Signs that look alike and are one to a reader, each for one other, so that places stay where they are.
ALIKE = str.maketrans(
    dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u202f\t", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)


@dataclass(frozen=True)
class Found:
    """One passage that looks like a patient's, in a text that a person is about to save."""

    rule: Rule
    start: int
    end: int
    text: str  # what was found
    before: str  # what stands around it on its line, to recognise it by
    after: str
    where: str = ""  # of a file: the part of it, such as its page

    @property
    def digest(self) -> str:
        """What the passage is remembered by, 64 hex digits; the same however it is spaced.

        A plain hash would give the passage away, since all NHS numbers can be tried in minutes; this one is keyed.
        """
        same = "".join(sign for sign in self.text.translate(ALIKE).casefold() if sign.isalnum() or sign in "@./")
        name = f"{self.rule.code}\n{same}"
        return salted_hmac("auditapp.identifiers", name, algorithm="sha256").hexdigest()


def found_in(text: str, where: str = "") -> list[Found]:
    """Everything in a text that looks like a patient's, in order; no two overlap."""
    alike, taken, found = text.translate(ALIKE), bytearray(len(text)), []
    for rule in RULES:
        for match in rule.shape.finditer(alike):
            start, end = match.span(rule.group)
            if any(taken[start:end]) or not rule.counts(alike, match):
                continue
            taken[start:end] = b"\x01" * (end - start)
            before = text[max(0, start - AROUND) : start].rpartition("\n")[2]
            after = text[end : end + AROUND].partition("\n")[0]
            found.append(Found(rule, start, end, text[start:end], before, after, where))
    return sorted(found, key=lambda passage: passage.start)


def found_in_fields(texts: Mapping[str, object]) -> dict[str, list[Found]]:
    """Field -> what was found in it, for the fields that hold text and in which something was."""
    found = {name: found_in(text) for name, text in texts.items() if isinstance(text, str)}
    return {name: passages for name, passages in found.items() if passages}


def without(found: Mapping[str, list[Found]], digests: Iterable[str]) -> dict[str, list[Found]]:
    """What was found, without the passages of these digests: somebody has answered for those."""
    known = set(digests)
    left = {name: [p for p in passages if p.digest not in known] for name, passages in found.items()}
    return {name: passages for name, passages in left.items() if passages}


def digest_of(passages: Iterable[Found]) -> str:
    """What several passages are remembered by together, in whatever order they were found."""
    together = "\n".join(sorted({passage.digest for passage in passages}))
    return salted_hmac("auditapp.identifiers", together, algorithm="sha256").hexdigest()
