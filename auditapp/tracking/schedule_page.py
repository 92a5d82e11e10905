"""The schedule as a page and as a file: what is due, by its day, the overdue first."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import Role, Site, User
from auditapp.deployments.models import Deployment, Tier
from auditapp.tracking import schedule
from auditapp.tracking.schedule import REASONS, Coming

SOON = 30  # days

# What `?state=` keeps.
STATES: list[tuple[str, Any, Callable[[Coming], bool]]] = [
    ("", gettext_lazy("All"), lambda row: True),
    ("overdue", gettext_lazy("Overdue"), lambda row: row.is_overdue),
    ("escalated", gettext_lazy("Escalated"), lambda row: row.is_escalated),
    ("soon", gettext_lazy("In the next 30 days"), lambda row: -SOON <= row.late <= 0),
    ("begun", gettext_lazy("Under way"), lambda row: bool(row.due.begun)),
    ("planned", gettext_lazy("By the first plan"), lambda row: row.is_planned),
]


def found(user: User, query: QueryDict, sites: Sequence[Site]) -> list[Coming]:
    """What the address asks for of hospital, owner, reason and words; not yet of the state."""
    rows = Deployment.objects.visible_to(user).matching(lists.typed(query, "q"))
    if (owner := query.get("owner", "")).isdecimal():
        rows = rows.filter(owner=int(owner[:12]))
    if ref := lists.typed(query, "deployment"):
        rows = rows.filter(ref=ref)
    chosen = lists.chosen(query, "site", [site.code for site in sites])
    coming = schedule.coming(rows, [site for site in sites if chosen in {"", site.code}])
    reason = lists.chosen(query, "reason", REASONS)
    return [row for row in coming if reason in {"", row.due.reason}]


def kept(rows: Sequence[Coming], query: QueryDict) -> list[Coming]:
    """Of these, those in the state that the address names."""
    keeps = next((test for word, _label, test in STATES if word == query.get("state", "")), STATES[0][2])
    return [row for row in rows if keeps(row)]


def page(user: User, query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """What the page shows; the number of queries does not depend on how much is due."""
    rows = found(user, query, sites)
    counts = {word: sum(map(test, rows)) for word, _label, test in STATES}
    return {
        "page": Paginator(kept(rows, query), lists.PER_PAGE).get_page(query.get("page")),
        "states": lists.links(query, "state", [(word, label) for word, label, _test in STATES], counts),
        "search": search(user, query, sites),
    }


def search(user: User, query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, hospital, owner and which audit."""
    owning = User.objects.visible_to(user).filter(
        Q(memberships__site=None) | Q(memberships__site__in=sites), memberships__role=Role.DEPLOYMENT_OWNER
    )
    owners = [(str(pk), name) for pk, name in owning.distinct().values_list("pk", "name")]
    menus = [
        lists.menu(query, "owner", _("Owner"), [("", _("Any owner")), *owners]),
        lists.menu(query, "reason", _("Audit"), [("", _("Any audit")), *REASONS.items()]),
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


def as_csv(rows: Sequence[Coming]) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("Name"), _("Hospital"), _("Tier"), _("Audit"), _("Why on this day"), _("Due"),
        _("Days late"), _("Under way"), _("Owner"),
    ]  # fmt: skip
    return lists.csv_file("schedule", header, map(_cells, rows))


def _cells(row: Coming) -> list[Any]:
    late = row.late if row.is_overdue else None
    return [
        row.ref, row.name, row.site.name, Tier(row.tier).label, row.due.label, row.due.because, row.due.on, late,
        row.due.begun, row.owner_name,
    ]  # fmt: skip
