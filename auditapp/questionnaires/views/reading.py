"""Pages on what is asked: questionnaires, checks, frameworks. Read by everybody who is signed in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from auditapp.accounts.models import GOVERNORS
from auditapp.questionnaires import coverage as covering
from auditapp.questionnaires import differing, display, effort, histories, library
from auditapp.questionnaires import preview as previewing
from auditapp.questionnaires.forms.preview import PreviewForm
from auditapp.questionnaires.models import (
    Check,
    Draft,
    Framework,
    Question,
    QuestionnaireVersion,
    ThresholdAdoption,
)

CRITICALITIES = [("", _("Any criticality")), *Question.Criticality.choices]


@require_safe
def questionnaires(request: HttpRequest) -> HttpResponse:
    versions = QuestionnaireVersion.objects.visible_to(request.user).published().counted()
    drafts = Draft.objects.visible_to(request.user).under_way().with_names().counted()
    may_write = request.user.holds(*GOVERNORS)
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
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key() if category else {}
    page = {
        "version": version,
        **_of_ours(request, version),
        "others": versions.filter(questionnaire=version.questionnaire).exclude(pk=version.pk),
        "domains": display.by_category(version, questions, frameworks, jurisdiction=jurisdiction, adopted=adopted),
        "in_full": bool(category),
        **display.category_links(request.GET, version),
        "criticalities": display.filter_links(request.GET, "criticality", CRITICALITIES),
    }
    return render(request, "questionnaires/questionnaire.html", page)


def _of_ours(request: HttpRequest, version: QuestionnaireVersion) -> dict[str, Any]:
    """Who may write the next version, and whether what it was made from has a newer version since."""
    drafts = Draft.objects.visible_to(request.user).filter(version=version).select_related("base__questionnaire")
    origin = next((d.base for d in drafts if d.base.questionnaire_id != version.questionnaire_id), None)
    newer = origin and origin.questionnaire.versions.published().filter(number__gt=origin.number).first()
    return {"may_write": request.user.holds(*GOVERNORS), "origin": origin, "newer_origin": newer}


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
    if request.GET.get("format") == "csv":
        return library.as_csv(request.user, request.GET)
    return render(request, "questionnaires/checks.html", library.page(request.user, request.GET))


@require_safe
def check(request: HttpRequest, code: str) -> HttpResponse:
    known = Check.objects.visible_to(request.user).select_related("category__domain", "replaced_by")
    row = get_object_or_404(known, code=code)
    worded = list(Question.objects.visible_to(request.user).ever_published().asking(row))
    versions = QuestionnaireVersion.objects.visible_to(request.user).beside(worded)
    frameworks = list(Framework.objects.visible_to(request.user))
    asking = [question for question in worded if question.version.state == QuestionnaireVersion.State.PUBLISHED]
    adopted = ThresholdAdoption.objects.visible_to(request.user).by_key()
    jurisdiction = request.user.organisation.jurisdiction
    page = display.check_page(asking, frameworks, jurisdiction=jurisdiction, adopted=adopted)
    page |= {"check": row, "histories": histories.histories(worded, versions)}
    page |= {"may_write": request.user.holds(*GOVERNORS)}
    return render(request, "questionnaires/check.html", page)


@require_safe
def coverage(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Framework by framework, the clauses that a version's questions name and those that none of them names."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire")
    version = get_object_or_404(versions.with_questions(), questionnaire__code=code, number=number)
    known = Framework.objects.visible_to(request.user).prefetch_related("clauses")
    covered = covering.coverage(known, version.all_questions, jurisdiction=request.user.organisation.jurisdiction)
    page = {"version": version, "groups": covering.groups(covered), "totals": covering.totals(covered)}
    return render(request, "questionnaires/coverage.html", page)


@require_safe
def preview(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """What a version would ask of a deployment, or of any tool of which certain facts are true."""
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire")
    version = get_object_or_404(versions.with_questions(), questionnaire__code=code, number=number)
    form = PreviewForm(request.GET, version=version, user=request.user)
    found = previewing.preview(version, form.values, form.triggers) if form.is_asked else None
    page = {"version": version, "form": form, "preview": found, "minutes": effort.MINUTES}
    return render(request, "questionnaires/preview.html", page)


@require_safe
def frameworks(request: HttpRequest) -> HttpResponse:
    known = Framework.objects.visible_to(request.user).prefetch_related("clauses")
    asked = Question.objects.visible_to(request.user).current_wording().only("code", "clauses")
    covered = covering.coverage(known, asked, jurisdiction=request.user.organisation.jurisdiction)
    page = {"groups": covering.groups(covered), "totals": covering.totals(covered)}
    return render(request, "questionnaires/frameworks.html", page)


@require_safe
def framework(request: HttpRequest, code: str) -> HttpResponse:
    row = get_object_or_404(Framework.objects.visible_to(request.user).prefetch_related("clauses"), code=code)
    asked = Question.objects.visible_to(request.user).current_wording().order_by("safety_check__position")
    page = {"framework": row, "covered": covering.coverage([row], asked)[0]}
    return render(request, "questionnaires/framework.html", page)
