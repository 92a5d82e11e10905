"""Deciding, signing, reading and verifying."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts.backend import client_address
from auditapp.audits.models import Audit
from auditapp.questionnaires.models import Framework
from auditapp.questionnaires.spreadsheets.plain import TYPE as WORKBOOK
from auditapp.refusals import NotAllowed
from auditapp.reports import evidence_pack, schemas
from auditapp.reports.forms import (
    ConditionFormSet,
    DecisionForm,
    RefusalForm,
    SignatureForm,
    VerifyForm,
    WithdrawalForm,
)
from auditapp.reports.models import Decision, Report
from auditapp.reports.reauthentication import Opening
from auditapp.reports.related_clauses import by_framework
from auditapp.reports.spreadsheet import workbook
from auditapp.reports.turns import refusal_of_turn
from auditapp.reports.verification import issued_under, verification_of
from auditapp.reports.withdrawal import ReportWithdrawal


@require_http_methods(["GET", "POST"])
def decision(request: HttpRequest, ref: str) -> HttpResponse:
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    Decision.must_be_open_to(request.user, audit)
    result = Decision.calculate(audit)["result"]
    form = DecisionForm(request.POST or None, audit=audit, permitted=result["permitted_decisions"])
    conditions: Any = ConditionFormSet(request.POST or None, prefix="conditions")
    if request.method == "POST" and form.is_valid() and conditions.is_valid():
        if not form.needs_conditions or conditions.given():
            Decision.record(audit, by=request.user, conditions=conditions.given(), **form.cleaned_data)
            messages.success(request, _("The decision is recorded. The report is being prepared for signing."))
            return redirect("reports:report", ref=ref)
        form.add_error("code", _("This decision needs at least one condition, with an owner and a date."))
    return render(
        request, "reports/decision.html", {"audit": audit, "result": result, "form": form, "rows": conditions}
    )


@require_safe
def report(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    facts = found.facts
    context = {"report": found, "audit": found.audit, "facts": facts, "to_sign": not found.refusal_to(request.user)}
    file = found.newest_file
    context |= {"signing": found.signing_steps(), "file": file, "progress": found.progress(file)}
    if found.issued_at:
        context |= ReportWithdrawal.about(found, request.user)
    return render(request, "reports/report.html", context)


@require_safe
def related_clauses(request: HttpRequest, ref: str) -> HttpResponse:
    """The answers of an issued audit, arranged by framework and clause."""
    found = get_object_or_404(Report.objects.visible_to(request.user).issued().newest_of(ref))
    here = request.user.organisation.jurisdiction
    elsewhere = {f.code for f in Framework.objects.visible_to(request.user) if not f.applies_in(here)}
    facts = found.facts
    frameworks = by_framework(facts, elsewhere=elsewhere)
    page = {"report": found, "audit": found.audit, "facts": facts, "frameworks": frameworks}
    return render(request, "reports/related_clauses.html", page)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signature(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    if refusal := found.refusal_to(request.user):
        raise NotAllowed(refusal)
    form = SignatureForm(request.POST or None, report=found, name=request.user.name)
    if request.method == "POST" and form.is_valid():
        if form.sign(request):
            messages.success(request, _("You have signed. Your signature is now being put into the PDF."))
            return redirect("reports:report", ref=ref)
    else:
        found.note_shown(to=request.user)
    return render(request, "reports/signature.html", {"report": found, "audit": found.audit, "form": form})


@require_http_methods(["GET", "POST"])
def refusal(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    if reason := found.refusal_to(request.user):
        raise NotAllowed(reason)
    form = RefusalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found.refuse(by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("You did not sign. The audit is back with its auditor, with your reason."))
        return redirect(found.audit)
    return render(request, "reports/refusal.html", {"report": found, "audit": found.audit, "form": form})


@require_http_methods(["GET", "POST"])
def withdrawal(request: HttpRequest, ref: str) -> HttpResponse:
    """Propose to withdraw an issued report."""
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    ReportWithdrawal.must_be_open_to(request.user, found)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ReportWithdrawal.propose(found, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("The withdrawal is proposed. It counts when a second person has confirmed it."))
        return redirect(found)
    return render(request, "reports/withdrawal.html", {"report": found, "audit": found.audit, "form": form})


@require_http_methods(["GET", "POST"])
def withdrawal_confirmation(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(ReportWithdrawal.objects.visible_to(request.user).standing_on(ref))
    found.must_be_confirmed_by(request.user)
    if request.method == "POST":
        found.confirm(by=request.user)
        messages.success(request, _("The report is withdrawn. Whoever checks a copy of it is told so."))
        return redirect(found)
    page = {"withdrawal": found, "audit": found.report.audit}
    return render(request, "reports/withdrawal_confirmation.html", page)


@require_POST
def withdrawal_end(request: HttpRequest, ref: str) -> HttpResponse:
    """Leave the report as it is."""
    found = get_object_or_404(ReportWithdrawal.objects.visible_to(request.user).standing_on(ref))
    found.drop(by=request.user)
    messages.success(request, _("The report stands as it was issued."))
    return redirect(found)


@require_safe
@csp_exempt()  # the browser's own PDF viewer draws with styles that our policy for pages would refuse
def pdf(request: HttpRequest, ref: str) -> HttpResponse:
    """The newest file; `?step=0` the one before any signature, and so on."""
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    file = get_object_or_404(found.files_up_to(request.GET.get("step", "")))
    Opening.note(found, file, by=request.user)
    response = HttpResponse(bytes(file.content), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{ref}.pdf"'
    return response


@require_safe
def export(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(Report.objects.visible_to(request.user).newest_of(ref))
    response = JsonResponse(found.envelope(), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{ref}.json"'
    return response


@require_safe
def spreadsheet(request: HttpRequest, ref: str) -> HttpResponse:
    """The facts of an issued report as a workbook."""
    found = get_object_or_404(Report.objects.visible_to(request.user).issued().newest_of(ref))
    response = HttpResponse(workbook(found.facts, found.sha256), content_type=WORKBOOK)
    response["Content-Disposition"] = f'attachment; filename="{ref}.xlsx"'
    return response


@require_safe
def evidence(request: HttpRequest, ref: str) -> StreamingHttpResponse:
    """The evidence of an issued report, sent from the disk piece by piece."""
    found = get_object_or_404(Report.objects.visible_to(request.user).issued().newest_of(ref))
    packed = evidence_pack.pack(found, by=request.user)
    response = StreamingHttpResponse(packed.pieces(), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{ref}-evidence.zip"'
    return response


@login_not_required
@require_safe
def schema(request: HttpRequest, name: str) -> HttpResponse:
    """One of the published schemas, for whoever reads our facts without us."""
    content = schemas.content(name)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=schemas.TYPE)


@login_not_required
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
    form = VerifyForm(request.POST or None, request.FILES or None)
    known = issued_under(public_id) if public_id else None
    status = 404 if public_id and known is None else 200
    verified = None
    if request.method == "POST" and form.is_valid():
        if refusal := refusal_of_turn(client_address(request)):
            form.add_error("file", refusal)
            status = 429
        else:
            verified = verification_of(form.cleaned_data["file"].read())
    return render(request, "reports/verify.html", {"form": form, "known": known, "verified": verified}, status=status)
