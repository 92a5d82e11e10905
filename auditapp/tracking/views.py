"""One's work, the portfolio, and the page of a deployment."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from auditapp.accounts.models import Site
from auditapp.deployments.models import Deployment
from auditapp.questionnaires.models import Check, Question
from auditapp.tracking import board_page, comparing, deployment_page
from auditapp.tracking import check_answers as answered
from auditapp.tracking import my_work as waiting
from auditapp.tracking import portfolio as whole
from auditapp.tracking.tasks import counted


@require_safe
def my_work(request: HttpRequest) -> HttpResponse:
    """What waits for this person, in the order in which it should be done."""
    tasks = waiting.waiting_for(request.user)
    page = {"tasks": tasks, "counts": counted(tasks), "appears": waiting.appears_for(request.user)}
    return render(request, "tracking/my_work.html", page)


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """The whole portfolio, as a committee reads it."""
    sites = list(Site.objects.in_reach_of(request.user))
    found = whole.found(request.user, request.GET, sites)
    if request.GET.get("format") == "csv":
        return whole.as_csv(found)
    return render(request, "tracking/portfolio.html", whole.page(found, request.GET, sites))


@require_safe
def deployment(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything about one deployment, with the sentence that answers the main question first."""
    shown = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    return render(request, "tracking/deployment.html", deployment_page.page(shown, request.user))


@require_safe
def check_answers(request: HttpRequest, code: str) -> HttpResponse:
    """How a check was last answered on each deployment that the person may see."""
    check = get_object_or_404(Check.objects.visible_to(request.user).select_related("category"), code=code)
    if request.GET.get("format") == "csv":
        return answered.as_csv(request.user, code, request.GET)
    page = answered.page(request.user, code, request.GET)
    question = Question.objects.visible_to(request.user).current_wording().filter(safety_check=check).first()
    return render(request, "tracking/check_answers.html", page | {"check": check, "question": question})


@require_safe
def comparison_choice(request: HttpRequest, ref: str) -> HttpResponse:
    """What an audit can be compared with."""
    submission = get_object_or_404(comparing.handed_over(request.user).defer("canonical"), audit__ref=ref)
    page = comparing.chooser(submission, request.user, request.GET)
    return render(request, "tracking/comparison_choice.html", page)


@require_safe
def comparison(request: HttpRequest, ref: str, other: str) -> HttpResponse:
    """Two audits of a deployment, or of one product at two hospitals, check by check."""
    known = comparing.handed_over(request.user)
    before, after = get_object_or_404(known, audit__ref=ref), get_object_or_404(known, audit__ref=other)
    if request.GET.get("format") == "csv":
        return comparing.as_csv(before, after)
    return render(request, "tracking/comparison.html", comparing.page(before, after))


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The whole portfolio in numbers, as a board reads it."""
    sites = board_page.read_at(request.user)
    return render(request, "tracking/board.html", board_page.page(board_page.asked(request.GET, sites), sites))


@require_safe
def board_audits(request: HttpRequest) -> HttpResponse:
    """The audits that a number of the board's page counts."""
    wanted = board_page.asked(request.GET, board_page.read_at(request.user))
    if request.GET.get("format") == "csv":
        return board_page.audits_as_csv(wanted, request.GET)
    return render(request, "tracking/board_audits.html", board_page.audits_page(wanted, request.GET))
