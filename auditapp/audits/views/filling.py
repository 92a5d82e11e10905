"""Answering: the page of a category, and what happens to one answer."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from auditapp import clock
from auditapp.audits import fill_page, held_page
from auditapp.audits.cards import VERDICTS
from auditapp.audits.forms.answering import AnswerForm, ApprovalForm, upload_rules
from auditapp.audits.models import Answer, AnswerRevision, Audit, Held, Saved, Stale
from auditapp.audits.models.kept import reasons_in
from auditapp.templatetags.moments import time_in_words

REWORDED = gettext_lazy(
    "The wording of this question has changed since you opened this page. What you typed is kept in its history. "
    "Reload the page and read the question again."
)


@never_cache
@require_safe
def category(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """One category of questions, to answer or to read."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    page = fill_page.category_page(audit, code, reader=request.user, query=request.GET)
    if not page["cards"]:
        raise Http404
    return render(request, "audits/category.html", page | {"upload": upload_rules()})


@require_POST
def answer(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Save one answer; a save that came too late is kept and comes back with both texts."""
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    found.must_be_open_to(request.user)
    form = AnswerForm(request.POST, user=request.user)
    if not form.is_valid():
        return _not_taken(request, found, form)
    kept = reasons_in(request.POST.getlist("kept"))
    outcome = found.save_revision(by=request.user, kept=kept, **form.cleaned_data)
    if isinstance(outcome, Held):
        return _held(request, found, form, outcome)
    return _saved(request, found, outcome) if isinstance(outcome, Saved) else stale_page(request, found, outcome)


@require_POST
def approval(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """A second person agrees that a critical question does not apply."""
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    found.approve_not_applicable(by=request.user, n=ApprovalForm.number_in(request.POST))
    messages.success(request, _("You approved that %(code)s does not apply.") % {"code": code})
    return redirect(card_address(found))


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def card_address(answer: Answer, **query: str) -> str:
    """The address of the card, with the filter that was in force."""
    kept = {name: value for name, value in query.items() if value}
    page = reverse("audits:category", args=[answer.audit.ref, answer.category_code])
    return f"{page}{'?' if kept else ''}{urlencode(kept)}#{answer.code}"


def _when(answer: Answer, revision: AnswerRevision) -> dict[str, str]:
    """When and by whom, in the hospital's own time."""
    return {
        "at_text": time_in_words(revision.at, answer.site.zone, now=clock.now()),
        "by": revision.by.name,
    }


def _not_taken(request: HttpRequest, answer: Answer, form: AnswerForm) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"saved": False, "errors": form.wrong}, status=422)
    card = fill_page.card_as_typed(answer, reader=request.user, typed=request.POST, errors=form.wrong)
    page = {"card": card, "audit": answer.audit, "form": form, "upload": upload_rules()}
    return render(request, "audits/answer.html", page, status=422)


def _held(request: HttpRequest, answer: Answer, form: AnswerForm, outcome: Held) -> HttpResponse:
    """Nothing is kept: what looks like patient data is shown beside its field, to change it or to answer for it."""
    shown = held_page.shown(outcome.found, code=answer.code, sent=request.POST.getlist("kept"))
    if _wants_json(request):
        return JsonResponse({"saved": False, **held_page.fragments(shown)}, status=held_page.STATUS)
    card = fill_page.card_as_typed(answer, reader=request.user, typed=request.POST, errors={})
    card.held = shown
    page = {"card": card, "audit": answer.audit, "form": form, "upload": upload_rules()}
    return render(request, "audits/answer.html", page, status=held_page.STATUS)


def _saved(request: HttpRequest, answer: Answer, outcome: Saved) -> HttpResponse:
    """Rendered inside the transaction and sent after it has committed."""
    if not _wants_json(request):
        show = request.POST.get("show", "")
        return redirect(card_address(answer, show=show, saved=answer.code if show else ""))
    revision, audit = outcome.revision, answer.audit
    reply = {"saved": True, "n": revision.n, **_when(answer, revision), "lacks": answer.lacks}
    return JsonResponse(reply | {"answered": audit.answered, "asked": audit.asked})


def stale_page(request: HttpRequest, answer: Answer, outcome: Stale) -> HttpResponse:
    """Both texts, or that the question is another one by now; what was sent is kept in any case."""
    mine, theirs = outcome.mine, outcome.theirs
    if outcome.reworded and _wants_json(request):
        return JsonResponse({"saved": False, "errors": {"card": [str(REWORDED)]}}, status=422)
    if _wants_json(request):
        reply = {"saved": False, "stale": True, "n": answer.n, "theirs": fill_page.texts(theirs)}
        return JsonResponse(reply | (_when(answer, theirs) if theirs else {}), status=409)
    page = {
        "answer": answer,
        "audit": answer.audit,
        "mine": mine,
        "theirs": theirs,
        "rows": fill_page.side_by_side(mine, theirs),
        "card": card_address(answer),
        "choices": VERDICTS,
        "reworded": outcome.reworded,
    }
    return render(request, "audits/stale.html", page, status=409)
