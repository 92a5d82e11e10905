"""The board's page: every figure with a link to exactly what it counts, every chart with its table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import F
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock, lists
from auditapp.accounts.models import Site, User
from auditapp.deployments.models import Deployment
from auditapp.findings import ages
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.reports.facts import decision_label
from auditapp.templatetags import signs
from auditapp.tracking import board
from auditapp.tracking.bars import SIZES, Bar, columns, rows
from auditapp.tracking.board import Board
from auditapp.tracking.history import percent, read_content

PRIORITIES = {
    **{code: sign.word for code, sign in signs.PRIORITIES.items()},
    "condition": gettext_lazy("Conditions of decisions"),
}


@dataclass(frozen=True)
class Asked:
    """What the address asks for: hospitals, and a month."""

    sites: list[Site]
    site: str  # "" for all
    month: date

    def query(self, **more: str) -> str:
        asked = {"site": self.site, **more}
        return urlencode({key: value for key, value in asked.items() if value})


def read_at(user: User) -> list[Site]:
    """The hospitals whose audits the person reads as a whole."""
    sites = Site.objects.in_reach_of(user)
    return list(sites if user.reading is None else sites.filter(pk__in=user.reading))


def asked(query: QueryDict, sites: Sequence[Site]) -> Asked:
    """The hospital and month of the address; all hospitals, and this month, where it names none."""
    site = lists.chosen(query, "site", [site.code for site in sites])
    chosen = [s for s in sites if not site or s.code == site]
    return Asked(chosen, site, month_of(query.get("month", ""), chosen))


def month_of(text: str, sites: Sequence[Site]) -> date:
    """A month such as 2026-05; the present one for any other text, and for one that is not yet."""
    present = max((clock.today(site.zone) for site in sites), default=clock.now().date()).replace(day=1)
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return present
    return min(month, present) if month.year >= 2000 else present


def page(wanted: Asked, sites: Sequence[Site]) -> dict[str, Any]:
    """Everything the page shows."""
    found = board.figures(wanted.sites, wanted.month)
    return {
        "board": found,
        "asked": wanted,
        "month_key": key(wanted.month),
        "month_word": date_format(wanted.month, "F Y"),
        "sites": [("", _("All hospitals")), *((site.code, site.name) for site in sites)],
        "earlier": _at(wanted, board.shifted(wanted.month, -1)),
        "later": _later(wanted, sites),
        "figures": _figures(found, wanted),
        "coverage": _coverage(found),
        "results": _trend(found, wanted, "result", found.results, _result_words()),
        "decisions": _trend(found, wanted, "decision", found.decisions, decision_words(found)),
        "findings": _findings(found, wanted),
        "heatmap": _heatmap(found),
    }


def key(month: date) -> str:
    return f"{month:%Y-%m}"


def _at(wanted: Asked, month: date) -> str:
    return f"{reverse('tracking:board')}?{wanted.query(month=key(month))}"


def _later(wanted: Asked, sites: Sequence[Site]) -> str:
    after = board.shifted(wanted.month, 1)
    return _at(wanted, after) if month_of(key(after), sites) == after else ""


def _figures(found: Board, wanted: Asked) -> list[dict[str, Any]]:
    """The four numbers that stand on top."""
    used, without = sum(found.in_use(site.pk) for site in found.sites), found.without.total()
    this_month = found.issued.get(found.month, {})
    first_class = [n for (priority, _age), n in found.open_findings().items() if priority == "P1"]
    return [
        {
            "label": _("In use without a valid audit"),
            "n": without,
            "of": used,
            "href": portfolio_link(audit="none", site=wanted.site),
        },
        {"label": _("Findings past their date"), "n": found.overdue.total(), "href": _findings_link(wanted, "overdue")},
        {"label": _("Open findings of priority 1"), "n": sum(first_class), "href": _findings_link(wanted, "", "P1")},
        {
            "label": _("Reports issued in %(month)s") % {"month": date_format(found.month, "F Y")},
            "n": sum(this_month.values()),
            "href": _audits_link(wanted, found.month),
        },
    ]


def portfolio_link(**query: str) -> str:
    return _link("tracking:portfolio", **query)


def _link(name: str, **query: str) -> str:
    return f"{reverse(name)}?{urlencode({key: value for key, value in query.items() if value})}"


def _findings_link(wanted: Asked, state: str = "", priority: str = "", age: str = "") -> str:
    return _link("findings:list", state=state, priority=priority, age=age, site=wanted.site)


def _audits_link(wanted: Asked, month: date, **what: str) -> str:
    return _link("tracking:board_audits", month=key(month), site=wanted.site, **what)


def _coverage(found: Board) -> dict[str, Any]:
    """Per hospital: how many deployments in each status, how many in use hold a valid audit, how many do not."""
    table = []
    for site in found.sites:
        used, without = found.in_use(site.pk), found.without[site.pk]
        statuses = [
            (found.statuses.get(site.pk, {}).get(status, 0), portfolio_link(status=status, site=site.code))
            for status in Deployment.Status.values
        ]
        table.append(
            {
                "site": site,
                "statuses": statuses,
                "used": (used, portfolio_link(audit="in_use", site=site.code)),
                "valid": (used - without, portfolio_link(audit="valid", site=site.code)),
                "without": (without, portfolio_link(audit="none", site=site.code)),
            }
        )
    bars = [Bar(row["site"].name, [row["valid"][0], row["without"][0]]) for row in table]
    words = [_("With a valid audit"), _("Without")]
    return {
        "rows": table,
        "statuses": [label for _code, label in Deployment.Status.choices],
        "key": list(enumerate(words)),
        "drawings": [(name, rows(bars, width)) for name, width in SIZES],
    }


def _result_words() -> dict[str, str]:
    return {code: str(signs.RESULTS[code].word) for code in board.RESULTS}


def decision_words(found: Board) -> dict[str, str]:
    """Decision -> its word; those that were made in these months, in the order of the content."""
    made = {decision for month in found.issued.values() for _result, decision in month}
    if not made:
        return {}
    version = QuestionnaireVersion.objects.published().order_by("pk").first()
    if version is None:
        return {code: code for code in sorted(made)}
    read_content([version])
    vocabulary = version.rules["decisions"]["vocabulary"].values()
    known = [word["id"] for words in vocabulary for word in words]
    labels = {code: decision_label(version, code) for code in known if code in made}
    return labels | {code: code for code in sorted(made - set(known))}


def _trend(
    found: Board, wanted: Asked, name: str, counts: Callable[[date], Any], words: dict[str, str]
) -> dict[str, Any]:
    """Months by kind: a table of linked numbers, and bars of the same."""
    table = [
        {
            "month": month,
            "word": date_format(month, "M Y"),
            "cells": [
                (word, counts(month)[code], _audits_link(wanted, month, **{name: code})) for code, word in words.items()
            ],
            "total": (sum(counts(month).values()), _audits_link(wanted, month)),
        }
        for month in found.months
    ]
    bars = [Bar(row["word"], [n for _word, n, _href in row["cells"]]) for row in table]
    return {
        "id": f"trend-{name}",
        "words": list(words.values()),
        "key": list(enumerate(words.values())),
        "rows": table[::-1],
        "total": sum(row["total"][0] for row in table),
        "drawings": [(size, columns(bars, width)) for size, width in SIZES],
    }


def _findings(found: Board, wanted: Asked) -> dict[str, Any]:
    """Open findings by priority and age, and those past their date by hospital."""
    counts = found.open_findings()
    table = [
        {
            "priority": priority,
            "word": word,
            "cells": [
                (ages.LABELS[age], counts[priority, age], _findings_link(wanted, "", priority, age))
                for age in ages.LABELS
            ],
            "total": (
                sum(n for (of, _age), n in counts.items() if of == priority),
                _findings_link(wanted, "", priority),
            ),
        }
        for priority, word in PRIORITIES.items()
    ]
    bars = [Bar(str(row["word"]), [n for _word, n, _href in row["cells"]]) for row in table]
    overdue = [
        (site, found.overdue[site.pk], _link("findings:list", state="overdue", site=site.code)) for site in found.sites
    ]
    return {
        "rows": table,
        "words": list(ages.LABELS.values()),
        "key": list(enumerate(ages.LABELS.values())),
        "total": counts.total(),
        "drawings": [(name, rows(bars, width)) for name, width in SIZES],
        "overdue": overdue,
    }


def _heatmap(found: Board) -> dict[str, Any]:
    """Hospitals by domains; each cell with how many deployments it sums up."""
    table = []
    for site in found.sites:
        cells = [found.cells.get((site.pk, domain.code)) for domain in found.domains]
        if any(cells):
            table.append(
                (site, [_cell(site, domain.code, cell) for domain, cell in zip(found.domains, cells, strict=True)])
            )
    return {"domains": found.domains, "rows": table}


def _cell(site: Site, domain: str, cell: board.Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    score = percent(cell.numerator, cell.denominator)
    return {"score": score, "n": cell.deployments, "href": portfolio_link(domain=domain, site=site.code)}


# What a number of the trend counts.

ORDERS = {"issued": ["issued_at"], "deployment": ["deployment__name", "issued_at"], "ref": ["ref"]}


def audits(wanted: Asked, query: QueryDict) -> Any:
    """The audits whose report was issued in a month, with the result and decision that the address asks for."""
    found = board.issued_audits(wanted.sites, wanted.month, wanted.month)
    names = {
        "calculated": F("reports__decision__calculated_result"),
        "decided": F("reports__decision__code"),
        "numerator": F("reports__decision__submission__numerator"),
        "denominator": F("reports__decision__submission__denominator"),
    }
    found = found.annotate(**names).select_related("deployment", "site", "model_version", "version__questionnaire")
    if result := lists.chosen(query, "result", board.RESULTS):
        found = found.filter(calculated=result)
    if decision := lists.typed(query, "decision"):
        found = found.filter(decided=decision)
    return lists.ordered(found, query, ORDERS, "issued")


def audits_page(wanted: Asked, query: QueryDict) -> dict[str, Any]:
    """One page of them, with their words."""
    shown = lists.page(audits(wanted, query), query)
    read_content(audit.version for audit in shown)
    listed = [(audit, percent(audit.numerator, audit.denominator), _decided(audit)) for audit in shown]
    result = lists.chosen(query, "result", board.RESULTS)
    return {
        "page": shown,
        "rows": listed,
        "asked": wanted,
        "back": _at(wanted, wanted.month),
        "month_word": date_format(wanted.month, "F Y"),
        "result": result,
        "decision": listed[0][2] if lists.typed(query, "decision") and listed else "",
    }


def _decided(audit: Any) -> str:
    return decision_label(audit.version, audit.decided)


def audits_as_csv(wanted: Asked, query: QueryDict) -> HttpResponse:
    """All of them, not only the page."""
    found = list(audits(wanted, query))
    read_content(audit.version for audit in found)
    header = [
        _("Audit"), _("State"), _("Deployment"), _("Name"), _("Hospital"), _("Model version"), _("Questionnaire"),
        _("Issued on"), _("Calculated result"), _("Score in per cent"), _("Decision"),
    ]  # fmt: skip
    return lists.csv_file(f"issued-{key(wanted.month)}", header, (_cells(audit) for audit in found))


def _cells(audit: Any) -> list[Any]:
    return [
        audit.ref, audit.get_state_display(), audit.deployment.ref, audit.deployment.name, audit.site.name,
        audit.model_version.name, audit.version.questionnaire.title, clock.day(audit.issued_at, audit.site.zone),
        signs.RESULTS[audit.calculated].word, percent(audit.numerator, audit.denominator)["shown"], _decided(audit),
    ]  # fmt: skip
