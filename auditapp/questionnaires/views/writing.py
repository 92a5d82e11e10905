"""Writing a questionnaire: begun, worded, put in order, compared, offered, published by a second person."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import clock, lists
from auditapp.questionnaires import draft_pages, effort
from auditapp.questionnaires import library as searching
from auditapp.questionnaires import preview as previewing
from auditapp.questionnaires.forms.preview import PreviewForm
from auditapp.questionnaires.forms.writing import AboutForm, BeginForm, CheckRetirementForm, WordingForm
from auditapp.questionnaires.models import (
    Check,
    Draft,
    DraftQuestion,
    Framework,
    Kept,
    Question,
    QuestionnaireVersion,
    TooLate,
)
from auditapp.questionnaires.models.draft import must_write
from auditapp.templatetags.moments import time_in_words


def _draft(request: HttpRequest, code: str) -> Draft:
    """The draft of a questionnaire that is under way."""
    drafts = Draft.objects.visible_to(request.user).under_way().with_names()
    found = get_object_or_404(drafts, questionnaire__code=code)
    must_write(request.user)
    return found


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a draft from a published questionnaire."""
    must_write(request.user)
    versions = QuestionnaireVersion.objects.visible_to(request.user).published().order_by("questionnaire__position")
    form = BeginForm(request.POST or None, versions=versions, initial={"base": request.GET.get("base")})
    if request.method == "POST" and form.is_valid():
        base, title = form.cleaned_data["base"], form.cleaned_data["title"]
        empty = form.cleaned_data["questions"] == form.EMPTY
        return redirect(Draft.begin(by=request.user, base=base, title=title, empty=empty))
    return render(request, "questionnaires/begin.html", {"form": form})


@never_cache
@require_safe
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """A draft: its categories, and the questions of one of them to be put in order."""
    found = _draft(request, code)
    page = draft_pages.overview(found, request.GET.get("category", ""))
    return render(request, "questionnaires/draft.html", {"draft": found} | page)


@require_http_methods(["GET", "POST"])
def about(request: HttpRequest, code: str) -> HttpResponse:
    """What the questionnaire is called, what it is for, how often it is asked."""
    found = _draft(request, code)
    form = AboutForm(request.POST or None, initial=found.about)
    if request.method == "POST" and form.is_valid():
        found.describe(by=request.user, **form.cleaned_data)
        messages.success(request, _("Title and purpose are saved."))
        return redirect(found)
    return render(request, "questionnaires/draft_about.html", {"form": form, "draft": found})


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Ask something new: a check of the organisation's own."""
    found = _draft(request, code)
    new = {"stages": found.about["stages"], "criticality": "major", "scope": "deployment", "key": "new"}
    form = _wording_form(request, found, initial=new | {"category": request.GET.get("category")})
    if request.method == "POST" and form.is_valid():
        added = found.add_check(by=request.user, **form.wording)
        messages.success(
            request, _("%(code)s is asked. The code stays with this check for ever.") % {"code": added.code}
        )
        return redirect(_place(found, added))
    return render(request, "questionnaires/draft_add.html", {"form": form, "draft": found})


@require_http_methods(["GET", "POST"])
def library(request: HttpRequest, code: str) -> HttpResponse:
    """Ask a check that a published questionnaire asks already, in its words."""
    found = _draft(request, code)
    if request.method == "POST":
        wordings = (
            Question.objects.visible_to(request.user).current_wording().select_related("safety_check", "category")
        )
        asked = found.ask(get_object_or_404(wordings, pk=request.POST.get("question")), by=request.user)
        messages.success(request, _("%(code)s is asked.") % {"code": asked.code})
        return redirect(_place(found, asked))
    search = lists.typed(request.GET, "q")
    asked_already = found.questions.filter(dropped=False).values("safety_check")
    results = searching.found(request.user, search, {})
    left = results.rows.exclude(safety_check__in=asked_already).exclude(safety_check__retired__isnull=False)
    page = {"draft": found, "search": search, "page": lists.page(left, request.GET), "close": results.close}
    return render(request, "questionnaires/draft_library.html", page)


