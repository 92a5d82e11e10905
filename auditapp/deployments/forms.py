"""Forms about deployments: a model version, a change of status."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.deployments.models import Deployment
from auditapp.text import clean


class Words(forms.CharField):
    """A text as it will be stored: whatever was typed is taken, and cleaned as the verbs clean it."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "")


def long_text(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def day_input() -> forms.DateInput:
    """The browser's own calendar, which wants the ISO form of a date."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class VersionForm(forms.Form):
    """A model version and the days on which it runs at the hospital."""

    name = Words(
        label=gettext_lazy("Version"),
        max_length=60,
        help_text=gettext_lazy("As the supplier names it, such as “2.4”."),
        error_messages={"required": gettext_lazy("Enter the name of the version.")},
    )
    starts = forms.DateField(
        label=gettext_lazy("Runs from"),
        help_text=gettext_lazy("The first day on which it runs here. A day to come is taken as planned."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the first day.")},
    )
    ends = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("The first day on which it no longer runs. Leave it empty while no end is known."),
        widget=day_input(),
    )
    note = Words(
        label=gettext_lazy("What changed"),
        required=False,
        help_text=gettext_lazy("What the supplier says has changed, and who agreed to it."),
        widget=long_text(),
    )

    def __init__(self, *args: Any, deployment: Deployment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deployment = deployment

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if self.deployment.versions.filter(name=name).exists():
            raise forms.ValidationError(_("This deployment already has a version of that name."))
        return name

    def clean(self) -> dict[str, Any]:
        starts, ends = self.cleaned_data.get("starts"), self.cleaned_data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", _("This must be later than the day it runs from."))
        elif starts and (other := self.deployment.version_between(starts, ends)):
            self.add_error("starts", overlap(other.name, other.starts, other.ends))
        return self.cleaned_data


def overlap(name: str, starts: Any, ends: Any) -> str:
    """Which version already runs on some of these days."""
    days = {"version": name, "from": date_format(starts, "j M Y"), "to": ends and date_format(ends, "j M Y")}
    if ends:
        return _("Version %(version)s runs from %(from)s until %(to)s. Choose days on which it does not.") % days
    return _("Version %(version)s runs from %(from)s on. Choose days on which it does not.") % days


# What each status means, so that nobody has to guess which one to choose.
MEANINGS = {
    "in_evaluation": gettext_lazy("In evaluation: tried out without any effect on patients"),
    "pilot": gettext_lazy("Pilot: in use with some patients"),
    "live": gettext_lazy("Live: in use"),
    "suspended": gettext_lazy("Suspended: use stops until a further decision"),
    "retired": gettext_lazy("Retired: use ends for good; this cannot be undone"),
}


class StatusForm(forms.Form):
    """A step in the life of a deployment. Only the steps that this person can take now are offered."""

    to = forms.ChoiceField(
        label=gettext_lazy("New status"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose the new status."),
            "invalid_choice": gettext_lazy("This step is not possible now. Choose one of those listed."),
        },
    )
    reason = Words(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Who decided it, when, and why. It stays on the record of the deployment."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason for the change.")},
    )

    def __init__(self, *args: Any, deployment: Deployment, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moves = deployment.moves_for(user)
        self.fields["to"].choices = [(move, MEANINGS[move]) for move in moves]  # type: ignore[attr-defined]
