"""Proposing a tool, and what becomes of proposals: the list, one of them, declining it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from auditapp import lists
from auditapp.accounts.models import Site, User
from auditapp.deployments.forms import Words, long_text
from auditapp.deployments.models import KEEPERS
from auditapp.deployments.models.intake import PROPOSERS, Intake


class IntakeForm(forms.Form):
    """One page: what is wanted, for what, and for whom."""

    name = Words(
        label=gettext_lazy("What is it?"),
        max_length=160,
        help_text=gettext_lazy("The tool, as people call it."),
        error_messages={"required": gettext_lazy("Say what it is called.")},
    )
    vendor = Words(
        label=gettext_lazy("Who supplies it?"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Leave it empty if you do not know."),
    )
    purpose = Words(
        label=gettext_lazy("What would you use it for?"),
        help_text=gettext_lazy("The task, and what is done today without it. No patient data."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what it would be used for.")},
    )
    users = Words(
        label=gettext_lazy("Who would use it?"),
        max_length=300,
        error_messages={"required": gettext_lazy("Say who would use it.")},
    )
    patients = Words(
        label=gettext_lazy("Which patients would it affect?"),
        max_length=300,
        help_text=gettext_lazy("Such as “all adults in the outpatient clinics”, or “none”."),
        error_messages={"required": gettext_lazy("Say whom it would affect.")},
    )
    why_now = Words(
        label=gettext_lazy("Why now?"),
        required=False,
        widget=long_text(3),
        help_text=gettext_lazy("If there is a date or an offer."),
    )
    contact = Words(
        label=gettext_lazy("Whom can we ask?"),
        max_length=160,
        help_text=gettext_lazy("A colleague and a ward or department; usually you."),
        error_messages={"required": gettext_lazy("Name somebody who can be asked.")},
    )
    site = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Site.objects.none(),
        empty_label=None,
        error_messages={"invalid_choice": gettext_lazy("You cannot propose a tool at this hospital.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.where(user, *PROPOSERS)  # type: ignore[attr-defined]
        self.initial["contact"] = user.name


class DecliningForm(forms.Form):
    reason = Words(
        label=gettext_lazy("Why it is not taken up"),
        help_text=gettext_lazy("Whoever proposed it reads this."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason. Whoever proposed it will read it.")},
    )


@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Everybody sees what is proposed at their hospitals, and what became of it."""
    rows = Intake.objects.visible_to(request.user).with_names()
    if state := lists.chosen(request.GET, "state", Intake.State.values):
        rows = rows.filter(state=state)
    page = {
        "page": lists.page(rows, request.GET),
        "states": lists.links(request.GET, "state", [("", _("All")), *Intake.State.choices]),
        "may_propose": request.user.holds(*PROPOSERS),
    }
    return render(request, "tracking/proposals.html", page)


@require_http_methods(["GET", "POST"])
def new_proposal(request: HttpRequest) -> HttpResponse:
    """The form."""
    request.user.must_hold(*PROPOSERS, site=None, to=_("propose a tool"))
    form = IntakeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        proposed = Intake.propose(by=request.user, **form.cleaned_data)
        messages.success(
            request, _("%(ref)s is proposed. You will see here what becomes of it.") % {"ref": proposed.ref}
        )
        return redirect(proposed)
    return render(request, "tracking/new_proposal.html", {"form": form})


@require_safe
def proposal(request: HttpRequest, ref: str) -> HttpResponse:
    """What was proposed, and what became of it."""
    found = get_object_or_404(Intake.objects.visible_to(request.user).with_names(), ref=ref)
    is_open = found.state == Intake.State.WAITING
    page = {
        "proposal": found,
        "may_decide": is_open and request.user.holds(*KEEPERS, site=found.site),
        "may_note": found.by == request.user and not is_open and found.noted_at is None,
    }
    return render(request, "tracking/proposal.html", page)


@require_http_methods(["GET", "POST"])
def declining(request: HttpRequest, ref: str) -> HttpResponse:
    """Decline it, with the reason."""
    found = get_object_or_404(Intake.objects.visible_to(request.user).with_names(), ref=ref)
    found.must_be_open_to(request.user)
    form = DecliningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found.decline(by=request.user, **form.cleaned_data)
        messages.success(request, _("%(ref)s is declined.") % {"ref": found.ref})
        return redirect(found)
    return render(request, "tracking/declining.html", {"form": form, "proposal": found})


@require_POST
def noted(request: HttpRequest, ref: str) -> HttpResponse:
    """Its proposer has read what became of it."""
    found = get_object_or_404(Intake.objects.visible_to(request.user), ref=ref)
    found.note(by=request.user)
    return redirect("tracking:my_work")
