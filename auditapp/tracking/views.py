"""One's work, the portfolio, and the page of a deployment."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from auditapp.accounts.models import Site
from auditapp.deployments.models import Deployment
from auditapp.findings import listing
from auditapp.tracking import expectation, history, standing
from auditapp.tracking import my_work as waiting
from auditapp.tracking import portfolio as whole


@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """What waits for this person, in the order in which it should be done."""
    tasks = waiting.waiting_for(request.user)
    return render(request, "tracking/my_work.html", {"tasks": tasks, "appears": waiting.appears_for(request.user)})


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """The whole portfolio, as a committee reads it."""
    sites = list(Site.objects.in_reach_of(request.user))
    found = whole.found(request.user, request.GET, sites)
    if request.GET.get("format") == "csv":
        return whole.as_csv(found)
    return render(request, "tracking/portfolio.html", whole.page(found, request.GET, sites))


@require_safe
def deployment(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything about one deployment, with the sentence that answers the main question first."""
    shown = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    versions = list(shown.versions.with_audit())
    changes = list(shown.status_changes.select_related("by"))
    rows = history.audits_of(shown)
    profile = shown.newest_profile
    context = {
        "deployment": shown,
        "profile": profile,
        "expected": expectation.of(request.user, shown, profile),
        "answer": standing.answer(shown, versions, rows),
        "versions": versions[::-1],
        "changes": changes[::-1],
        "audits": rows,
        "spans": history.spans(versions, rows, changes, zone=shown.site.zone),
        "trends": history.trends(rows),
        "findings": listing.summary(shown),
        "hazards": shown.hazard_ratings.open().select_related("by"),
    }
    return render(request, "tracking/deployment.html", context)
