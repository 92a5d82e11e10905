"""Bringing a model card along."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from auditapp.exchange.card import reading
from auditapp.questionnaires.forms.exchange import refusal
from auditapp.refusals import Refused


class CardForm(forms.Form):
    """The file."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("An applied model card as XML (Coalition for Health AI, version 0.2). 1 MB at most."),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".xml"}),
    )

    def clean(self) -> dict[str, Any]:
        """What `ModelCard.bring` takes."""
        file: UploadedFile | None = self.cleaned_data.get("file")
        if file is None:
            return {}
        data = file.read(reading.BYTES + 1)
        try:
            reading.read(data)
        except Refused as refused:
            self.add_error("file", refusal(refused))
        return {"name": file.name or "", "data": data}
