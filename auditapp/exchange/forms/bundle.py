"""Asking for a bundle, releasing it, and saying who does."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Site, User
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import Deployment
from auditapp.exchange.models.bundle import ASKERS, must_read
from auditapp.questionnaires.forms.exchange import refusal
from auditapp.refusals import Refused


class BundleForm(forms.Form):
    """What the bundle is to speak of: a whole hospital or one deployment there, up to the end of a day."""

    site = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Site.objects.none(),
        empty_label=gettext_lazy("Choose a hospital"),
        error_messages={"required": gettext_lazy("Choose the hospital.")},
    )
    deployment = forms.CharField(
        label=gettext_lazy("Deployment"),
        required=False,
        help_text=gettext_lazy("Its reference, such as D-004. Left empty, the bundle holds every deployment there."),
    )
    as_of = forms.DateField(
        label=gettext_lazy("As of"),
        help_text=gettext_lazy("What was recorded up to the end of this day at the hospital."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the day.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        sites = Site.objects.where(user, *ASKERS)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
        self.initial.setdefault("as_of", clock.today(sites[0].zone) if sites else None)
        if len(sites) == 1:
            self.initial.setdefault("site", sites[0].pk)

    def clean(self) -> dict[str, Any]:
        """What `Bundle.ask` takes."""
        site, as_of = self.cleaned_data.get("site"), self.cleaned_data.get("as_of")
        ref = self.cleaned_data.get("deployment", "").strip().upper()
        if site and as_of and as_of > clock.today(site.zone):
            self.add_error("as_of", _("This day lies ahead. Choose today or a day before."))
        found = None
        if site and ref:
            found = Deployment.objects.visible_to(self.user).filter(ref=ref, site=site).first()
            if found is None:
                self.add_error("deployment", _("There is no deployment with this reference at this hospital."))
        return {"site": site, "as_of": as_of, "deployment": found}


class VerdictForm(forms.Form):
    """Release, or not and why."""

    release = forms.TypedChoiceField(
        label=gettext_lazy("Your decision"),
        choices=[("yes", gettext_lazy("Release it: it may be given out")), ("no", gettext_lazy("Do not release it"))],
        coerce="yes".__eq__,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose whether it is released.")},
    )
    reason = Words(
        label=gettext_lazy("Reason"),
        required=False,
        help_text=gettext_lazy("Needed when you do not release it. Who asked for it reads this."),
        widget=long_text(),
    )

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("release") is False and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("Say why it is not released."))
        return self.cleaned_data


class Person(forms.ModelChoiceField):
    def label_from_instance(self, person: Any) -> str:
        return f"{person.name}, {person.title}" if person.title else person.name


class ReleaseRuleForm(forms.Form):
    """Who releases, where."""

    site = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Site.objects.none(),
        required=False,
        empty_label=gettext_lazy("All hospitals that have no rule of their own"),
    )
    releaser = Person(
        label=gettext_lazy("Who releases bundles"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("Nobody has to"),
        help_text=gettext_lazy("Such as the hospital’s counsel. The person needs an account that reads audits there."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.in_reach_of(user)  # type: ignore[attr-defined]
        people = User.objects.visible_to(user).filter(is_active=True)
        self.fields["releaser"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        site, releaser = self.cleaned_data.get("site"), self.cleaned_data.get("releaser")
        if releaser is not None:
            try:
                must_read(releaser, site)
            except Refused as refused:
                self.add_error("releaser", refusal(refused))
        return self.cleaned_data
