"""The list of deployments, a new model version, a change of status."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp import lists
from auditapp.accounts.models import Role, Site
from auditapp.deployments import listing
from auditapp.deployments.forms import StatusForm, VersionForm
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


@require_http_methods(["GET", "POST"])
def status(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the next step in the life of a deployment."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    movers = (Role.DEPLOYMENT_OWNER, Role.CLINICAL_SAFETY_OFFICER)
    request.user.must_hold(*movers, site=deployment.site, to=_("change the status"))
    asked = {name: request.GET[name] for name in ("to", "reason") if name in request.GET}  # by an incident's page
    form = StatusForm(request.POST or None, deployment=deployment, user=request.user, initial=asked)
    if request.method == "POST" and form.is_valid():
        change = deployment.change_status(by=request.user, **form.cleaned_data)
        messages.success(request, _("The status is now: %(status)s.") % {"status": change.get_after_display()})
        return redirect(deployment)
    return render(request, "deployments/status.html", {"form": form, "deployment": deployment})
