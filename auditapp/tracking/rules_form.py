"""The form in which a hospital states its rules over time."""

import hashlib
import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments import profile
from auditapp.deployments.forms import day_input
from auditapp.deployments.models import Harm, Policy, Tier
from auditapp.deployments.models.policy import KINDS, LONGEST, Comparison, cleaned_distances, in_words
from auditapp.refusals import Refused

SPARE = 3  # empty rows for further rules
ASKED_IN = (Tier.FULL, Tier.FAST)  # registration only asks for no audit


def conditions() -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that a rule can ask of a profile, grouped by fact: every choice is one that can match."""
    found = []
    for fact in profile.facts():
        asked = [(Comparison.IS, value) for value in fact.values]
        if fact.is_level:  # at least the least, and at most the most, match everything
            asked += [(Comparison.AT_LEAST, value) for value in fact.values[1:]]
            asked += [(Comparison.AT_MOST, value) for value in fact.values[:-1]]
        rules = [{"fact": fact.id, "is": str(comparison), "value": value} for comparison, value in asked]
        found.append((fact.label, [(_code(rule), in_words(rule)) for rule in rules]))
    return found


def _code(rule: dict[str, Any]) -> str:
    return f"{rule['fact']}|{rule['is']}|{json.dumps(rule['value'])}"


def _rule(code: str, tier: str) -> dict[str, Any]:
    fact, comparison, value = code.split("|")
    return {"fact": fact, "is": comparison, "value": json.loads(value), "tier": tier}


class RulesForm(forms.Form):
    """All rules at once. They are kept only as they were previewed: `previewed` names what the person has seen."""

    gate_from = forms.DateField(
        label=gettext_lazy("No pilot and no live use without a valid decision, from"),
        help_text=gettext_lazy("Leave it empty as long as the gate does not hold here."),
        required=False,
        widget=day_input(),
    )
    harm_threshold = forms.ChoiceField(
        label=gettext_lazy("An incident questions the approval from this harm on"), choices=Harm.choices
    )
    remind_days = forms.CharField(
        label=gettext_lazy("Remind owner and auditors this many days before an audit is due"),
        help_text=gettext_lazy("Numbers with commas between them, such as 30, 7, 1."),
        required=False,
    )
    escalate_days = forms.IntegerField(
        label=gettext_lazy("Tell clinical safety officer and governance chair when it is overdue by more days than"),
        min_value=0,
        max_value=LONGEST,
    )
    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, policy: Policy, base: int, **kwargs: Any) -> None:
        """`policy` is what is in force there now; `base` the number of the place's own newest statement."""
        kwargs["initial"] = _as_initial(policy) | {"base": base, "previewed": ""}
        super().__init__(*args, **kwargs)
        choices = [("", _("No rule")), *conditions()]
        for n in range(len(policy.tiers) + SPARE):
            self.fields[f"when_{n}"] = forms.ChoiceField(
                label=_("Rule %(n)s: if") % {"n": n + 1}, choices=choices, required=False
            )
            self.fields[f"tier_{n}"] = forms.ChoiceField(
                label=_("Tier of rule %(n)s") % {"n": n + 1}, choices=Tier.choices, required=False
            )
        for tier in ASKED_IN:
            for kind, label in KINDS.items():
                self.fields[f"{tier}_{kind}"] = forms.IntegerField(
                    label=f"{tier.label}: {label}", min_value=1, max_value=LONGEST, required=False
                )

    @property
    def rule_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        count = sum(name.startswith("when_") for name in self.fields)
        return [(self[f"when_{n}"], self[f"tier_{n}"]) for n in range(count)]

    @property
    def interval_rows(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """A row per kind, a cell per tier."""
        return [(label, [self[f"{tier}_{kind}"] for tier in ASKED_IN]) for kind, label in KINDS.items()]

    tiers_asked = [tier.label for tier in ASKED_IN]

    def clean_remind_days(self) -> list[int]:
        parts = [part.strip() for part in self.cleaned_data["remind_days"].split(",") if part.strip()]
        if not all(part.isdecimal() and part.isascii() for part in parts):
            raise forms.ValidationError(_("Enter whole numbers of days with commas between them."))
        try:
            return cleaned_distances(int(part[:6]) for part in parts)
        except Refused as refused:
            raise forms.ValidationError(refused.sentence) from refused

    @property
    def rules(self) -> dict[str, Any]:
        """What `Policy.set` takes, after the form was found valid."""
        said = self.cleaned_data
        count = len(self.rule_rows)
        tiers = [_rule(said[f"when_{n}"], said[f"tier_{n}"] or Tier.FULL) for n in range(count) if said[f"when_{n}"]]
        return {
            "gate_from": said["gate_from"],
            "harm_threshold": said["harm_threshold"],
            "tiers": tiers,
            "intervals": {tier.value: {kind: said[f"{tier}_{kind}"] for kind in KINDS} for tier in ASKED_IN},
            "remind_days": said["remind_days"],
            "escalate_days": said["escalate_days"],
        }

    @property
    def digest(self) -> str:
        """Names these very rules, so that what is kept is what was previewed."""
        return hashlib.sha256(json.dumps(self.rules, default=str, sort_keys=True).encode()).hexdigest()

    def note_previewed(self) -> None:
        """What the page now shows is what may be kept."""
        self.data = {**dict(self.data.items()), "previewed": self.digest}

    @property
    def was_previewed(self) -> bool:
        return bool(self.cleaned_data["previewed"] == self.digest)


def _as_initial(policy: Policy) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "gate_from": policy.gate_from,
        "harm_threshold": policy.harm_threshold,
        "remind_days": ", ".join(map(str, policy.remind_days)),
        "escalate_days": policy.escalate_days,
    }
    for n, rule in enumerate(policy.tiers):
        initial |= {f"when_{n}": _code(rule), f"tier_{n}": rule["tier"]}
    for tier in ASKED_IN:
        initial |= {f"{tier}_{kind}": policy.interval(tier, kind) for kind in KINDS}
    return initial
