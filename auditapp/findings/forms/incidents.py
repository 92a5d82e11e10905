"""An incident: reported, reviewed, let out blinded."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import Deployment, Harm, ModelVersion
from auditapp.evidence.looking import LooksForPatients
from auditapp.findings import blinding
from auditapp.findings.forms.findings import grouped
from auditapp.findings.models import Cause, Incident, IncidentExport
from auditapp.questionnaires.models import Question


class DeploymentChoice(forms.Form):
    """The first choice: on which deployment."""

    deployment = forms.ModelChoiceField(
        label=gettext_lazy("Deployment"),
        queryset=Deployment.objects.none(),
        to_field_name="ref",
        empty_label=gettext_lazy("Choose a deployment"),
        error_messages={
            "required": gettext_lazy("Choose the deployment on which it happened."),
            "invalid_choice": gettext_lazy("There is no such deployment at your hospitals. Choose another one."),
        },
    )

    def __init__(self, *args: Any, deployments: QuerySet[Deployment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["deployment"]
        field.queryset = deployments.with_names().order_by("site__name", "name")  # type: ignore[attr-defined]
        field.label_from_instance = lambda row: f"{row.name} ({row.ref}), {row.site.name}"  # type: ignore[attr-defined]


class IncidentForm(LooksForPatients):
    """What happened, in a few facts; the case itself stays in the hospital's own incident system."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What it was"),
        choices=[
            ("event", gettext_lazy("Safety event: it reached a patient, harmed or not")),
            ("near_miss", gettext_lazy("Near miss: somebody noticed in time, no patient was reached")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose whether it was an event or a near miss.")},
    )
    happened_on = forms.DateField(
        label=gettext_lazy("Day on which it happened"),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the day on which it happened.")},
    )
    version = forms.ModelChoiceField(
        label=gettext_lazy("Version of the model"),
        queryset=ModelVersion.objects.none(),
        required=False,
        empty_label=gettext_lazy("The one that ran on that day"),
    )
    summary = Words(
        label=gettext_lazy("What happened"),
        widget=long_text(rows=6),
        help_text=gettext_lazy(
            "What the tool did, what it should have done, how it was noticed. No names and no numbers of patients."
        ),
        error_messages={"required": gettext_lazy("Say what happened.")},
    )
    harm = forms.ChoiceField(
        label=gettext_lazy("Harm to a patient, as far as is known"),
        choices=Harm.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the harm, as far as is known.")},
    )
    elsewhere = Words(
        label=gettext_lazy("Reference in the hospital’s own incident system"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("So that nobody enters it twice."),
    )
    checks = forms.MultipleChoiceField(
        label=gettext_lazy("Checks that it puts in question"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, deployment: Deployment, questions: QuerySet[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deployment = deployment
        self.fields["version"].queryset = deployment.versions.order_by("-starts")  # type: ignore[attr-defined]
        self.groups = grouped(questions)
        self.fields["checks"].choices = self.groups  # type: ignore[attr-defined]

    @property
    def check_groups(self) -> list[dict[str, Any]]:
        """[{"title", "chosen", "checks": [(code, question, is chosen)]}] for the page's own drawing of the field."""
        chosen = set(self["checks"].value() or [])
        return [
            {
                "title": title,
                "chosen": sum(code in chosen for code, _label in rows),
                "checks": [(code, label.removeprefix(f"{code}: "), code in chosen) for code, label in rows],
            }
            for title, rows in self.groups
        ]

    def clean_happened_on(self) -> date:
        day = self.cleaned_data["happened_on"]
        if day > clock.today(self.deployment.site.zone):
            raise forms.ValidationError(_("An incident cannot have happened on a day to come."))
        return day

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("kind") == Incident.Kind.NEAR_MISS and self.cleaned_data.get("harm") not in (
            None,
            Harm.NONE,
        ):
            self.add_error("harm", _("A near miss reached no patient. Choose “No harm”, or report a safety event."))
        return self.cleaned_data


class IncidentReviewForm(LooksForPatients):
    """What the clinical safety officer makes of it, now."""

    cause = forms.ChoiceField(
        label=gettext_lazy("Was the AI the cause?"),
        choices=[
            (Cause.CONFIRMED, gettext_lazy("Confirmed: the AI contributed")),
            (Cause.EXCLUDED, gettext_lazy("Excluded: the AI did not contribute")),
            (Cause.SUSPECTED, gettext_lazy("Still suspected: the review goes on")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what you found.")},
    )
    harm = forms.ChoiceField(label=gettext_lazy("Harm to a patient"), choices=Harm.choices, widget=forms.RadioSelect)
    reason = Words(
        label=gettext_lazy("Reason"),
        widget=long_text(),
        help_text=gettext_lazy("What you looked at, and what it shows."),
        error_messages={"required": gettext_lazy("Give the reason for this judgement.")},
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, initial={"harm": incident.harm}, **kwargs)
        self.incident = incident

    def clean_harm(self) -> str:
        harm = self.cleaned_data["harm"]
        if self.incident.kind == Incident.Kind.NEAR_MISS and harm != Harm.NONE:
            raise forms.ValidationError(_("A near miss reached no patient, so there is no harm to grade."))
        return harm


class ExportForm(forms.Form):
    """The text for readers outside. What would say who, where or when is refused; nobody can wave it through."""

    text = Words(
        label=gettext_lazy("What happened, for readers outside the hospital"),
        widget=long_text(rows=8),
        help_text=gettext_lazy("Written for this export: no person, no patient, no hospital, no day, no reference."),
        error_messages={"required": gettext_lazy("Write what happened, for readers outside the hospital.")},
    )
    names_product = forms.BooleanField(
        label=gettext_lazy("Name the product, its supplier and its version"), required=False
    )
    names_site = forms.BooleanField(label=gettext_lazy("Name the hospital"), required=False)
    reason = Words(label=gettext_lazy("Why the hospital is named"), required=False, widget=long_text(rows=2))
    with_root_causes = forms.BooleanField(label=gettext_lazy("Add the released root causes"), required=False)

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident = incident
        self.causes = IncidentExport.releasable_causes(incident)
        if not self.causes:
            del self.fields["with_root_causes"]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("names_site") and not said.get("reason"):
            self.add_error("reason", _("Give the reason why the hospital is named."))
        allowed = {name: bool(said.get(name)) for name in ("names_site", "names_product")}
        for line in blinding.telling(said.get("text", ""), self.incident, **allowed):
            self.add_error("text", line)
        if said.get("with_root_causes"):
            for line in blinding.telling("\n\n".join(self.causes), self.incident, **allowed):
                self.add_error("with_root_causes", line)
        return said
