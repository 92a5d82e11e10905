"""What the words of an inventory mean here: hospitals, people, statuses, yes and no. Each open one is asked once."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Role, Site, User
from auditapp.deployments import profile
from auditapp.deployments.models import KEEPERS, Deployment
from auditapp.exchange.inventory.columns import Entry
from auditapp.refusals import Refused

KINDS = {
    "site": gettext_lazy("Hospitals"),
    "owner": gettext_lazy("Deployment owners"),
    "status": gettext_lazy("Statuses"),
    "answer": gettext_lazy("Yes and no"),
    "level": gettext_lazy("Autonomy levels"),
}
MOST = 150  # different words of a kind; more is a column of something else
YES = {"yes", "y", "true", "1", "x", "✓", "✔", "ja"}
NO = {"no", "n", "false", "0", "nein"}
UNKNOWN = {"", "unknown", "?", "tbc", "tbd", "not known", "n/a", "na", "-", "–", "unbekannt"}
NOT_KNOWN = "unknown"
STATUSES = {
    "proposed": r"proposed|idea|requested|planned|pipeline|submitted|intake|backlog",
    "in_evaluation": r"(in |under )?(evaluation|review|testing|validation|assessment)|silent( running)?|shadow( mode)?"
    r"|poc|proof of concept|trial|in development|development",
    "pilot": r"pilot(ing)?|pilot phase|limited (use|release)|in pilot",
    "live": r"live|in use|active|production|in production|operational|deployed|yes|running|implemented|go.?live|x",
    "suspended": r"suspended|paused|on hold|stopped|halted|inactive",
    "retired": r"retired|decommissioned|discontinued|withdrawn|ended|archived|no longer used|sunset",
}


@dataclass(frozen=True)
class Known:
    """What the rows may name, read once: the person's hospitals, the deployment owners, the statuses."""

    sites: Mapping[int, Site]
    owners: Mapping[int, User]

    @classmethod
    def to(cls, user: User) -> "Known":
        sites = {site.pk: site for site in Site.objects.where(user, *KEEPERS)}
        people = User.objects.visible_to(user).filter(memberships__role=Role.DEPLOYMENT_OWNER, is_active=True)
        owners = {person.pk: person for person in people.distinct().prefetch_related("memberships__site")}
        for person in owners.values():  # `held` would ask once more for each
            person.__dict__["held"] = list(person.memberships.all())
        return cls(sites, owners)


@dataclass(frozen=True)
class Word:
    """A word of the sheet that has to be explained, how often it stands there, and what it may mean."""

    kind: str
    text: str
    times: int
    guess: str
    options: list[tuple[str, str]]

    @property
    def label(self) -> str:
        return str(KINDS[self.kind])

    @property
    def told(self) -> str:
        return self.text or _("(nothing)")


def used(entry: Entry) -> list[tuple[str, str]]:
    """The (kind, word) pairs of a row. A fact that the row leaves open says nothing."""
    pairs = [(kind, entry.cells.get(kind, "")) for kind in ("site", "owner", "status")]
    for fact in profile.facts():
        if entry.cells.get(fact.id):
            pairs.append(("level" if fact.is_level else "answer", entry.cells[fact.id]))
    return pairs


def recognised(kind: str, text: str, known: Known) -> str:
    """Ours for a word that needs no explanation, or ""."""
    word = text.strip().casefold()
    if kind == "site":
        return next((str(s.pk) for s in known.sites.values() if word in (s.name.casefold(), s.code.casefold())), "")
    if kind == "owner":
        owners = known.owners.values()
        same = [p for p in owners if word == p.email.casefold()] or [p for p in owners if word == p.name.casefold()]
        return str(same[0].pk) if len(same) == 1 else ""
    if kind == "status":
        labels = {str(label).casefold(): code for code, label in Deployment.Status.choices}
        return word if word in Deployment.Status.values else labels.get(word, "")
    if kind == "level":
        level = next(fact for fact in profile.facts() if fact.is_level)
        number = re.match(r"(?:level )?(\d)\b", word)
        return number[1] if number and int(number[1]) in level.values else NOT_KNOWN if word in UNKNOWN else ""
    return "yes" if word in YES else "no" if word in NO else NOT_KNOWN if word in UNKNOWN else ""


def open_words(entries: Sequence[Entry], known: Known) -> list[Word]:
    """What a person has to explain, each word once. Raises Refused where a column holds no such words."""
    times: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for entry in entries:
        for kind, text in used(entry):
            times[kind][text] += 1
    words = []
    for kind, label in KINDS.items():
        foreign = {text: n for text, n in times[kind].items() if not recognised(kind, text, known)}
        if len(foreign) > MOST:
            raise Refused(
                _("“%(kind)s”: the columns hold %(number)s different texts. Choose another column.")
                % {"kind": label, "number": len(foreign)}
            )
        options = _options(kind, known)
        words += [Word(kind, text, n, _guess(kind, text, options), options) for text, n in foreign.items()]
    return words


def _options(kind: str, known: Known) -> list[tuple[str, str]]:
    if kind == "site":
        return [(str(pk), site.name) for pk, site in known.sites.items()]
    if kind == "owner":
        return [(str(pk), f"{person.name}, {person.email}") for pk, person in known.owners.items()]
    if kind == "status":
        return [(code, str(label)) for code, label in Deployment.Status.choices]
    if kind == "level":
        level = next(fact for fact in profile.facts() if fact.is_level)
        return [*((str(n), level.in_words(n)) for n in level.values), (NOT_KNOWN, _("Not known"))]
    return [("yes", _("Yes")), ("no", _("No")), (NOT_KNOWN, _("Not known"))]


def _guess(kind: str, text: str, options: Sequence[tuple[str, Any]]) -> str:
    word = text.strip().casefold()
    if kind == "status":
        return next((code for code, pattern in STATUSES.items() if re.fullmatch(pattern, word)), "")
    if kind in ("site", "owner") and len(options) == 1:
        return str(options[0][0])
    return ""


def meant(kind: str, text: str, known: Known, explained: Mapping[str, Mapping[str, str]]) -> str:
    """Ours for what a row says, recognised or explained by a person; "" while it is open."""
    return recognised(kind, text, known) or explained.get(kind, {}).get(text, "")
