"""Working together on an audit: who answers what, what is said about a question, who is where, what others changed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp.accounts.models import Role
from auditapp.audits import progress, together
from auditapp.audits.forms.together import AssignmentForm, ChangeForm, CommentForm, PartForm
from auditapp.audits.models import Answer, Assignment, Audit, Comment, Mention, Presence
from auditapp.audits.models.assignments import readers_of
from auditapp.audits.models.comments import why_closed


@require_http_methods(["GET", "POST"])
def assignments(request: HttpRequest, ref: str) -> HttpResponse:
    """Who answers what; the page of the audit says it to everybody else."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_assign(request.user)
    domains = progress.by_domain(audit.version, audit.answers.progress(), audit.assignments.with_names())
    form = AssignmentForm(request.POST or None, audit=audit, categories=progress.in_order(domains))
    if request.method == "POST" and form.is_valid():
        assignment = audit.assign(by=request.user, **form.cleaned_data)
        form.keep(audit, by=request.user)
        messages.success(request, _("%(name)s can answer it now.") % {"name": assignment.user.name})
        return redirect("audits:assignments", ref=ref)
    return render(request, "audits/assignments.html", {"form": form, "audit": audit, "domains": domains})


@require_http_methods(["GET", "POST"])
def assignment_part(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """Give single questions of a category to several people."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_assign(request.user)
    answers = audit.answers.of_category(code).select_related("question")
    if not answers:
        raise Http404
    form = PartForm(request.POST or None, audit=audit, answers=answers)
    if request.method == "POST" and form.is_valid():
        given = audit.assign_to(category_code=code, by=request.user, **form.cleaned_data)
        form.keep(audit, by=request.user)
        names = sorted({row.user.name for row in given})
        messages.success(request, _("Given to %(names)s.") % {"names": ", ".join(names)})
        return redirect("audits:assignments", ref=ref)
    page = {"form": form, "audit": audit, "title": together.title_of(audit, code)}
    return render(request, "audits/assignment_part.html", page)


@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """Another day or message for what somebody was given."""
    rows = Assignment.objects.visible_to(request.user).select_related("audit__site", "audit__version", "user")
    given = get_object_or_404(rows, audit__ref=ref, pk=pk)
    given.audit.must_let_assign(request.user)
    form = ChangeForm(request.POST or None, assignment=given)
    if request.method == "POST" and form.is_valid():
        given.change(by=request.user, **form.cleaned_data)
        form.keep(given.audit, by=request.user)
        messages.success(request, _("Changed for %(name)s.") % {"name": given.user.name})
        return redirect("audits:assignments", ref=ref)
    title = together.title_of(given.audit, given.category_code)
    page = {"form": form, "audit": given.audit, "assignment": given, "title": title}
    return render(request, "audits/assignment.html", page)


@require_POST
def assignment_removal(request: HttpRequest, ref: str) -> HttpResponse:
    """Take a category or a question back from a person."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    assignment = audit.take_back(request.POST.get("assignment", ""), by=request.user)
    messages.success(request, _("%(name)s no longer answers it.") % {"name": assignment.user.name})
    return redirect("audits:assignments", ref=ref)


@require_http_methods(["GET", "POST"])
def comments(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """What is said about one question; opening it is reading what mentions the reader."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).select_related("site").with_place(), ref=ref)
    answer = get_object_or_404(audit.answers.visible_to(request.user).select_related("question"), code=code)
    form = CommentForm(request.POST or None, answer=answer)
    if request.method == "POST" and form.is_valid():
        comment = Comment.say(answer, form.cleaned_data["text"], by=request.user)
        form.keep(audit, by=request.user, check=code, comment=comment.pk)
        return redirect("audits:comments", ref=ref, code=code)
    said = list(Comment.objects.visible_to(request.user).filter(answer=answer).with_names())
    Mention.objects.of(request.user).read_on(answer)
    page = {
        "answer": answer,
        "audit": audit,
        "seen": together.seen_so_far(audit),
        "comments": said,
        "marks_all": audit.state == "draft" and request.user.holds(Role.AUDITOR, site=audit.site),
        "form": form,
        "people": readers_of(answer),
        "why_closed": why_closed(audit),
    }
    return render(request, "audits/comments.html", page, status=422 if form.errors else 200)


def _comment(request: HttpRequest, ref: str, code: str, pk: int) -> Comment:
    rows = Comment.objects.visible_to(request.user).select_related("answer__audit__site")
    return get_object_or_404(rows, answer__audit__ref=ref, answer__code=code, pk=pk)


@require_POST
def comment_resolution(request: HttpRequest, ref: str, code: str, pk: int) -> HttpResponse:
    """Nothing is left to do about it, or something is after all."""
    comment = _comment(request, ref, code, pk)
    if request.POST.get("act") == "reopen":
        comment.reopen(by=request.user)
    else:
        comment.resolve(by=request.user)
    return redirect("audits:comments", ref=ref, code=code)


@require_POST
def comment_printing(request: HttpRequest, ref: str, code: str, pk: int) -> HttpResponse:
    """Mark a comment for the report, or take the mark back."""
    comment = _comment(request, ref, code, pk)
    if request.POST.get("act") == "leave_out":
        comment.leave_out_of_report(by=request.user)
    else:
        comment.put_in_report(by=request.user)
    return redirect("audits:comments", ref=ref, code=code)


@require_POST
def comment_withdrawal(request: HttpRequest, ref: str, code: str, pk: int) -> HttpResponse:
    """Its author takes a comment back; it stays readable as withdrawn."""
    _comment(request, ref, code, pk).withdraw(by=request.user)
    return redirect("audits:comments", ref=ref, code=code)


@require_POST
def presence(request: HttpRequest, ref: str) -> HttpResponse:
    """The person is at this question, or (none named) has left the page."""
    if code := request.POST.get("at", ""):
        answer = get_object_or_404(Answer.objects.visible_to(request.user), audit__ref=ref, code=code)
        Presence.beat(answer, by=request.user)
    else:
        audit = get_object_or_404(Audit.objects.visible_to(request.user), ref=ref)
        Presence.leave(audit.pk, by=request.user)
    return HttpResponse(status=204)


@require_safe
def changes(request: HttpRequest, ref: str) -> HttpResponse:
    """What others did since the page last asked, as its tag says; 304 when that is nothing."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).select_related("site").with_place(), ref=ref)
    news = together.news(audit, reader=request.user, seen=request.headers.get("If-None-Match", ""))
    if news.is_nothing:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = JsonResponse(news.body)
    response["ETag"] = news.tag
    response["Cache-Control"] = "private, no-cache"
    return response
