"""Asking a supplier, judging what they state, and what their contact fills in."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.audits.forms.answering import LARGEST
from auditapp.audits.forms.evidence import EvidenceForm
from auditapp.audits.models import Audit, KeptPassage
from auditapp.audits.models.suppliers import DAYS_OPEN, LONGEST
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.evidence.models import Evidence
from auditapp.evidence.uploads import PartialUpload


class AskForm(forms.Form):
    """Which questions, to whom, by when. The questions are chosen in a list of their own beside these fields."""

    contact_name = Words(
        label=gettext_lazy("Name of the contact"),
        max_length=120,
        error_messages={"required": gettext_lazy("Enter the name of the person you ask.")},
    )
    contact_email = forms.EmailField(
        label=gettext_lazy("Their e-mail address"),
        error_messages={"required": gettext_lazy("Enter their e-mail address.")},
    )
    due = forms.DateField(
        label=gettext_lazy("Needed by"),
        help_text=gettext_lazy("The link works for a fortnight longer. You can extend it, and take it back."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the day by which you need it.")},
    )
    message = Words(
        label=gettext_lazy("Message"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("Stands in the e-mail and on their page."),
        widget=long_text(),
    )
    nondisclosure = forms.BooleanField(
        label=gettext_lazy("Whatever they send is under a non-disclosure agreement"),
        required=False,
        help_text=gettext_lazy("Marked so everywhere, and left out of whatever leaves this hospital."),
    )

    def __init__(self, *args: Any, audit: Audit, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audit = audit
        self.codes = list(codes)

    @property
    def chosen(self) -> list[str]:
        """The codes ticked, of those that the audit asks."""
        if not self.is_bound:
            return [code for code in [self.initial.get("code", "")] if code in self.codes]
        ticked = set(self.data.getlist("ask"))  # type: ignore[attr-defined]
        return [code for code in self.codes if code in ticked]

    def evidence(self, code: str) -> str:
        """What was typed as the evidence asked for."""
        return self.data.get(f"evidence-{code}", "")[:2000] if self.is_bound else ""

    @property
    def wanted(self) -> dict[str, str]:
        """Code -> the evidence asked for, of what is ticked."""
        return {code: self.evidence(code) for code in self.chosen}

    def clean_due(self) -> Any:
        due, today = self.cleaned_data["due"], clock.today(self.audit.site.zone)
        if due < today:
            raise forms.ValidationError(_("This day has passed. Choose a later one."))
        if due > today + timedelta(days=DAYS_OPEN):
            raise forms.ValidationError(_("Choose a day within %(n)s days.") % {"n": DAYS_OPEN})
        return due

    def clean(self) -> dict[str, Any]:
        if not self.chosen:
            self.add_error(None, _("Choose at least one question."))
        return self.cleaned_data


class UntilForm(forms.Form):
    """How long a link is to work."""

    until = forms.DateField(
        label=gettext_lazy("The link works until"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the last day on which the link works.")},
    )


class JudgementForm(forms.Form):
    """Which text was read, and what becomes of it."""

    act = forms.ChoiceField(choices=[("accept", "accept"), ("decline", "decline")])
    reply = forms.IntegerField(min_value=0, max_value=LARGEST)
    reason = Words(max_length=2000, required=False)
    why = forms.ChoiceField(
        label=gettext_lazy("Why it is not patient data"),
        choices=[("", gettext_lazy("Choose a reason")), *KeptPassage.Reason.choices],
        required=False,
    )


class CodeForm(forms.Form):
    """The code of a link, for browsers that run no script."""

    token = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=100,
        help_text=gettext_lazy("It stands in the e-mail, below the link."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": gettext_lazy("Enter the code.")},
    )


class ReplyForm(forms.Form):
    """What a contact states about one question."""

    text = Words(
        label=gettext_lazy("Your answer"),
        max_length=LONGEST,
        widget=long_text(6),
        error_messages={"required": gettext_lazy("Write an answer before you save it.")},
    )


class SupplierFileForm(EvidenceForm):
    """Files or a link of a contact's, with the checks of our own evidence."""

    SAID = ("title", "document", "effective_date", "valid_until", "version", "nondisclosure")
    source = None  # type: ignore[assignment]
    looked = None  # type: ignore[assignment]
    reason = None  # type: ignore[assignment]
    nondisclosure = forms.BooleanField(
        label=gettext_lazy("This is under a non-disclosure agreement"),
        required=False,
        help_text=gettext_lazy("The hospital marks it so and does not pass it on."),
    )

    def __init__(self, data: QueryDict | None = None, files: Any = None, *, code: str) -> None:
        """A contact has no account: nothing arrives in parts, and nothing that is kept here can be named."""
        nothing = {"uploads": PartialUpload.objects.none(), "kept": Evidence.objects.none()}
        super().__init__(data, files, code=code, **nothing)

    def _look(self, values: dict[str, Any]) -> None:
        """Nobody without an account can say that a passage is no patient data: the auditor who accepts it looks."""
        self.in_files = [{} for _file in self.taken]
