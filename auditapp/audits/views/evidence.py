"""Evidence for an answer: added, taken off, read."""

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from auditapp.audits import held_page
from auditapp.audits.forms.answering import EvidenceForm
from auditapp.audits.models import Answer, AnswerEvidence
from auditapp.audits.views.filling import card_address as card


@require_POST
def evidence(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Add a file or a link to an answer; what is wrong with it is said on a page of its own, which keeps the rest."""
    answers = Answer.objects.visible_to(request.user).with_assignment(request.user).select_related("audit", "site")
    answer = get_object_or_404(answers, audit__ref=ref, code=code)
    answer.must_be_open_to(request.user)
    form = EvidenceForm(request.POST, request.FILES)
    if form.is_valid():  # a file is read before the answer is held: nobody waits for that
        link = answer.add_evidence(by=request.user, **form.about)
        messages.success(request, _("“%(title)s” is added to %(code)s.") % {"title": link.evidence.title, "code": code})
        if form.unread:
            messages.warning(request, form.unread)
        return redirect(card(answer))
    page = {"form": form, "answer": answer, "audit": answer.audit, "cancel_url": card(answer)}
    return render(request, "audits/evidence.html", page, status=held_page.STATUS if form.found else 422)


@require_POST
def evidence_removal(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Take an item off an answer; the item itself is kept."""
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    answer = get_object_or_404(answers, audit__ref=ref, code=code)
    link = answer.take_off(request.POST.get("item", ""), by=request.user)
    messages.success(request, _("“%(title)s” is taken off %(code)s.") % {"title": link.evidence.title, "code": code})
    return redirect(card(answer))


@require_safe
def evidence_file(request: HttpRequest, ref: str, sha256: str) -> FileResponse:
    """A file of this audit, to keep and not to open in the page; also one that was later taken off."""
    links = AnswerEvidence.objects.visible_to(request.user).holding_file(ref, sha256)
    kept = get_object_or_404(links).evidence
    content = default_storage.open(kept.storage_name)
    response = FileResponse(content, as_attachment=True, filename=kept.filename, content_type=kept.content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
