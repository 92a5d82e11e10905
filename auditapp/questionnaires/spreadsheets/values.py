"""What the words of a checklist mean: its priorities, sections and phases in ours, each open one for a person."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments.profile import Fact
from auditapp.questionnaires.applicability import unknown_in
from auditapp.questionnaires.models.wording import Wording
from auditapp.questionnaires.spreadsheets.conditions import clauses_in, condition_read
from auditapp.questionnaires.spreadsheets.tables import Entry
from auditapp.refusals import Refused

KINDS = {
    "criticality": gettext_lazy("Criticality"),
    "category": gettext_lazy("Category"),
    "stages": gettext_lazy("Stages"),
    "applies_when": gettext_lazy("Applies when"),
    "scope": gettext_lazy("Scope"),
    "clauses": gettext_lazy("References"),
}
MOST = 150  # different values of a column; more is a column of texts
LEVELS = {
    "critical": r"critical|crit|very high|highest|extreme|must( have)?|mandatory|essential|red|severe|p1",
    "major": r"major|medium|moderate|med|should( have)?|important|amber|yellow|p2",
    "minor": r"minor|low|very low|could( have)?|optional|desirable|nice to have|green|p3",
}
PHASES = {
    "pre": r"pre|pre.?deployment|before (go.?live|use|deployment)|design|procurement|validation|implementation",
    "live": r"live|in use|operation|operations|monitoring|after go.?live|post.?deployment|periodic|annual|quarterly",
    "change": r"change|changes|after (a )?change|incident|after an incident|update|re.?audit",
}
TO_GUIDANCE, LEFT_OUT = "guidance", "left_out"


@dataclass(frozen=True)
class Known:
    """What rows may name: the taxonomy of today, and the rules of the version whose rules are followed."""

    categories: Mapping[str, str]  # code -> title
    stages: Mapping[str, str]  # code -> meaning
    asked_at: Sequence[str]  # stages of the questionnaire
    facts: Sequence[Fact]
    clauses: frozenset[str]
    checks: Mapping[str, str] = field(default_factory=dict)  # code -> code of its category
    roles: Mapping[str, str] = field(default_factory=dict)  # of those who sign


@dataclass(frozen=True)
class Value:
    """One word of the sheet that is not ours, how often it stands there, and what it may be."""

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


def used(entry: Entry, kind: str, known: Known) -> str:
    """What a row says of a kind, as the sheet says it."""
    text = entry.cells.get(kind, "")
    if kind == "category" and not text:
        return entry.section or known.checks.get(entry.cells.get("code", ""), "")
    if kind == "clauses":
        return "\n".join(clauses_in(text, known.clauses)[1])
    return text


def recognised(kind: str, text: str, known: Known) -> str:
    """Ours for a text that needs no explanation, or ""."""
    words = _plain(text)
    if kind == "criticality":
        return words if words in Wording.Criticality.values else ""
    if kind == "category":
        titles = {_plain(title): code for code, title in known.categories.items()}
        return text if text in known.categories else titles.get(words, "")
    if kind == "stages":
        return _stages(text, known)
    if kind == "applies_when":
        condition = condition_read(text or "always")
        return (text or "always") if condition and not unknown_in(condition, known.facts) else ""
    if kind == "scope":
        labels = {_plain(str(label)): code for code, label in Wording.Scope.choices}
        return words if words in Wording.Scope.values else labels.get(words, "" if words else "deployment")
    return "" if text else LEFT_OUT


def _plain(text: str) -> str:
    """Without case, without a number or letter before it, without a colon after it."""
    return re.sub(r"\s+", " ", re.sub(r"^([\dIVX]+|[A-Za-z])[.)]([\d.]*)\s+", "", text)).strip(" :.").casefold()


def _stages(text: str, known: Known) -> str:
    """Stages as "pre,live": none named means all at which the questionnaire is asked."""
    meanings = {_plain(meaning): code for code, meaning in known.stages.items()}
    names = [name.strip() for name in re.split(r"[,;/\n]", text) if name.strip()]
    found = [name if name in known.stages else meanings.get(_plain(name), "") for name in names]
    return ",".join(found or known.asked_at) if all(found) else ""


def open_values(entries: Sequence[Entry], known: Known) -> list[Value]:
    """What a person has to explain, each word of the sheet once. Raises Refused where a column holds no such words."""
    values = []
    for kind, label in KINDS.items():
        times = Counter(used(entry, kind, known) for entry in entries)
        foreign = {text: n for text, n in times.items() if not recognised(kind, text, known)}
        if kind == "clauses":  # one answer for all of them
            foreign = {"": sum(foreign.values())} if foreign else {}
        if len(foreign) > MOST:
            raise Refused(
                _("The column for “%(kind)s” holds %(number)s different texts. Choose another column.")
                % {"kind": label, "number": len(foreign)}
            )
        options = _options(kind, known)
        for text, n in foreign.items():
            values.append(Value(kind, text, n, _guess(kind, text, set(times)), options))
    return values


def _guess(kind: str, text: str, beside: set[str]) -> str:
    words = _plain(text)
    if kind == "criticality":
        if words == "high":
            above = re.compile(LEVELS["critical"])
            return "major" if any(above.fullmatch(_plain(other)) for other in beside) else "critical"
        return next((level for level, pattern in LEVELS.items() if re.fullmatch(pattern, words)), "")
    if kind == "stages":
        return next((stage for stage, pattern in PHASES.items() if re.fullmatch(pattern, words)), "")
    return TO_GUIDANCE if kind == "clauses" else ""


def _options(kind: str, known: Known) -> list[tuple[str, str]]:
    if kind == "criticality":
        return [(value, str(label)) for value, label in Wording.Criticality.choices]
    if kind == "category":
        return list(known.categories.items())
    if kind == "stages":
        every = (",".join(known.asked_at), _("whenever the questionnaire is asked"))
        return [every, *((code, meaning) for code, meaning in known.stages.items() if [code] != list(known.asked_at))]
    if kind == "applies_when":
        facts = [(f"all: {fact.id}", fact.label) for fact in known.facts if not fact.is_level]
        return [("always", _("Always")), *facts]
    if kind == "scope":
        return [(value, str(label)) for value, label in Wording.Scope.choices]
    return [(TO_GUIDANCE, _("Keep them as text, at the end of the guidance")), (LEFT_OUT, _("Leave them out"))]


def meant(kind: str, entry: Entry, known: Known, explained: Mapping[str, Mapping[str, str]]) -> str:
    """Ours for what a row says, recognised or explained by a person; "" while it is open."""
    text = used(entry, kind, known)
    ours = recognised(kind, text, known)
    return ours or explained.get(kind, {}).get("" if kind == "clauses" else text, "")
