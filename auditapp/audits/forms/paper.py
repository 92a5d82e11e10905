"""Answers copied from paper: the scan, and one set of fields for each question."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.audits.forms.answering import LARGEST, EvidenceForm
from auditapp.audits.forms.second_reading import WordsOfAnAnswer
from auditapp.deployments.forms import Words


class ScanForm(EvidenceForm):
    """The paper itself, as a file: a copy is held against it."""

    url = None  # type: ignore[assignment]
    source = None  # type: ignore[assignment]
    file = forms.FileField(
        label=gettext_lazy("Scan"), error_messages={"required": gettext_lazy("Choose the scan of the paper.")}
    )
    title = Words(
        label=gettext_lazy("Title of the scan"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    effective_date = forms.DateField(
        label=gettext_lazy("Day on which it was filled in"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"required": gettext_lazy("Enter the day on which the paper was filled in.")},
    )
    valid_until = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"url": ""}


class CopyForm(WordsOfAnAnswer):
    """One answer as it stands on the paper; without a verdict it is left out."""

    base = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        said = {name: value for name, value in self.cleaned_data.items() if name != "base"}
        if any(said.values()) and not said.get("verdict"):
            self.add_error("verdict", _("Choose the verdict that is ticked on the paper."))
        return self.cleaned_data

    @property
    def is_filled(self) -> bool:
        return bool(self.cleaned_data.get("verdict"))


class CorrectionForm(WordsOfAnAnswer):
    """What stands on the paper, where it was copied wrongly."""

    def clean_verdict(self) -> str:
        if not self.cleaned_data["verdict"]:
            raise forms.ValidationError(_("Choose the verdict that is ticked on the paper."))
        return self.cleaned_data["verdict"]
