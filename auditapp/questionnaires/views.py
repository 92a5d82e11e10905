"""Pages on what is asked: questionnaires, checks, frameworks. Read by everybody who is signed in."""

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from auditapp.questionnaires import display, library, wording
from auditapp.questionnaires.models import Check, Framework, Question, QuestionnaireVersion

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
    page = {
        "version": version,
        "others": versions.filter(questionnaire=version.questionnaire).exclude(pk=version.pk),
        "domains": display.by_category(version, questions, frameworks, jurisdiction=jurisdiction),
        "in_full": bool(category),
        **display.category_links(request.GET, version),
        "criticalities": display.filter_links(request.GET, "criticality", CRITICALITIES),
    }
    return render(request, "questionnaires/questionnaire.html", page)


@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    return render(request, "questionnaires/checks.html", library.page(request.user, request.GET))


@require_safe
def check(request: HttpRequest, code: str) -> HttpResponse:
    known = Check.objects.visible_to(request.user).select_related("category__domain", "replaced_by")
    row = get_object_or_404(known, code=code)
    worded = list(Question.objects.visible_to(request.user).ever_published().asking(row))
    versions = QuestionnaireVersion.objects.visible_to(request.user).beside(worded)
    frameworks = list(Framework.objects.visible_to(request.user))
    asking = [question for question in worded if question.version.state == QuestionnaireVersion.State.PUBLISHED]
    page = display.check_page(asking, frameworks, jurisdiction=request.user.organisation.jurisdiction)
    page |= {"check": row, "histories": wording.histories(worded, versions)}
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
