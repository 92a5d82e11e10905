"""The pages on which a hospital's rules over time are read and set."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp.accounts.models import Site
from auditapp.deployments.models import Policy
from auditapp.tracking import rules_page
from auditapp.tracking.rules_form import RulesForm


def _place(request: HttpRequest) -> tuple[Site | None, list[Site]]:
    """The hospital that the address names (None: the whole group), and all that the person may choose from."""
    sites = list(Site.objects.in_reach_of(request.user))
    code = request.GET.get("site", "")
    site = next((site for site in sites if site.code == code), None)
    if code and site is None:
        raise Http404
    return site, sites


def _address(site: Site | None) -> str:
    return reverse("tracking:rules") + (f"?site={site.code}" if site else "")


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """By what rules a hospital, or the whole group, goes today, and by which it went before."""
    site, sites = _place(request)
    return render(request, "tracking/rules.html", rules_page.page(request.user, site, sites))


@require_http_methods(["GET", "POST"])
def new_rules(request: HttpRequest) -> HttpResponse:
    """State the rules anew: first what they would change is shown, then they are kept as they were seen."""
    site, sites = _place(request)
    Policy.must_let_set(request.user, site)
    policy, base = rules_page.own_or_inherited(request.user, site)
    form = RulesForm(request.POST or None, policy=policy, base=base)
    page: dict[str, Any] = {"form": form, "site": site, "back": _address(site)}
    if request.method == "POST" and form.is_valid():
        if form.was_previewed:
            Policy.set(by=request.user, site=site, base=form.cleaned_data["base"], **form.rules)
            messages.success(
                request, _("These rules hold from now on for %(place)s.") % {"place": site or _("the group")}
            )
            return redirect(_address(site))
        proposed = Policy(organisation_id=request.user.organisation_id, **form.rules)
        page["preview"] = rules_page.compared(request.user, site, sites, policy, proposed)
        form.note_previewed()
    return render(request, "tracking/new_rules.html", page)