@never_cache
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, code: str, check: str) -> HttpResponse:
    """One question of a draft. A save that came too late is kept and comes back with both texts."""
    found = _draft(request, code)
    questions = found.questions.select_related("category__domain", "changed_by")
    row = get_object_or_404(questions, code=check)
    row.draft = found
    form = _wording_form(request, found, row, initial=WordingForm.filled(row.edited) | {"base": row.n, "key": _key()})
    if request.method == "POST":
        if not form.is_valid():
            if _wants_json(request):
                errors = {name: [*sentences] for name, sentences in form.errors.items()}
                return JsonResponse({"saved": False, "errors": errors}, status=422)
            return _question_page(request, found, row, form, status=422)
        base, key = form.cleaned_data["base"], form.cleaned_data["key"]
        outcome = row.save_wording(by=request.user, base=base, key=key, **form.wording)
        if isinstance(outcome, TooLate):
            return _both(request, found, outcome, form)
        return _kept(request, found, outcome)
    return _question_page(request, found, row, form)


@require_POST
def move(request: HttpRequest, code: str, check: str) -> HttpResponse:
    """Put a question before another of its category ("before"), last ("before" is empty), or one place up or down."""
    found = _draft(request, code)
    row = get_object_or_404(found.questions.select_related("category"), code=check)
    order = list(
        found.questions.filter(category=row.category_id, dropped=False)
        .order_by("position", "pk")
        .values_list("code", flat=True)
    )
    if "before" in request.POST:
        before = get_object_or_404(found.questions, code=request.POST["before"]).code if request.POST["before"] else ""
    else:
        before = _neighbour(order, check, up=request.POST.get("way") == "up")
    if before != check:
        found.place(check, before=before, by=request.user)
    if _wants_json(request):
        return JsonResponse({"moved": True})
    return redirect(_place(found, row))


def _neighbour(order: list[str], code: str, *, up: bool) -> str:
    """The code before which a question stands after one step; "" is last, and its own code is no step at all."""
    at = order.index(code)
    if up:
        return order[at - 1] if at else code
    if at + 1 == len(order):
        return code
    return order[at + 2] if at + 2 < len(order) else ""


@require_POST
def drop(request: HttpRequest, code: str, check: str) -> HttpResponse:
    """No longer ask a check, or ask it again."""
    found = _draft(request, code)
    row = get_object_or_404(found.questions.select_related("category"), code=check)
    if request.POST.get("again"):
        found.restore(check, by=request.user)
        messages.success(request, _("%(code)s is asked again.") % {"code": check})
    else:
        found.drop(check, by=request.user)
        messages.success(
            request, _("%(code)s is dropped. It can be asked again at the end of its category.") % {"code": check}
        )
    return redirect(f"{found.get_absolute_url()}?category={row.category.code}")


@never_cache
@require_safe
def difference(request: HttpRequest, code: str) -> HttpResponse:
    """What differs from what it was made from, whom it affects, and the next step: to offer or to publish it."""
    found = _draft(request, code)
    content, differs = draft_pages.compared(found)
    page = {
        "draft": found,
        "difference": differs,
        "affected": draft_pages.affected(found, content, reader=request.user, query=request.GET),
        "may_publish": found.state == Draft.State.OFFERED and found.offered_by_id != request.user.pk,
    }
    return render(request, "questionnaires/draft_difference.html", page)


@require_safe
def preview(request: HttpRequest, code: str) -> HttpResponse:
    """What the draft would ask, as it stands, of a deployment or of any tool that is described."""
    found = _draft(request, code)
    proposed = found.proposed()
    form = PreviewForm(request.GET, version=proposed, user=request.user)
    shown = previewing.preview(proposed, form.values, form.triggers) if form.is_asked else None
    page = {"draft": found, "form": form, "preview": shown, "minutes": effort.MINUTES}
    return render(request, "questionnaires/draft_preview.html", page)


