"""The numbers that answers are measured against: read by everybody, adopted by those who govern."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from auditapp.questionnaires import threshold_page
from auditapp.questionnaires.forms.thresholds import ThresholdForm
from auditapp.questionnaires.models import ThresholdAdoption


@require_safe
def thresholds(request: HttpRequest) -> HttpResponse:
    """Every number that published questionnaires use, with what the hospital made of it."""
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key()
    page = threshold_page.listed(request.user, request.GET, adopted)
    return render(request, "questionnaires/thresholds.html", page)


@require_http_methods(["GET", "POST"])
def threshold(request: HttpRequest, code: str) -> HttpResponse:
    """One number: all that was adopted so far, and the form for who may adopt it."""
    if request.method == "POST":
        ThresholdAdoption.must_let_adopt(request.user)
    number = threshold_page.number(request.user, code)
    history = list(ThresholdAdoption.objects.visible_to(request.user).of(number).select_related("by"))
    form = ThresholdForm(request.POST or None, threshold=number, now=history[0] if history else None)
    if request.method == "POST" and form.is_valid():
        adoption = ThresholdAdoption.adopt(number, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("Adopted: %(limit)s.") % {"limit": number.limit(adoption.value)})
        return redirect("questionnaires:thresholds")
    page = {"number": threshold_page.Row(number, form.now), "history": history, "form": form}
    return render(
        request, "questionnaires/threshold.html", page | {"may_adopt": threshold_page.may_adopt(request.user)}
    )
