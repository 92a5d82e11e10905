"""Forms for deciding, signing and verifying."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.audits.models import Audit
from auditapp.reports.facts import NEEDS_CONDITIONS, decision_label
from auditapp.reports.models import Report
from auditapp.reports.reauthentication import Reauthentication, Unproven

VERIFY_MAX_BYTES = 50 * 1024 * 1024
CONDITION_ROWS = 3


class DecisionForm(forms.Form):
    """One of the decisions that the content permits for the calculated result, with its reasons."""

    code = forms.ChoiceField(label=gettext_lazy("Decision"), widget=forms.RadioSelect)
    reasons = forms.CharField(
        label=gettext_lazy("Reasons"),
        help_text=gettext_lazy("Printed in the report as you write them."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, audit: Audit, permitted: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meaning = audit.version.rules["decisions"]["meaning"]
        self.fields["code"].choices = [  # type: ignore[attr-defined]
            (code, f"{decision_label(audit.version, code)}: {meaning[code]}") for code in permitted
        ]

    @property
    def needs_conditions(self) -> bool:
        return self.cleaned_data.get("code") in NEEDS_CONDITIONS


class ConditionForm(forms.Form):
    """One condition: all three or none."""

    text = forms.CharField(label=gettext_lazy("Condition"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    owner = forms.CharField(label=gettext_lazy("Owner"), max_length=120, required=False)
    due = forms.DateField(
        label=gettext_lazy("Due"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        missing = [name for name in ("text", "owner", "due") if not values.get(name) and name not in self.errors]
        if len(missing) < 3:
            for name in missing:
                self.add_error(name, _("A condition has a text, an owner and a date. Fill in all three, or none."))
        return values


class Conditions(forms.BaseFormSet):
    """The conditions of a decision; empty rows count for nothing."""

    def given(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if form.cleaned_data.get("text")]


ConditionFormSet = forms.formset_factory(
    ConditionForm, formset=Conditions, extra=CONDITION_ROWS, max_num=30, absolute_max=30
)


class SignatureForm(forms.Form):
    """The meaning, and address and password for this one signature; `shown` is the file that was on the page."""

    meaning = forms.ChoiceField(label=gettext_lazy("Your signature states"), widget=forms.RadioSelect)
    read = forms.BooleanField(label=gettext_lazy("I have read the document above."))
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

    def __init__(self, *args: Any, report: Report, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report = report
        turn = report.next_signatory()
        if turn:
            sentence = _("%(name)s, %(role)s, %(meaning)s.") % {
                "name": name, "role": turn["role_label"].lower(), "meaning": turn["meaning"]
            }  # fmt: skip
            self.fields["meaning"].choices = [(turn["meaning"], sentence)]  # type: ignore[attr-defined]
        if report.newest_file:
            self.fields["shown"].initial = report.newest_file.sha256

    def sign(self, request: HttpRequest) -> bool:
        """Re-authenticate for this one act and sign; what kept the person from it stands in the form."""
        given = self.cleaned_data
        shown = {"meaning": given["meaning"], "shown_sha256": given["shown"]}
        act = Reauthentication.attempt(
            self.report, request, address=given["address"], password=given["password"], **shown
        )
        if isinstance(act, Unproven):
            self.add_error(act.field, act.sentence)
            return False
        self.report.sign(by=act.by, reauthentication=act, **shown)
        return True


class RefusalForm(forms.Form):
    """Why a signatory does not sign."""

    reason = forms.CharField(
        label=gettext_lazy("Why you do not sign"),
        help_text=gettext_lazy("The auditor reads this, and it is printed among the rounds of the next report."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class WithdrawalForm(forms.Form):
    """Why a report that was issued in error must not be relied on."""

    reason = forms.CharField(
        label=gettext_lazy("Why it must not be relied on"),
        help_text=gettext_lazy("For the hospital: whoever checks a copy is told that it is withdrawn, and not why."),
        error_messages={"required": gettext_lazy("Give the reason for withdrawing the report.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class VerifyForm(forms.Form):
    """A PDF to check."""

    file = forms.FileField(
        label=gettext_lazy("Report (PDF)"),
        help_text=gettext_lazy("Up to 50 MB. The file is checked and not kept."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > VERIFY_MAX_BYTES:
            raise forms.ValidationError(
                _("The file is %(size)s. Reports of ours are smaller than 50 MB.") % {"size": filesizeformat(file.size)}
            )
        return file
