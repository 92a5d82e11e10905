"""The clinical safety officer's judgement: returning or accepting."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words, long_text
from auditapp.evidence.looking import LooksForPatients

ACCEPT, RETURN = "accept", "return"


class ReviewForm(LooksForPatients):
    """Either the whole is accepted, or single questions go back, each with its reason."""

    act = forms.ChoiceField(
        choices=[(ACCEPT, ACCEPT), (RETURN, RETURN)],
        error_messages={"required": gettext_lazy("Choose whether to accept the audit or to return questions.")},
    )
    note = Words(
        label=gettext_lazy("Note on the review"),
        required=False,
        help_text=gettext_lazy("Printed in the report, if you accept."),
        widget=long_text(),
    )

    def __init__(self, *args: Any, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = list(codes)
        for code in self.codes:
            self.fields[_name(code)] = Words(label=code, required=False, widget=long_text(rows=2))

    @property
    def reasons(self) -> dict[str, str]:
        """Code -> why it is returned, of those with a reason."""
        return {code: text for code in self.codes if (text := self.cleaned_data.get(_name(code)))}

    def typed(self, code: str) -> str:
        """What stands in the field of a question."""
        return self.data.get(_name(code), "") if self.is_bound else ""

    def clean(self) -> dict[str, Any]:
        act = self.cleaned_data.get("act")
        if act == RETURN and not self.reasons:
            self.add_error("act", _("Give a reason for at least one question, or accept the audit."))
        if act == ACCEPT and self.reasons:
            self.add_error(
                "act",
                _("You gave reasons to return %(codes)s. Return them, or clear the reasons and accept.")
                % {"codes": ", ".join(self.reasons)},
            )
        return self.cleaned_data


def _name(code: str) -> str:
    return f"return-{code}"
