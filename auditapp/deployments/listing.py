"""Deployments as a list: which are found, how the search reads, and the rows as a file."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from auditapp import lists
from auditapp.accounts.models import Site
from auditapp.deployments.models import Deployment, ModelVersion, Policy, Tier
from auditapp.deployments.models.deployment import DeploymentQuerySet

ORDERS = {
    "name": ["name"],
    "site": ["site__name", "name"],
    "product": ["product__name", "name"],
    "status": ["status", "name"],
    "owner": ["owner__name", "name"],
}


def found(rows: DeploymentQuerySet, query: QueryDict, sites: Sequence[Site]) -> DeploymentQuerySet:
    """The deployments that the address asks for, with all that a row shows, in its order."""
    if status := lists.chosen(query, "status", Deployment.Status.values):
        rows = rows.filter(status=status)
    if site := lists.chosen(query, "site", [s.code for s in sites]):
        rows = rows.filter(site__code=site)
    rows = rows.with_tier(Policy.by_site(sites))
    if tier := lists.chosen(query, "tier", Tier.values):
        rows = rows.filter(Q(tier_now=tier))
    rows = rows.matching(lists.typed(query, "q")).with_names().with_running_version().with_planned()
    return lists.ordered(rows, query, ORDERS, "name")


def search(query: QueryDict, sites: Sequence[Site]) -> dict[str, Any]:
    """The search form: words, and the hospital where there is more than one."""
    options = [("", _("All hospitals")), *((site.code, site.name) for site in sites)]
    menus = [lists.menu(query, "tier", _("Risk tier"), [("", _("Any tier")), *Tier.choices])]
    if len(sites) > 1:
        menus.insert(0, lists.menu(query, "site", _("Hospital"), options))
    return {
        "label": _("Name, reference, product or vendor"),
        "words": lists.typed(query, "q"),
        "menus": menus,
        "kept": lists.kept(query, "q", *(menu["key"] for menu in menus)),
    }


def as_csv(rows: DeploymentQuerySet) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Reference"), _("Name"), _("Hospital"), _("Product"), _("Vendor"), _("Running version"), _("Since"),
        _("Status"), _("Owner"), _("Issued audit of the running version"), _("Risk tier"),
    ]  # fmt: skip
    return lists.csv_file("deployments", header, (_row(deployment) for deployment in rows))


def _row(deployment: Deployment) -> list[Any]:
    version: ModelVersion | None = deployment.running_version
    return [
        deployment.ref, deployment.name, deployment.site.name, deployment.product.name,
        deployment.product.vendor.name, version and version.name, version and version.starts,
        deployment.get_status_display(), deployment.owner.name, version and version.audited_by,
        deployment.tier_words,
    ]  # fmt: skip
