"""Entering a supplier's notice, and saying what was done about it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import SupplierNotice
from auditapp.identifiers.looking import found_in_fields


class WithoutPatients(forms.Form):
    """Refuses what looks like patient data: nothing of it belongs into what is said about a product."""

    def clean(self) -> dict[str, Any]:
        words = {name: value for name, value in self.cleaned_data.items() if isinstance(value, str)}
        for name in found_in_fields(words):
            self.add_error(name, _("This looks like patient data, such as a name with a number or a date. Change it."))
        return self.cleaned_data


class NoticeForm(WithoutPatients):
    """What the supplier says, and which versions it is about."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        widget=forms.RadioSelect,
        choices=SupplierNotice.Kind.choices,
        error_messages={"required": gettext_lazy("Choose what kind of notice it is.")},
    )
    title = Words(
        label=gettext_lazy("Title"),
        max_length=160,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    issued_on = forms.DateField(
        label=gettext_lazy("Issued by the supplier on"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the day on which the supplier issued it.")},
    )
    text = Words(
        label=gettext_lazy("What it says"),
        max_length=8000,
        widget=long_text(8),
        error_messages={"required": gettext_lazy("Enter what the notice says.")},
    )
    source = Words(
        label=gettext_lazy("Where it can be read"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("The supplier’s own reference, or an address."),
    )
    known = forms.MultipleChoiceField(
        label=gettext_lazy("Versions it is about"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("None chosen means all of them."),
    )
    others = Words(
        label=gettext_lazy("Other versions"),
        max_length=1000,
        required=False,
        widget=long_text(2),
        help_text=gettext_lazy("One in each line, exactly as they are named on the deployments."),
    )
    questions = forms.TypedChoiceField(
        label=gettext_lazy("Does it put approvals in question?"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        choices=[
            ("yes", gettext_lazy("Yes: approvals of these versions no longer hold until they are audited again")),
            ("no", gettext_lazy("No: owners are told, approvals stay as they are")),
        ],
        error_messages={"required": gettext_lazy("Say whether approvals still hold.")},
    )

    def __init__(self, *args: Any, versions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["known"].choices = [(name, name) for name in versions]  # type: ignore[attr-defined]
        if not versions:
            del self.fields["known"]

    def clean_others(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["others"].splitlines() if line.strip()]
        if too_long := [name for name in names if len(name) > 60]:
            raise forms.ValidationError(_("“%(name)s” is too long for a version.") % {"name": too_long[0]})
        return names

    def clean_issued_on(self) -> Any:
        day = self.cleaned_data["issued_on"]
        if day > clock.now().date():
            raise forms.ValidationError(_("A notice cannot have been issued in the future. Check the date."))
        return day

    @property
    def said(self) -> dict[str, Any]:
        """What `SupplierNotice.receive` takes."""
        values = dict(self.cleaned_data)
        return values | {"versions": [*values.pop("known", []), *values.pop("others")]}


class AcknowledgementForm(WithoutPatients):
    """What was done on one deployment, or why nothing is needed."""

    done = Words(
        label=gettext_lazy("What you did"),
        max_length=4000,
        widget=long_text(5),
        help_text=gettext_lazy("Or why nothing is needed here. It stays on the record; you can add to it later."),
        error_messages={"required": gettext_lazy("Say what you did about it, or why nothing is needed.")},
    )
