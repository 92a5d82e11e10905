"""The numbers that questions are answered against: the content's defaults, and what a hospital may put in their place.

Pure. A threshold is known by its check, name, rule and unit: where a later version changes rule or unit, what was
adopted for the old one says nothing about the new one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import rfc8785
from django.utils.translation import gettext as _

LONGEST = 12  # characters of a value
PLACES = 4  # digits after the point
# Words of a unit that measures; every other unit counts things, and things are whole.
MEASURES = {
    "percent", "percentage", "times", "slope", "second", "seconds", "minute", "minutes", "hour", "hours", "day", "days",
    "week", "weeks", "month", "months", "year", "years",
}  # fmt: skip

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One number as a questionnaire version froze it."""

    check: str
    name: str
    rule: str  # at_least or at_most
    unit: str
    default: str

    @property
    def key(self) -> Key:
        return (self.check, self.name, self.rule, self.unit)

    @property
    def code(self) -> str:
        """What addresses call it: the check, and which of its numbers."""
        return f"{self.check}-{hashlib.sha256(rfc8785.dumps(list(self.key))).hexdigest()[:8]}"

    @property
    def counts_things(self) -> bool:
        words = set(self.unit.replace(",", " ").split())
        return "." not in self.default and not words & MEASURES

    @property
    def is_share(self) -> bool:
        """A part of a whole, which is never more than 100."""
        return self.unit.startswith("percent of")

    @property
    def default_limit(self) -> str:
        return self.limit(self.default)

    def limit(self, value: str) -> str:
        """The number in words: at least 95 percent of links."""
        return in_words(self.rule, value, self.unit)


def in_words(rule: str, value: str, unit: str) -> str:
    amount = {"value": value, "unit": unit}
    return (_("at least %(value)s %(unit)s") if rule == "at_least" else _("at most %(value)s %(unit)s")) % amount


def key_of(row: Mapping[str, Any]) -> Key:
    """The key of a threshold as frozen content or facts hold it."""
    return (row["check"], row["name"], row["rule"], row["unit"])


def thresholds_in(contents: Iterable[Mapping[str, Any]]) -> list[Threshold]:
    """Every threshold of some frozen contents once; where two of them differ in the default, the first counts."""
    found: dict[Key, Threshold] = {}
    for content in contents:
        for row in content["local_thresholds"]:
            found.setdefault(key_of(row), Threshold(*key_of(row), default=row["value"]))
    return list(found.values())


def as_value(threshold: Threshold, typed: str) -> str:
    """A number as it is stored: plain decimal digits. Raises ValueError with a sentence for what is none."""
    text = typed.strip()
    if "," in text:
        raise ValueError(_("Write the number with a point and without separators, such as 1.5 or 1500."))
    plain = text.replace(".", "", 1)
    if len(text) > LONGEST or not (plain.isascii() and plain.isdecimal()):
        raise ValueError(_("Enter a number of at most %(most)s characters, such as 20 or 1.5.") % {"most": LONGEST})
    number = Decimal(text)
    if wrong := _nonsense(threshold, number):
        raise ValueError(wrong)
    stored = _shortest(number)
    return threshold.default if stored == _shortest(Decimal(threshold.default)) else stored


def _shortest(number: Decimal) -> str:
    digits = f"{number:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _nonsense(threshold: Threshold, number: Decimal) -> str:
    """Why a number makes no sense in this unit, in a sentence; empty when it does."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        return _("Enter at most %(most)s digits after the point.") % {"most": PLACES}
    if threshold.counts_things and number != number.to_integral_value():
        return _("“%(unit)s” are counted: enter a whole number.") % {"unit": threshold.unit}
    if threshold.is_share and number > 100:
        return _("“%(unit)s” is a share: enter a number from 0 to 100.") % {"unit": threshold.unit}
    if threshold.rule == "at_least" and not number:
        return _("“At least 0” would ask for nothing. Enter a larger number.")
    return ""
