"""The forms of the first plan: how it is laid out, its dates one by one, and the executive's signature."""

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.deployments.forms import day_input
from auditapp.reports import reauthentication
from auditapp.tracking.first_plan import MOST_A_WEEK, FirstPlan


class LayoutForm(forms.Form):
    """From which day on, and how many audits a week."""

    starts = forms.DateField(
        label=gettext_lazy("First day"), widget=day_input(), help_text=gettext_lazy("Such as the next Monday.")
    )
    per_week = forms.IntegerField(
        label=gettext_lazy("Audits a week"),
        min_value=1,
        max_value=MOST_A_WEEK,
        help_text=gettext_lazy("How many your auditors can do here."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_starts(self) -> date:
        starts: date = self.cleaned_data["starts"]
        if starts < self.today:
            raise forms.ValidationError(_("Choose today or a later day."))
        return starts


class DaysForm(forms.Form):
    """A day for each deployment of the plan; `shown` names the plan that was on the page."""

    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, plan: FirstPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shown"].initial = plan.digest
        self.plan = plan
        for line in plan.days:
            self.fields[f"on_{line['ref']}"] = forms.DateField(
                label=_("Day for %(name)s") % {"name": line["name"]}, initial=line["on"], widget=day_input()
            )

    @property
    def rows(self) -> list[tuple[dict[str, Any], forms.BoundField]]:
        return [(line, self[f"on_{line['ref']}"]) for line in self.plan.days]

    def clean(self) -> dict[str, Any]:
        today = clock.today(self.plan.site.zone)
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, date) and value < today:
                self.add_error(name, _("Choose today or a later day."))
        return self.cleaned_data

    @property
    def days(self) -> dict[str, date]:
        return {name.removeprefix("on_"): day for name, day in self.cleaned_data.items() if name != "shown"}


class PlanSignatureForm(forms.Form):
    """Address and password for this one signature, over the plan that was on the page."""

    read = forms.BooleanField(label=gettext_lazy("I have read the plan. These are the days by which I answer for it."))
    address = forms.CharField(
        label=gettext_lazy("Your e-mail address"),
        max_length=254,
        help_text=gettext_lazy("The one that you sign in with."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        help_text=gettext_lazy("Asked again for this one signature."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    shown = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, plan: FirstPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shown"].initial = plan.digest
        self.plan = plan

    def sign(self, request: HttpRequest, *, by: User) -> bool:
        """Re-authenticate for this one act and sign; what kept the person from it stands in the form."""
        given = self.cleaned_data
        if wrong := reauthentication.unproven(request, address=given["address"], password=given["password"]):
            self.plan.note_failed_signature(by=by, wrong=wrong.what)
            self.add_error(wrong.field, wrong.sentence)
            return False
        self.plan.sign(by=by, shown_sha256=given["shown"])
        return True
