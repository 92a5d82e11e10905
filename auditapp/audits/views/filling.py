"""Answering: the page of a category, and what happens to one answer."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from auditapp import clock
from auditapp.audits import fill_page, together
from auditapp.audits.cards import VERDICTS, Card
from auditapp.audits.forms.answering import AnswerForm, ApprovalForm
from auditapp.audits.models import Answer, AnswerRevision, Audit, Held, Saved, Stale
from auditapp.evidence import held_page
from auditapp.evidence.kept import reasons_in
from auditapp.templatetags.moments import time_in_words

REWORDED = gettext_lazy(
    "The wording of this question has changed since you opened this page. What you typed is kept in its history. "
    "Reload the page and read the question again."
)


@never_cache
@require_safe
def category(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """One category of questions, to answer or to read."""
    audit = _read(request, ref)
    beside = together.beside(audit, code, reader=request.user)
    page = fill_page.category_page(audit, code, reader=request.user, query=request.GET)
    if "category" not in page:
        raise Http404
    return render(request, "audits/category.html", page | beside)


@never_cache
@require_safe
def questions(request: HttpRequest, ref: str) -> HttpResponse:
    """The questions of all categories, or what a filter keeps of them, a page at a time."""
    audit = _read(request, ref)
    beside = together.beside(audit, reader=request.user)
    page = fill_page.questions_page(audit, reader=request.user, query=request.GET)
    return render(request, "audits/questions.html", page | beside)


def _read(request: HttpRequest, ref: str) -> Audit:
    """The audit with what its pages of questions ask of it; it is read before all else that they show."""
    audits = Audit.objects.visible_to(request.user).with_names().with_look_of(request.user).with_place()
    return get_object_or_404(audits, ref=ref)


@require_POST
def answer(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Save one answer; a save that came too late is kept and comes back with both texts."""
    form = AnswerForm(request.POST, user=request.user)
    taken = form.is_valid()
    if form.is_of_somebody_else and _wants_json(request):
        reply = {"saved": False, "errors": form.wrong, "signed_in_as": request.user.name}
        return JsonResponse(reply, status=422)  # whatever this person may do here, the words are not theirs
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    found.must_be_open_to(request.user)
    if not taken:
        return _not_taken(request, found, form)
    kept = reasons_in(request.POST.getlist("kept"))
    outcome = found.save_held(by=request.user, kept=kept, **form.cleaned_data)
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


@require_POST
def flag(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Flag a question to come back to, or take its flag off."""
    answers = Answer.objects.visible_to(request.user).with_assignment(request.user).select_related("audit", "site")
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    wanted = request.POST.get("flag") == "on"
    if wanted:
        found.flag(by=request.user)
    else:
        found.lift_flag(by=request.user)
    return JsonResponse({"flagged": wanted}) if _wants_json(request) else redirect(back_to(found, request.POST))


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def card_address(answer: Answer, **place: str) -> str:
    """The address of the card: on the page of its category, or where `fill_page.place_of` says."""
    whole = place.pop("list", "") == "all"
    page = reverse("audits:questions", args=[answer.audit.ref]) if whole else ""
    page = page or reverse("audits:category", args=[answer.audit.ref, answer.category_code])
    if "show" in place:
        place["saved"] = answer.code
    elif "page" not in place and (number := fill_page.page_with(answer)) > 1:
        place["page"] = str(number)
    return f"{page}{'?' if place else ''}{urlencode(place)}#{answer.code}"


def back_to(answer: Answer, sent: QueryDict) -> str:
    """The address of the card where its form was sent from, with the filter and the page that were in force."""
    return card_address(answer, **fill_page.place_of(sent))


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
    return _as_typed(request, answer, form, card, status=422)


def _held(request: HttpRequest, answer: Answer, form: AnswerForm, outcome: Held) -> HttpResponse:
    """Nothing is kept: what looks like patient data is shown beside its field, to change it or to answer for it."""
    shown = held_page.shown(outcome.found, code=answer.code, sent=request.POST.getlist("kept"))
    if _wants_json(request):
        return JsonResponse({"saved": False, **held_page.fragments(shown)}, status=held_page.STATUS)
    card = fill_page.card_as_typed(answer, reader=request.user, typed=request.POST, errors={})
    card.held = shown
    return _as_typed(request, answer, form, card, status=held_page.STATUS)


def _as_typed(request: HttpRequest, answer: Answer, form: AnswerForm, card: Card, *, status: int) -> HttpResponse:
    """The card alone on a page, with what was typed and what is to be done about it."""
    page = {"card": card, "audit": answer.audit, "form": form}
    page |= {"place": fill_page.place_of(request.POST), "answers_url": f"{answer.audit.get_absolute_url()}answers/"}
    return render(request, "audits/answer.html", page, status=status)


def _saved(request: HttpRequest, answer: Answer, outcome: Saved) -> HttpResponse:
    """Rendered inside the transaction and sent after it has committed."""
    if not _wants_json(request):
        return redirect(back_to(answer, request.POST))
    revision = outcome.revision
    reply = {"saved": True, "n": revision.n, **_when(answer, revision), "lacks": answer.lacks}
    return JsonResponse(reply | answer.audit.counts_for(request.user))


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
