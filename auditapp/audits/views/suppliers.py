"""Asking a supplier, and judging what they state."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts.models import Role
from auditapp.audits import supplier_mail, supplier_page
from auditapp.audits.forms.suppliers import AskForm, JudgementForm, UntilForm
from auditapp.audits.models import Audit, SupplierFile, SupplierRequest, SupplierSending
from auditapp.audits.views.evidence import INERT, given_out
from auditapp.evidence import held_page
from auditapp.refusals import Refused


@require_safe
def supplier_requests(request: HttpRequest, ref: str) -> HttpResponse:
    """What suppliers were asked in this audit, and what came."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).in_full(request.user).with_names(), ref=ref)
    page = {"audit": audit, "requests": supplier_page.requests(audit), "may_ask": _may_ask(request, audit)}
    return render(request, "audits/supplier_requests.html", page)


@require_http_methods(["GET", "POST"])
def asking(request: HttpRequest, ref: str) -> HttpResponse:
    """Choose questions and a contact."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    SupplierRequest.must_let_ask(audit, request.user)
    codes = audit.answers.values_list("code", flat=True)
    form = AskForm(request.POST or None, audit=audit, codes=codes, initial={"code": request.GET.get("question", "")})
    if request.method == "POST" and form.is_valid():
        asked = SupplierRequest.ask(audit, form.wanted, by=request.user, **form.cleaned_data)
        supplier_mail.send_soon(asked, kind=SupplierSending.Kind.FIRST, by=request.user.pk)
        messages.success(request, _("The questions are put to %(name)s.") % {"name": asked.contact_name})
        return redirect(asked)
    page = {"audit": audit, "form": form, "groups": supplier_page.choosing(audit, form)}
    return render(request, "audits/supplier_asking.html", page | {"mail": supplier_mail.is_set_up()})


@require_safe
def supplier_request(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """One request: what was asked, what came, when which link went out."""
    page = supplier_page.page(_found(request, ref, n), request.user, form=UntilForm())
    return render(request, "audits/supplier_request.html", page)


@never_cache
@require_POST
def supplier_link(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """A link to pass on by hand, shown this once and kept nowhere."""
    found = _found(request, ref, n)
    link = supplier_mail.address(found.link_by_hand(by=request.user))
    return render(request, "audits/supplier_link.html", {"audit": found.audit, "asked": found, "link": link})


@require_POST
def supplier_reminder(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """Send the contact a new link by e-mail."""
    found = _found(request, ref, n)
    found.must_let_remind(request.user)
    if not supplier_mail.is_set_up():
        raise Refused(_("E-mail is not set up here. Make a link and pass it on yourself."))
    supplier_mail.send_soon(found, kind=SupplierSending.Kind.REMINDER, by=request.user.pk)
    messages.success(request, _("A reminder with a new link goes to %(name)s.") % {"name": found.contact_name})
    return redirect(found)


@require_POST
def supplier_extension(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """Let the link work longer."""
    found = _found(request, ref, n)
    form = UntilForm(request.POST)
    if form.is_valid():
        found.extend(by=request.user, until=form.cleaned_data["until"])
        messages.success(request, _("The link works longer now."))
        return redirect(found)
    SupplierRequest.must_let_ask(found.audit, request.user)
    return render(
        request, "audits/supplier_request.html", supplier_page.page(found, request.user, form=form), status=422
    )


@require_POST
def supplier_revocation(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """Take the request back: no link to it works any more."""
    found = _found(request, ref, n)
    found.revoke(by=request.user)
    messages.success(request, _("The request is taken back. Its links no longer work."))
    return redirect(found)


@require_POST
def supplier_judgement(request: HttpRequest, ref: str, n: int, code: str) -> HttpResponse:
    """Accept or decline what the supplier states about one question."""
    found = _found(request, ref, n)
    SupplierRequest.must_let_ask(found.audit, request.user)
    question = get_object_or_404(found.questions.filter(answer__code=code))
    form = JudgementForm(request.POST)
    if not form.is_valid():
        raise Refused(_("Choose whether to accept or to decline it."))
    reply, reason = form.cleaned_data["reply"], form.cleaned_data["reason"]
    accepts, why = form.cleaned_data["act"] == "accept", form.cleaned_data["why"]
    if accepts and not why and (looked_at := question.looks_like_patients()):
        error: dict[str, Any] = {
            "code": code,
            "sentence": _("This looks like patient data. Decline it, or say why it is none."),
        }
        error |= {"looked_at": held_page.in_parts([("", looked_at)]), "why": form["why"]}
        page = supplier_page.page(found, request.user, form=UntilForm(), problem=error)
        return render(request, "audits/supplier_request.html", page, status=422)
    if accepts:
        question.accept(by=request.user, reply=reply, why=why)
        messages.success(request, _("Taken into the answer to %(code)s, marked as the supplier’s.") % {"code": code})
    elif not reason:
        error = {"code": code, "sentence": _("Give the reason; the supplier’s contact reads it.")}
        page = supplier_page.page(found, request.user, form=UntilForm(), problem=error)
        return render(request, "audits/supplier_request.html", page, status=422)
    else:
        question.decline(by=request.user, reply=reply, reason=reason)
        messages.success(request, _("Declined. %(code)s is asked again, with your reason.") % {"code": code})
    return redirect(f"{found.get_absolute_url()}#{code}")


@require_safe
def supplier_file(request: HttpRequest, ref: str, n: int, pk: int) -> FileResponse:
    """A file that came in answer to a request, to keep and not to open in the page."""
    kept = get_object_or_404(SupplierFile.objects.visible_to(request.user).of_request(ref, n), pk=pk).evidence
    return given_out(kept, policy=INERT, inline=False)


def _may_ask(request: HttpRequest, audit: Audit) -> bool:
    return audit.state == "draft" and request.user.holds(Role.AUDITOR, site=audit.site)


def _found(request: HttpRequest, ref: str, n: int) -> SupplierRequest:
    rows = SupplierRequest.objects.visible_to(request.user).for_reading()
    return get_object_or_404(rows, audit__ref=ref, n=n)
