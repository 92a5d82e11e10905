"""The profile of a deployment as a form, alone and as a part of its registration."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from auditapp.accounts.models import Role, Site, User
from auditapp.deployments import profile
from auditapp.deployments.forms import Words, day_input, long_text
from auditapp.deployments.models import KEEPERS, Deployment, Intake, Product
from auditapp.deployments.profile import Fact
from auditapp.questionnaires.models import Question
from auditapp.tracking.profile_effects import Removed

YES_NO = {"yes": True, "no": False}


def _choices(fact: Fact, removed: Mapping[Any, list[Question]]) -> list[tuple[str, str]]:
    """The values of a fact; each says how many critical checks it removes."""
    values: list[tuple[str, Any]] = [(str(n), n) for n in fact.values] if fact.is_level else [*YES_NO.items()]
    choices = []
    for typed, value in values:
        label, count = fact.in_words(value), len(removed.get(value, []))
        if count:
            loss = ngettext("removes %(n)s critical check", "removes %(n)s critical checks", count) % {"n": count}
            label = f"{label} ({loss})"
        choices.append((typed, label))
    return choices


def _fact_field(fact: Fact, removed: Mapping[Any, list[Question]]) -> forms.TypedChoiceField:
    """Radios without a default: nothing is taken for a "no"."""
    return forms.TypedChoiceField(
        label=fact.label,
        help_text="" if fact.is_level else fact.help,
        choices=_choices(fact, removed),
        coerce=int if fact.is_level else YES_NO.__getitem__,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a level.") if fact.is_level else _("Answer yes or no.")},
    )


class ProfileForm(forms.Form):
    """All facts of a profile. `filled` are the values of the profile that this one would follow."""

    def __init__(self, *args: Any, removed: Removed, filled: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.removed, self.filled = removed, filled
        for fact in profile.facts():
            self.fields[f"fact_{fact.id}"] = _fact_field(fact, removed[fact.id])
            if filled is not None:
                value = filled[fact.id]
                self.initial[f"fact_{fact.id}"] = value if fact.is_level else ("yes" if value else "no")

    def rows(self) -> list[dict[str, Any]]:
        """Each fact's field with what its values remove: [{"field", "removed": [(value, questions)]}]."""
        return [
            {
                "field": self[f"fact_{fact.id}"],
                "removed": [
                    (fact.in_words(value), questions) for value, questions in self.removed[fact.id].items() if questions
                ],
            }
            for fact in profile.facts()
        ]

    @property
    def facts(self) -> dict[str, Any]:
        """Fact -> value, as far as they are answered."""
        names = {fact.id: f"fact_{fact.id}" for fact in profile.facts()}
        return {fact: self.cleaned_data[name] for fact, name in names.items() if name in self.cleaned_data}

    def clean(self) -> dict[str, Any]:
        if self.filled is not None and self.facts == self.filled:
            raise forms.ValidationError(_("Nothing differs from the profile as it stands. Change a fact, or go back."))
        return self.cleaned_data


class OwnerField(forms.ModelChoiceField):
    """The deployment owners of the organisation, each with the hospitals where they are one."""

    def label_from_instance(self, person: Any) -> str:
        sites = [m.site for m in person.memberships.all() if m.role == Role.DEPLOYMENT_OWNER]
        where = _("all hospitals") if None in sites else ", ".join(sorted(site.name for site in sites))
        return f"{person.name} ({where})"


