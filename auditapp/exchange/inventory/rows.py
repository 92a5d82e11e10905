"""The rows of an inventory as deployments to enter, each with what stands in its way."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Role, Site, User
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Policy
from auditapp.exchange.inventory.columns import Entry, fields
from auditapp.exchange.inventory.words import NOT_KNOWN, Known, meant
from auditapp.questionnaires.applicability import applies
from auditapp.questionnaires.models import Question

LONGEST = {"name": 160, "product": 120, "vendor": 120, "version": 60}
MOVERS = (Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER)


@dataclass
class Row:
    """A row as it would be entered. `problems` are by field; `there` is the deployment of that name, if any."""

    number: int
    cells: Mapping[str, str]
    name: str = ""
    site: Site | None = None
    owner: User | None = None
    status: str = ""
    starts: date | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    there: str = ""

    @property
    def is_new(self) -> bool:
        return not self.there and not self.problems

    @property
    def product(self) -> str:
        return self.cells.get("product") or self.name

    @property
    def status_label(self) -> str:
        return str(dict(Deployment.Status.choices).get(self.status, ""))

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """(field in words, what the cell says, what is wrong with it)."""
        return [(fields()[name], self.cells.get(name, ""), why) for name, why in self.problems.items()]

    @property
    def assumed_labels(self) -> list[str]:
        """The facts that the sheet does not tell, each with the value that asks more questions."""
        known = {fact.id: fact for fact in profile.facts()}
        return [f"{known[name].label}: {known[name].in_words(self.facts[name])}" for name in self.assumed]

    @property
    def notes(self) -> list[str]:
        """What is entered although the sheet does not say it."""
        said = []
        if not self.cells.get("version"):
            said.append(_("No version is named: enter it on the page of the deployment."))
        elif self.starts is None:
            said.append(_("Since when the version runs is not told: it is entered as running from today."))
        if not self.cells.get("product"):
            said.append(_("No product is named: it gets the name of the deployment."))
        return said


class Reader:
    """Turns entries into rows, with everything that they are held against read once for all of them."""

    def __init__(self, user: User, known: Known, explained: Mapping[str, Mapping[str, str]]) -> None:
        self.user, self.known, self.explained = user, known, explained
        self.questions = list(Question.objects.visible_to(user).current_wording().only("applies_when", "code"))
        self.policies = Policy.by_site(known.sites.values())
        there = Deployment.objects.filter(site__in=list(known.sites)).values_list("site", "name", "ref")
        self.there = {(site, name.casefold()): ref for site, name, ref in there}

    def rows(self, entries: Sequence[Entry]) -> list[Row]:
        rows = [self._row(entry) for entry in entries]
        first: dict[tuple[int, str], int] = {}
        for row in rows:
            if row.site and row.name:
                earlier = first.setdefault((row.site.pk, row.name.casefold()), row.number)
                if earlier != row.number:
                    row.problems["name"] = _("The same name stands in row %(row)s for this hospital.") % {
                        "row": earlier
                    }
        return rows

    def _row(self, entry: Entry) -> Row:
        row = Row(entry.number, entry.cells, name=entry.cells.get("name") or entry.cells.get("product", ""))
        self._read_texts(row)
        self._read_place(row)
        self._read_status(row)
        self._read_start(row)
        self._must_have_run_before_the_gate(row)
        self._read_facts(row)
        if row.site and row.name:
            row.there = self.there.get((row.site.pk, row.name.casefold()), "")
        return row

    def _read_texts(self, row: Row) -> None:
        for name, sentence in {
            "vendor": _("Name the vendor. If the hospital built the tool, that is the hospital itself."),
            "intended_use": _("Say what the tool is meant for."),
        }.items():
            if not row.cells.get(name):
                row.problems[name] = sentence
        if not row.name:
            row.problems["name"] = _("There is no name in this row.")
        for name, most in LONGEST.items():
            if len(row.cells.get(name, "")) > most or (name == "name" and len(row.name) > most):
                row.problems[name] = _("At most %(most)s characters are kept. Shorten it.") % {"most": most}

    def _read_place(self, row: Row) -> None:
        site = self._meant(row, "site")
        row.site = self.known.sites.get(int(site)) if site else None
        if row.site is None:
            row.problems["site"] = _(
                "Say which hospital this is. You enter deployments only where you keep the record."
            )
        owner = self._meant(row, "owner")
        row.owner = self.known.owners.get(int(owner)) if owner else None
        if row.owner is None:
            row.problems["owner"] = _("Say who this is here: a deployment owner with an account.")
        elif row.site and not row.owner.holds(Role.DEPLOYMENT_OWNER, site=row.site):
            row.problems["owner"] = _("%(name)s is not a deployment owner at this hospital.") % {"name": row.owner.name}

    def _read_status(self, row: Row) -> None:
        row.status = self._meant(row, "status")
        if not row.status:
            row.problems["status"] = _("Say which status this is.")
        elif row.site and row.status != Deployment.Status.PROPOSED and not self.user.holds(*MOVERS, site=row.site):
            row.problems["status"] = _(
                "Only a deployment owner or the clinical safety officer enters a tool that is beyond “proposed”."
            )

    def _read_start(self, row: Row) -> None:
        text = row.cells.get("running_since", "")
        if not text:
            return
        row.starts = day_in(text)
        if row.starts is None:
            row.problems["running_since"] = _("Write the day such as 2025-03-31; this can be read in two ways or none.")
        elif row.site and row.starts > clock.today(row.site.zone) and row.status in Deployment.IN_USE:
            row.problems["running_since"] = _("It is in use, so this day (%(day)s) cannot lie ahead.") % {
                "day": date_format(row.starts, "j M Y")
            }

    def _must_have_run_before_the_gate(self, row: Row) -> None:
        """A list is no way round the decision that the hospital asks for before use."""
        if row.site is None or row.status not in Deployment.IN_USE or "running_since" in row.problems:
            return
        gate = self.policies[row.site.pk].gate_from
        if gate is not None and gate <= (row.starts or clock.today(row.site.zone)):
            row.problems["running_since"] = _(
                "Since %(day)s this hospital asks for a decision before use. Say since when before that day it runs, "
                "or enter it as “in evaluation”."
            ) % {"day": date_format(gate, "j M Y")}

    def _read_facts(self, row: Row) -> None:
        known: dict[str, Any] = {}
        for fact in profile.facts():
            text = row.cells.get(fact.id, "")
            ours = meant("level" if fact.is_level else "answer", text, self.known, self.explained) or NOT_KNOWN
            if ours != NOT_KNOWN:
                known[fact.id] = int(ours) if fact.is_level else ours == "yes"
        row.facts, row.assumed = completed(known, self.questions)

    def _meant(self, row: Row, kind: str) -> str:
        return meant(kind, row.cells.get(kind, ""), self.known, self.explained)


def completed(known: Mapping[str, Any], questions: Sequence[Question]) -> tuple[dict[str, Any], list[str]]:
    """All facts, and which of them nobody stated: each of those takes the value that asks more questions.

    A yes never removes a question. Which level asks most depends on the other facts, so the levels are tried.
    """
    facts = {fact.id: known.get(fact.id, True) for fact in profile.facts()}
    for fact in profile.facts():
        if fact.is_level and fact.id not in known:

            def asked(level: int, name: str = fact.id) -> tuple[int, int]:
                return sum(applies(q.applies_when, facts | {name: level}) for q in questions), level

            facts[fact.id] = max(fact.values, key=asked)
    return facts, [fact.id for fact in profile.facts() if fact.id not in known]


DAYS = ("%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y")


def day_in(text: str) -> date | None:
    """The one day that a text names; None where it could be two, as 03/04/2025 could."""
    text = text.strip().removesuffix(" 00:00:00")
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    slashed = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if slashed is None:
        return None
    first, second, year = map(int, slashed.groups())
    if first <= 12 and second <= 12 and first != second:
        return None
    month, day = (first, second) if second > 12 else (second, first)
    try:
        return date(year, month, day)
    except ValueError:
        return None
