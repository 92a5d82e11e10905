"""What moves an audit along: submission, withdrawal, revision."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from auditapp.audits import progress
from auditapp.audits.forms.course import RevisionForm, WithdrawalForm
from auditapp.audits.models import Audit


@require_http_methods(["GET", "POST"])
def submission(request: HttpRequest, ref: str) -> HttpResponse:
    """What is missing, or what will be frozen, and the act."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_submit(request.user)
    answers = list(audit.answers.for_reading())
    missing = [answer for answer in answers if answer.lacks]
    if request.method == "POST" and not missing:
        audit.submit(by=request.user)
        messages.success(request, _("Submitted. The clinical safety officer reviews it now."))
        return redirect(audit)
    page = {"audit": audit, "missing": missing, "summary": progress.summary(answers)}
    return render(request, "audits/submission.html", page)


@require_http_methods(["GET", "POST"])
def withdrawal(request: HttpRequest, ref: str) -> HttpResponse:
    """End an audit without a report."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_withdraw(request.user)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        audit.withdraw(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(audit, by=request.user)
        messages.success(request, _("%(ref)s is withdrawn.") % {"ref": audit.ref})
        return redirect(audit)
    return render(request, "audits/withdrawal.html", {"form": form, "audit": audit})


@require_http_methods(["GET", "POST"])
def revision(request: HttpRequest, ref: str) -> HttpResponse:
    """Open the revision that will supersede an issued audit."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_revise(request.user)
    form = RevisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        revised = audit.revise(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(revised, by=request.user)
        messages.success(request, _("%(ref)s is open. Change what was wrong.") % {"ref": revised.ref})
        return redirect(revised)
    return render(request, "audits/revision.html", {"form": form, "audit": audit})
