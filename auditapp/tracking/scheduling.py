"""The page on which everything that is due stands together."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from auditapp.accounts.models import Site
from auditapp.tracking import schedule_page


@require_safe
def schedule(request: HttpRequest) -> HttpResponse:
    """Which audit is due when, at the hospitals that the person sees."""
    sites = list(Site.objects.in_reach_of(request.user))
    if request.GET.get("format") == "csv":
        rows = schedule_page.found(request.user, request.GET, sites)
        return schedule_page.as_csv(schedule_page.kept(rows, request.GET))
    return render(request, "tracking/schedule.html", schedule_page.page(request.user, request.GET, sites))
