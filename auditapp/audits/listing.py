"""Audits as a list: which are found, how the search reads, and the rows as a file."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse, QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from auditapp import clock, lists
from auditapp.accounts.models import Site, User
from auditapp.audits.models import Audit
from auditapp.audits.models.audit import AuditQuerySet
from auditapp.questionnaires.models import Questionnaire

PER_PAGE = 25
ORDERS = {
    "ref": ["ref"],
    "deployment": ["deployment__name", "ref"],
    "site": ["site__name", "ref"],
    "questionnaire": ["version__questionnaire__position", "ref"],
    "state": ["state", "ref"],
    "progress": ["answered", "ref"],
    "opened": ["opened_at", "pk"],  # two in one second: the later one is the newer
}


class Counted(Paginator):
    """Pages of rows whose number is known already."""

    def __init__(self, rows: QuerySet[Audit], *, count: int) -> None:
        super().__init__(rows, PER_PAGE)
        self.__dict__["count"] = count  # where the cached property would put it


def matching(
    rows: AuditQuerySet, query: QueryDict, sites: Sequence[Site], asked: Sequence[Questionnaire]
) -> AuditQuerySet:
    """The audits that the address asks for, in whatever state."""
    if site := lists.chosen(query, "site", [site.code for site in sites]):
        rows = rows.filter(site__code=site)
    if code := lists.chosen(query, "questionnaire", [questionnaire.code for questionnaire in asked]):
        rows = rows.filter(version__questionnaire__code=code)
    return rows.matching(lists.typed(query, "q"))


def in_state(rows: AuditQuerySet, query: QueryDict, reader: User) -> QuerySet[Audit]:
    """Those in the state that the address asks for, with all that a row shows, in its order."""
    if state := lists.chosen(query, "state", Audit.State.values):
        rows = rows.filter(state=state)
    return lists.ordered(rows.with_names().with_counts_for(reader), query, ORDERS, "-opened")


def state_counts(rows: AuditQuerySet) -> dict[str, int]:
    """State -> how many; "" for all of them. One query, which also says how many pages there are."""
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {"": sum(counts.values()), **counts}


def states(query: QueryDict, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The states as links, without those that nothing is in."""
    chosen = query.get("state", "")
    options = [("", _("All")), *Audit.State.choices]
    return lists.links(query, "state", [o for o in options if counts.get(o[0]) or o[0] in ("", chosen)], counts)


def page(rows: AuditQuerySet, query: QueryDict, counts: dict[str, int], reader: User) -> "Page[Audit]":
    state = lists.chosen(query, "state", Audit.State.values)
    return Counted(in_state(rows, query, reader), count=counts.get(state, 0)).get_page(query.get("page"))


def search(query: QueryDict, sites: Sequence[Site], asked: Sequence[Questionnaire]) -> dict[str, Any]:
    """The search form: words, the hospital where there is more than one, the questionnaire."""
    menus = [
        lists.menu(query, "questionnaire", _("Questionnaire"), [("", _("All")), *((q.code, q.title) for q in asked)])
    ]
    if len(sites) > 1:
        options = [("", _("All hospitals")), *((site.code, site.name) for site in sites)]
        menus.insert(0, lists.menu(query, "site", _("Hospital"), options))
    return {
        "label": _("Reference or deployment"),
        "words": lists.typed(query, "q"),
        "menus": menus,
        "kept": lists.kept(query, "q", *(menu["key"] for menu in menus)),
    }


def as_csv(rows: QuerySet[Any]) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("Revision"), _("State"), _("Round"), _("Deployment"), _("Deployment name"), _("Hospital"),
        _("Model version"), _("Questionnaire"), _("Questionnaire version"), _("Answered"), _("Asked"),
        _("Critical unanswered"), _("Opened"), _("Opened by"),
    ]  # fmt: skip
    return lists.csv_file("audits", header, (_row(audit) for audit in rows))


def _row(audit: Any) -> list[Any]:
    return [
        audit.ref, audit.revision, audit.get_state_display(), audit.round, audit.deployment.ref, audit.deployment.name,
        audit.site.name, audit.model_version.name, audit.version.questionnaire.title, audit.version.number,
        audit.answered_here, audit.asked_here, audit.critical_left_here,
        date_format(clock.day(audit.opened_at, audit.site.zone), "Y-m-d"), audit.opened_by.name,
    ]  # fmt: skip
