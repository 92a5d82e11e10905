"""The audits of the demonstration ask, answer, decide and close only what the product's rules allow."""

import itertools
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from auditapp.accounts.models import Role
from auditapp.audits import scoring
from auditapp.audits.models import Audit
from auditapp.deployments.models import KEEPERS
from tests.demo.script import (
    AUDITS,
    CHECKS,
    DECIDED,
    DEPLOYMENTS,
    ORGANISATION_OF,
    PEOPLE,
    SUBMITTED,
    TODAY,
    after,
    asked,
    chief,
    course,
    exceptions,
    final,
    holds,
    is_live,
    outcome,
    status_on,
    worded,
)
from tests.questionnaires.seeded import content, version

GAPS = {"partial", "not_met"}
LONGEST = {"P1": (None, 7), "P2": (30, 30), "P3": (90, 90), "P4": (180, 180)}  # days before go-live, in use
VERIFIERS = {*KEEPERS, Role.CATEGORY_LEAD}
APPROVERS = {Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD}

each_audit = pytest.mark.parametrize("audit", AUDITS.values(), ids=AUDITS.keys())
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())


def test_audits_stand_in_the_order_in_which_they_were_opened_and_reach_every_state():
    opened = [audit["opened"] for audit in AUDITS.values()]
    assert opened == sorted(opened)
    states = {audit["state"] for audit in AUDITS.values()}
    assert states | {"superseded"} == set(Audit.State.values) | {"returned"}
    assert {audit["reason"] for audit in AUDITS.values()} == set(Audit.Reason.values)
    assert {audit["questionnaire"] for audit in AUDITS.values()} == {
        q["id"] for q in content().checks["questionnaires"]
    }


@each_audit
def test_an_audit_is_opened_by_an_auditor_of_the_hospital_on_a_version_that_runs_or_is_planned(audit):
    deployment = DEPLOYMENTS[audit["deployment"]]
    opened = audit["opened"].date()
    assert holds(audit["auditor"], Role.AUDITOR, site=deployment["site"])
    chosen = next(v for v in deployment["versions"] if v["name"] == audit["version"])
    assert chosen["to"] is None or opened < chosen["to"]
    assert deployment["registered"] < opened
    assert status_on(deployment, opened) not in {"proposed", "retired"}


@each_audit
def test_the_steps_of_an_audit_are_taken_in_order_and_not_in_the_future(audit):
    steps = course(audit["key"])
    assert max(steps.days) <= TODAY
    if audit["questionnaire"] == "containment-72h":
        assert steps.ended - steps.opened <= timedelta(days=3)
    if audit["reason"] == "pre_deployment":
        assert not is_live(DEPLOYMENTS[audit["deployment"]], max(steps.days))


def test_no_two_audits_ask_the_same_of_a_deployment_at_the_same_time():
    for a, b in itertools.combinations(AUDITS, 2):
        if (AUDITS[a]["deployment"], AUDITS[a]["questionnaire"]) == (
            AUDITS[b]["deployment"],
            AUDITS[b]["questionnaire"],
        ):
            assert course(a).ended, (a, b)
            assert course(a).ended <= course(b).opened, (a, b)


@each_audit
def test_an_audit_speaks_only_of_checks_that_it_asks(audit):
    codes = {question.code for question in asked(audit["key"])}
    spoken_of = set(exceptions(audit)) | set(exceptions(audit, first_round=True)) | set(audit.get("notes", {}))
    spoken_of |= {r["check"] for r in [*audit.get("returns", []), *audit.get("comments", [])]}
    spoken_of |= {*audit.get("flags", []), *audit.get("asked_of_supplier", {}).get("checks", {})}
    assert spoken_of <= codes, spoken_of - codes
    met = {code for code, e in exceptions(audit).items() if e["verdict"] != "met"}
    assert not met & set(audit.get("notes", {}))
    categories = {question.category.code for question in asked(audit["key"])}
    for assignment in audit.get("assignments", []):
        assert assignment["category"] in categories
        assert holds(assignment["to"], Role.CATEGORY_LEAD, site=DEPLOYMENTS[audit["deployment"]]["site"])


