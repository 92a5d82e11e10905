"""Findings as a list: which are found, how the search reads, and the rows as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import LocalDay, Site
from auditapp.deployments.models import Deployment
from auditapp.findings import ages
from auditapp.findings.models import Finding, FindingQuerySet

ORDERS = {
    "due": ["due", "priority"],
    "priority": ["urgency", "due"],
    "finding": ["ref"],
    "deployment": ["deployment__name", "due"],
    "owner": ["owner", "due"],
    "state": ["state", "due"],
}
STATES = [
    ("", gettext_lazy("Open")),
    ("overdue", gettext_lazy("Overdue")),
    ("closed", gettext_lazy("Closed")),
    ("all", gettext_lazy("All")),
]
PRIORITIES = [
    ("P1", gettext_lazy("Priority 1")),
    ("P2", gettext_lazy("Priority 2")),
    ("P3", gettext_lazy("Priority 3")),
    ("P4", gettext_lazy("Priority 4")),
    ("condition", gettext_lazy("Conditions of decisions")),
]
FIRST = 10  # findings that the page of a deployment shows


def found(rows: FindingQuerySet, query: QueryDict, sites: Sequence[Site]) -> FindingQuerySet:
    """The findings that the address asks for, the open ones if it does not say, in its order."""
    show = query.get("state", "")
    if show == "overdue":
        rows = rows.overdue()
    elif show == "closed":
        rows = rows.filter(state=Finding.State.CLOSED)
    elif show != "all":
        rows = rows.open()
    if priority := lists.chosen(query, "priority", [code for code, _label in PRIORITIES]):
        rows = rows.filter(origin="condition") if priority == "condition" else rows.filter(priority=priority)
    if age := lists.chosen(query, "age", ages.LABELS):
        rows = rows.filter(ages.of_age(age))
    if site := lists.chosen(query, "site", [s.code for s in sites]):
        rows = rows.filter(site__code=site)
    if deployment := lists.typed(query, "deployment"):
        rows = rows.filter(deployment__ref=deployment)
    rows = lists.ordered(rows.matching(lists.typed(query, "q")), query, ORDERS, "due")
    return rows.with_names().with_urgency()


def search(query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, priority, and the hospital where there is more than one."""
    menus = [
        lists.menu(query, "priority", _("Priority"), [("", _("Any priority")), *PRIORITIES]),
        lists.menu(query, "age", _("Open for"), [("", _("Any time")), *ages.LABELS.items()]),
    ]
    if len(sites) > 1:
        options = [("", _("All hospitals")), *((site.code, site.name) for site in sites)]
        menus.append(lists.menu(query, "site", _("Hospital"), options))
    return {
        "label": _("Reference, check, words, owner or deployment"),
        "words": lists.typed(query, "q"),
        "menus": menus,
        "kept": lists.kept(query, "q", *(menu["key"] for menu in menus)),
    }


def as_csv(rows: FindingQuerySet) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("What"), _("Check"), _("Provisional priority"), _("What is missing"),
        _("Deployment"), _("Name of the deployment"), _("Hospital"), _("Owner"), _("Due"), _("First due"),
        _("State"),
    ]  # fmt: skip
    return lists.csv_file("findings", header, (_row(finding) for finding in rows))


def _row(finding: Finding) -> list[Any]:
    return [
        finding.ref, finding.title, finding.check_code, finding.priority, finding.gap, finding.deployment.ref,
        finding.deployment.name, finding.site.name, finding.owner, finding.due or _("before go-live"),
        finding.first_due or _("before go-live"), finding.get_state_display(),
    ]  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """What is open on one deployment: how much of each priority, and the first to see to."""

    counts: list[tuple[str, int]]  # ("P1", 2); conditions of decisions have ""
    overdue: int
    first: list[Finding]

    @property
    def total(self) -> int:
        return sum(count for _priority, count in self.counts)


def summary(deployment: Deployment) -> Summary:
    """In two queries."""
    findings = deployment.findings.open()
    late = Count("pk", filter=Q(due__lt=LocalDay("site__zone")))
    rows = findings.order_by().values_list("priority").annotate(n=Count("pk"), late=late)
    counts = sorted(((code, n) for code, n, _late in rows), key=lambda row: row[0] or "P9")
    first = findings.with_urgency().order_by(F("urgency").asc(nulls_last=True), "due", "ref")[:FIRST]
    return Summary(counts, sum(late for _code, _n, late in rows), list(first))
