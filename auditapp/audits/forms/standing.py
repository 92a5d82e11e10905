"""An answer that stands for every hospital of the group."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.audits.forms.answering import LARGEST, TEXT
from auditapp.audits.models import AnswerRevision, StandingAnswer, Verdict
from auditapp.audits.models.revisions import JUSTIFICATION_LENGTH
from auditapp.audits.models.standing import out_of_range
from auditapp.deployments.forms import Words, day_input
from auditapp.evidence import held_page
from auditapp.evidence.held_page import HeldPassage
from auditapp.evidence.kept import reasons_in
from auditapp.identifiers.looking import without
from auditapp.questionnaires.models import Question


class StandingAnswerForm(forms.Form):
    """What an answer says, who keeps it true, and until when; `base` is the number of the one that the person saw."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Verdict"),
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a verdict.")},
    )
    note = Words(label=gettext_lazy("Note"), required=False, max_length=TEXT)
    evidence_note = Words(label=gettext_lazy("Evidence note"), required=False, max_length=TEXT)
    gap = Words(label=gettext_lazy("What is missing"), required=False, max_length=TEXT)
    owner = Words(
        label=gettext_lazy("Who puts it right"),
        required=False,
        max_length=AnswerRevision._meta.get_field("owner").max_length,
    )
    due = forms.DateField(label=gettext_lazy("By when"), required=False)
    control = Words(label=gettext_lazy("Control in place meanwhile"), required=False, max_length=TEXT)
    justification = Words(label=gettext_lazy("Why it does not apply"), required=False, max_length=TEXT)
    keeper = forms.ModelChoiceField(
        label=gettext_lazy("Owner of this answer"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose a person"),
        error_messages={"required": gettext_lazy("Choose who keeps this answer true.")},
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Valid until"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the last day on which the answer counts.")},
    )
    base = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None, *, question: Question, newest: StandingAnswer | None, people: Any
    ) -> None:
        start = {"base": newest.n if newest else 0}
        if newest:  # what stands is looked at again, and its end is not simply pushed on
            start |= newest.said | {"keeper": newest.keeper_id}
        super().__init__(data, initial=start)
        self.question, self.newest = question, newest
        self.sent = data.getlist("kept") if data else []
        self.held: dict[str, list[HeldPassage]] = {}
        keeper = self.fields["keeper"]
        keeper.queryset = people.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        keeper.label_from_instance = lambda user: f"{user.name}, {user.title}" if user.title else user.name  # type: ignore[attr-defined]

    @property
    def critical(self) -> bool:
        return self.question.criticality == Question.Criticality.CRITICAL

    @property
    def has_gap(self) -> bool:
        """Whether anything is filled in that belongs to an answer with a gap; it is then always shown."""
        return any(self[name].value() for name in ("gap", "owner", "due", "control"))

    @property
    def due_text(self) -> str:
        """The date as its field takes it."""
        value = self["due"].value() or ""
        return value.isoformat() if isinstance(value, date) else value

    @property
    def keeper_choices(self) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in self["keeper"].field.choices]  # type: ignore[attr-defined]

    @property
    def keeper_chosen(self) -> str:
        return str(self["keeper"].value() or "")

    def clean_valid_until(self) -> Any:
        day = self.cleaned_data["valid_until"]
        if wrong := out_of_range(day):
            raise forms.ValidationError(wrong)
        return day

    def clean(self) -> dict[str, Any]:
        """What `StandingAnswer.give` takes; what is wanting is said beside its field."""
        known = self.newest.n if self.newest else 0
        if "base" in self.cleaned_data and self.cleaned_data["base"] != known:
            self.data = {**dict(self.data.items()), "base": str(known)}  # sent again, it starts from what is shown now
            raise forms.ValidationError(self._meanwhile())
        for name, sentence in self._wanting():
            if name not in self.errors:
                self.add_error(name, sentence)
        kept = reasons_in(self.sent)
        if held := without(StandingAnswer.not_answered_for(self.cleaned_data, self.newest), kept):
            self.held = held_page.shown(held, code="id", sent=self.sent)
            raise forms.ValidationError(
                _("This looks like patient data. Change what is marked, or say why it is none.")
            )
        return self.cleaned_data | {"kept": kept}

    def _wanting(self) -> list[tuple[str, str]]:
        """The rule of `StandingAnswer.incomplete`, field by field."""
        said, verdict = self.cleaned_data, self.cleaned_data.get("verdict")
        needed: list[tuple[str, str]] = []
        if verdict in {Verdict.PARTIAL, Verdict.NOT_MET}:
            needed = [
                ("gap", _("Say what is missing.")),
                ("owner", _("Name who puts it right.")),
                ("due", _("Enter by when it is put right.")),
            ]
        if verdict == Verdict.PARTIAL and self.critical:
            needed.append(("control", _("Name the control that is in place meanwhile.")))
        found = [(name, sentence) for name, sentence in needed if not said.get(name)]
        if verdict == Verdict.NOT_APPLICABLE and len(said.get("justification", "")) < JUSTIFICATION_LENGTH:
            found.append(("justification", _("Say why it does not apply, in at least 20 characters.")))
        return found

    def _meanwhile(self) -> str:
        if self.newest is None:
            return _("This form does not fit the page. Look at it and send it again.")
        return _("%(name)s answered this after you opened the page. Read it below; what you typed is kept.") % {
            "name": self.newest.by.name
        }
