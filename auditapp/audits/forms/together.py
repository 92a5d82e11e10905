"""Working together: a part given to people, and what is said about a question."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.audits.models import Answer, Assignment, Audit
from auditapp.audits.models.assignments import assignable
from auditapp.audits.models.comments import wrong_with
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.evidence.looking import LooksForPatients

DUE = gettext_lazy("Answered by")


def message_field() -> Words:
    """What the giver wants to say along with it."""
    return Words(
        label=gettext_lazy("Message"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Shown above the questions. It is not sent by e-mail."),
        widget=long_text(2),
    )


class AssignmentForm(LooksForPatients):
    """A category for a person who may answer it."""

    category_code = forms.ChoiceField(
        label=gettext_lazy("Category"), error_messages={"required": gettext_lazy("Choose a category.")}
    )
    user = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose a person"),
        help_text=gettext_lazy("Auditors, category leads and deployment owners of this hospital."),
        error_messages={"required": gettext_lazy("Choose a person.")},
    )
    due = forms.DateField(label=DUE, required=False, widget=day_input())
    message = message_field()

    def __init__(self, *args: Any, audit: Audit, categories: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audit = audit
        codes = [(category["category_code"], category["title"]) for category in categories]
        self.fields["category_code"].choices = [("", _("Choose a category")), *codes]  # type: ignore[attr-defined]
        self.fields["user"].queryset = assignable(audit.site)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if {"category_code", "user"} <= set(values):
            given = self.audit.assignments.filter(
                category_code=values["category_code"], user=values["user"], check_code=""
            )
            if given.exists():
                name = {"name": values["user"].name}
                self.add_error("user", _("%(name)s answers this category already.") % name)
        return values


class QuestionChoice(forms.MultipleChoiceField):
    """Questions of one category, each under its code and words."""

    def offer(self, answers: QuerySet[Answer]) -> None:
        self.choices = [(answer.code, f"{answer.code} · {answer.question.text}") for answer in answers]


class PartForm(LooksForPatients):
    """Single questions of a category, or all of them, for several people at once."""

    codes = QuestionChoice(
        label=gettext_lazy("Questions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Tick none to give the whole category."),
    )
    people = forms.ModelMultipleChoiceField(
        label=gettext_lazy("People"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one person.")},
    )
    due = forms.DateField(label=DUE, required=False, widget=day_input())
    message = message_field()

    def __init__(self, *args: Any, audit: Audit, answers: QuerySet[Answer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["codes"].offer(answers)  # type: ignore[attr-defined]
        self.fields["people"].queryset = assignable(audit.site)  # type: ignore[attr-defined]


class ChangeForm(LooksForPatients):
    """Another day or message for what was given."""

    due = forms.DateField(label=DUE, required=False, widget=day_input())
    message = message_field()

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"due": assignment.due, "message": assignment.message}


class CommentForm(LooksForPatients):
    """A remark; “@” and a name tells that person."""

    text = Words(
        label=gettext_lazy("Your comment"),
        widget=long_text(3),
        help_text=gettext_lazy("Write @ and a name to tell somebody. No patient data."),
        error_messages={"required": gettext_lazy("Write what you want to say.")},
    )

    def __init__(self, *args: Any, answer: Answer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer = answer
        self.code = f"{answer.code}_comment"

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if wrong := wrong_with(self.answer, text):
            raise forms.ValidationError(wrong)
        return text
