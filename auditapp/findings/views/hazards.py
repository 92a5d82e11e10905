"""Hazard ratings outside an audit, and the acceptance of a risk: the clinical safety officer's alone."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from auditapp.accounts.models import Role
from auditapp.findings import rules
from auditapp.findings.forms.hazards import AcceptanceForm, HazardClosureForm, HazardRatingForm
from auditapp.findings.matrix import matrix
from auditapp.findings.models import HazardRating
from auditapp.findings.views.acting import finding_of


def _rating(request: HttpRequest, hazard: str) -> HazardRating:
    """In force: what was replaced or closed is not changed any more."""
    rows = HazardRating.objects.visible_to(request.user).in_force()  # type: ignore[arg-type]
    return get_object_or_404(rows.select_related("deployment", "site", "finding__deployment", "by"), ref=hazard)


def _back(rating: HazardRating) -> Any:
    return rating.finding or rating.deployment


@require_http_methods(["GET", "POST"])
def rating(request: HttpRequest, ref: str) -> HttpResponse:
    """Rate a hazard of what is missing here, by the matrix that counts now."""
    shown = finding_of(request, ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=shown.site, to=_("rate a hazard"))
    content = rules.in_force(request.user)
    about = {"deployment": shown.deployment, "rules": content}
    form = HazardRatingForm(request.POST or None, initial={"finding": shown.ref}, **about)
    if request.method == "POST" and form.is_valid():
        rated = HazardRating.rate(shown.deployment, by=request.user, **form.cleaned_data)
        form.keep(rated, by=request.user)
        messages.success(request, _("%(ref)s is rated level %(level)s.") % {"ref": rated.ref, "level": rated.level})
        return redirect(rated.finding or shown)
    page = {"form": form, "finding": shown, "matrix": matrix(content)}
    return render(request, "findings/hazard_rating.html", page)


@require_http_methods(["GET", "POST"])
def rating_again(request: HttpRequest, hazard: str) -> HttpResponse:
    """Replace a rating; the old one stays on the record."""
    old = _rating(request, hazard)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=old.site, to=_("rate a hazard"))
    content = rules.in_force(request.user)
    start = {"title": old.title, "finding": old.finding and old.finding.ref}
    about = {"deployment": old.deployment, "rules": content, "replaces": old}
    form = HazardRatingForm(request.POST or None, initial=start, **about)
    if request.method == "POST" and form.is_valid():
        new = HazardRating.rate(old.deployment, by=request.user, replaces=old, **form.cleaned_data)
        form.keep(new, by=request.user)
        messages.success(request, _("The rating is replaced."))
        return redirect(_back(new))
    page = {"form": form, "rating": old, "back": _back(old), "matrix": matrix(content)}
    return render(request, "findings/hazard_rating.html", page)


@require_http_methods(["GET", "POST"])
def closure(request: HttpRequest, hazard: str) -> HttpResponse:
    """Close a rating because a control is in place."""
    old = _rating(request, hazard)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=old.site, to=_("close a hazard rating"))
    form = HazardClosureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        old.close(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(old, by=request.user)
        messages.success(request, _("%(ref)s is closed.") % {"ref": old.ref})
        return redirect(_back(old))
    return render(request, "findings/hazard_closure.html", {"form": form, "rating": old, "back": _back(old)})


@require_http_methods(["GET", "POST"])
def acceptance(request: HttpRequest, hazard: str) -> HttpResponse:
    """Sign for a risk to an end date; levels 4 and 5 are refused before anything is typed."""
    shown = _rating(request, hazard)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=shown.site, to=_("accept a risk"))
    form = AcceptanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        shown.accept(by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("%(ref)s is accepted.") % {"ref": shown.ref})
        return redirect(_back(shown))
    page = {"form": form, "rating": shown, "back": _back(shown), "level": _level(request, shown)}
    return render(request, "findings/acceptance.html", page)


def _level(request: HttpRequest, shown: HazardRating) -> str:
    return rules.in_force(request.user)["risk_rating"]["levels"][str(shown.level)]  # type: ignore[arg-type]
