"""All deployments on one page: what runs, what it came to, what is open. Reads scores, never answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, FloatField, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from auditapp import clock, lists
from auditapp.accounts.models import Site, User
from auditapp.audits.models import Audit, CategoryScore
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.deployments.models.deployment import DeploymentQuerySet
from auditapp.findings.models import Finding
from auditapp.questionnaires.models import Domain
from auditapp.reports.facts import decision_label
from auditapp.reports.models import Report
from auditapp.templatetags import signs
from auditapp.tracking.history import percent, read_content

ORDERS = {
    "name": ["name"],
    "site": ["site__name", "name"],
    "status": ["status", "name"],
    "result": ["rank", "name"],
    "score": ["share", "name"],
    "lowest": ["lowest_share", "name"],
    "decided": ["decided_at", "name"],
    "urgent": ["p1", "p2", "name"],
}
RANKS = {code: rank for rank, code in enumerate(signs.RESULTS)}  # the worst first


@dataclass(frozen=True)
class Row:
    """A deployment as a committee reads it."""

    deployment: Any  # a Deployment with p1 and p2, its open findings of these priorities
    report: Report | None  # the last one issued

    @property
    def version(self) -> ModelVersion | None:
        return self.deployment.running_version

    @property
    def decided(self) -> str:
        """The last decision in the content's word."""
        return decision_label(self.report.audit.version, self.report.decision.code) if self.report else ""

    @property
    def issued_on(self) -> date | None:
        """The day on which the last report was issued, at the hospital."""
        issued = self.report and self.report.issued_at
        return clock.day(issued, self.deployment.site.zone) if issued else None

    @property
    def score(self) -> dict[str, Any] | None:
        submission = self.report and self.report.decision.submission
        return percent(submission.numerator, submission.denominator) if submission else None

    @property
    def lowest(self) -> dict[str, Any] | None:
        """The lowest counted part: {"title", "score"}."""
        submission = self.report and self.report.decision.submission
        if not submission or submission.lowest_denominator is None:
            return None
        score = percent(submission.lowest_numerator or 0, submission.lowest_denominator)
        return {"title": submission.lowest_title, "score": score}


def found(user: User, query: QueryDict, sites: Sequence[Site]) -> DeploymentQuerySet:
    """The deployments that the address asks for, in its order; only what it sorts by is worked out."""
    rows: DeploymentQuerySet = Deployment.objects.visible_to(user).in_full(user).matching(lists.typed(query, "q"))
    if site := lists.chosen(query, "site", [s.code for s in sites]):
        rows = rows.filter(site__code=site)
    if status := lists.chosen(query, "status", Deployment.Status.values):
        rows = rows.filter(status=status)
    if query.get("audit") == "none":
        rows = rows.without_valid_audit()
    elif query.get("audit") == "valid":
        rows = rows.with_valid_audit()
    elif query.get("audit") == "in_use":
        rows = rows.in_use()
    if domain := lists.typed(query, "domain"):
        scored = CategoryScore.objects.filter(part="domain", code=domain)
        last = _last("reports__decision__submission")
        rows = rows.annotate(last_submission=last).filter(last_submission__in=scored.values("submission"))
    if result := lists.chosen(query, "result", RANKS):
        rows = rows.annotate(result=_last("reports__decision__calculated_result")).filter(result=result)
    rows = rows.annotate(p1=_open_findings("P1"), p2=_open_findings("P2"), last_report=_last("reports__pk"))
    return lists.ordered(_sortable(rows, query), query, ORDERS, "name").with_names().with_running_version()


def _sortable(rows: DeploymentQuerySet, query: QueryDict) -> DeploymentQuerySet:
    """With the column that the address sorts by, where it is not the deployment's own."""
    word = query.get("sort", "").removeprefix("-")
    if word == "result":
        ranks = [When(last_result=code, then=Value(rank)) for code, rank in RANKS.items()]
        return rows.annotate(last_result=_last("reports__decision__calculated_result")).annotate(rank=Case(*ranks))
    submission = "reports__decision__submission__"
    columns = {
        "score": ("share", _share(f"{submission}numerator", f"{submission}denominator")),
        "lowest": (
            "lowest_share",
            _share(f"{submission}lowest_numerator", f"{submission}lowest_denominator"),
        ),
        "decided": ("decided_at", "issued_at"),
    }
    if word not in columns:
        return rows
    name, value = columns[word]
    return rows.annotate(**{name: _last(value)})


def _last(value: Any) -> Subquery:
    """One value of the report of a deployment's last issued audit; one probe of an index, however many audits."""
    issued = Audit.objects.issued().filter(deployment=OuterRef("pk"), reports__issued_at__isnull=False)
    own = issued.annotate(wanted=F(value) if isinstance(value, str) else value).order_by("-issued_at")
    return Subquery(own.values("wanted")[:1])


