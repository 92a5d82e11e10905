"""What moves an audit along or ends it: assignments, withdrawal, revision."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Role, User
from auditapp.audits.forms.looking import LooksForPatients
from auditapp.audits.models import Audit
from auditapp.deployments.forms import Words, day_input, long_text


class AssignmentForm(forms.Form):
    """A category for a person who may answer it."""

    category_code = forms.ChoiceField(
        label=gettext_lazy("Category"), error_messages={"required": gettext_lazy("Choose a category.")}
    )
    user = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose a person"),
        help_text=gettext_lazy("Auditors and category leads of this hospital."),
        error_messages={"required": gettext_lazy("Choose a person.")},
    )
    due = forms.DateField(label=gettext_lazy("Answered by"), required=False, widget=day_input())

    def __init__(self, *args: Any, audit: Audit, categories: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.audit = audit
        codes = [(category["category_code"], category["title"]) for category in categories]
        self.fields["category_code"].choices = [("", _("Choose a category")), *codes]  # type: ignore[attr-defined]
        self.fields["user"].queryset = User.objects.holding(  # type: ignore[attr-defined]
            Role.AUDITOR, Role.CATEGORY_LEAD, site=audit.site
        )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if {"category_code", "user"} <= set(values):
            given = self.audit.assignments.filter(category_code=values["category_code"], user=values["user"])
            if given.exists():
                name = {"name": values["user"].name}
                self.add_error("user", _("%(name)s answers this category already.") % name)
        return values


class ReasonForm(LooksForPatients):
    """A reason that stays on the record."""

    reason = Words(
        label=gettext_lazy("Reason"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason.")},
    )


class WithdrawalForm(ReasonForm):
    reason = Words(
        label=gettext_lazy("Why it is withdrawn"),
        help_text=gettext_lazy("Read by everyone who finds this audit later."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason why this audit is withdrawn.")},
    )


class RevisionForm(ReasonForm):
    reason = Words(
        label=gettext_lazy("Why it is revised"),
        help_text=gettext_lazy("What was wrong or has become known. It is printed in the new report."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason for the revision.")},
    )
