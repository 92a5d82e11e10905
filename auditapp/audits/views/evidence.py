"""Evidence for an answer: added, chosen among what is here, taken off, looked at."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.audits import evidence_page
from auditapp.audits.forms.evidence import EvidenceForm
from auditapp.audits.models import Answer, AnswerEvidence
from auditapp.audits.models.attachments import evidence_shown_to
from auditapp.audits.views.filling import card_address as card
from auditapp.evidence import held_page, kinds
from auditapp.evidence.giving_out import INERT, VIEWER, given_out
from auditapp.evidence.uploads import PartialUpload


def _answer(request: HttpRequest, ref: str, code: str) -> Answer:
    """The answer, not locked: looking into a file takes a moment, in which others go on saving."""
    answers = Answer.objects.visible_to(request.user).with_assignment(request.user)
    answer = get_object_or_404(answers.select_related("audit", "site", "question"), audit__ref=ref, code=code)
    answer.must_be_open_to(request.user)
    return answer


@never_cache
@require_http_methods(["GET", "POST"])
def evidence(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Add files or a link to an answer; scripts put the form of this page into the question's card."""
    answer = _answer(request, ref, code)
    form = EvidenceForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        code=code,
        uploads=PartialUpload.objects.visible_to(request.user),
        kept=evidence_shown_to(request.user).at(answer.site),
    )
    page = {"form": form, "answer": answer, "audit": answer.audit, "cancel_url": card(answer)}
    if not form.is_bound:
        return render(request, "audits/evidence.html", page)
    if not form.is_valid():
        for why in form.not_taken:
            answer.note_not_taken(why, by=request.user)
        return render(request, "audits/evidence.html", page, status=held_page.STATUS if form.found else 422)
    named, known = evidence_page.add(answer, form, by=request.user)
    for link in named:
        messages.success(request, _("“%(title)s” is added to %(code)s.") % {"title": link.evidence.title, "code": code})
    for sentence in form.unread:
        messages.warning(request, sentence)
    if known:
        page |= evidence_page.known_page(answer, form, known, reader=request.user)
        return render(request, "audits/evidence_known.html", page, status=409)
    return redirect(card(answer))


@never_cache
@require_http_methods(["GET", "POST"])
def evidence_choice(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Use evidence that is here already for this answer too."""
    answer = _answer(request, ref, code)
    if request.method == "POST":
        kept = evidence_shown_to(request.user).at(answer.site).named(request.POST.getlist("item"))
        named = answer.use_evidence(kept, by=request.user)
        told = ngettext("%(n)s item is added to %(code)s.", "%(n)s items are added to %(code)s.", len(named))
        messages.success(request, told % {"n": len(named), "code": code})
        return redirect(card(answer))
    page = evidence_page.choice(answer, request.GET, reader=request.user)
    return render(request, "audits/evidence_choice.html", page | {"answer": answer, "audit": answer.audit})


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
    return given_out(get_object_or_404(links).evidence, policy=INERT, inline=False)


@require_safe
def evidence_preview(request: HttpRequest, ref: str, sha256: str) -> HttpResponseBase:
    """The same file to be looked at inside a page of ours; 404 for what no browser shows by itself."""
    kept = get_object_or_404(AnswerEvidence.objects.visible_to(request.user).holding_file(ref, sha256)).evidence
    how = kinds.preview_of(kept.filename)
    if not how:
        return HttpResponse(_("Files of this kind can be downloaded, not shown here."), status=404)
    return given_out(kept, policy=VIEWER if how == "pdf" else INERT, inline=True, as_text=how == "text")
