"""The list of deployments, and a new model version."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp import lists
from auditapp.accounts.models import Site
from auditapp.deployments import listing
from auditapp.deployments.forms import VersionForm
from auditapp.deployments.models import KEEPERS, Deployment


@require_safe
def deployments(request: HttpRequest) -> HttpResponse:
    """What runs, or is meant to run, at the hospitals that the person sees."""
    mine = Deployment.objects.visible_to(request.user)
    sites = list(Site.objects.in_reach_of(request.user))
    found = listing.found(mine, request.GET, sites)
    if request.GET.get("format") == "csv":
        return listing.as_csv(found)
    page = {
        "page": lists.page(found, request.GET),
        "search": listing.search(request.GET, sites),
        "statuses": lists.links(request.GET, "status", [("", _("All")), *Deployment.Status.choices]),
        "may_register": request.user.holds(*KEEPERS),
    }
    return render(request, "deployments/list.html", page)


@require_http_methods(["GET", "POST"])
def version(request: HttpRequest, ref: str) -> HttpResponse:
    """Enter a model version with the days on which it runs."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*KEEPERS, site=deployment.site, to=_("enter a model version"))
    form = VersionForm(request.POST or None, deployment=deployment)
    if request.method == "POST" and form.is_valid():
        entered = deployment.add_version(by=request.user, **form.cleaned_data)
        messages.success(request, _("Version %(name)s is entered.") % {"name": entered.name})
        return redirect(deployment)
    return render(request, "deployments/version.html", {"form": form, "deployment": deployment})
