"""The clinical safety officer on a hazard: rated, rated again, closed, accepted."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import Deployment
from auditapp.evidence.looking import LooksForPatients
from auditapp.findings.matrix import hazard_level
from auditapp.findings.models import Finding, HazardRating


def _of(deployment: Deployment, replaces: HazardRating | None) -> QuerySet[Finding]:
    """The open findings of the deployment, and the one that the rating belongs to already."""
    kept = Q(pk=replaces.finding_id) if replaces else Q()
    return deployment.findings.filter(Q(state=Finding.State.OPEN) | kept) if kept else deployment.findings.open()


class HazardRatingForm(LooksForPatients):
    """Severity and likelihood on the matrix of a questionnaire version (`rules`); nothing is set beforehand."""

    title = Words(
        label=gettext_lazy("Hazard"),
        max_length=200,
        help_text=gettext_lazy("What could happen to a patient, such as “A dose is copied into the wrong record”."),
        error_messages={"required": gettext_lazy("Name the hazard.")},
    )
    finding = forms.ModelChoiceField(
        label=gettext_lazy("Finding it belongs to"),
        queryset=Finding.objects.none(),
        required=False,
        to_field_name="ref",
        empty_label=gettext_lazy("None"),
    )
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), widget=forms.RadioSelect)
    likelihood = forms.ChoiceField(
        label=gettext_lazy("Likelihood"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "If nobody has measured how often it happens: Medium or higher. "
            "A control that is planned but not in place lowers nothing."
        ),
    )
    reason = Words(
        label=gettext_lazy("Reason"),
        widget=long_text(),
        help_text=gettext_lazy("What you know, and from where. It is printed in the report."),
        error_messages={"required": gettext_lazy("Give the reason for this rating.")},
    )
    control = Words(
        label=gettext_lazy("Control that is in place"),
        required=False,
        widget=long_text(rows=2),
        help_text=gettext_lazy("Needed when the level goes down."),
    )

    def __init__(
        self, *args: Any, deployment: Deployment, rules: Any, replaces: HazardRating | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rules, self.replaces = rules, replaces
        for name in ("severity", "likelihood"):
            words = self.rules["risk_rating"]
            help_text = words[f"{name}_help"]
            choices = [(word, f"{word}: {help_text[word]}") for word in words[name]]
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        findings = self.fields["finding"]
        findings.queryset = _of(deployment, replaces)  # type: ignore[attr-defined]
        findings.label_from_instance = lambda row: f"{row.ref}: {row.title}"  # type: ignore[attr-defined]
        if replaces is None:
            del self.fields["control"]

    def clean(self) -> dict[str, Any]:
        """What `HazardRating.rate` takes; the level comes from the matrix."""
        values = dict(self.cleaned_data)
        if not {"severity", "likelihood"} <= set(values):
            return values
        values["level"] = hazard_level(self.rules, values["severity"], values["likelihood"])
        control = values.pop("control", "")
        if self.replaces and values["level"] < self.replaces.level and not control:
            self.add_error("control", _("The level goes down: name the control that is in place."))
        if control and "reason" in values:
            values["reason"] = _("%(reason)s\nControl in place: %(control)s") % {
                "reason": values["reason"],
                "control": control,
            }
        return values


class HazardClosureForm(LooksForPatients):
    """Why a rating no longer counts."""

    reason = Words(
        label=gettext_lazy("Control that is in place"),
        help_text=gettext_lazy("What removes the hazard, and since when. A control that is planned is not in place."),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Name the control that is in place.")},
    )


class AcceptanceForm(LooksForPatients):
    """Until when a risk is accepted, and why it cannot be reduced further."""

    until = forms.DateField(
        label=gettext_lazy("Accepted until"),
        help_text=gettext_lazy("The last day. After it the rating counts again by itself."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the last day on which it is accepted.")},
    )
    reason = Words(
        label=gettext_lazy("Why further reduction is impractical"),
        widget=long_text(),
        error_messages={"required": gettext_lazy("Give the reason why further reduction is impractical.")},
    )