@each_audit
@pytest.mark.parametrize("first_round", [False, True], ids=["at the end", "in the first round"])
def test_every_answer_has_what_its_verdict_requires(audit, first_round):
    site = DEPLOYMENTS[audit["deployment"]]["site"]
    for code, exception in exceptions(audit, first_round=first_round).items():
        answer = worded(code, exception)
        critical = CHECKS[code]["criticality"] == "critical"
        if answer["verdict"] in GAPS:
            assert answer["gap"], code
            assert answer["owner"], code
            assert answer["due_days"] >= 0, code
            assert answer["verdict"] == "not_met" or not critical or answer["control"], code
        if answer["verdict"] == "not_applicable":
            assert len(answer["justification"]) >= 20, code
            if critical and "evidence" not in answer:
                assert answer["approved_by"] != audit["auditor"], code
                assert holds(answer["approved_by"], *APPROVERS, site=site), code
        if answer["verdict"] == "unanswered":
            assert audit["state"] in {"draft", "withdrawn"}, code


@pytest.mark.parametrize("key", SUBMITTED)
def test_promised_dates_are_not_later_than_the_rules_allow(key):
    audit = AUDITS[key]
    live = is_live(DEPLOYMENTS[audit["deployment"]], course(key).submitted[-1])
    for finding in outcome(key, day=course(key).submitted[-1])["findings"]:
        longest = LONGEST[finding["priority"]][live]
        promised = exceptions(audit)[finding["check"]].get("due_days", 0)
        assert longest is None or promised <= longest, (finding, promised, longest)


@pytest.mark.parametrize("key", DECIDED)
def test_a_decision_is_one_that_the_calculated_result_permits(key):
    audit = AUDITS[key]
    result = final(key)
    assert audit["decision"]["id"] in result["permitted_decisions"], (
        result["calculated_result"],
        result["overall"],
    )
    if refusal := audit.get("refusal"):
        then = outcome(key, day=course(key).decided[0], first_round=True)["result"]
        assert refusal["decision"]["id"] in then["permitted_decisions"]
        assert holds(refusal["by"], Role.EXECUTIVE, site=DEPLOYMENTS[audit["deployment"]]["site"])
    assert 3 <= len(re.findall(r"\.(?:\s|$)", audit["decision"]["reasons"])) <= 6


@pytest.mark.parametrize("key", DECIDED)
def test_the_signatories_of_a_report_are_different_people(key):
    audit = AUDITS[key]
    organisation = ORGANISATION_OF[DEPLOYMENTS[audit["deployment"]]["site"]]
    roles = [s["role"] for s in version(audit["questionnaire"]).rules["questionnaire"]["signatories"]]
    people = [audit["auditor"], *(chief(role, organisation) for role in roles[1:])]
    assert len(set(people)) == len(roles)


@each_audit
def test_hazard_ratings_use_the_words_of_the_matrix_and_belong_to_gaps(audit):
    rules = version(audit["questionnaire"]).rules
    for rating in audit.get("hazard_ratings", []):
        assert scoring.hazard_level(rules, rating["severity"], rating["likelihood"])
        assert len(rating["title"]) <= 200
        assert rating["reason"]
        if "check" in rating:
            assert exceptions(audit)[rating["check"]]["verdict"] in GAPS
        if "closed_on" in rating:
            assert course(audit["key"]).reviewed[-1] < rating["closed_on"] <= TODAY
            assert rating["closed_reason"]


def closings(audit: dict[str, Any]) -> Iterator[tuple[str, date, dict[str, Any], str]]:
    """(check or "", day, closing, owner) of the findings that a person closed after the report was issued."""
    for code, exception in audit.get("exceptions", {}).items():
        if closed := exception.get("closed"):
            owner = worded(code, exception).get("owner", "")  # none is named for what only lacks evidence
            yield code, after(course(audit["key"]).ended, closed["after_days"]), closed, owner
    for condition in audit.get("decision", {}).get("conditions", []):
        if closed := condition.get("closed"):
            yield "", after(course(audit["key"]).ended, closed["after_days"]), closed, condition["owner"]


