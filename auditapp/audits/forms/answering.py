"""One answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.audits.models import AnswerRevision, Verdict
from auditapp.deployments.forms import Words

TEXT = 20_000  # characters: about ten printed pages
LARGEST = 2**31 - 1


class AnswerForm(forms.Form):
    """What a card sends: the answer, the revision it started from, the name of the request, and who is typing.

    `person` and `question` guard a page that was left open: what one person typed is never saved under another's name,
    and what was typed below one wording never below another.
    """

    base = forms.IntegerField(min_value=0, max_value=LARGEST)
    key = forms.CharField(max_length=64)
    person = forms.IntegerField(required=False)
    question = forms.IntegerField(required=False)
    verdict = forms.ChoiceField(choices=Verdict.choices, required=False)
    note = Words(required=False, max_length=TEXT)
    evidence_note = Words(required=False, max_length=TEXT)
    gap = Words(required=False, max_length=TEXT)
    owner = Words(required=False, max_length=AnswerRevision._meta.get_field("owner").max_length)
    due = forms.DateField(required=False)
    control = Words(required=False, max_length=TEXT)
    justification = Words(required=False, max_length=TEXT)
    deviation = Words(required=False, max_length=TEXT)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_person(self) -> None:
        person = self.cleaned_data["person"]
        if person is not None and person != self.user.pk:
            raise forms.ValidationError(
                _("You are now signed in as %(name)s, and this was typed by somebody else. It is not saved.")
                % {"name": self.user.name}
            )

    @property
    def is_of_somebody_else(self) -> bool:
        """Whether the page it was typed on was made for another person."""
        return "person" in self.errors

    def clean(self) -> dict[str, Any]:
        """What `Answer.save_revision` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "person"}

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Field -> sentences, for a card; what belongs to no field of it stands under "card"."""
        shown = {**dict.fromkeys(("base", "key", "person", "question"), "card")}
        wrong: dict[str, list[str]] = {}
        for name, errors in self.errors.items():
            wrong.setdefault(shown.get(name, name), []).extend(str(error) for error in errors)
        return wrong


class ApprovalForm(forms.Form):
    """Which revision a second person has read."""

    n = forms.IntegerField(min_value=0, max_value=LARGEST)

    @classmethod
    def number_in(cls, data: Any) -> int:
        """The number sent; 0, which no revision has, when there is none."""
        form = cls(data)
        return form.cleaned_data["n"] if form.is_valid() else 0
