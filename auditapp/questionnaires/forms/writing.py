"""Forms with which an organisation writes its questionnaires."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.deployments.forms import Words, long_text
from auditapp.deployments.profile import Fact, facts_in
from auditapp.questionnaires.applicability import can_hold
from auditapp.questionnaires.models import (
    Category,
    Check,
    Draft,
    DraftQuestion,
    Framework,
    Question,
    QuestionnaireVersion,
)
from auditapp.questionnaires.models.draft import EDITED

RULES = [("at_least", gettext_lazy("at least")), ("at_most", gettext_lazy("at most"))]


class VersionField(forms.ModelChoiceField):
    """A published questionnaire; one of the organisation's own says so."""

    def label_from_instance(self, version: Any) -> str:
        title = version.questionnaire.title
        return title if version.questionnaire.organisation_id is None else _("%(title)s (ours)") % {"title": title}


class BeginForm(forms.Form):
    """What a draft is made from."""

    TAKE, EMPTY = "take", "empty"

    base = VersionField(
        label=gettext_lazy("Made from"),
        queryset=QuestionnaireVersion.objects.none(),
        empty_label=gettext_lazy("Choose a questionnaire"),
        help_text=gettext_lazy("When it is asked, who signs it and how it is scored are taken over from here."),
        error_messages={"required": gettext_lazy("Choose what it is made from.")},
    )
    questions = forms.ChoiceField(
        label=gettext_lazy("Questions"),
        choices=[
            (TAKE, gettext_lazy("Take its questions over, to drop, reword and add some")),
            (EMPTY, gettext_lazy("Begin without questions")),
        ],
        initial=TAKE,
        widget=forms.RadioSelect,
    )
    title = Words(
        label=gettext_lazy("Title"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Left empty where it will be the next version of a questionnaire of ours."),
    )

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base"].queryset = versions  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        base, title = self.cleaned_data.get("base"), self.cleaned_data.get("title")
        if base and not title and base.questionnaire.organisation_id is None:
            self.add_error("title", _("A seeded questionnaire stays as it is: give yours a title of its own."))
        if base and self.cleaned_data.get("questions") == self.EMPTY and base.trigger_sets:
            self.add_error("questions", _("What a re-audit asks is chosen by its triggers: take its questions over."))
        return self.cleaned_data


class CheckRetirementForm(forms.Form):
    """Which check is asked instead of one that is retired, and why."""

    replaced_by = forms.ModelChoiceField(
        label=gettext_lazy("Asked instead"),
        queryset=Check.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("Choose a check"),
        error_messages={"required": gettext_lazy("Choose what is asked instead.")},
    )
    also = forms.CharField(
        label=gettext_lazy("Also asked instead, where it is split"),
        help_text=gettext_lazy("The codes of the other checks, such as hal-02, with spaces between them."),
        max_length=200,
        required=False,
    )
    reason = Words(
        label=gettext_lazy("Why it is retired"),
        max_length=1000,
        widget=long_text(3),
        error_messages={"required": gettext_lazy("Say why it is retired.")},
    )

    def __init__(self, *args: Any, checks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaced_by"].queryset = checks  # type: ignore[attr-defined]
        self._checks = checks

    def clean_also(self) -> list[Check]:
        codes = self.cleaned_data["also"].replace(",", " ").lower().split()
        known = {check.code: check for check in self._checks.filter(code__in=codes)}
        if unknown := [code for code in codes if code not in known]:
            raise forms.ValidationError(_("There is no check %(code)s to be asked instead.") % {"code": unknown[0]})
        return list(known.values())


class AboutForm(forms.Form):
    """What a questionnaire is called, what it is for and how often it is asked."""

    title = Words(
        label=gettext_lazy("Title"), max_length=200, error_messages={"required": gettext_lazy("Enter a title.")}
    )
    purpose = Words(
        label=gettext_lazy("What it is for"),
        max_length=2000,
        widget=long_text(),
        error_messages={"required": gettext_lazy("Say what it is for.")},
    )
    frequency = Words(
        label=gettext_lazy("How often it is asked"),
        max_length=500,
        error_messages={"required": gettext_lazy("Say how often it is asked.")},
    )


class FactItems(forms.MultipleChoiceField):
    """Conditions on the profile: each yes-or-no fact, and each level as "or higher" and "or lower"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, facts: Iterable[Fact]) -> None:
        self.choices = [choice for fact in facts for choice in _items(fact)]


def _items(fact: Fact) -> list[tuple[str, str]]:
    if not fact.is_level:
        return [(fact.id, fact.label)]
    levels = {"label": fact.label}
    higher = [(f"{fact.id}>={n}", _("%(label)s %(n)s or higher") % (levels | {"n": n})) for n in fact.values[1:]]
    lower = [(f"{fact.id}<={n}", _("%(label)s %(n)s or lower") % (levels | {"n": n})) for n in fact.values[:-1]]
    return higher + lower


class WordingForm(forms.Form):
    """One question of a draft: its words, when it applies, how much hangs on it."""

    text = Words(
        label=gettext_lazy("Question"),
        max_length=2000,
        widget=long_text(3),
        help_text=gettext_lazy("One thing, answerable with met, partly met or not met."),
        error_messages={"required": gettext_lazy("Write the question.")},
    )
    criticality = forms.ChoiceField(
        label=gettext_lazy("Criticality"),
        choices=Question.Criticality.choices,
        help_text=gettext_lazy("A critical question that is not met keeps the audit from passing its gate."),
    )
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"),
        queryset=Category.objects.select_related("domain"),
        to_field_name="code",
        empty_label=None,
    )
    guidance = Words(
        label=gettext_lazy("Why and how"), required=False, max_length=5000, widget=long_text(), help_text=""
    )
    expected_evidence = Words(
        label=gettext_lazy("What counts as evidence"), required=False, max_length=5000, widget=long_text(3)
    )
    every = FactItems(
        label=gettext_lazy("Asked when all of these hold"),
        help_text=gettext_lazy("Nothing ticked here or below: always asked."),
    )
    some = FactItems(label=gettext_lazy("and at least one of these"))
    stages = forms.MultipleChoiceField(
        label=gettext_lazy("When it can be answered"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    scope = forms.ChoiceField(label=gettext_lazy("Scope"), choices=Question.Scope.choices)
    not_applicable_backed_by = Words(
        label=gettext_lazy("Evidence that stands in for a second person’s approval of “not applicable”"),
        required=False,
        max_length=500,
    )
    reason = Words(label=gettext_lazy("Why it is asked here"), required=False, max_length=2000, widget=long_text(2))
    clauses = forms.MultipleChoiceField(
        label=gettext_lazy("Related clauses"), required=False, widget=forms.CheckboxSelectMultiple
    )
    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0, initial=0)
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(
        self,
        *args: Any,
        draft: Draft,
        frameworks: Sequence[Framework],
        question: DraftQuestion | None = None,
        **kwargs: Any,
    ) -> None:
        self.draft, self.frameworks, self.question = draft, frameworks, question
        content = draft.base.content
        self.facts = facts_in(content["applicability"]["profile_facts"])
        super().__init__(*args, **kwargs)
        for name in ("every", "some"):
            self.fields[name].offer(self.facts)  # type: ignore[attr-defined]
        self.fields["stages"].choices = list(content["stages"].items())  # type: ignore[attr-defined]
        self.fields["clauses"].choices = [  # type: ignore[attr-defined]
            (f"{f.code}:{clause.code}", f"{clause.code} {clause.title}")
            for f in frameworks
            for clause in f.clauses.all()
        ]
        self.threshold_rows = len(question.thresholds) + 1 if question else 1
        for n in range(self.threshold_rows):
            self._add_threshold(n)

    def _add_threshold(self, n: int) -> None:
        self.fields[f"threshold_name_{n}"] = Words(label=_("What is measured"), required=False, max_length=200)
        self.fields[f"threshold_rule_{n}"] = forms.ChoiceField(label=_("Limit"), choices=RULES, required=False)
        self.fields[f"threshold_value_{n}"] = forms.DecimalField(
            label=_("Number"), required=False, max_digits=12, decimal_places=4
        )
        self.fields[f"threshold_unit_{n}"] = Words(label=_("Unit"), required=False, max_length=60)

    @staticmethod
    def filled(edited: dict[str, Any]) -> dict[str, Any]:
        """What stands in the fields for a wording as `DraftQuestion.edited` and revisions hold it."""
        condition = {} if edited["applies_when"] == "always" else edited["applies_when"]
        values = {name: edited[name] for name in EDITED if name not in ("applies_when", "thresholds")}
        values |= {"category": edited["category"], "every": condition.get("all", []), "some": condition.get("any", [])}
        for n, row in enumerate(edited["thresholds"]):
            values |= {f"threshold_{name}_{n}": row[name] for name in ("name", "rule", "value", "unit")}
        return values

    def thresholds(self) -> list[list[Any]]:
        """The bound fields of each threshold, an empty row last."""
        parts = ("name", "rule", "value", "unit")
        return [[self[f"threshold_{part}_{n}"] for part in parts] for n in range(self.threshold_rows)]

    def by_framework(self) -> list[dict[str, Any]]:
        """[{"framework", "boxes", "chosen"}]: the clauses to tick, of each framework."""
        boxes = {box.data["value"]: box for box in self["clauses"]}
        found = []
        for framework in self.frameworks:
            own = [boxes[f"{framework.code}:{clause.code}"] for clause in framework.clauses.all()]
            found.append({"framework": framework, "boxes": own, "chosen": sum(box.data["selected"] for box in own)})
        return found

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        was = self.question.applies_when if self.question and self.question.applies_when != "always" else {}
        every = _in_order(data.get("every") or [], was.get("all", []))
        some = _in_order(data.get("some") or [], was.get("any", []))
        for name in ("stages", "clauses"):
            data[name] = _in_order(data.get(name) or [], getattr(self.question, name, []))
        condition = {name: items for name, items in (("all", every), ("any", some)) if items} or "always"
        if condition != "always" and not can_hold(condition, self.facts):
            self.add_error("every", _("These can never hold together, so nobody would be asked. Untick one."))
        data["applies_when"] = condition
        data["thresholds"] = self._thresholds()
        return data

    def _thresholds(self) -> list[dict[str, str]]:
        rows = []
        for n in range(self.threshold_rows):
            name, value = self.cleaned_data.get(f"threshold_name_{n}"), self.cleaned_data.get(f"threshold_value_{n}")
            if name and value is None and f"threshold_value_{n}" not in self.errors:
                self.add_error(f"threshold_value_{n}", _("Enter the number."))
            elif value is not None and not name:
                self.add_error(f"threshold_name_{n}", _("Say what is measured."))
            elif name and value is not None:
                rows.append(
                    {
                        "name": name,
                        "rule": self.cleaned_data[f"threshold_rule_{n}"] or "at_least",
                        "value": _plain(value),
                        "unit": self.cleaned_data[f"threshold_unit_{n}"],
                    }
                )
        return rows

    @property
    def wording(self) -> dict[str, Any]:
        """What `save_wording` and `add_check` take."""
        names = (*(name for name in EDITED if name != "criticality_option"), "category")
        return {name: self.cleaned_data[name] for name in names}


def _in_order(ticked: list[str], before: list[str]) -> list[str]:
    """What is ticked, in the order in which it stood before: boxes know no order, and nothing else shall differ."""
    kept = [item for item in before if item in ticked]
    return kept + [item for item in ticked if item not in kept]


def _plain(value: Any) -> str:
    """A decimal without an exponent or needless zeros: 95, 1.5."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