@require_POST
def step(request: HttpRequest, code: str) -> HttpResponse:
    """Offer a draft, take it back, publish it or give it up."""
    found = _draft(request, code)
    way = request.POST.get("step")
    if way == "publish":
        version = found.publish(by=request.user)
        messages.success(
            request, _("Version %(n)s is published. It never changes from now on.") % {"n": version.number}
        )
        return redirect(version)
    if way == "discard":
        found.discard(by=request.user)
        messages.success(request, _("The draft is discarded. Nothing that was asked anywhere has changed."))
        return redirect("questionnaires:list")
    if way == "take_back":
        found.take_back(by=request.user)
        messages.success(request, _("You can go on writing."))
        return redirect(found)
    found.offer(by=request.user)
    messages.success(request, _("It waits for a second person now, who reads what differs and publishes it."))
    return redirect("questionnaires:draft_difference", found.questionnaire.code)


@require_http_methods(["GET", "POST"])
def retirement(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Open no new audit with a version of ours; nothing is asked in its place until another is published."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).filter(questionnaire__organisation__isnull=False)
    version = get_object_or_404(versions.select_related("questionnaire"), questionnaire__code=code, number=number)
    must_write(request.user)
    if request.method == "POST":
        version.retire(by=request.user)
        messages.success(request, _("Version %(n)s is retired. Audits that used it keep it.") % {"n": version.number})
        return redirect(version)
    return render(request, "questionnaires/retirement.html", {"version": version})


@require_http_methods(["GET", "POST"])
def check_retirement(request: HttpRequest, code: str) -> HttpResponse:
    """Retire a check of ours, naming what is asked instead."""
    known = Check.objects.visible_to(request.user)
    check = get_object_or_404(known.filter(organisation__isnull=False), code=code)
    must_write(request.user)
    others = known.filter(retired=None).exclude(pk=check.pk).order_by("category__position", "position")
    form = CheckRetirementForm(request.POST or None, checks=others)
    if request.method == "POST" and form.is_valid():
        check.retire(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(code)s is retired. Questionnaires that ask it keep it.") % {"code": check.code})
        return redirect(check)
    return render(request, "questionnaires/check_retirement.html", {"form": form, "check": check})


def _key() -> str:
    return secrets.token_urlsafe(16)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _wording_form(
    request: HttpRequest, draft: Draft, question: DraftQuestion | None = None, *, initial: dict[str, Any]
) -> WordingForm:
    frameworks = list(Framework.objects.visible_to(request.user).prefetch_related("clauses"))
    return WordingForm(request.POST or None, draft=draft, frameworks=frameworks, question=question, initial=initial)


def _place(draft: Draft, question: DraftQuestion) -> str:
    """Where the question stands among those of its category."""
    return f"{draft.get_absolute_url()}?category={question.category.code}#{question.code}"


def _question_page(
    request: HttpRequest, draft: Draft, question: DraftQuestion, form: WordingForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    page = {"draft": draft, "question": question, "form": form, "back": _place(draft, question), **more}
    return render(request, "questionnaires/draft_question.html", page, status=status)


def _kept(request: HttpRequest, draft: Draft, outcome: Kept) -> HttpResponse:
    """Rendered inside the transaction and sent after it has committed."""
    if not _wants_json(request):
        messages.success(request, _("%(code)s is saved.") % {"code": outcome.question.code})
        return redirect(_place(draft, outcome.question))
    at = time_in_words(outcome.revision.at, None, now=clock.now())
    return JsonResponse({"saved": True, "n": outcome.question.n, "at_text": at, "by": request.user.name})


def _both(request: HttpRequest, draft: Draft, outcome: TooLate, form: WordingForm) -> HttpResponse:
    """Both texts; the form below holds this person's own, to be saved on top of the other."""
    if _wants_json(request):
        return JsonResponse({"saved": False, "stale": True}, status=409)
    data = request.POST.copy()
    data["base"], data["key"] = str(outcome.question.n), _key()
    mine = WordingForm(data, draft=draft, frameworks=form.frameworks, question=form.question)
    both = draft_pages.side_by_side(draft, outcome)
    theirs = reverse("questionnaires:draft_question", args=[draft.questionnaire.code, outcome.question.code])
    return _question_page(request, draft, outcome.question, mine, status=409, both=both, theirs_url=theirs)
