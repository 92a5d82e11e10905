"""On paper: printed blank or filled, copied with the scan, checked by a second person."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts.models import Role
from auditapp.audits import paper_page
from auditapp.audits.forms.paper import CopyForm, CorrectionForm, ScanForm
from auditapp.audits.models import Audit, PaperEntry


@require_safe
def sheets(request: HttpRequest, ref: str) -> HttpResponse:
    """The questionnaire to print: blank, or `?filled=yes` with what is answered."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    filled = request.GET.get("filled") == "yes"
    page = {"audit": audit, "filled": filled, "categories": paper_page.sheets(audit, request.user)}
    page["may_enter"] = audit.state == "draft" and request.user.holds(Role.AUDITOR, site=audit.site)
    return render(request, "audits/paper.html", page)


@require_http_methods(["GET", "POST"])
def entering(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Copy the answers of one category from paper."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    PaperEntry.must_let_enter(audit, request.user)
    answers = list(audit.answers.of_category(code).select_related("question", "audit"))
    if not answers:
        raise Http404
    parts: list[dict[str, Any]] = [
        {"answer": answer, "form": CopyForm(request.POST or None, prefix=answer.code, initial={"base": answer.n})}
        for answer in answers
        if not answer.why_fixed
    ]
    is_sent = request.method == "POST"
    scan = ScanForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    nothing = False
    if is_sent and all([scan.is_valid(), *[part["form"].is_valid() for part in parts]]):
        copied = {p["answer"].code: p["form"].cleaned_data for p in parts if p["form"].is_filled}
        if copied:
            key = request.POST.get("key", "")[:64]
            entries = PaperEntry.enter(audit, copied, scan=scan.about, by=request.user, key=key)
            for part in parts:
                if part["form"].is_filled:
                    part["form"].keep(audit, by=request.user, check=part["answer"].code)
            words = ngettext(
                "%(n)s answer is entered. A second person checks it.",
                "%(n)s answers are entered. A second person checks them.",
                len(entries),
            )
            messages.success(request, words % {"n": len(entries)})
            return redirect("audits:paper_checks", ref=ref)
        nothing = True
    page = {"audit": audit, "scan": scan, "parts": parts, "key": uuid4().hex, "nothing": nothing}
    page["title"] = paper_page.title(audit, code)
    status = 422 if is_sent else 200
    return render(request, "audits/paper_entry.html", page, status=status)


@require_safe
def checks(request: HttpRequest, ref: str) -> HttpResponse:
    """What was copied and waits for a second person."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    return render(request, "audits/paper_checks.html", paper_page.checks(audit, request.user))


@require_POST
def check(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Confirm a copy, or correct it."""
    entries = PaperEntry.objects.visible_to(request.user).for_reading().filter(check_made=None)
    entry = entries.filter(revision__answer__audit__ref=ref, revision__answer__code=code).order_by("-pk").first()
    if entry is None:
        raise Http404
    if request.POST.get("act") != "correct":
        entry.confirm(by=request.user)
        messages.success(request, _("%(code)s is confirmed against the scan.") % {"code": code})
        return redirect("audits:paper_checks", ref=ref)
    form = CorrectionForm(request.POST, prefix=code)
    if form.is_valid():
        entry.correct(by=request.user, key=f"correction-{entry.pk}", **form.cleaned_data)
        form.keep(entry.revision.answer.audit, by=request.user, check=code)
        messages.success(request, _("%(code)s is corrected from the scan.") % {"code": code})
        return redirect("audits:paper_checks", ref=ref)
    page = paper_page.checks(entry.revision.answer.audit, request.user, form=form, at=code)
    return render(request, "audits/paper_checks.html", page, status=422)
