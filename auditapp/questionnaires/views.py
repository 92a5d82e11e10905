"""Pages on what is asked: questionnaires, checks, frameworks, thresholds. Read by everybody who is signed in."""

from collections import Counter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp.questionnaires import display, threshold_page
from auditapp.questionnaires.models import Check, Framework, Question, QuestionnaireVersion, ThresholdAdoption
from auditapp.questionnaires.threshold_form import ThresholdForm

CRITICALITIES = [("", _("Any criticality")), *Question.Criticality.choices]


@require_safe
def questionnaires(request: HttpRequest) -> HttpResponse:
    versions = QuestionnaireVersion.objects.visible_to(request.user).published().counted()
    page = {"versions": versions.order_by("questionnaire__position").with_content()}
    return render(request, "questionnaires/list.html", page)


@require_safe
def questionnaire(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """All that a version can ask; in full for one category (or "all"), otherwise as an overview."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire")
    version = get_object_or_404(versions.with_questions(), questionnaire__code=code, number=number)
    category, criticality = request.GET.get("category", ""), request.GET.get("criticality", "")
    questions = [
        question
        for question in version.all_questions
        if category in ("", "all", question.category.code) and criticality in ("", question.criticality)
    ]
    frameworks = list(Framework.objects.visible_to(request.user)) if category else []
    jurisdiction = request.user.organisation.jurisdiction
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key() if category else {}
    page = {
        "version": version,
        "others": versions.filter(questionnaire=version.questionnaire).exclude(pk=version.pk),
        "domains": display.by_category(version, questions, frameworks, jurisdiction=jurisdiction, adopted=adopted),
        "in_full": bool(category),
        **display.category_links(request.GET, version),
        "criticalities": display.filter_links(request.GET, "criticality", CRITICALITIES),
    }
    return render(request, "questionnaires/questionnaire.html", page)


@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    search, domain = request.GET.get("q", "").strip(), request.GET.get("domain", "")
    criticality = request.GET.get("criticality", "")
    wording = Question.objects.visible_to(request.user).current_wording().matching(search)
    found = list(wording.select_related("category__domain").order_by("safety_check__position"))
    page = {
        "search": search,
        "questions": [
            question
            for question in found
            if domain in ("", question.category.domain.code) and criticality in ("", question.criticality)
        ],
        "domains": display.domain_links(request.GET, found),
        "criticalities": display.filter_links(request.GET, "criticality", CRITICALITIES),
        "retired": Check.objects.visible_to(request.user).no_longer_asked(),
    }
    return render(request, "questionnaires/checks.html", page)


@require_safe
def check(request: HttpRequest, code: str) -> HttpResponse:
    known = Check.objects.visible_to(request.user).select_related("category__domain", "replaced_by")
    row = get_object_or_404(known, code=code)
    asking = Question.objects.visible_to(request.user).published().asking(row)
    frameworks = list(Framework.objects.visible_to(request.user))
    jurisdiction = request.user.organisation.jurisdiction
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key()
    page = {"check": row, **display.check_page(asking, frameworks, jurisdiction=jurisdiction, adopted=adopted)}
    return render(request, "questionnaires/check.html", page)


@require_safe
def frameworks(request: HttpRequest) -> HttpResponse:
    links = Question.objects.visible_to(request.user).current_wording().values_list("clauses", flat=True)
    checks = Counter(code for clauses in links for code in {link.split(":", 1)[0] for link in clauses})
    rows = Framework.objects.visible_to(request.user).counted()
    page = {"frameworks": [{"row": row, "checks": checks[row.code]} for row in rows]}
    return render(request, "questionnaires/frameworks.html", page)


@require_safe
def framework(request: HttpRequest, code: str) -> HttpResponse:
    row = get_object_or_404(Framework.objects.visible_to(request.user).prefetch_related("clauses"), code=code)
    questions = Question.objects.visible_to(request.user).current_wording().order_by("safety_check__position")
    page = {"framework": row, "clauses": display.clauses_with_checks(row, questions)}
    return render(request, "questionnaires/framework.html", page)


@require_safe
def thresholds(request: HttpRequest) -> HttpResponse:
    """Every number that published questionnaires use, with what the hospital made of it."""
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key()
    page = threshold_page.listed(request.user, request.GET, adopted)
    return render(request, "questionnaires/thresholds.html", page)


@require_http_methods(["GET", "POST"])
def threshold(request: HttpRequest, code: str) -> HttpResponse:
    """One number: all that was adopted so far, and the form for who may adopt it."""
    if request.method == "POST":
        ThresholdAdoption.must_let_adopt(request.user)
    number = threshold_page.number(request.user, code)
    history = list(ThresholdAdoption.objects.visible_to(request.user).of(number).select_related("by"))
    form = ThresholdForm(request.POST or None, threshold=number, now=history[0] if history else None)
    if request.method == "POST" and form.is_valid():
        adoption = ThresholdAdoption.adopt(number, by=request.user, **form.cleaned_data)
        messages.success(request, gettext("Adopted: %(limit)s.") % {"limit": number.limit(adoption.value)})
        return redirect("questionnaires:thresholds")
    page = {"number": threshold_page.Row(number, form.now), "history": history, "form": form}
    return render(
        request, "questionnaires/threshold.html", page | {"may_adopt": threshold_page.may_adopt(request.user)}
    )
