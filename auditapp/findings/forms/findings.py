"""A finding opened by hand, changed, closed, taken up again; its root cause."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import User
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import Deployment
from auditapp.evidence.looking import LooksForPatients
from auditapp.findings.models import Finding
from auditapp.questionnaires.models import Question


def asked_checks(user: User) -> QuerySet[Question]:
    """Every check that a published questionnaire asks, as it is worded now."""
    rows = Question.objects.visible_to(user).current_wording().select_related("category")
    return rows.order_by("category__position", "position", "code")


def grouped(questions: QuerySet[Question]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For a choice: category -> [(code, code and question)]."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for question in questions:
        groups.setdefault(question.category.title, []).append((question.code, f"{question.code}: {question.text}"))
    return list(groups.items())


class OwnerFields(LooksForPatients):
    """Who sees to it: somebody with an account here, or a name."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Somebody without an account here"),
        help_text=gettext_lazy("Whoever owns a finding cannot close it."),
    )
    owner = Words(label=gettext_lazy("Their name, or a team"), max_length=120, required=False)

    def offer(self, people: QuerySet[User]) -> None:
        self.fields["person"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if person := values.get("person"):
            values["owner"] = person.name
        elif not values.get("owner"):
            self.add_error("person", _("Choose who sees to it, or write a name."))
        return values


class FindingForm(OwnerFields):
    """By hand: what is missing, by the check it belongs to or in words of one's own."""

    check_code = forms.ChoiceField(
        label=gettext_lazy("Check"),
        required=False,
        help_text=gettext_lazy(
            "If a question of the questionnaires asks for it. An audit that asks it finds it again."
        ),
    )
    title = Words(
        label=gettext_lazy("In short"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Needed where no check is chosen."),
    )
    gap = Words(
        label=gettext_lazy("What is missing"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what is missing.")},
    )
    priority = forms.ChoiceField(
        label=gettext_lazy("Provisional priority"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It orders the work and is not a clinical risk estimate."),
        error_messages={"required": gettext_lazy("Choose a priority.")},
    )
    due = forms.DateField(label=gettext_lazy("Due"), required=False, widget=day_input())

    field_order = ("check_code", "title", "gap", "priority", "due", "person", "owner")

    def __init__(
        self,
        *args: Any,
        deployment: Deployment,
        rules: list[dict[str, Any]],
        questions: QuerySet[Question],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.deployment, self.questions = deployment, questions
        choices = [("", _("None")), *grouped(questions)]
        self.fields["check_code"].choices = choices  # type: ignore[attr-defined]
        labels = [(row["id"], f"{row['label']}: {'; '.join(row['opened_by'])} ({row['due']})") for row in rules]
        self.fields["priority"].choices = labels  # type: ignore[attr-defined]
        due = self.fields["due"]
        if deployment.is_live:
            due.required = True
            due.error_messages["required"] = _("It is in use already: enter the day by which it is put right.")
        else:
            due.help_text = _("Leave it empty for: before go-live.")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        code = values.get("check_code", "")
        if code and not values.get("title"):
            values["title"] = next(question.text for question in self.questions if question.code == code)
        elif not values.get("title"):
            self.add_error("title", _("Choose a check, or say in short what is missing."))
        if code and (other := self.deployment.findings.open().filter(check_code=code).first()):
            self.add_error("check_code", _("%(ref)s on this check is open already.") % {"ref": other.ref})
        return values


class PriorityForm(LooksForPatients):
    priority = forms.ChoiceField(
        label=gettext_lazy("Provisional priority"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Anyone who answers may make it more urgent. Only the clinical safety officer makes it less urgent, "
            "with a reason."
        ),
    )
    reason = Words(label=gettext_lazy("Reason"), required=False, widget=long_text())

    def __init__(self, *args: Any, finding: Finding, rules: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, initial={"priority": finding.priority}, **kwargs)
        self.finding = finding
        labels = [(row["id"], f"{row['label']}: {'; '.join(row['opened_by'])}") for row in rules]
        self.fields["priority"].choices = labels  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        to, reason = self.cleaned_data.get("priority", ""), self.cleaned_data.get("reason")
        if to == self.finding.priority:
            self.add_error("priority", _("That is its priority already."))
        elif to > self.finding.priority and not reason:
            self.add_error("reason", _("Give the reason why it can wait."))
        return self.cleaned_data


class DueForm(LooksForPatients):
    due = forms.DateField(
        label=gettext_lazy("Due"),
        required=False,
        widget=day_input(),
        help_text=gettext_lazy(
            "Anyone who answers may bring it forward. Only the clinical safety officer puts it off, with a reason. "
            "The date it was first due stays on the record."
        ),
    )
    reason = Words(label=gettext_lazy("Reason"), required=False, widget=long_text())

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, initial={"due": finding.due}, **kwargs)
        self.finding = finding
        if finding.deployment.is_live:
            self.fields["due"].required = True

    def clean(self) -> dict[str, Any]:
        to, reason, now = self.cleaned_data.get("due"), self.cleaned_data.get("reason"), self.finding.due
        if "due" in self.errors:
            return self.cleaned_data
        if to == now:
            self.add_error("due", _("That is its due date already."))
        elif (to is None or now is None or to > now) and not reason:
            self.add_error("reason", _("Give the reason why it can wait."))
        return self.cleaned_data


class OwnerForm(OwnerFields):
    reason = Words(label=gettext_lazy("Reason"), required=False, widget=long_text(rows=2))
    field_order = ("person", "owner", "reason")


class ClosureForm(LooksForPatients):
    reason = Words(
        label=gettext_lazy("What is in place now"),
        help_text=gettext_lazy("What you have seen yourself, and where it can be seen."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what is in place now, and where that can be seen.")},
    )


class ReopeningForm(LooksForPatients):
    reason = Words(
        label=gettext_lazy("What is missing again"),
        help_text=gettext_lazy("And how you know."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what is missing again, and how you know.")},
    )
    due = forms.DateField(label=gettext_lazy("Due"), required=False, widget=day_input())

    def __init__(self, *args: Any, finding: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if finding.deployment.is_live:
            self.fields["due"].required = True
            self.fields["due"].error_messages["required"] = _("Enter the day by which it is put right.")
        else:
            self.fields["due"].help_text = _("Leave it empty for: before go-live.")


class RootCauseForm(LooksForPatients):
    text = Words(
        label=gettext_lazy("Root cause"),
        help_text=gettext_lazy("Internal: it stays out of reports, exports and bundles until it is released."),
        widget=long_text(rows=6),
        error_messages={"required": gettext_lazy("Say why it was missing.")},
    )
    base = forms.IntegerField(min_value=0, max_value=32000, widget=forms.HiddenInput)
