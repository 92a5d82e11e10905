"""Findings as a list: which are found, how the search reads, how many of each, and the rows as a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When
from django.db.models.functions import Cast
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock, lists
from auditapp.accounts.models import LocalDay, Site
from auditapp.deployments.models import Deployment
from auditapp.findings import ages
from auditapp.findings.models import Finding, FindingQuerySet

ORDERS = {
    "due": ["due", "priority"],
    "priority": ["urgency", "due"],
    "hazard": ["hazard", "due"],
    "age": ["opened_at", "ref"],
    "finding": ["ref"],
    "deployment": ["deployment__name", "due"],
    "product": ["deployment__product__name", "due"],
    "site": ["site__name", "due"],
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
HAZARDS = [
    ("5", gettext_lazy("Level 5")),
    ("4", gettext_lazy("Level 4")),
    ("3", gettext_lazy("Level 3")),
    ("2", gettext_lazy("Level 2")),
    ("1", gettext_lazy("Level 1")),
    ("none", gettext_lazy("No hazard rated")),
]
FIRST = 10  # findings that the page of a deployment shows


def found(rows: FindingQuerySet, query: QueryDict, sites: Sequence[Site]) -> FindingQuerySet:
    """The findings that the address asks for, the open ones if it does not say, in its order."""
    rows = filtered(rows, query, sites).with_names().with_urgency()
    return lists.ordered(rows, query, ORDERS, "due")


def filtered(rows: FindingQuerySet, query: QueryDict, sites: Sequence[Site]) -> FindingQuerySet:
    """The same without order and names: what is counted."""
    show = query.get("state", "")
    if show == "overdue":
        rows = rows.overdue()
    elif show == "closed":
        rows = rows.filter(state=Finding.State.CLOSED)
    elif show != "all":
        rows = rows.open()
    if priority := lists.chosen(query, "priority", [code for code, _label in PRIORITIES]):
        rows = rows.filter(origin="condition") if priority == "condition" else rows.filter(priority=priority)
    if hazard := lists.chosen(query, "hazard", [code for code, _label in HAZARDS]):
        rows = rows.filter(hazard=None if hazard == "none" else int(hazard))
    if age := lists.chosen(query, "age", ages.LABELS):
        rows = rows.filter(ages.of_age(age))
    if site := lists.chosen(query, "site", [s.code for s in sites]):
        rows = rows.filter(site__code=site)
    if deployment := lists.typed(query, "deployment"):
        rows = rows.filter(deployment__ref=deployment)
    if owner := lists.typed(query, "owner"):
        rows = rows.filter(owner=owner)
    if (product := _product(query)) is not None:
        rows = rows.filter(deployment__product=product)
    return rows.matching(lists.typed(query, "q"))


def _product(query: QueryDict) -> int | None:
    typed = query.get("product", "")
    return int(typed) if typed.isdecimal() and len(typed) < 19 else None


def search(query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, priority, hazard, age, and the hospital where there is more than one."""
    menus = [
        lists.menu(query, "priority", _("Priority"), [("", _("Any priority")), *PRIORITIES]),
        lists.menu(query, "hazard", _("Hazard rating"), [("", _("Any or none")), *HAZARDS]),
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


def narrowed(query: QueryDict, mine: FindingQuerySet) -> list[dict[str, Any]]:
    """The filters that only a link sets, each with the way back: [{"label", "links"}]."""
    shown = []
    if owner := lists.typed(query, "owner"):
        shown.append(
            {"label": _("Owner"), "links": lists.links(query, "owner", [(owner, owner), ("", _("Everybody"))])}
        )
    if (product := _product(query)) is not None:
        of_it = mine.filter(deployment__product=product).values_list("deployment__product__name", flat=True)
        name = of_it.order_by().first() or _("Unknown")
        options = [(str(product), name), ("", _("All products"))]
        shown.append({"label": _("Product"), "links": lists.links(query, "product", options)})
    return shown


@dataclass(frozen=True)
class Group:
    """One line of the table of counts; each number leads to the findings that it counts."""

    label: str
    key: dict[str, str]  # what the address says besides
    total: int
    overdue: int
    priorities: dict[str, int]


@dataclass(frozen=True)
class Grouping:
    """What findings can be counted by: the value in the database, and what a value is called and leads to."""

    label: Any
    value: Callable[[], Any]
    named: Callable[[Any], tuple[str, dict[str, str]]]
    extra: tuple[str, ...] = ()


def _by_code(key: str, options: Sequence[tuple[Any, ...]]) -> Callable[[Any], tuple[str, dict[str, str]]]:
    labels = {option[0]: option[1] for option in options}
    return lambda value: (str(labels.get(value, value)), {key: value})


GROUPINGS = {
    "age": Grouping(gettext_lazy("Age"), ages.age, _by_code("age", [*ages.LABELS.items()])),
    "priority": Grouping(
        gettext_lazy("Provisional priority"),
        lambda: Case(When(origin="condition", then=Value("condition")), default=F("priority")),
        _by_code("priority", PRIORITIES),
    ),
    "hazard": Grouping(
        gettext_lazy("Hazard rating"),
        lambda: Case(
            When(hazard__isnull=True, then=Value("none")), default=Cast("hazard", CharField()),
            output_field=CharField(),
        ),
        _by_code("hazard", HAZARDS),
    ),
    "owner": Grouping(gettext_lazy("Owner"), lambda: F("owner"), lambda value: (value, {"owner": value})),
    "site": Grouping(
        gettext_lazy("Hospital"), lambda: F("site__code"), lambda value: (value, {"site": value}), ("site__name",)
    ),
    "product": Grouping(
        gettext_lazy("Product"),
        lambda: F("deployment__product_id"),
        lambda value: (str(value), {"product": str(value)}),
        ("deployment__product__name",),
    ),
}  # fmt: skip
MOST = 20  # groups that are shown; the rest is one line


def grouped(mine: FindingQuerySet, query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """{"links", "label", "rows": [Group], "rest"}: how many of each, in one query; `?by=` says of what."""
    by = query.get("by", "") if query.get("by", "") in GROUPINGS else "age"
    grouping = GROUPINGS[by]
    rows = filtered(mine, query, sites)
    counts = {code: Count("pk", filter=Q(priority=code)) for code in Finding.PRIORITIES}
    late = Count("pk", filter=Q(state="open", due__lt=LocalDay("site__zone")))
    of_each = rows.order_by().annotate(group=grouping.value()).values("group", *grouping.extra)
    lines = [_group(grouping, line) for line in of_each.annotate(n=Count("pk"), late=late, **counts)]
    lines.sort(key=_order(by))
    links = [(code, one.label) for code, one in GROUPINGS.items() if code != "site" or len(sites) > 1]
    return {
        "links": lists.links(query, "by", [("" if code == "age" else code, label) for code, label in links]),
        "label": grouping.label,
        "by": by,
        "rows": lines[:MOST],
        "rest": len(lines[MOST:]),
        "priorities": Finding.PRIORITIES,
    }


def _group(grouping: Grouping, line: dict[str, Any]) -> Group:
    label, key = grouping.named(line["group"])
    if grouping.extra:
        label = line[grouping.extra[0]]
    priorities = {code: line[code] for code in Finding.PRIORITIES}
    return Group(label, key, line["n"], line["late"], priorities)


def _order(by: str) -> Callable[[Group], Any]:
    """Ages and levels in their own order; people, hospitals and products with the most first."""
    own = {"age": [*ages.LABELS], "priority": [p[0] for p in PRIORITIES], "hazard": [h[0] for h in HAZARDS]}
    if by not in own:
        return lambda group: (-group.total, group.label)
    return lambda group: own[by].index(group.key[by]) if group.key[by] in own[by] else len(own[by])


def as_csv(rows: FindingQuerySet) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("What"), _("Check"), _("Provisional priority"), _("What is missing"),
        _("Deployment"), _("Name of the deployment"), _("Hospital"), _("Owner"), _("Due"), _("First due"),
        _("State"), _("Hazard level"), _("Product"), _("Opened"), _("Age in days"), _("Came from"),
    ]  # fmt: skip
    return lists.csv_file("findings", header, (_row(finding) for finding in rows))


def _row(finding: Finding) -> list[Any]:
    return [
        finding.ref, finding.title, finding.check_code, finding.priority, finding.gap, finding.deployment.ref,
        finding.deployment.name, finding.site.name, finding.owner, finding.due or _("before go-live"),
        finding.first_due or _("before go-live"), finding.get_state_display(), finding.hazard,
        finding.deployment.product.name, clock.day(finding.opened_at, finding.site.zone), finding.age,
        finding.get_origin_display(),
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
