"""The pages on which the first plan of a hospital is prepared, read and signed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from auditapp import clock
from auditapp.accounts.models import Site
from auditapp.tracking import first_plan_page
from auditapp.tracking.first_plan import FirstPlan
from auditapp.tracking.first_plan_forms import DaysForm, LayoutForm, PlanSignatureForm


def _site(request: HttpRequest, code: str) -> Site:
    """A hospital whose audits the person reads as a whole: the plan tells of what nobody has looked at."""
    site = get_object_or_404(Site.objects.in_reach_of(request.user), code=code)
    if not request.user.reads_all_at(site.pk):
        raise Http404
    return site


@require_safe
def first_plans(request: HttpRequest) -> HttpResponse:
    """The hospitals of the person, each with its plan."""
    sites = [site for site in Site.objects.in_reach_of(request.user) if request.user.reads_all_at(site.pk)]
    if len(sites) == 1:
        return redirect("tracking:first_plan", code=sites[0].code)
    return render(request, "tracking/first_plans.html", {"sites": sites})


@require_safe
def first_plan(request: HttpRequest, code: str) -> HttpResponse:
    """What is live and unaudited here, and by when it is audited."""
    site = _site(request, code)
    sites = list(Site.objects.in_reach_of(request.user))
    return render(request, "tracking/first_plan.html", first_plan_page.page(request.user, site, sites))


@require_http_methods(["GET", "POST"])
def first_plan_proposal(request: HttpRequest, code: str) -> HttpResponse:
    """Lay the audits out from a day on, so many a week."""
    site = _site(request, code)
    FirstPlan.must_let_prepare(request.user, site)
    offered = {"starts": first_plan_page.next_monday(site), "per_week": 2}
    form = LayoutForm(request.POST or None, initial=offered, today=clock.today(site.zone))
    if request.method == "POST" and form.is_valid():
        ranked = [row.as_line for row in first_plan_page.unaudited(request.user, site)]
        FirstPlan.propose(site, by=request.user, ranked=ranked, **form.cleaned_data)
        messages.success(request, _("The plan is proposed. Move single days where they do not fit."))
        return redirect("tracking:first_plan", code=code)
    return render(request, "tracking/first_plan_proposal.html", {"form": form, "site": site})


@require_http_methods(["GET", "POST"])
def first_plan_days(request: HttpRequest, code: str) -> HttpResponse:
    """Give single deployments other days."""
    site = _site(request, code)
    FirstPlan.must_let_prepare(request.user, site)
    plan = get_object_or_404(FirstPlan.objects.visible_to(request.user).of(site).drafts())
    form = DaysForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid():
        plan.move(form.days, by=request.user, shown_sha256=form.cleaned_data["shown"])
        messages.success(request, _("The days are kept. The executive can sign the plan."))
        return redirect("tracking:first_plan", code=code)
    return render(request, "tracking/first_plan_days.html", {"form": form, "site": site, "plan": plan})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def first_plan_signature(request: HttpRequest, code: str) -> HttpResponse:
    """The executive signs the plan as it stands on the page."""
    site = _site(request, code)
    FirstPlan.must_let_sign(request.user, site)
    plan = get_object_or_404(FirstPlan.objects.visible_to(request.user).of(site).drafts())
    form = PlanSignatureForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid() and form.sign(request, by=request.user):
        messages.success(request, _("The plan is signed. What it names counts as planned until its day."))
        return redirect("tracking:first_plan", code=code)
    return render(request, "tracking/first_plan_signature.html", {"form": form, "site": site, "plan": plan})


@require_safe
def first_plan_file(request: HttpRequest, code: str, n: int) -> HttpResponse:
    """The bytes that were signed, as they are stored."""
    site = _site(request, code)
    plan = get_object_or_404(FirstPlan.objects.visible_to(request.user).of(site).signed(), n=n)
    response = HttpResponse(bytes(plan.canonical), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="first-plan-{site.code}-{plan.n}.json"'
    return response
