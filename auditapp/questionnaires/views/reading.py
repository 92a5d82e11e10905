"""Pages on what is asked: questionnaires, checks, frameworks. Read by everybody who is signed in."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from auditapp.questionnaires import differing, display
from auditapp.questionnaires.models import AUTHORS, Check, Draft, Framework, Question, QuestionnaireVersion

CRITICALITIES = [("", _("Any criticality")), *Question.Criticality.choices]


@require_safe
def questionnaires(request: HttpRequest) -> HttpResponse:
    versions = QuestionnaireVersion.objects.visible_to(request.user).published().counted()
    drafts = Draft.objects.visible_to(request.user).under_way().with_names().counted()
    may_write = request.user.holds(*AUTHORS)
    page = {
        "versions": versions.order_by("questionnaire__position").with_content(),
        "drafts": drafts if may_write else [],
        "may_write": may_write,
    }
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
        **_of_ours(request, version),
        "others": versions.filter(questionnaire=version.questionnaire).exclude(pk=version.pk),
        "domains": display.by_category(version, questions, frameworks, jurisdiction=jurisdiction),
        "in_full": bool(category),
        **display.category_links(request.GET, version),
        "criticalities": display.filter_links(request.GET, "criticality", CRITICALITIES),
    }
    return render(request, "questionnaires/questionnaire.html", page)


def _of_ours(request: HttpRequest, version: QuestionnaireVersion) -> dict[str, Any]:
    """Who may write the next version, and whether what it was made from has a newer version since."""
    drafts = Draft.objects.filter(version=version).select_related("base__questionnaire")
    origin = next((d.base for d in drafts if d.base.questionnaire_id != version.questionnaire_id), None)
    newer = origin and origin.questionnaire.versions.published().filter(number__gt=origin.number).first()
    return {"may_write": request.user.holds(*AUTHORS), "origin": origin, "newer_origin": newer}


@require_safe
def difference(request: HttpRequest, code: str, number: int, other: str, to: int) -> HttpResponse:
    """What differs between two versions, of one questionnaire or of two."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire")
    before = get_object_or_404(versions, questionnaire__code=code, number=number)
    after = get_object_or_404(versions, questionnaire__code=other, number=to)
    differs = differing.difference(before.content, after.content)
    return render(request, "questionnaires/difference.html", {"before": before, "after": after, "difference": differs})


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
    page = {"check": row, **display.check_page(asking, frameworks, jurisdiction=jurisdiction)}
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
