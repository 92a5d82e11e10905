"""The clinical safety officer's pages: the review, and the hazards of the deployment."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from auditapp.accounts.models import Role
from auditapp.audits import review_page
from auditapp.audits.forms.review import ACCEPT, ReviewForm
from auditapp.audits.models import Audit
from auditapp.findings.forms.hazards import HazardClosureForm, HazardRatingForm
from auditapp.findings.matrix import matrix
from auditapp.findings.models import HazardRating


@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, ref: str) -> HttpResponse:
    """Accept what was submitted, or return single questions."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_review(request.user)
    facts = audit.submission.facts
    form = ReviewForm(request.POST or None, codes=review_page.codes(facts))
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["act"] == ACCEPT:
            audit.accept(by=request.user, note=form.cleaned_data["note"])
            messages.success(request, _("Accepted. The decision comes next."))
        else:
            audit.return_questions(form.reasons, by=request.user)
            messages.success(request, _("Returned to the auditors with your reasons."))
        form.keep(audit, by=request.user)
        return redirect(audit)
    return render(request, "audits/review.html", review_page.page(audit, facts, form))


@require_http_methods(["GET", "POST"])
def hazard_ratings(request: HttpRequest, ref: str) -> HttpResponse:
    """The open ratings of the deployment, which everybody reads who reads the whole audit, and a new one."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).in_full(request.user).with_names(), ref=ref)
    form = HazardRatingForm(request.POST or None, deployment=audit.deployment, rules=audit.version.rules)
    if request.method == "POST":
        request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=audit.site, to=_("rate a hazard"))
        if form.is_valid():
            rating = HazardRating.rate(audit.deployment, by=request.user, **form.cleaned_data)
            form.keep(audit, by=request.user)
            messages.success(
                request, _("%(ref)s is rated level %(level)s.") % {"ref": rating.ref, "level": rating.level}
            )
            return redirect("audits:hazard_ratings", ref=ref)
    page = review_page.hazards(audit) | {"form": form, "rates": _rates(request, audit)}
    return render(request, "audits/hazard_ratings.html", page)


@require_http_methods(["GET", "POST"])
def hazard_rating(request: HttpRequest, ref: str, hazard: str) -> HttpResponse:
    """Replace a rating; the old one stays on the record."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=audit.site, to=_("rate a hazard"))
    rating = get_object_or_404(review_page.ratings_in_force(audit), ref=hazard)
    start = {"title": rating.title, "finding": rating.finding and rating.finding.ref}
    about = {"deployment": audit.deployment, "rules": audit.version.rules, "replaces": rating}
    form = HazardRatingForm(request.POST or None, initial=start, **about)
    if request.method == "POST" and form.is_valid():
        HazardRating.rate(audit.deployment, by=request.user, replaces=rating, **form.cleaned_data)
        form.keep(audit, by=request.user)
        messages.success(request, _("The rating is replaced."))
        return redirect("audits:hazard_ratings", ref=ref)
    page = {"audit": audit, "rating": rating, "form": form, "matrix": matrix(audit.version.rules)}
    return render(request, "audits/hazard_rating.html", page)


@require_http_methods(["GET", "POST"])
def hazard_closure(request: HttpRequest, ref: str, hazard: str) -> HttpResponse:
    """Close a rating because a control is in place."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=audit.site, to=_("close a hazard rating"))
    rating = get_object_or_404(review_page.ratings_in_force(audit), ref=hazard)
    form = HazardClosureForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        rating.close(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(audit, by=request.user)
        messages.success(request, _("%(ref)s is closed.") % {"ref": rating.ref})
        return redirect("audits:hazard_ratings", ref=ref)
    return render(request, "audits/hazard_closure.html", {"form": form, "audit": audit, "rating": rating})


def _rates(request: HttpRequest, audit: Audit) -> bool:
    return request.user.holds(Role.CLINICAL_SAFETY_OFFICER, site=audit.site)
