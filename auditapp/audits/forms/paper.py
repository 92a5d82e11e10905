"""Answers copied from paper: the scan, and one set of fields for each question."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.audits.forms.answering import LARGEST
from auditapp.audits.forms.evidence import EvidenceForm, ManyFiles
from auditapp.audits.forms.second_reading import WordsOfAnAnswer
from auditapp.deployments.forms import Words
from auditapp.evidence.models import Evidence
from auditapp.evidence.uploads import PartialUpload


class ScanForm(EvidenceForm):
    """The paper itself, as a file: a copy is held against it."""

    SAID = ("title", "effective_date")
    NOTHING = gettext_lazy("Choose the scan of the paper.")
    url = None  # type: ignore[assignment]
    source = None  # type: ignore[assignment]
    document = None  # type: ignore[assignment]
    version = None  # type: ignore[assignment]
    file = ManyFiles(label=gettext_lazy("Scan"), widget=forms.FileInput)
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

    def __init__(self, data: QueryDict | None, files: Any) -> None:
        nothing = {"uploads": PartialUpload.objects.none(), "kept": Evidence.objects.none()}
        super().__init__(data, files, code="scan", **nothing)

    @property
    def about(self) -> dict[str, Any]:
        """What `PaperEntry.enter` takes; of a valid form."""
        (scan,) = self.items
        return scan


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
