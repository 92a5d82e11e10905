"""What a board asks of the whole portfolio, in numbers: what runs, what holds, what gets worse, what is late.

A fixed number of queries, over scores, decisions and findings, never over answers. The page (board_page.py) and the
monthly report (board_facts.py) are made of the same figures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, F, Sum

from auditapp.accounts.models import LocalDay, Site
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings import ages
from auditapp.findings.models import Finding
from auditapp.questionnaires.models import Domain
from auditapp.tracking import portfolio

MONTHS = 12  # of the trend
PRIORITIES = ("P1", "P2", "P3", "P4", "condition")
# Worst first, so that it stands at the foot of each bar, where bars can be compared.
RESULTS = tuple(portfolio.RANKS)


class LocalMonth(models.Func):
    """The first day of the month in which an instant falls at a hospital, for the database."""

    template = "date_trunc('month', TIMEZONE(%(expressions)s))::date"
    output_field = models.DateField()

    def __init__(self, zone: str, instant: str) -> None:
        super().__init__(F(zone), F(instant))


@dataclass(frozen=True)
class Cell:
    """A domain at a hospital: the sum of the last issued audits of so many deployments."""

    numerator: int
    denominator: int
    deployments: int


@dataclass(frozen=True)
class Board:
    """The figures of some hospitals: of today, and of the months up to one."""

    sites: Sequence[Site]
    month: date  # its first day
    statuses: Mapping[int, Counter[str]] = field(default_factory=dict)  # site -> status -> deployments
    without: Counter[int] = field(default_factory=Counter)  # site -> in use without a valid audit
    issued: Mapping[date, Counter[tuple[str, str]]] = field(default_factory=dict)  # month -> (result, decision)
    domains: Sequence[Domain] = ()
    cells: Mapping[tuple[int, str], Cell] = field(default_factory=dict)  # (site, domain)
    findings: Mapping[int, Counter[tuple[str, str]]] = field(default_factory=dict)  # site -> (priority, age)
    overdue: Counter[int] = field(default_factory=Counter)  # site -> findings past their date

    @property
    def months(self) -> list[date]:
        """The month and those before it, the earliest first."""
        return [shifted(self.month, -n) for n in range(MONTHS - 1, -1, -1)]

    def in_use(self, site: int) -> int:
        return sum(self.statuses.get(site, Counter())[status] for status in Deployment.IN_USE)

    def results(self, month: date) -> Counter[str]:
        return _summed(self.issued.get(month, Counter()), 0)

    def decisions(self, month: date) -> Counter[str]:
        return _summed(self.issued.get(month, Counter()), 1)

    def open_findings(self) -> Counter[tuple[str, str]]:
        """(priority, age) -> how many, at all hospitals together."""
        return sum(self.findings.values(), Counter())


def _summed(pairs: Mapping[tuple[str, str], int], part: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for pair, n in pairs.items():
        found[pair[part]] += n
    return found


def figures(sites: Iterable[Site], month: date) -> Board:
    """Of these hospitals. Nine queries, however many deployments, audits and findings there are."""
    sites = list(sites)
    here = Deployment.objects.filter(site__in=sites)
    statuses: dict[int, Counter[str]] = defaultdict(Counter)
    for site, status, n in here.order_by().values_list("site", "status").annotate(n=Count("pk")):
        statuses[site][status] = n
    domains, cells = _heatmap(here)
    findings, overdue = _findings(sites)
    return Board(
        sites,
        month,
        statuses,
        Counter(_by_site(here.without_valid_audit())),
        _issued(sites, month),
        domains,
        cells,
        findings,
        overdue,
    )


def _by_site(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("site").annotate(n=Count("pk", distinct=True)))


def issued_audits(sites: Iterable[Site], first: date, last: date) -> Any:
    """Audits whose report was issued in the months from `first` to `last`, by the calendars of the hospitals.

    All that were issued count, also those that were superseded or withdrawn since: they were decided in that month.
    """
    sites = list(sites)
    around = instants(first, shifted(last, 1), [site.zone for site in sites])
    rows = Audit.objects.filter(site__in=sites, issued_at__gte=around[0], issued_at__lt=around[1])
    rows = rows.filter(reports__issued_at__isnull=False).annotate(month=LocalMonth("site__zone", "issued_at"))
    return rows.filter(month__gte=first, month__lte=last)


def instants(first: date, after: date, zones: Iterable[str]) -> tuple[datetime, datetime]:
    """Two instants between which these days lie, whatever the zone: for the index, before the exact filter."""
    starts = [datetime.combine(first, datetime.min.time(), ZoneInfo(zone)) for zone in {*zones, "UTC"}]
    ends = [datetime.combine(after, datetime.min.time(), ZoneInfo(zone)) for zone in {*zones, "UTC"}]
    return min(starts), max(ends)


def _issued(sites: list[Site], month: date) -> dict[date, Counter[tuple[str, str]]]:
    names = ("month", "reports__decision__calculated_result", "reports__decision__code")
    rows = issued_audits(sites, shifted(month, 1 - MONTHS), month).order_by().values_list(*names)
    found: dict[date, Counter[tuple[str, str]]] = defaultdict(Counter)
    for then, result, decision, n in rows.annotate(n=Count("pk")):
        found[then][result, decision] += n
    return found


def _heatmap(here: Any) -> tuple[list[Domain], dict[tuple[int, str], Cell]]:
    sums = portfolio.domain_scores(here).annotate(Sum("numerator"), Sum("denominator"), Count("submission"))
    cells = {(site, code): Cell(*numbers) for site, code, *numbers in sums}
    named = {code for _site, code in cells}
    return [domain for domain in Domain.objects.order_by("position") if domain.code in named], cells


def _findings(sites: list[Site]) -> tuple[dict[int, Counter[tuple[str, str]]], Counter[int]]:
    rows = Finding.objects.filter(site__in=sites).open().order_by()
    late = Count("pk", filter=models.Q(due__lt=LocalDay("site__zone")))
    counts = rows.annotate(age=ages.age()).values_list("site", "origin", "priority", "age")
    found: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    overdue: Counter[int] = Counter()
    for site, origin, priority, age, n, overdue_here in counts.annotate(n=Count("pk"), late=late):
        found[site]["condition" if origin == Finding.Origin.CONDITION else priority, age] += n
        overdue[site] += overdue_here
    return found, overdue


def shifted(month: date, months: int) -> date:
    """The first day of the month so many months later."""
    whole = month.year * 12 + month.month - 1 + months
    return date(whole // 12, whole % 12 + 1, 1)


def last_day(month: date) -> date:
    return shifted(month, 1) - timedelta(days=1)
