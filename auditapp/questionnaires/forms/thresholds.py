"""The form with which a hospital group adopts one number."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words, long_text
from auditapp.questionnaires.models import ThresholdAdoption
from auditapp.questionnaires.thresholds import LONGEST, Threshold, as_value

REASON = 2_000  # characters


class ThresholdForm(forms.Form):
    """The number as the hospital's own; `base` is how many adoptions the person saw when the page was opened."""

    value = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=200,  # what is too long for a number is told by `as_value`, and kept as it was typed
        widget=forms.TextInput(attrs={"inputmode": "decimal", "maxlength": LONGEST, "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the number.")},
    )
    reason = Words(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=REASON,
        widget=long_text(rows=3),
        help_text=gettext_lazy("Needed unless you adopt the default as it is. It stays on the record."),
    )
    base = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, threshold: Threshold, now: ThresholdAdoption | None) -> None:
        start = {"value": now.value if now else threshold.default, "base": now.n if now else 0}
        super().__init__(data, initial=start)
        self.threshold, self.now = threshold, now
        self.fields["value"].help_text = threshold.limit("…")

    def clean_value(self) -> str:
        try:
            return as_value(self.threshold, self.cleaned_data["value"])
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def clean(self) -> dict[str, Any]:
        """What `ThresholdAdoption.adopt` takes."""
        value, known = self.cleaned_data.get("value"), self.now.n if self.now else 0
        if "base" in self.cleaned_data and self.cleaned_data["base"] != known:
            self.data = {**dict(self.data.items()), "base": str(known)}  # sent again, it starts from what is shown now
            raise forms.ValidationError(self._meanwhile())
        if value and self.now and value == self.now.value:
            self.add_error("value", _("This is the number adopted already. Enter another one, or leave it as it is."))
        elif value and not self.cleaned_data.get("reason") and (self.now or value != self.threshold.default):
            self.add_error("reason", _("Give the reason for another number than before."))
        return self.cleaned_data

    def _meanwhile(self) -> str:
        if self.now is None:
            return _("This form does not fit the page. Look at the number below and send it again.")
        sentence = _(
            "%(name)s adopted %(value)s after you opened this page. What you typed is kept: send it again, or not."
        )
        return sentence % {"name": self.now.by.name, "value": self.now.value}
