"""Forms about what is asked: for what a version is previewed."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.deployments.models import Deployment, Profile
from auditapp.deployments.profile import Fact, facts_in
from auditapp.questionnaires.asking import Asking

FEW = 6  # deployments that an error names, so that one of them can be typed


class PreviewForm(forms.Form):
    """A deployment, or any set of facts, and the triggers: all of it stands in the address and can be shared.

    `profile` is that of the deployment chosen, the confirmed one if there is one; its facts then fill the fields.
    """

    deployment = forms.CharField(
        label=gettext_lazy("Deployment"),
        required=False,
        help_text=gettext_lazy("Its reference, such as D-004, or words of its name, product or vendor."),
        widget=forms.TextInput(attrs={"list": "known-deployments", "autocomplete": "off"}),
    )

    def __init__(self, query: QueryDict, *, version: Asking[Any], user: User) -> None:
        self.user, self.version = user, version
        self.facts: Sequence[Fact] = facts_in(version.content["applicability"]["profile_facts"])
        self.by_facts = query.get("by") == "facts"
        words = "" if self.by_facts else lists.typed(query, "deployment")
        self.chosen, self.problem = self._choice(words) if words else (None, "")
        self.profile = self._profile()
        data = query.copy()
        if self.profile:
            self._fill(data, self.profile.facts)
        super().__init__(data if self.by_facts or "deployment" in query else None)
        yes = [(fact.id, fact.label) for fact in self.facts if not fact.is_level]
        self.fields["fact"] = forms.MultipleChoiceField(
            label=_("What is true of the tool"), choices=yes, required=False, widget=forms.CheckboxSelectMultiple
        )
        for fact in (fact for fact in self.facts if fact.is_level):
            levels = [(str(n), fact.in_words(n)) for n in fact.values]
            self.fields[f"level_{fact.id}"] = forms.ChoiceField(
                label=fact.label, choices=levels, required=False, initial=str(fact.minimum)
            )
        if version.triggers:
            self.fields["trigger"] = forms.MultipleChoiceField(
                label=_("What has happened"),
                choices=[(trigger["code"], trigger["label"]) for trigger in version.triggers],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("Each adds its categories to those that are always asked."),
            )

    def _choice(self, words: str) -> tuple[Deployment | None, str]:
        """One deployment, by its reference or by words that it alone has; otherwise what to type instead."""
        known = Deployment.objects.visible_to(self.user).with_names()
        matching = list(known.filter(ref__iexact=words)) or list(known.matching(words)[: FEW + 1])
        if len(matching) == 1:
            return matching[0], ""
        if not matching:
            return None, _("No deployment that you may see matches this. Type its reference or a part of its name.")
        each = [f"{deployment.ref} {deployment.name}" for deployment in matching[:FEW]]
        more = " …" if len(matching) > FEW else ""
        sentence = _("Several deployments match this: %(each)s. Type the reference of one.")
        return None, sentence % {"each": ", ".join(each) + more}

    def _profile(self) -> Profile | None:
        return (self.chosen.confirmed_profile or self.chosen.newest_profile) if self.chosen else None

    def _fill(self, data: QueryDict, facts: dict[str, Any]) -> None:
        data.setlist("fact", [fact.id for fact in self.facts if not fact.is_level and facts.get(fact.id)])
        for fact in self.facts:
            if fact.is_level:
                data[f"level_{fact.id}"] = str(facts.get(fact.id, fact.minimum))

    def clean_deployment(self) -> str:
        if self.problem:
            raise forms.ValidationError(self.problem)
        return self.cleaned_data["deployment"]

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to preview: a deployment was found, or facts were sent."""
        return bool(self.by_facts or self.chosen) and self.is_valid()

    @property
    def values(self) -> dict[str, Any]:
        """Every fact of the version with its value; what is not ticked is a no."""
        ticked = set(self.cleaned_data["fact"])
        return {
            fact.id: int(self.cleaned_data[f"level_{fact.id}"] or fact.minimum) if fact.is_level else fact.id in ticked
            for fact in self.facts
        }

    @property
    def triggers(self) -> list[str]:
        return self.cleaned_data.get("trigger", [])

    def levels(self) -> list[forms.BoundField]:
        return [self[f"level_{fact.id}"] for fact in self.facts if fact.is_level]

    def known(self) -> list[Deployment]:
        """Deployments to choose from as one types; the first by name, where there are very many."""
        return list(Deployment.objects.visible_to(self.user).select_related("site").order_by("name")[:100])
