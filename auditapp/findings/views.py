"""The list of findings, and one finding with all that is known of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from auditapp import lists
from auditapp.accounts.models import Site
from auditapp.deployments.models import Deployment
from auditapp.findings import listing
from auditapp.findings.models import Finding


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """What is missing, on all deployments that the person sees or on one of them."""
    sites = list(Site.objects.in_reach_of(request.user))
    found = listing.found(Finding.objects.visible_to(request.user), request.GET, sites)
    if request.GET.get("format") == "csv":
        return listing.as_csv(found)
    only = Deployment.objects.visible_to(request.user).filter(ref=lists.typed(request.GET, "deployment")).first()
    page = {
        "page": lists.page(found, request.GET),
        "search": listing.search(request.GET, sites),
        "states": lists.links(request.GET, "state", listing.STATES),
        "only": only and lists.links(request.GET, "deployment", [(only.ref, only.name), ("", _("All deployments"))]),
    }
    return render(request, "findings/list.html", page)


@require_safe
def finding(request: HttpRequest, ref: str) -> HttpResponse:
    """One finding: what is missing, who sees to it by when, who found it, how it was rated and closed."""
    shown = get_object_or_404(Finding.objects.visible_to(request.user).with_names(), ref=ref)
    raised = shown.raised_by.select_related("submission__audit").defer("submission__canonical")
    page = {
        "finding": shown,
        "raised": raised.order_by("submission__at"),
        "hazards": shown.hazard_ratings.select_related("by", "closure", "replaced_by"),
        "closures": shown.closures.select_related("by").order_by("n"),
    }
    return render(request, "findings/finding.html", page)
