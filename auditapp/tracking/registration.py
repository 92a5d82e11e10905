"""Registering a deployment, and its profile: filled in by one person, confirmed by another."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.deployments.models import KEEPERS, Deployment, Intake, Product
from auditapp.tracking import profile_effects
from auditapp.tracking.forms import ProfileForm, RegistrationForm


@require_http_methods(["GET", "POST"])
def registration(request: HttpRequest) -> HttpResponse:
    """Enter a deployment with its profile and its first version."""
    request.user.must_hold(*KEEPERS, site=None, to=_("register a deployment"))
    removed = profile_effects.removed_by_answer(profile_effects.critical_questions(request.user))
    proposal = _proposal(request)
    initial = RegistrationForm.initial_of(proposal) if proposal else None
    form = RegistrationForm(request.POST or None, user=request.user, removed=removed, initial=initial)
    if request.method == "POST" and form.is_valid():
        product = Product.named(**form.about_product, organisation=request.user.organisation)
        deployment = Deployment.register(by=request.user, product=product, **form.about)
        deployment.add_version(by=request.user, **form.about_version)
        if proposal:
            proposal.register(deployment, by=request.user)
        messages.success(request, _("The deployment is registered. A second person has to confirm its profile."))
        return redirect(deployment)
    return render(request, "tracking/registration.html", {"form": form, "proposal": proposal})


def _proposal(request: HttpRequest) -> Intake | None:
    """The one that the address names: what it says is filled in already."""
    if not (ref := request.GET.get("proposal")):
        return None
    proposal = get_object_or_404(Intake.objects.visible_to(request.user).with_names(), ref=ref)
    proposal.must_be_open_to(request.user)
    return proposal


@require_safe
def profile(request: HttpRequest, ref: str) -> HttpResponse:
    """The facts as they stand, what they remove, who stands behind them, and the profiles before."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    page = profile_effects.page(deployment, request.user)
    return render(request, "tracking/profile.html", page)


@require_http_methods(["GET", "POST"])
def new_profile(request: HttpRequest, ref: str) -> HttpResponse:
    """State the profile anew, starting from the facts as they stand."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*KEEPERS, site=deployment.site, to=_("fill in the profile"))
    removed = profile_effects.removed_by_answer(profile_effects.critical_questions(request.user))
    newest = deployment.newest_profile
    form = ProfileForm(request.POST or None, removed=removed, filled=newest.facts)
    if request.method == "POST" and form.is_valid():
        filled = deployment.fill_profile(form.facts, by=request.user)
        messages.success(request, _("Profile %(n)s is filled in. A second person has to confirm it.") % {"n": filled.n})
        return redirect("tracking:profile", ref=ref)
    return render(request, "tracking/new_profile.html", {"form": form, "deployment": deployment, "profile": newest})


@require_POST
def profile_confirmation(request: HttpRequest, ref: str) -> HttpResponse:
    """The second person's word, for the very profile that was read."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user), ref=ref)
    number = request.POST.get("n", "")
    read = get_object_or_404(deployment.profiles.with_people(), n=number if number.isdecimal() else None)
    read.confirm(by=request.user)
    messages.success(request, _("Profile %(n)s is confirmed. It decides which questions are asked.") % {"n": read.n})
    return redirect("tracking:profile", ref=ref)
