"""Opening an audit: which deployment, which version of it, what is asked, and why."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import Role, Site, User
from auditapp.audits.models import Audit
from auditapp.audits.proposing import proposed, usual_reason
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.questionnaires.models import QuestionnaireVersion


class DeploymentForm(forms.Form):
    """The first choice; what can be chosen next depends on it."""

    deployment = forms.ModelChoiceField(
        label=gettext_lazy("Deployment"),
        queryset=Deployment.objects.none(),
        to_field_name="ref",
        empty_label=gettext_lazy("Choose a deployment"),
        error_messages={
            "required": gettext_lazy("Choose the deployment to audit."),
            "invalid_choice": gettext_lazy("You cannot open an audit of this deployment. Choose another one."),
        },
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.where(user, Role.AUDITOR)
        field = self.fields["deployment"]
        field.queryset = (  # type: ignore[attr-defined]
            Deployment.objects.visible_to(user)
            .filter(site__in=sites)
            .exclude(status=Deployment.Status.RETIRED)
            .with_names()
            .order_by("site__name", "name")
        )
        field.label_from_instance = lambda row: f"{row.name} ({row.ref}), {row.site.name}"  # type: ignore[attr-defined]


class OpeningForm(forms.Form):
    """Everything else, for one deployment whose profile is confirmed."""

    version = forms.ModelChoiceField(
        label=gettext_lazy("Questionnaire"),
        queryset=QuestionnaireVersion.objects.none(),
        widget=forms.RadioSelect,
    )
    model_version = forms.ModelChoiceField(
        label=gettext_lazy("Version of the model"), queryset=ModelVersion.objects.none(), empty_label=None
    )
    triggers = forms.MultipleChoiceField(
        label=gettext_lazy("What led to this re-audit"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only for a re-audit: choose at least one. Each adds the categories it touches."),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        required=False,
        help_text=gettext_lazy("Leave it as it is, unless this audit is made for another reason than usual."),
    )

    def __init__(
        self,
        *args: Any,
        deployment: Deployment,
        versions: Iterable[QuestionnaireVersion],
        wanted: tuple[str, list[str]] = ("", []),
        **kwargs: Any,
    ) -> None:
        """`wanted` are the reason and the triggers of a proposal that led here: they are chosen to begin with."""
        super().__init__(*args, **kwargs)
        self.deployment = deployment
        self.wanted, triggers = wanted
        self.lacks = ""  # the code of what comes first, once the form was found right
        self.facts = deployment.newest_profile.facts
        self.versions = {version.pk: version for version in versions}
        self._offer_questionnaires()
        self.fields["triggers"].initial = triggers
        running = deployment.versions.running().first()
        models = self.fields["model_version"]
        models.queryset = deployment.versions.order_by("-starts")  # type: ignore[attr-defined]
        models.initial = running.pk if running else None
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", _("The usual one for this questionnaire")),
            *Audit.Reason.choices,
        ]

    def _offer_questionnaires(self) -> None:
        field = self.fields["version"]
        field.queryset = QuestionnaireVersion.objects.filter(pk__in=self.versions)  # type: ignore[attr-defined]
        best = proposed(self.versions.values(), self.deployment, self.wanted)
        field.initial = best.pk if best else None
        self.proposed = best
        field.choices = [(pk, v.questionnaire.title) for pk, v in self.versions.items()]  # type: ignore[attr-defined]
        groups: dict[str, list[tuple[str, str]]] = {}
        for version in self.versions.values():
            for trigger in version.triggers:
                group = _("A planned change, not yet live") if trigger["planned"] else _("An event")
                groups.setdefault(group, []).append((trigger["code"], trigger["label"]))
        self.fields["triggers"].choices = list(groups.items())  # type: ignore[attr-defined]

    def clean_version(self) -> QuestionnaireVersion:
        """The row that was read with its content, not the one that the field read again."""
        return self.versions[self.cleaned_data["version"].pk]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if (version := values.get("version")) is None:
            return values
        values["reason"] = values.get("reason") or usual_reason(version)
        if version.trigger_sets and not values.get("triggers"):
            self.add_error("triggers", _("A re-audit needs at least one trigger."))
        if values.get("triggers") and not version.trigger_sets:
            self.add_error("triggers", _("Only the re-audit has triggers. Clear them, or choose the re-audit."))
        if other := self.deployment.audits.asking_the_same(version):
            self.add_error(
                "version",
                _("%(ref)s asks the same of this deployment and is not finished. Go on with that one.")
                % {"ref": other.ref},
            )
        elif not self.errors and not self.questions:
            self.add_error("version", _("This questionnaire asks nothing of a tool with this profile."))
        if not self.errors:
            self.lacks = self.deployment.audits.lacks_before(version, values["triggers"])
        return values

    @property
    def first(self) -> QuestionnaireVersion | None:
        """What has to be submitted before this can be opened, if it can be asked here."""
        return next((v for v in self.versions.values() if v.questionnaire.code == self.lacks), None)

    @property
    def contained_by(self) -> Audit | None:
        """The check that comes first, where it is open already and not yet submitted."""
        return self.deployment.audits.asking_the_same(self.first) if self.first else None

    @property
    def reason_label(self) -> str:
        return str(Audit.Reason(self.cleaned_data["reason"]).label)

    @property
    def offered(self) -> list[dict[str, Any]]:
        """[{version, questions, critical, is_proposed, chosen}]: a re-audit's numbers depend on its triggers: None."""
        chosen = str(self["version"].value())
        offers = []
        for version in self.versions.values():
            asked = None if version.trigger_sets else version.select(self.facts)
            offers.append(
                {
                    "version": version,
                    "questions": None if asked is None else len(asked),
                    "critical": None if asked is None else sum(q.criticality == "critical" for q in asked),
                    "is_proposed": version == self.proposed,
                    "chosen": chosen == str(version.pk),
                }
            )
        return offers

    @property
    def questions(self) -> list[Any]:
        """What would be asked, once version and triggers are known to be right."""
        return self.cleaned_data["version"].select(self.facts, self.cleaned_data["triggers"])

    @property
    def asked(self) -> dict[str, Any]:
        """What the preview shows: {questions, critical, categories, excluded, critical_excluded}.

        categories: [{title, count, why}], where `why` are the triggers that bring it in; none: it is always asked.
        """
        asked = self.questions
        version, triggers = self.cleaned_data["version"], self.cleaned_data["triggers"]
        excluded = version.excluded(self.facts, triggers)
        counted = Counter((question.category.code, question.category.title) for question in asked)
        return {
            "questions": len(asked),
            "critical": sum(question.criticality == "critical" for question in asked),
            "categories": [
                {"title": title, "count": count, "why": version.triggers_bringing(code, triggers)}
                for (code, title), count in counted.items()
            ],
            "excluded": len(excluded),
            "critical_excluded": sum(question.criticality == "critical" for question, _why in excluded),
        }
