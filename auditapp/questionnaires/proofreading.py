"""What content must hold before it may be published; each complaint names file and path."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from auditapp.deployments.profile import facts_in
from auditapp.questionnaires.applicability import can_hold, unknown_in
from auditapp.questionnaires.reading import Content
from auditapp.questionnaires.shapes import CHECKS_FILE, FRAMEWORKS_FILE, misshapen

RESULTS = ["gate_not_passed", "thresholds_not_reached", "reached_with_conditions", "thresholds_reached"]
LIMITS = {
    "counted_part_min_checks",
    "domains_below_applicable_checks",
    "overall_low",
    "part_low",
    "overall_full",
    "part_full",
    "incomplete_major_share_max",
    "hazard_levels_gate",
    "hazard_levels_conditions",
}
JUDGMENT = re.compile(r"approved|safe|complian|certif", re.IGNORECASE)
ORIGINS = {"review", "review+derived", "derived"}
# The two sentences of the content from which numbers are read.
POINTS = re.compile(r"scores (\d+(?:\.\d+)?)")
CHARACTERS = re.compile(r"at least (\d+) characters")


def complaints(content: Content) -> list[str]:
    """Everything that is wrong, as "file: path: what"; references are followed once all shapes are right."""
    files = (
        ("checks.yaml", content.checks, CHECKS_FILE),
        ("frameworks.yaml", content.frameworks, FRAMEWORKS_FILE),
    )
    wrong = [
        f"{name}: {path}: is missing, empty or of the wrong kind"
        for name, data, shape in files
        for path in misshapen(data, shape)
    ]
    return wrong or _References(content).followed()


class _References:
    """Follows every name that is used to what it names, and notes what it does not find."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.checks = content.checks
        self.found: list[str] = []

    def complain(self, path: str, what: str, file: str = "checks.yaml") -> None:
        self.found.append(f"{file}: {path}: {what}")

    def followed(self) -> list[str]:
        self._unique((f["id"] for f in self.content.frameworks["frameworks"]), "frameworks", "frameworks.yaml")
        for framework in self.content.frameworks["frameworks"]:
            path = f"frameworks[{framework['id']}].clauses"
            self._unique((clause["id"] for clause in framework["clauses"]), path, "frameworks.yaml")
        self._unique((d["id"] for d in self.checks["domains"]), "domains")
        self._unique((c["id"] for c in self.content.categories), "domains[…].categories")
        self._unique((c["prefix"] for c in self.content.categories), "domains[…].categories[…].prefix")
        retired = [row["id"] for row in self.checks["retired_checks"]]
        self._unique([*(c["id"] for c in self.content.all_checks), *retired], "checks and retired_checks")
        for domain in self.checks["domains"]:
            for category in domain["categories"]:
                self._taxonomy(category, f"domains[{domain['id']}].categories[{category['id']}]")
        self._retired()
        self._answers()
        self._results_and_decisions()
        self._priorities()
        self._matrix()
        self._thresholds()
        for questionnaire in self.checks["questionnaires"]:
            self._questionnaire(questionnaire, f"questionnaires[{questionnaire['id']}]")
        return self.found

    def _unique(self, names: Iterable[str], path: str, file: str = "checks.yaml") -> None:
        for name, times in Counter(names).items():
            if times > 1:
                self.complain(path, f"{name} is given {times} times", file)

    def _taxonomy(self, category: dict, path: str) -> None:
        source = category["review_source"]
        if source.get("origin") not in ORIGINS:
            self.complain(f"{path}.review_source.origin", f"is not one of {', '.join(sorted(ORIGINS))}")
        clauses = {f"{f['id']}:{c['id']}" for f in self.content.frameworks["frameworks"] for c in f["clauses"]}
        for check in category["checks"]:
            at = f"{path}.checks[{check['id']}]"
            if not check["id"].startswith(f"{category['prefix']}-"):
                self.complain(f"{at}.id", f"does not begin with {category['prefix']}-")
            if check["criticality"] not in self.checks["scoring"]["weights"]:
                self.complain(f"{at}.criticality", f"{check['criticality']} has no weight in scoring.weights")
            if not check["stages"] or not set(check["stages"]) <= set(self.checks["stages"]):
                self.complain(f"{at}.stages", "names no stage, or one that stages does not list")
            if check.get("scope", "deployment") not in ("deployment", "organisation"):
                self.complain(f"{at}.scope", f"{check['scope']} is neither deployment nor organisation")
            self._applies_when(check["applies_when"], f"{at}.applies_when")
            for clause in check["maps_to"]:
                if clause not in clauses:
                    self.complain(f"{at}.maps_to", f"frameworks.yaml has no clause {clause}")

    def _applies_when(self, condition: Any, path: str) -> None:
        if condition == "always":
            return
        if not isinstance(condition, dict) or not condition or not set(condition) <= {"all", "any"}:
            self.complain(path, "is neither always nor a mapping of all and any")
            return
        facts = facts_in(self.checks["applicability"]["profile_facts"])
        unknown = unknown_in(condition, facts)
        for item in unknown:
            self.complain(path, f"{item} is no fact of the profile")
        if not unknown and not can_hold(condition, facts):
            self.complain(path, "can never hold, so nobody would be asked")

    def _retired(self) -> None:
        current = {check["id"] for check in self.content.all_checks}
        prefixes = {category["prefix"] for category in self.content.categories}
        replaced_by = {row["id"]: row["replaced_by"] for row in self.checks["retired_checks"]}
        for row in self.checks["retired_checks"]:
            if circle := _circle(row["id"], replaced_by):
                self.complain(f"retired_checks[{row['id']}].replaced_by", f"goes in a circle: {', '.join(circle)}")
            elif row["replaced_by"] not in current:
                self.complain(f"retired_checks[{row['id']}].replaced_by", f"there is no check {row['replaced_by']}")
            if row["id"].split("-")[0] not in prefixes:
                self.complain(f"retired_checks[{row['id']}].id", "no category has its prefix")

    def _answers(self) -> None:
        """The sentences from which numbers are read (freezing.py) must hold them."""
        for term in ("unevidenced", "unanswered"):
            if not POINTS.search(self.checks["scoring"].get("definitions", {}).get(term, "")):
                self.complain(f"scoring.definitions.{term}", "does not say what it scores")
        scale = {row.get("id"): row for row in self.checks["answer_scale"]}
        if set(scale) != {"met", "partial", "not_met", "not_applicable"}:
            self.complain("answer_scale", "is not met, partial, not_met and not_applicable")
        elif not CHARACTERS.search(scale["not_applicable"].get("requires", "")):
            self.complain("answer_scale[not_applicable].requires", "does not say how many characters")
        for row in self.checks["answer_scale"]:
            if row.get("score") is not None and (2 * row["score"]) % 1:
                self.complain(f"answer_scale[{row.get('id')}].score", "is not a whole number of halves")

    def _results_and_decisions(self) -> None:
        """Every calculated result that scoring can give permits something, in words that exist."""
        scoring, decisions = self.checks["scoring"], self.checks["decisions"]
        if [row.get("id") for row in scoring["calculated_results"]] != RESULTS:
            self.complain("scoring.calculated_results", f"are not {', '.join(RESULTS)}, in this order")
        for row in scoring["calculated_results"]:
            if not row["label"].startswith("Calculated result:") or JUDGMENT.search(row["label"]):
                self.complain(f"scoring.calculated_results[{row['id']}].label", "sounds like a decision")
        for limit in LIMITS - set(scoring["limits"]):
            self.complain(f"scoring.limits.{limit}", "is missing")
        words = {group: {row["id"] for row in rows} for group, rows in decisions["vocabulary"].items()}
        for result in RESULTS:
            row = decisions["permitted_decisions"].get(result, {})
            for group in ("pre", "in_use"):
                if not row.get(group) or not set(row[group]) <= words.get(group, set()):
                    self.complain(
                        f"decisions.permitted_decisions.{result}.{group}",
                        "permits nothing, or something that decisions.vocabulary does not list",
                    )
        for word in set().union(*words.values()) - set(decisions["meaning"]):
            self.complain("decisions.meaning", f"does not say what {word} means")

    def _priorities(self) -> None:
        """Each gap opens a finding of one priority: none is left out, none is opened twice."""
        gaps = [(c, a) for c in self.checks["scoring"]["weights"] for a in ("partial", "not_met", "unanswered")]
        gaps.append(("critical", "unevidenced"))
        rules = [rule for priority in self.checks["findings"]["priorities"] for rule in priority["opened_by"]]
        opened = [(rule["criticality"], answer) for rule in rules for answer in rule["answers"]]
        if sorted(opened) != sorted(gaps):
            odd = sorted(set(opened) ^ set(gaps)) or sorted(opened)
            self.complain("findings.priorities", f"{' '.join(odd[0])} is not opened by exactly one of them")

    def _matrix(self) -> None:
        rating = self.checks["risk_rating"]
        for likelihood in rating["likelihood"]:
            row = rating["matrix"].get(likelihood, [])
            if len(row) != len(rating["severity"]) or not set(row) <= {1, 2, 3, 4, 5}:
                self.complain(f"risk_rating.matrix.{likelihood}", "is not a level from 1 to 5 for each severity")

    def _thresholds(self) -> None:
        current = {check["id"] for check in self.content.all_checks}
        for row in self.checks["local_thresholds"]:
            path = f"local_thresholds[{row['check']}]"
            if row["check"] not in current:
                self.complain(path, "there is no such check")
            if row["rule"] not in ("at_least", "at_most"):
                self.complain(f"{path}.rule", "is neither at_least nor at_most")
            if "value" not in row:
                self.complain(f"{path}.value", "is missing")

    def _questionnaire(self, q: dict, path: str) -> None:
        checks = {check["id"]: check for check in self.content.all_checks}
        categories = {category["id"] for category in self.content.categories}
        triggers = q.get("trigger_sets") or {}
        for name in [*q["categories"], *(c for codes in triggers.values() for c in codes)]:
            if name not in categories:
                self.complain(f"{path}.categories", f"there is no category {name}")
        for name in q.get("check_ids") or []:
            if name not in checks:
                self.complain(f"{path}.check_ids", f"there is no check {name}")
            elif not set(checks[name]["stages"]) & set(q["stages"]):
                self.complain(f"{path}.check_ids", f"{name} is not asked at stage {', '.join(q['stages'])}")
        if not set(q["stages"]) <= set(self.checks["stages"]):
            self.complain(f"{path}.stages", "names a stage that stages does not list")
        if not set(q.get("planned_change_triggers") or []) <= set(triggers):
            self.complain(f"{path}.planned_change_triggers", "names a trigger that trigger_sets does not list")
        if not isinstance(q.get("version", 1), int) or q.get("version", 1) < 1:
            self.complain(f"{path}.version", "is not a whole number from 1")
        for n, signatory in enumerate(q["signatories"]):
            if signatory["role"] not in self.checks["signatory_roles"]:
                self.complain(f"{path}.signatories[{n}].role", f"signatory_roles has no {signatory['role']}")
        self._unique((s["role"] for s in q["signatories"]), f"{path}.signatories")
        if not any("decision" in s["meaning"] for s in q["signatories"]):
            self.complain(f"{path}.signatories", "no signature's meaning says that it records the decision")


def _circle(code: str, replaced_by: Mapping[str, str]) -> list[str]:
    """The checks on the way from a retired check back to itself; none where the way ends elsewhere."""
    way = [code]
    while (after := replaced_by.get(way[-1])) and after not in way:
        way.append(after)
    return [*way, code] if after == code else []
