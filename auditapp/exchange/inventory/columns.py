"""What the columns of an inventory are, told by their headings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments import profile
from auditapp.questionnaires.spreadsheets.columns import plain
from auditapp.questionnaires.spreadsheets.sheets import Line, Sheet, column_name
from auditapp.refusals import Refused

LOOKED_AT = 40  # rows in which the heading row is looked for
MOST_ROWS = 1000  # more than a hospital group's inventory holds, and few enough to be taken in while somebody waits

FIELDS = {
    "name": gettext_lazy("Name of the deployment"),
    "product": gettext_lazy("Product"),
    "vendor": gettext_lazy("Vendor"),
    "site": gettext_lazy("Hospital"),
    "owner": gettext_lazy("Deployment owner"),
    "intended_use": gettext_lazy("Intended use"),
    "status": gettext_lazy("Status"),
    "version": gettext_lazy("Version"),
    "running_since": gettext_lazy("Runs from"),
}
HEADINGS = {
    "name": r"name|tool|ai tool|tool name|system|ai system|system name|use case|use case name|application|solution"
    r"|deployment|title|ai name|bezeichnung",
    "product": r"product|product name|model|model name|software|commercial name|produkt",
    "vendor": r"vendor|vendor name|supplier|manufacturer|developer|company|provider|built by|hersteller|anbieter",
    "site": r"hospital|site|facility|location|trust|clinic|entity|organisation|organization|campus|standort|haus",
    "owner": r"owner|owner e.?mail|e.?mail|owner’s e.?mail|contact|business owner|responsible( person)?|lead"
    r"|clinical owner|accountable|owned by|verantwortlich",
    "intended_use": r"intended use|purpose|use|description|intended purpose|what it does|clinical use|indication"
    r"|function|summary|zweck|zweckbestimmung",
    "status": r"status|state|stage|phase|lifecycle( stage)?|deployment status|operational status|in use",
    "version": r"version|model version|release|software version|current version",
    "running_since": r"running since|runs from|since|live since|go.?live( date)?|start date|in use since|deployed( on)?"
    r"|deployment date|date deployed|implementation date|installed( on)?|seit",
}
FACTS = {
    "is_llm": r"(uses )?(an )?llm|generative( ai)?|gen.?ai|large language model|foundation model",
    "is_predictive": r"predictive|predicts|prediction|score|risk score|classifier|classification|alerting",
    "is_imaging": r"imaging|image analysis|reads images|images|radiology",
    "generates_clinical_text": r"generates (clinical )?text|writes (notes|text)|clinical text|drafts text",
    "conversational": r"conversational|chat.?bot|chat",
    "records_speech": r"(records )?speech|(records )?audio|voice|listens|ambient",
    "patient_facing": r"patient.?facing|used by patients|patients interact",
    "autonomy_level": r"autonomy( level)?|level of autonomy|automation level",
    "handles_phi": r"phi|handles phi|patient data|identifiable data|pii|personal data",
    "vendor_hosted": r"vendor.?hosted|hosted by vendor|cloud( hosted)?|saas|external hosting|hosted externally",
    "third_party_supplied": r"third.?party( supplied)?|bought|external supplier|commercial",
    "locally_adapted": r"locally adapted|local (adaptation|configuration|tuning)|fine.?tuned|customi[sz]ed",
    "ehr_write": r"ehr write|writes to (the )?(ehr|emr|record)|write.?back|write access",
    "multilingual_population": r"multi.?lingual( population)?|other languages|multiple languages",
}
PATTERNS = {name: re.compile(pattern) for name, pattern in (HEADINGS | FACTS).items()}


@lru_cache(maxsize=1)
def fields() -> dict[str, str]:
    """Every field that a column can be -> what people call it: the deployment's own, then the facts of a profile."""
    return {name: str(label) for name, label in FIELDS.items()} | {fact.id: fact.label for fact in profile.facts()}


def field_of(heading: str) -> str:
    """The field that a heading names, or ""."""
    words = plain(heading)
    own = next((name for name, label in fields().items() if words in (plain(label), plain(name))), "")
    return own or next((name for name, pattern in PATTERNS.items() if words and pattern.fullmatch(words)), "")


@dataclass(frozen=True)
class Column:
    """One column of a sheet, and the field that it holds ("" for none)."""

    index: int
    heading: str
    field: str
    samples: list[str]

    @property
    def told(self) -> str:
        letter = column_name(self.index)
        return f"{letter}: {self.heading}" if self.heading else _("%(letter)s (no heading)") % {"letter": letter}


@dataclass(frozen=True)
class Entry:
    """One row of the inventory: its number in the file and its texts by field."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A sheet read as an inventory. `header` is the number of its heading row; `fields` are a person's choice."""

    sheet: Sheet
    header: int
    chosen: Mapping[int, str] | None = None

    @cached_property
    def headings(self) -> list[str]:
        line = next((line for line in self.sheet.lines if line.number == self.header), None)
        return line.spread() if line else [""] * self.sheet.width

    @cached_property
    def lines(self) -> list[Line]:
        """What stands below the headings, without headings that are repeated on later pages."""
        return [line for line in self.sheet.lines if line.number > self.header and line.cells != self.headings]

    @cached_property
    def columns(self) -> list[Column]:
        taken: set[str] = set()
        columns = []
        for index, heading in enumerate(self.headings):
            field = field_of(heading) if self.chosen is None else self.chosen.get(index, "")
            field = "" if field in taken else field
            taken.add(field)
            samples = [line.cells[index] for line in self.lines if line.cells[index]]
            columns.append(Column(index, heading, field, samples[:2]))
        return columns

    @cached_property
    def entries(self) -> list[Entry]:
        """The rows in which a column that is taken in holds something. Raises Refused for more than are read."""
        fields = {column.index: column.field for column in self.columns if column.field}
        found = [
            Entry(line.number, {name: _untagged(line.cells[index]) for index, name in fields.items()})
            for line in self.lines
        ]
        found = [entry for entry in found if any(entry.cells.values())]
        if len(found) > MOST_ROWS:
            raise Refused(
                _("The sheet has %(rows)s rows; %(most)s are taken in at most. Divide it into several files.")
                % {"rows": len(found), "most": MOST_ROWS}
            )
        return found


def _untagged(text: str) -> str:
    """Without the mark by which our own CSV files keep a text from being run as a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def found(sheet: Sheet) -> Table:
    """The sheet with its most likely heading row: the one that names most fields."""
    scores = [(len({field_of(text) for text in line.spread()} - {""}), line.number) for line in sheet.lines[:LOOKED_AT]]
    best, number = max(scores, key=lambda pair: (pair[0], -pair[1]), default=(0, 0))
    return Table(sheet, number if best else 0)


def best_of(sheets: Sequence[Sheet]) -> int:
    """Which sheet is the inventory: visible, and the one that names most fields, then the longest."""

    def weight(n: int) -> tuple[bool, int, int]:
        table = found(sheets[n])
        named = {column.field for column in table.columns} - {""}
        return not sheets[n].hidden, len(named), len(table.lines)

    return max(range(len(sheets)), key=weight)
