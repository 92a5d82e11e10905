"""Incidents as a list: which are found, how the search reads, and the rows as a file."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import Site
from auditapp.deployments.models import Harm
from auditapp.findings.models import HARMS, Cause, Incident
from auditapp.findings.models.incident import IncidentQuerySet

ORDERS = {
    "reported": ["at"],
    "happened": ["happened_on", "at"],
    "incident": ["ref"],
    "deployment": ["deployment__name", "at"],
    "harm": ["grade", "at"],
    "cause": ["cause", "at"],
}
CAUSES = [
    ("", gettext_lazy("All")),
    ("suspected", gettext_lazy("Under review")),
    ("confirmed", gettext_lazy("AI contributed")),
    ("excluded", gettext_lazy("AI did not contribute")),
]


def found(rows: IncidentQuerySet, query: QueryDict, sites: Sequence[Site]) -> IncidentQuerySet:
    """The incidents that the address asks for, the latest report first."""
    if cause := lists.chosen(query, "cause", Cause.values):
        rows = rows.filter(cause=cause)
    if kind := lists.chosen(query, "kind", Incident.Kind.values):
        rows = rows.filter(kind=kind)
    if harm := lists.chosen(query, "harm", HARMS):
        rows = rows.at_least(harm)
    if site := lists.chosen(query, "site", [s.code for s in sites]):
        rows = rows.filter(site__code=site)
    if deployment := lists.typed(query, "deployment"):
        rows = rows.filter(deployment__ref=deployment)
    grade = Case(*(When(harm=harm, then=Value(n)) for n, harm in enumerate(HARMS)), output_field=IntegerField())
    rows = rows.matching(lists.typed(query, "q")).annotate(grade=grade)
    return lists.ordered(rows, query, ORDERS, "-reported").with_names()


def search(query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, kind, harm, and the hospital where there is more than one."""
    harms = [("", _("Any harm")), *((harm, _("%(harm)s or worse") % {"harm": label}) for harm, label in Harm.choices)]
    menus = [
        lists.menu(query, "kind", _("Kind"), [("", _("Any kind")), *Incident.Kind.choices]),
        lists.menu(query, "harm", _("Harm"), harms),
    ]
    if len(sites) > 1:
        options = [("", _("All hospitals")), *((site.code, site.name) for site in sites)]
        menus.append(lists.menu(query, "site", _("Hospital"), options))
    return {
        "label": _("Reference, words or deployment"),
        "words": lists.typed(query, "q"),
        "menus": menus,
        "kept": lists.kept(query, "q", *(menu["key"] for menu in menus)),
    }


def as_csv(rows: IncidentQuerySet) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("Kind"), _("Happened on"), _("Reported"), _("Harm"), _("Cause"), _("What happened"),
        _("Checks"), _("Deployment"), _("Name of the deployment"), _("Version"), _("Hospital"),
        _("Reference in the hospital’s own system"), _("Reported by"),
    ]  # fmt: skip
    return lists.csv_file("incidents", header, (_row(incident) for incident in rows))


def _row(incident: Incident) -> list[Any]:
    version = incident.model_version
    return [
        incident.ref, incident.get_kind_display(), incident.happened_on, incident.at.isoformat(),
        incident.get_harm_display(), incident.get_cause_display(), incident.summary, " ".join(incident.checks),
        incident.deployment.ref, incident.deployment.name, version.name if version else "", incident.site.name,
        incident.elsewhere, incident.by.name,
    ]  # fmt: skip
