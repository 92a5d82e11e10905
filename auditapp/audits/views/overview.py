"""The list of audits, and what is to be read about one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from auditapp.accounts.models import Role, Site
from auditapp.audits import carrying, fill_page, listing, progress, supplier_page
from auditapp.audits.expectation import expected_of, open_acts
from auditapp.audits.models import Answer, Audit, SecondReading, Submission
from auditapp.questionnaires.models import Questionnaire


@require_safe
def audits(request: HttpRequest) -> HttpResponse:
    """Every audit that the person may see, also those that ended."""
    sites = list(Site.objects.in_reach_of(request.user))
    asked = list(Questionnaire.objects.visible_to(request.user))
    found = listing.matching(Audit.objects.visible_to(request.user), request.GET, sites, asked)
    if request.GET.get("format") == "csv":
        return listing.as_csv(listing.in_state(found, request.GET, request.user))
    counts = listing.state_counts(found)
    page = {
        "page": listing.page(found, request.GET, counts, request.user),
        "search": listing.search(request.GET, sites, asked),
        "states": listing.states(request.GET, counts),
        "may_open": request.user.holds(Role.AUDITOR),
    }
    return render(request, "audits/list.html", page)


@require_safe
def audit(request: HttpRequest, ref: str) -> HttpResponse:
    """Where an audit stands, and what it expects of this reader."""
    found = get_object_or_404(Audit.objects.visible_to(request.user).for_overview(), ref=ref)
    given, answers = found.assignments.with_names(), found.answers.visible_to(request.user)
    domains = progress.by_domain(found.version, answers.progress(), given, found.triggers)
    categories = progress.in_order(domains)
    may = open_acts(request.user, found)
    page = {
        "audit": found,
        "domains": domains,
        "totals": progress.totals(categories),
        "expected": expected_of(request.user, found, categories),
        "rounds": found.submissions.visible_to(request.user).for_reading(),
        "may": may,
        "signed": carrying.last_signed(found) if found.state == "draft" else None,
        "other_versions": found.other_versions(),
        "read_apart": SecondReading.objects.visible_to(request.user).filter(audit=found).with_people().first(),
        "may_read_apart": SecondReading.may_begin(found, request.user),
        "silences": supplier_page.silences(supplier_page.requests(found)) if may["read"] else [],
    }
    return render(request, "audits/audit.html", page)


@require_safe
def exclusions(request: HttpRequest, ref: str) -> HttpResponse:
    """Every check of the questionnaire that is not asked, with the facts that exclude it."""
    found = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    return render(request, "audits/exclusions.html", {"audit": found, "excluded": found.excluded()})


@require_safe
def history(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Everything that was ever saved of one answer, the newest first."""
    answers = Answer.objects.visible_to(request.user).select_related("audit__site", "question")
    answer = get_object_or_404(answers, audit__ref=ref, code=code)
    page = {"answer": answer, "audit": answer.audit, "saves": fill_page.saves(answer)}
    return render(request, "audits/history.html", page)


@require_safe
def round(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """One submission as it was frozen: nothing here is read from live rows but what came after it."""
    submissions = Submission.objects.visible_to(request.user).for_reading().defer(None).select_related("audit__site")
    submission = get_object_or_404(submissions, audit__ref=ref, round=n)
    page = {"submission": submission, "audit": submission.audit, "facts": submission.facts}
    return render(request, "audits/round.html", page)