@each_audit
def test_findings_are_closed_by_somebody_of_the_group_who_does_not_own_them(audit):
    for _code, day, closed, owner in closings(audit):
        assert day <= TODAY, closed
        assert PEOPLE[closed["by"]]["organisation"] == ORGANISATION_OF[DEPLOYMENTS[audit["deployment"]]["site"]]
        assert holds(closed["by"], *VERIFIERS, site=DEPLOYMENTS[audit["deployment"]]["site"])
        assert owner not in (PEOPLE[closed["by"]]["title"], PEOPLE[closed["by"]]["name"])
        assert closed["note"]
    for condition in audit.get("decision", {}).get("conditions", []):
        assert condition["text"]
        assert len(condition["owner"]) <= 120
        assert condition["due_days"] > 0


@each_deployment
def test_a_finding_is_open_whenever_a_person_closes_it(deployment):
    """Submissions open findings and close an earlier round's; a report closes what it found in order."""
    events = []
    for key, audit in AUDITS.items():
        if audit["deployment"] != deployment["key"] or not course(key).submitted:
            continue
        steps = course(key)
        for n, day in enumerate(steps.submitted):
            last = n == len(steps.submitted) - 1
            found = outcome(key, day=day, first_round=not last)["findings"]
            events.append((day, 0, "submitted", {f["check"] for f in found}, key))
        if steps.ended:
            gaps = {f["check"] for f in outcome(key, day=steps.submitted[-1])["findings"]}
            events.append((steps.ended, 1, "issued", {q.code for q in asked(key)} - gaps, key))
        events += [(day, 2, "closed", {code}, key) for code, day, _closed, _owner in closings(audit) if code]
    findings: dict[str, str] = {}  # check -> the audit that opened its finding
    for _day, _order, act, codes, key in sorted(events, key=lambda event: event[:2]):
        if act == "submitted":
            for code in [c for c, opener in findings.items() if opener == key and c not in codes]:
                del findings[code]
            findings |= {code: key for code in codes if code not in findings}
        elif act == "issued":
            findings = {code: opener for code, opener in findings.items() if code not in codes}
        else:
            assert codes <= set(findings), (key, codes)
            findings = {code: opener for code, opener in findings.items() if code not in codes}


def test_every_calculated_result_occurs_and_repeated_audits_move_as_their_story_says():
    assert {final(key)["calculated_result"] for key in SUBMITTED} == set(content().checks["scoring"]["precedence"])
    percent = {key: float(final(key)["overall"]["shown"]) for key in SUBMITTED}
    assert percent["imaging-predeploy-2025-06"] < percent["imaging-predeploy-2025-08"]
    assert percent["discharge-predeploy-2026-01"] < percent["discharge-predeploy-2026-04"]
    assert percent["agent-predeploy-2025"] < percent["agent-predeploy-2026"]
    assert percent["imaging-quarterly-2026-04"] < percent["imaging-quarterly-2026-09"]
    assert percent["sepsis-reaudit-2026-07"] < percent["sepsis-quarterly-2026-01"]  # a new version
    assert percent["scribe-royal-annual-2026-r2"] != percent["scribe-royal-annual-2026"]


def test_one_report_is_superseded_one_was_refused_and_one_waits_for_half_of_its_signatures():
    revisions = [audit for audit in AUDITS.values() if "revises" in audit]
    assert [audit["revises"] for audit in revisions] == ["scribe-royal-annual-2026"]
    assert all(audit["supersede_reason"] for audit in revisions)
    assert [key for key, audit in AUDITS.items() if "refusal" in audit] == ["chatbot-predeploy-2025"]
    assert [(key, audit["signatures"]) for key, audit in AUDITS.items() if audit["state"] == "signing"] == [
        ("agent-predeploy-2026", 2)
    ]
