"""A blind second reading: begun, read by each apart, compared and settled."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.audits import second_reading_page
from auditapp.audits.forms.second_reading import ReadersForm, ReadingForm
from auditapp.audits.models import Audit, SecondReading
from auditapp.refusals import NotAllowed


@require_http_methods(["GET", "POST"])
def beginning(request: HttpRequest, ref: str) -> HttpResponse:
    """Name the two readers."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    SecondReading.must_let_begin(audit, request.user)
    form = ReadersForm(request.POST or None, audit=audit)
    if request.method == "POST" and form.is_valid():
        reading = SecondReading.begin(audit, by=request.user, **form.cleaned_data)
        messages.success(request, _("Both can answer now, each apart."))
        return redirect(reading)
    page = {"form": form, "audit": audit, "cancel_url": audit.get_absolute_url()}
    return render(request, "audits/second_reading_beginning.html", page)


@never_cache
@require_safe
def second_reading(request: HttpRequest, ref: str) -> HttpResponse:
    """Where both readers stand; both readings when both have finished."""
    page = second_reading_page.overview(_found(request, ref), request.user)
    return render(request, "audits/second_reading.html", page)


@never_cache
@require_safe
def category(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """One's own answers of one category."""
    reading = _found(request, ref)
    if not reading.is_read_by(request.user):
        raise NotAllowed(_("Only the two readers answer here."))
    return _category(request, reading, code, second_reading_page.category(reading, code, request.user))


@require_POST
def reading(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Save one's own answer to one question."""
    found = _found(request, ref)
    if not found.is_read_by(request.user):
        raise NotAllowed(_("Only the two readers answer here."))
    answer = get_object_or_404(found.audit.answers.filter(code=code))
    form = ReadingForm(request.POST, auto_id=f"{code}_%s")
    if not form.is_valid():
        parts = second_reading_page.category(found, answer.category_code, request.user, form=form, at=code)
        return _category(request, found, answer.category_code, parts, status=422)
    found.answer(code, by=request.user, **form.cleaned_data)
    form.keep(found.audit, by=request.user, check=code)
    messages.success(request, _("Saved: your answer to %(code)s.") % {"code": code})
    return redirect(f"{reverse('audits:second_reading_category', args=[ref, answer.category_code])}#{code}")


@require_POST
def finish(request: HttpRequest, ref: str) -> HttpResponse:
    """One's own reading is complete."""
    found = _found(request, ref)
    found.finish(by=request.user)
    messages.success(request, _("Your reading is finished."))
    return redirect(found)


@require_POST
def agreed(request: HttpRequest, ref: str) -> HttpResponse:
    """Take over every answer on which both agree."""
    found = _found(request, ref)
    n = found.take_over_agreed(by=request.user)
    words = ngettext(
        "%(n)s answer on which both agree is taken over.", "%(n)s answers on which both agree are taken over.", n
    )
    messages.success(request, words % {"n": n})
    return redirect(found)


@require_POST
def settlement(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Decide on one difference."""
    found = _found(request, ref)
    found.must_let_settle(request.user)
    form = second_reading_page.settling(found, code, request.POST)
    if form.is_valid():
        found.settle(code, by=request.user, **form.cleaned_data)
        form.keep(found.audit, by=request.user, check=code)
        messages.success(request, _("%(code)s is settled.") % {"code": code})
        return redirect(f"{found.get_absolute_url()}#{code}")
    page = second_reading_page.overview(found, request.user)
    for part in page["differing"]:
        if part["row"].answer.code == code:
            part["form"] = form
    return render(request, "audits/second_reading.html", page | {"wrong": form, "code": code}, status=422)


def _found(request: HttpRequest, ref: str) -> SecondReading:
    rows = SecondReading.objects.visible_to(request.user).with_people()
    return get_object_or_404(rows.select_related("audit__version__questionnaire"), audit__ref=ref)


def _category(
    request: HttpRequest, reading: SecondReading, code: str, parts: list[dict[str, object]], status: int = 200
) -> HttpResponse:
    if not parts:
        raise Http404
    wrong = next((part["form"] for part in parts if part["form"].errors), None)  # type: ignore[attr-defined]
    page = {
        "audit": reading.audit,
        "reading": reading,
        "title": second_reading_page.titles(reading.audit)[code],
        "parts": parts,
        "fixed": request.user.pk in reading.finished() or reading.audit.state != "draft",
        "wrong": wrong,
        "categories": second_reading_page.own_progress(reading, request.user),
    }
    return render(request, "audits/second_reading_category.html", page, status=status)