def _share(numerator: str, denominator: str) -> Any:
    return Cast(F(numerator), FloatField()) / F(denominator)


def _open_findings(priority: str) -> Any:
    own = Finding.objects.open().filter(deployment=OuterRef("pk"), priority=priority).order_by()
    return Coalesce(Subquery(own.values("deployment").annotate(n=Count("pk")).values("n")), 0)


def with_reports(deployments: Iterable[Any]) -> list[Row]:
    """The rows, in two queries whatever their number."""
    deployments = list(deployments)
    last = Report.objects.filter(pk__in=[d.last_report for d in deployments if d.last_report])
    last = last.select_related("audit__version__questionnaire", "decision__submission")
    reports = {r.audit.deployment_id: r for r in last.defer("canonical", "decision__submission__canonical")}
    read_content(report.audit.version for report in reports.values())
    return [Row(deployment, reports.get(deployment.pk)) for deployment in deployments]


@dataclass(frozen=True)
class Heatmap:
    """Sites by domains: the score of all applicable checks in the last issued audit of each deployment."""

    domains: list[Domain]
    rows: list[tuple[Site, list[dict[str, Any] | None]]]


def heatmap(rows: DeploymentQuerySet, sites: Sequence[Site]) -> Heatmap:
    """Of the deployments found, from the scores per domain that each submission left; two queries."""
    sums = domain_scores(rows).annotate(Sum("numerator"), Sum("denominator"))
    cells = {(site, code): percent(top, bottom) for site, code, top, bottom in sums}
    named = {code for _site, code in cells}
    domains = [domain for domain in Domain.objects.order_by("position") if domain.code in named]
    present = [site for site in sites if any((site.pk, domain.code) in cells for domain in domains)]
    return Heatmap(domains, [(s, [cells.get((s.pk, domain.code)) for domain in domains]) for s in present])


def domain_scores(rows: DeploymentQuerySet) -> Any:
    """(site, domain) of the scores that the last issued audit of each deployment left, to be summed up."""
    last = rows.order_by().annotate(last=_last("reports__decision__submission")).values("last")
    last = last[:10_000_000]  # a limit, so that Postgres finds them first and once, and then their scores by index
    scores = CategoryScore.objects.filter(part="domain", submission__in=last)
    return scores.values_list("site", "code").order_by()


def search(query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, hospital, status and calculated result."""
    results = [(code, sign.word) for code, sign in signs.RESULTS.items()]
    menus = [
        lists.menu(query, "status", _("Status"), [("", _("Any status")), *Deployment.Status.choices]),
        lists.menu(query, "result", _("Last calculated result"), [("", _("Any result")), *results]),
    ]
    if len(sites) > 1:
        options = [("", _("All hospitals")), *((site.code, site.name) for site in sites)]
        menus.insert(0, lists.menu(query, "site", _("Hospital"), options))
    return {
        "label": _("Name, reference, product or vendor"),
        "words": lists.typed(query, "q"),
        "menus": menus,
        "kept": lists.kept(query, "q", *(menu["key"] for menu in menus)),
    }


def page(rows: DeploymentQuerySet, query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """What the page shows. The heatmap sums up what is found, so it stands on the first page of it alone."""
    shown = lists.page(rows, query)
    options = [
        ("", _("All deployments")),
        ("in_use", _("In use")),
        ("valid", _("In use with a valid audit")),
        ("none", _("In use without a valid audit")),
    ]
    summed = shown.number == 1 and query.get("audit") != "none"
    return {
        "page": shown,
        "rows": with_reports(shown.object_list),
        "heatmap": heatmap(rows, sites) if summed else None,
        "search": search(query, sites),
        "audits": lists.links(query, "audit", options),
    }


def as_csv(rows: DeploymentQuerySet) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("Name"), _("Hospital"), _("Status"), _("Running version"),
        _("Issued audit of the running version"), _("Last issued audit"), _("Issued on"), _("Last decision"),
        _("Calculated result"), _("Score in per cent"), _("Lowest part"), _("Its score in per cent"),
        _("Open findings of priority 1"), _("Open findings of priority 2"),
    ]  # fmt: skip
    return lists.csv_file("portfolio", header, (_cells(row) for row in with_reports(rows)))


def _cells(row: Row) -> list[Any]:
    deployment, report, lowest = row.deployment, row.report, row.lowest or {}
    result = signs.RESULTS[report.decision.calculated_result].word if report else None
    return [
        deployment.ref, deployment.name, deployment.site.name, deployment.get_status_display(),
        row.version and row.version.name, row.version and row.version.audited_by, report and report.audit.ref,
        row.issued_on, row.decided, result, row.score and row.score["shown"], lowest.get("title"),
        lowest and lowest["score"]["shown"], deployment.p1, deployment.p2,
    ]  # fmt: skip
