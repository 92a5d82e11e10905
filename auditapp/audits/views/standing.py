"""Answers that are given once for the whole hospital, and taking one over into an audit."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts.models import User
from auditapp.audits import standing_page
from auditapp.audits.forms.answering import ApprovalForm
from auditapp.audits.forms.standing import StandingAnswerForm
from auditapp.audits.models import Answer, Saved, StandingAnswer
from auditapp.questionnaires.models import Question


@require_safe
def standing_answers(request: HttpRequest) -> HttpResponse:
    """Every check that is asked once, and how it stands."""
    questions = standing_page.asked_once(Question.objects.visible_to(request.user))
    newest = StandingAnswer.objects.visible_to(request.user).newest().with_people()
    return render(request, "audits/standing_answers.html", standing_page.listed(questions, newest, request.GET))


@require_http_methods(["GET", "POST"])
def standing_answer(request: HttpRequest, code: str) -> HttpResponse:
    """One check: everything that was answered for the group, and the form for who may answer it."""
    question = get_object_or_404(standing_page.asked_once(Question.objects.visible_to(request.user)), code=code)
    history = list(StandingAnswer.objects.visible_to(request.user).of(code))
    newest = history[0] if history else None
    if request.method == "POST":
        StandingAnswer.must_let_answer(request.user, newest)
    people = User.objects.visible_to(request.user)
    form = StandingAnswerForm(request.POST or None, question=question, newest=newest, people=people)
    if request.method == "POST" and form.is_valid():
        StandingAnswer.give(question, by=request.user, **form.cleaned_data)
        messages.success(request, _("%(code)s is answered for the whole hospital.") % {"code": code})
        return redirect("audits:standing_answers")
    page = standing_page.page(question, history, reader=request.user) | {"form": form}
    return render(request, "audits/standing_answer.html", page)


@require_POST
def inheritance(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Take what stands for the whole hospital over into an audit, in place of what is answered there."""
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    outcome = found.inherit(by=request.user, base=ApprovalForm.number_in(request.POST))
    if isinstance(outcome, Saved):
        messages.success(request, _("%(code)s is taken over from the hospital’s answer.") % {"code": code})
    else:
        messages.error(request, _("%(code)s was answered after you opened the page. Read it again.") % {"code": code})
    return redirect(f"{reverse('audits:category', args=[ref, found.category_code])}#{code}")
