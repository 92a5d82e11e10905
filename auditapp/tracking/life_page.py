"""The pages on which a deployment takes its steps: proposed by one person, signed off by another."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from auditapp.deployments.forms import StatusForm
from auditapp.deployments.models import SIGNERS, Deployment, StatusChange, StatusProposal
from auditapp.deployments.models.step import MOVERS
from auditapp.tracking import life


class StepForm(StatusForm):
    """A step of the life of a deployment; one into use is not offered past a closed gate."""

    def __init__(self, *args: Any, gate: life.Answer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gate = gate

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("to") in Deployment.IN_USE and not self.gate.is_open:
            self.add_error("to", self.gate.sentence)
        return self.cleaned_data


@require_http_methods(["GET", "POST"])
def status(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the next step in the life of a deployment, or propose one that two people take."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*MOVERS, site=deployment.site, to=_("change the status"))
    gate = life.gate(deployment, request.user)
    asked = {name: request.GET[name] for name in ("to", "reason") if name in request.GET}  # by an incident's page
    form = StepForm(request.POST or None, deployment=deployment, user=request.user, gate=gate, initial=asked)
    if request.method == "POST" and form.is_valid():
        moved = life.move(deployment, by=request.user, **form.cleaned_data)
        if isinstance(moved, StatusChange):
            messages.success(request, _("The status is now: %(status)s.") % {"status": moved.get_after_display()})
        else:
            messages.success(request, _("The step is proposed. It is taken when a second person signs it off."))
        return redirect(deployment)
    page = {"form": form, "deployment": deployment, "gate": gate, "waiting": _waiting(deployment)}
    return render(request, "tracking/status.html", page)


@require_http_methods(["GET", "POST"])
def sign_off(request: HttpRequest, ref: str) -> HttpResponse:
    """Read what was proposed, with what the gate says now, and sign it off."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*SIGNERS, *MOVERS, site=deployment.site, to=_("sign off this step"))
    waiting = _waiting(deployment)
    if waiting is None:
        messages.info(request, _("No step of this deployment waits to be signed off."))
        return redirect(deployment)
    if request.method == "POST":
        change = life.sign_off(waiting, by=request.user)
        messages.success(request, _("The status is now: %(status)s.") % {"status": change.get_after_display()})
        return redirect(deployment)
    page = {
        "deployment": deployment,
        "waiting": waiting,
        "to": Deployment.Status(waiting.to).label,
        "gate": life.gate(deployment, request.user) if waiting.to in Deployment.IN_USE else None,
        "may_sign": waiting.awaits(request.user),
    }
    return render(request, "tracking/sign_off.html", page)


@require_POST
def drop(request: HttpRequest, ref: str) -> HttpResponse:
    """Leave the status as it is."""
    deployment = get_object_or_404(Deployment.objects.visible_to(request.user).with_names(), ref=ref)
    request.user.must_hold(*SIGNERS, *MOVERS, site=deployment.site, to=_("drop a proposed step"))
    if waiting := _waiting(deployment):
        waiting.drop(by=request.user)
        messages.success(request, _("The status stays as it is."))
    return redirect(deployment)


def _waiting(deployment: Deployment) -> StatusProposal | None:
    return deployment.status_proposals.waiting().with_names().first()
