"""Actions on a finding: planned, done, judged by somebody else, given up."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from auditapp.accounts.models import Role
from auditapp.deployments.models import KEEPERS
from auditapp.findings import rules
from auditapp.findings.forms.actions import ActionForm, CompletionForm, DropForm, JudgementForm
from auditapp.findings.models import Action
from auditapp.findings.models.finding import ANSWERERS
from auditapp.findings.views.acting import act_page, finding_of


def _action(request: HttpRequest, ref: str, n: int) -> Action:
    actions = Action.objects.visible_to(request.user).select_related("finding__deployment", "owner", "site")  # type: ignore[arg-type]
    return get_object_or_404(actions, finding__ref=ref, n=n)


@require_http_methods(["GET", "POST"])
def planning(request: HttpRequest, ref: str) -> HttpResponse:
    """A new action."""
    shown = finding_of(request, ref)
    request.user.must_hold(*KEEPERS, site=shown.site, to=_("plan an action"))
    form = ActionForm(request.POST or None, people=rules.readers_at(shown.site))
    if request.method == "POST" and form.is_valid():
        action = Action.plan(shown, by=request.user, **form.cleaned_data)
        form.keep(shown, by=request.user)
        messages.success(request, _("%(action)s is planned.") % {"action": action.number})
        return redirect(action)
    told = _("Until it is done and found effective, the finding stays open.")
    return act_page(request, form, shown, heading=_("Plan an action"), button=_("Plan it"), expectation=told)


@require_http_methods(["GET", "POST"])
def completion(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """It is done."""
    action = _action(request, ref, n)
    if action.owner_id != request.user.pk:
        request.user.must_hold(*KEEPERS, site=action.site, to=_("say that an action of somebody else is done"))
    form = CompletionForm(request.POST or None, request.FILES or None, action=action)
    if request.method == "POST" and form.is_valid():
        form.complete(by=request.user)
        form.keep(action.finding, by=request.user)
        messages.success(request, _("%(action)s is done. Somebody else checks its effect.") % {"action": action.number})
        return redirect(action)
    heading = _("%(action)s is done") % {"action": action.number}
    return act_page(
        request, form, action.finding, heading=heading, button=_("Say that it is done"), expectation=action.what
    )


@require_http_methods(["GET", "POST"])
def judgement(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """Whether it was effective, by somebody else than its owner."""
    action = _action(request, ref, n)
    request.user.must_hold(*ANSWERERS, site=action.site, to=_("check whether an action was effective"))
    form = JudgementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        action.judge(by=request.user, **form.cleaned_data)
        form.keep(action.finding, by=request.user)
        messages.success(request, _("%(action)s: your judgement is kept.") % {"action": action.number})
        return redirect(action)
    heading = _("Was %(action)s effective?") % {"action": action.number.lower()}
    return act_page(request, form, action.finding, heading=heading, button=_("Keep it"), expectation=action.what)


@require_http_methods(["GET", "POST"])
def drop(request: HttpRequest, ref: str, n: int) -> HttpResponse:
    """It need not be done."""
    action = _action(request, ref, n)
    request.user.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=action.site, to=_("give up an action"))
    form = DropForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        action.drop(by=request.user, reason=form.cleaned_data["reason"])
        form.keep(action.finding, by=request.user)
        messages.success(request, _("%(action)s is given up.") % {"action": action.number})
        return redirect(action)
    heading = _("Give up %(action)s") % {"action": action.number.lower()}
    return act_page(request, form, action.finding, heading=heading, button=_("Give it up"), expectation=action.what)
