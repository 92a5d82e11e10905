"""Two readers are named, each answers, a third settles."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Role, User
from auditapp.audits.forms.answering import LARGEST, TEXT
from auditapp.audits.models import Audit, Verdict
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.evidence.looking import LooksForPatients


class ReadersForm(forms.Form):
    """Two auditors of the hospital."""

    first = forms.ModelChoiceField(
        label=gettext_lazy("First reader"), queryset=User.objects.none(), empty_label=gettext_lazy("Choose a person")
    )
    second = forms.ModelChoiceField(
        label=gettext_lazy("Second reader"), queryset=User.objects.none(), empty_label=gettext_lazy("Choose a person")
    )

    def __init__(self, *args: Any, audit: Audit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            people = User.objects.holding(Role.AUDITOR, site=audit.site)
            self.fields[name].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("first") and self.cleaned_data.get("first") == self.cleaned_data.get("second"):
            self.add_error("second", _("Choose two different people."))
        return self.cleaned_data


class WordsOfAnAnswer(LooksForPatients):
    """A verdict with what belongs to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code = self.prefix or str(self.auto_id).removesuffix("_%s")

    verdict = forms.ChoiceField(
        label=gettext_lazy("Verdict"), choices=Verdict.choices, required=False, widget=forms.RadioSelect
    )
    note = Words(label=gettext_lazy("Note"), max_length=TEXT, required=False, widget=long_text(3))
    evidence_note = Words(label=gettext_lazy("Evidence note"), max_length=TEXT, required=False, widget=long_text(2))
    gap = Words(label=gettext_lazy("What is missing"), max_length=TEXT, required=False, widget=long_text(2))
    owner = Words(label=gettext_lazy("Who puts it right"), max_length=120, required=False)
    due = forms.DateField(label=gettext_lazy("By when"), required=False, widget=day_input())
    control = Words(
        label=gettext_lazy("Control in place meanwhile"), max_length=TEXT, required=False, widget=long_text(2)
    )
    justification = Words(
        label=gettext_lazy("Why it does not apply"), max_length=TEXT, required=False, widget=long_text(2)
    )


class ReadingForm(WordsOfAnAnswer):
    """One answer of one reader; `base` is the save that it started from."""

    base = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)


class SettlementForm(WordsOfAnAnswer):
    """Which reading counts, or an answer of one's own, and why."""

    choice = forms.ChoiceField(
        label=gettext_lazy("What counts"), choices=[], widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the readings, or answer yourself.")},
    )  # fmt: skip
    reason = Words(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=long_text(2),
        error_messages={"required": gettext_lazy("Give the reason for your choice.")},
    )

    def __init__(self, *args: Any, names: tuple[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = names
        self.fields["choice"].choices = [  # type: ignore[attr-defined]
            ("first", _("What %(name)s answered") % {"name": first}),
            ("second", _("What %(name)s answered") % {"name": second}),
            ("own", _("An answer of my own")),
        ]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("choice") == "own" and not self.cleaned_data.get("verdict"):
            self.add_error("verdict", _("Choose a verdict for your own answer."))
        return self.cleaned_data
