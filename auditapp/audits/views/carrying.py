"""Taking over what was signed before, and moving a draft to another version of its questionnaire."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from auditapp.audits import carry_page
from auditapp.audits.forms.carrying import CarryingForm, TakingOverForm
from auditapp.audits.models import Answer, Audit, Stale
from auditapp.audits.views.filling import back_to, stale_page
from auditapp.questionnaires.models import QuestionnaireVersion


@never_cache
@require_http_methods(["GET", "POST"])
def carry_forward(request: HttpRequest, ref: str) -> HttpResponse:
    """All that can be taken over, in groups; what is unchanged can be ticked and confirmed together."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    if request.method == "POST":
        audit.must_let_take_over(request.user)
    page = carry_page.page(audit, reader=request.user)
    form = CarryingForm(request.POST or None, offered=page["offered"])
    if request.method == "POST" and form.is_valid():
        source, key = form.cleaned_data["source"], form.cleaned_data["key"]
        late = audit.take_over_unchanged(form.read, source=source, by=request.user, key=key)
        _tell(request, taken=len(form.read) - len(late), late=late)
        return redirect("audits:carry_forward", ref)
    status = 422 if form.errors else 200
    return render(request, "audits/carry_forward.html", page | {"form": form}, status=status)


def _tell(request: HttpRequest, *, taken: int, late: list[str]) -> None:
    said = ngettext("You took over %(n)s answer.", "You took over %(n)s answers.", taken) % {"n": taken}
    if late:
        said += " " + _("Answered by somebody else meanwhile, and left as they are: %(codes)s.") % {
            "codes": ", ".join(late)
        }
    messages.success(request, said)


@require_POST
def taking_over(request: HttpRequest, ref: str, code: str) -> HttpResponse:
    """One person says that what was answered before is still true."""
    answers = Answer.objects.visible_to(request.user).held_for(request.user)
    found = get_object_or_404(answers, audit__ref=ref, code=code)
    outcome = found.take_over(by=request.user, **TakingOverForm(request.POST).given)
    if isinstance(outcome, Stale):
        return stale_page(request, found, outcome)
    messages.success(request, _("You confirmed the answer to %(code)s.") % {"code": code})
    if request.POST.get("back") == "list":
        return redirect("audits:carry_forward", ref)
    return redirect(back_to(found, request.POST))


@require_http_methods(["GET", "POST"])
def version(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """What moving a draft to another version of its questionnaire would do, and doing it."""
    audit = get_object_or_404(Audit.objects.visible_to(request.user).with_names(), ref=ref)
    audit.must_let_move(request.user)
    versions = QuestionnaireVersion.objects.visible_to(request.user).select_related("questionnaire").with_questions()
    other = get_object_or_404(versions, questionnaire=audit.version.questionnaire_id, number=number)
    if request.method == "POST":
        audit.move_to_version(other, by=request.user)
        messages.success(request, _("%(ref)s now asks version %(number)s.") % {"ref": ref, "number": number})
        return redirect(audit)
    page = {"audit": audit, "version": other, "preview": audit.preview_of_move(other, by=request.user)}
    return render(request, "audits/version.html", page)