class RegistrationForm(ProfileForm):
    """A deployment to enter: the tool, where and whose it is, its profile, its first version."""

    product = Words(
        label=gettext_lazy("Product"),
        max_length=120,
        help_text=gettext_lazy("Choose one that is known here, or type a new name."),
        widget=forms.TextInput(attrs={"list": "known-products", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the product.")},
    )
    vendor = Words(
        label=gettext_lazy("Vendor"),
        max_length=120,
        help_text=gettext_lazy("Who supplies it. If the hospital built it, the hospital’s own name."),
        widget=forms.TextInput(attrs={"list": "known-vendors", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter the vendor.")},
    )
    site = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Site.objects.none(),
        empty_label=gettext_lazy("Choose a hospital"),
        error_messages={
            "required": gettext_lazy("Choose the hospital."),
            "invalid_choice": gettext_lazy("You cannot register at this hospital. Choose another one."),
        },
    )
    owner = OwnerField(
        label=gettext_lazy("Deployment owner"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose a person"),
        help_text=gettext_lazy("Who answers for the tool in daily use and sees to its findings."),
        error_messages={
            "required": gettext_lazy("Choose the owner."),
            "invalid_choice": gettext_lazy("This person is not a deployment owner. Choose another one."),
        },
    )
    name = Words(
        label=gettext_lazy("Name of the deployment"),
        max_length=160,
        help_text=gettext_lazy("What it does and where, such as “Ambient scribe, outpatient clinics”."),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    intended_use = Words(
        label=gettext_lazy("Intended use"),
        help_text=gettext_lazy("For whom, by whom, for what, and what it must not be used for. No patient data."),
        widget=long_text(6),
        error_messages={"required": gettext_lazy("Describe the intended use.")},
    )
    version_name = Words(
        label=gettext_lazy("Version"),
        max_length=60,
        help_text=gettext_lazy("As the supplier names it, such as “2.4”."),
        error_messages={"required": gettext_lazy("Enter the version that runs, or is meant to run.")},
    )
    version_starts = forms.DateField(
        label=gettext_lazy("Runs from"),
        help_text=gettext_lazy("The first day on which it runs here. A day to come is taken as planned."),
        widget=day_input(),
        error_messages={"required": gettext_lazy("Enter the first day.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        owners = User.objects.visible_to(user).filter(memberships__role=Role.DEPLOYMENT_OWNER, is_active=True)
        owner, site = self.fields["owner"], self.fields["site"]
        owner.queryset = owners.distinct().prefetch_related("memberships__site")  # type: ignore[attr-defined]
        site.queryset = Site.objects.where(user, *KEEPERS)  # type: ignore[attr-defined]
        if user.holds(Role.DEPLOYMENT_OWNER):
            self.initial["owner"] = user.pk
        first = ["product", "vendor", "name", "intended_use", "site", "owner"]
        self.order_fields([*first, *(name for name in self.fields if name.startswith("fact_"))])

    @staticmethod
    def initial_of(proposal: Intake) -> dict[str, Any]:
        """What a proposal says already."""
        said = _("%(purpose)s\nUsed by: %(users)s\nFor: %(patients)s")
        words = {name: getattr(proposal, name) for name in ("purpose", "users", "patients")}
        about = {"product": proposal.name, "name": proposal.name, "vendor": proposal.vendor, "site": proposal.site_id}
        return about | {"intended_use": said % words}

    def known(self) -> dict[str, list[str]]:
        """What the organisation has entered before: {"products", "vendors"}."""
        products = Product.objects.visible_to(self.user).select_related("vendor")
        return {
            "products": sorted({product.name for product in products}),
            "vendors": sorted({product.vendor.name for product in products}),
        }

    def clean(self) -> dict[str, Any]:
        site, owner, name = (self.cleaned_data.get(key) for key in ("site", "owner", "name"))
        if site and owner and not owner.holds(Role.DEPLOYMENT_OWNER, site=site):
            words = {"name": owner.name, "site": site.name}
            self.add_error(
                "owner", _("%(name)s is not a deployment owner at %(site)s. Choose somebody who is.") % words
            )
        if site and name and Deployment.objects.named(name, site=site).exists():
            self.add_error("name", _("This hospital already has a deployment of that name. Choose another name."))
        return super().clean()

    @property
    def about_product(self) -> dict[str, str]:
        return {"name": self.cleaned_data["product"], "vendor": self.cleaned_data["vendor"]}

    @property
    def about(self) -> dict[str, Any]:
        """What `Deployment.register` takes beside the product."""
        return {key: self.cleaned_data[key] for key in ("site", "owner", "name", "intended_use")} | {
            "facts": self.facts
        }

    @property
    def about_version(self) -> dict[str, Any]:
        return {"name": self.cleaned_data["version_name"], "starts": self.cleaned_data["version_starts"]}
