"""An action on a finding: planned, done, judged, given up."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.evidence import kinds
from auditapp.evidence.intake import Taken, taken_in
from auditapp.evidence.looking import LooksForPatients
from auditapp.evidence.models import Evidence
from auditapp.evidence.refusing import NotTaken
from auditapp.findings.models import Action
from auditapp.identifiers.file_text import found_in_parts, text_of
from auditapp.identifiers.looking import Found, found_in_fields


class ActionForm(LooksForPatients):
    """What is to be done, by whom, by when."""

    what = Words(
        label=gettext_lazy("What is to be done"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what is to be done.")},
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Who does it"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose a person"),
        help_text=gettext_lazy("It appears in their work. Somebody else checks whether it was effective."),
        error_messages={"required": gettext_lazy("Choose who does it.")},
    )
    due = forms.DateField(
        label=gettext_lazy("By when"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter by when it is done.")},
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]


class CompletionForm(LooksForPatients):
    """Since when it is done, and how one knows: a note, a link or a file."""

    done_on = forms.DateField(
        label=gettext_lazy("Done on"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the day on which it was done.")},
    )
    note = Words(
        label=gettext_lazy("What was done, and where that can be seen"),
        required=False,
        widget=long_text(),
        help_text=gettext_lazy("Needed where no evidence is added."),
    )
    url = forms.URLField(
        label=gettext_lazy("A link to the evidence"), max_length=1000, required=False, assume_scheme="https"
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("No patient data. Texts are looked through for it, pictures are not."),
        widget=forms.ClearableFileInput(attrs={"accept": kinds.ACCEPT}),
    )

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.action = action
        self.taken: Taken | None = None
        self.in_file: list[Found] = []

    def clean_done_on(self) -> date:
        day = self.cleaned_data["done_on"]
        if day > clock.today(self.action.site.zone):
            raise forms.ValidationError(_("It cannot have been done on a day to come."))
        return day

    def clean_file(self) -> Any:
        if not (sent := self.cleaned_data["file"]):
            return None
        try:
            self.taken = taken_in(sent)
        except NotTaken as refused:
            raise forms.ValidationError(refused.sentence) from refused
        self.in_file = found_in_parts(text_of(self.taken.content, self.taken.filename).parts)
        return sent

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if self.taken and values.get("url"):
            self.add_error("url", _("Add a link or a file, not both."))
        elif not self.errors and not (self.taken or values.get("url") or values.get("note")):
            self.add_error("note", _("Say what was done and where that can be seen, or add evidence."))
        return values

    def _looked_through(self) -> dict[str, list[Found]]:
        found = found_in_fields(self.cleaned_data)
        return found | ({"file": self.in_file} if self.in_file else {})

    def complete(self, *, by: User) -> None:
        """Keep the evidence, where there is one, and say that the action is done."""
        said, action = self.cleaned_data, self.action
        title = _("%(action)s on %(ref)s") % {"action": action.number, "ref": action.finding.ref}
        about: dict[str, Any] = {"by": by, "site": action.site, "title": title, "effective_date": said["done_on"]}
        evidence = None
        if self.taken:
            evidence = Evidence.keep_file(self.taken, **about)
        elif said["url"]:
            evidence = Evidence.keep_link(said["url"], **about)
        action.complete(by=by, note=said["note"], done_on=said["done_on"], evidence=evidence)


class JudgementForm(LooksForPatients):
    """Whether what was done helped."""

    effective = forms.TypedChoiceField(
        label=gettext_lazy("Was it effective?"),
        choices=[
            ("yes", gettext_lazy("Effective: what was missing is in place and works")),
            ("no", gettext_lazy("Not effective: it is to be done again")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose whether it was effective.")},
    )
    reason = Words(
        label=gettext_lazy("How you know"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say how you know whether it was effective.")},
    )


class DropForm(LooksForPatients):
    reason = Words(
        label=gettext_lazy("Why it need not be done"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason why it need not be done.")},
    )
