"""Taking over what was said before: one answer, or several that a person has read."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from auditapp.audits.forms.answering import LARGEST


class TakingOverForm(forms.Form):
    """What was read beside the button: the answer's revision, the wording, and the audit it was signed in."""

    base = forms.IntegerField(min_value=0, max_value=LARGEST)
    key = forms.CharField(max_length=64)
    question = forms.IntegerField(min_value=0)
    source = forms.CharField(max_length=30, required=False)

    @property
    def given(self) -> dict[str, Any]:
        """What `Answer.take_over` takes; of a form that was tampered with, what no audit proposes."""
        return self.cleaned_data if self.is_valid() else {"base": 0, "key": "", "question": 0, "source": "?"}


class CarryingForm(forms.Form):
    """Several answers with unchanged wording, each ticked by a person who has read it.

    A tick names the code and the revision that stood there: "hal-01:0". One that is not offered any more was overtaken.
    """

    source = forms.CharField(max_length=30)
    key = forms.CharField(max_length=64)
    take = forms.MultipleChoiceField(
        error_messages={
            "required": gettext_lazy("Tick at least one answer that you have read."),
            "invalid_choice": gettext_lazy("%(value)s has changed since you read it. Nothing was taken over."),
        }
    )

    def __init__(self, *args: Any, offered: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["take"].choices = [(tick, tick) for tick in offered]  # type: ignore[attr-defined]

    @property
    def ticked(self) -> list[str]:
        """What stays ticked when something was wrong."""
        return self["take"].value() or []

    @property
    def read(self) -> dict[str, int]:
        """What `Audit.take_over_unchanged` takes: the code of each ticked answer and the revision that was read."""
        return {code: int(n) for code, n in (tick.split(":") for tick in self.cleaned_data["take"])}
