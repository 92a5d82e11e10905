"""What the columns of a checklist are: told by their headings, then by what stands in them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

# Field of a question -> what people call it. The first field that a heading matches takes it.
FIELDS = {
    "text": _("Question"),
    "guidance": _("Guidance"),
    "expected_evidence": _("Expected evidence"),
    "criticality": _("Criticality"),
    "category": _("Category"),
    "stages": _("Stages"),
    "applies_when": _("Applies when"),
    "scope": _("Scope"),
    "clauses": _("Clauses"),
    "code": _("Code"),
    "reason": _("Reason"),
    "thresholds": _("Thresholds"),
    "not_applicable_backed_by": _("Not applicable backed by"),
    "raised_to": _("May be raised to"),
    "raised_where": _("Raised where"),
}
HEADINGS = {
    "text": r"question|questions|check|checks|checkpoint|check ?list item|item|items|requirement|requirements|criterion"
    r"|criteria|control|controls|audit question|question text|statement|what to check|standard|frage|prüffrage",
    "guidance": r"guidance|guidance notes?|how to( check| answer)?|help|help text|explanation|rationale|instructions?"
    r"|description|why|details|hint|hinweis|erläuterung",
    "expected_evidence": r"evidence|expected evidence|evidence (required|needed|expected|to be seen)|required evidence"
    r"|documents?( required)?|proof|verification|means of verification|nachweis",
    "criticality": r"criticality|priority|severity|risk|risk (level|rating)|importance|weight|weighting|rating|level"
    r"|priorität|kritikalität",
    "category": r"category|section|domain|topic|area|theme|group|chapter|subject|heading|kategorie|bereich",
    "stages": r"stages?|phase|phases|lifecycle( stage)?|when asked|timing",
    "applies_when": r"applies when( code)?|applies (if|to)|applicability|applicable (to|when|if)|condition|conditions"
    r"|only if|only when",
    "scope": r"scope",
    "clauses": r"clauses?|related clauses?|reference|references|ref|framework|frameworks|maps? to|mapping|regulation"
    r"|regulations|legal basis|norm|norms?",
    "code": r"code|check code|check id|question id|id|key|identifier",
    "reason": r"reason|why asked|why it is asked( here)?",
    "thresholds": r"thresholds?|limits?|local thresholds?",
    "not_applicable_backed_by": r"not applicable backed by",
    "raised_to": r"may be raised to",
    "raised_where": r"raised where",
}
PATTERNS = {name: re.compile(pattern) for name, pattern in HEADINGS.items()}
ANSWERS = re.compile(
    r"yes|no|n ?/? ?a|not applicable|yes ?/ ?no( ?/ ?n ?/? ?a)?|y ?/ ?n|ja|nein|answer|answers|response|result|results"
    r"|compliant|non.?compliant|compliance|compliant\?|status|met|not met|partial|partly|partially( met)?|pass|fail"
    r"|pass ?/ ?fail|score|points|ok|not ok|done|tick|checked"
)
KEPT_BY_HAND = re.compile(
    r"comments?|remarks?|notes?|findings?|observations?|actions?( required| plan)?|owner|responsible|due( date)?|date"
    r"|deadline|by whom|signature|initials|name|reviewer|auditor|evidence (seen|provided|location)|link|category title"
    r"|applies when words|in words|bemerkung|bemerkungen"
)
NUMBERS = re.compile(r"no|nr|num|number|#|s ?/ ?n|sl ?no|item no|ser(ial)?|lfd nr|pos|n°|№")
ROW_NUMBER = re.compile(r"[A-Za-z]?\d+([.\-]\d+)*[.):]?")
A_NUMBER = re.compile(r"[A-Za-z]{0,3}[ .-]?\d+([.\-]\d+)*[.):]?|[A-Z]|[A-Za-z][.)]")
AN_ANSWER = re.compile(r"yes|no|n ?/? ?a|y|n|x|✓|✔|☐|☑|☒|□|_+|\[ ?[x✓]? ?\]|ja|nein|true|false", re.IGNORECASE)
MOSTLY = 0.8
HALF = 0.5  # sections have their titles among the numbers


# Why a column is left out.
WHY = {
    "numbers": _("numbers of the rows"),
    "answers": _("answers: they are given in the audit"),
    "kept": _("kept by hand in the sheet; the audit has its own place for it"),
    "empty": _("empty"),
    "unknown": _("not recognised"),
    "unwanted": _("left out by you"),
}


@dataclass(frozen=True)
class Column:
    """One column: the `field` of a question that it holds, or "" and, in `left_out`, why none (a key of WHY)."""

    index: int
    heading: str
    field: str
    left_out: str = ""

    @property
    def why(self) -> str:
        return str(WHY.get(self.left_out, ""))


def plain(heading: str) -> str:
    """A heading without case, punctuation at its ends, and spaces that say nothing."""
    return re.sub(r"[\s_()]+", " ", heading).strip(" :.*?").casefold()


def field_of(heading: str) -> str:
    """The field that a heading names, or ""."""
    words = plain(heading)
    own = next((name for name, label in FIELDS.items() if plain(str(label)) == words), "")
    return own or next((name for name, pattern in PATTERNS.items() if pattern.fullmatch(words)), "")


def is_known(heading: str) -> bool:
    words = plain(heading)
    known = (ANSWERS, KEPT_BY_HAND, NUMBERS)
    return bool(words) and bool(field_of(heading) or any(pattern.fullmatch(words) for pattern in known))


def guessed(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """What each column is taken for; each field is given once."""
    taken: set[str] = set()
    columns = []
    for index, heading in enumerate(headings):
        values = [row[index] for row in rows if row[index]]
        column = _guess(index, heading, values, taken)
        taken.add(column.field)
        columns.append(column)
    if "text" not in taken:
        columns = _with_a_question(columns, rows)
    return columns


def _guess(index: int, heading: str, values: Sequence[str], taken: Iterable[str]) -> Column:
    words, field = plain(heading), field_of(heading)
    if field and field not in taken and plain(str(FIELDS[field])) == words and not _mostly(ROW_NUMBER, values):
        return Column(index, heading, field)  # our own name for it, as in a sheet that was exported
    if (NUMBERS.fullmatch(words) and _mostly(A_NUMBER, values, HALF)) or (not words and _mostly(A_NUMBER, values)):
        return Column(index, heading, "", "numbers")
    if field in ("code", "clauses") and _mostly(ROW_NUMBER, values):
        return Column(index, heading, "", "numbers")
    if ANSWERS.fullmatch(words) or _mostly(AN_ANSWER, values):
        return Column(index, heading, "", "answers")
    if field and field not in taken:
        return Column(index, heading, field)
    if KEPT_BY_HAND.fullmatch(words):
        return Column(index, heading, "", "kept")
    return Column(index, heading, "", "unknown" if values else "empty")


def _mostly(pattern: re.Pattern[str], values: Sequence[str], share: float = MOSTLY) -> bool:
    return bool(values) and sum(bool(pattern.fullmatch(value)) for value in values) >= share * len(values)


def _with_a_question(columns: list[Column], rows: Sequence[Sequence[str]]) -> list[Column]:
    """No heading says which column holds the questions: the one with question marks, or with most text."""
    free = [c for c in columns if not c.field and any(row[c.index] for row in rows)]
    free = [c for c in free if c.left_out == "unknown"] or free
    if not free:
        return columns

    def weight(column: Column) -> tuple[int, int]:
        texts = [row[column.index] for row in rows]
        return sum(text.endswith("?") for text in texts), sum(map(len, texts))

    chosen = max(free, key=weight)
    return [Column(c.index, c.heading, "text") if c is chosen else c for c in columns]


def chosen(headings: Sequence[str], fields: Mapping[int, str], guess: Sequence[Column]) -> list[Column]:
    """The columns as a person chose them; what was left out keeps the reason that was guessed."""
    return [
        Column(n, heading, fields.get(n, ""), "" if fields.get(n) else guess[n].left_out or "unwanted")
        for n, heading in enumerate(headings)
    ]
