"""People, deployments and the bank of answers agree with the seed, the product's rules and each other."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from auditapp.accounts.models import Role
from auditapp.deployments import profile
from auditapp.deployments.models import KEEPERS, Deployment
from tests.demo.script import (
    ANSWERS,
    AUDITS,
    CHECKS,
    DECIDED,
    DEPLOYMENTS,
    ORGANISATION_OF,
    ORGANISATIONS,
    PEOPLE,
    TODAY,
    chief,
    course,
    holds,
    is_live,
    read,
    status_on,
)
from tests.questionnaires.seeded import content

GAPS = {"partial", "not_met"}
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(texts, value))
    elif isinstance(value, str):
        yield value


def test_every_hospital_has_an_auditor_and_every_group_its_signatories():
    for site, organisation in ORGANISATION_OF.items():
        assert any(holds(email, Role.AUDITOR, site=site) for email in PEOPLE), site
        signatories = [
            chief(role, organisation) for role in content().checks["signatory_roles"] if role != Role.AUDITOR
        ]
        assert len(set(signatories)) == len(signatories)
        assert chief(Role.ADMINISTRATOR, organisation)
    assert {r["role"] for person in PEOPLE.values() for r in person["roles"]} == set(Role.values)


def test_people_are_invented_and_known_by_one_address_each():
    assert len(PEOPLE) == len(read("people")["people"])
    assert all(re.fullmatch(r"[a-z]+@(northshire|westmark)\.example", email) for email in PEOPLE)
    for person in PEOPLE.values():
        home = {site["code"] for org in ORGANISATIONS if org["code"] == person["organisation"] for site in org["sites"]}
        assert {r["site"] for r in person["roles"]} <= home | {None}


def test_every_fact_of_the_profile_is_true_of_one_deployment_and_not_of_another():
    for fact in profile.facts():
        assert {deployment["profile"][fact.id] for deployment in DEPLOYMENTS.values()} == set(fact.values), fact.id


@each_deployment
def test_a_deployment_is_filled_in_confirmed_and_owned_by_those_who_may(deployment):
    site = deployment["site"]
    assert holds(deployment["owner"], Role.DEPLOYMENT_OWNER, site=site)
    assert holds(deployment["filled_by"], *KEEPERS, site=site)
    assert holds(deployment["confirmed_by"], *KEEPERS, site=site)
    assert deployment["filled_by"] != deployment["confirmed_by"]
    assert profile.cleaned(deployment["profile"], profile.facts()) == deployment["profile"]
    assert 3 <= len(re.findall(r"\.(?:\s|$)", deployment["intended_use"])) <= 6
    for incident in deployment.get("incidents", []):
        assert deployment["registered"] < incident["date"] <= TODAY
        assert PEOPLE[incident["by"]]["organisation"] == ORGANISATION_OF[site]


@each_deployment
def test_a_deployment_moves_through_its_life_as_the_product_allows(deployment):
    status, day = Deployment.Status.PROPOSED, deployment["registered"]
    for step in deployment["statuses"]:
        assert step["to"] in Deployment.MOVES[status], step
        assert day < step["date"] <= TODAY
        officer = Role.CLINICAL_SAFETY_OFFICER
        who = [officer] if step["to"] == "suspended" else [officer, Role.DEPLOYMENT_OWNER]
        assert holds(step["by"], *who, site=deployment["site"])
        status, day = Deployment.Status(step["to"]), step["date"]


@each_deployment
def test_versions_follow_each_other_without_overlap(deployment):
    versions = deployment["versions"]
    assert len({v["name"] for v in versions}) == len(versions)
    for earlier, later in itertools.pairwise(versions):
        assert earlier["from"] < earlier["to"] <= later["from"]
    assert versions[0]["from"] >= deployment["registered"]
    if deployment["statuses"]:
        assert 2 <= len(versions) <= 5


@each_deployment
def test_first_use_and_return_to_use_follow_an_issued_decision_that_allows_it(deployment):
    for step in deployment["statuses"]:
        if step["to"] in Deployment.IN_USE:
            before = [k for k in DECIDED if AUDITS[k]["deployment"] == deployment["key"]]
            issued = [k for k in before if course(k).ended and course(k).ended < step["date"]]
            assert issued, step
            last = max(issued, key=lambda k: course(k).ended)
            assert AUDITS[last]["decision"]["id"].startswith(("approve", "continue")), last


def test_one_deployment_is_not_audited_at_all_and_one_runs_a_version_that_no_audit_covers():
    audited = {audit["deployment"] for audit in AUDITS.values()}
    covered = {(audit["deployment"], audit["version"]) for audit in AUDITS.values()}
    running = {
        (key, v["name"])
        for key, deployment in DEPLOYMENTS.items()
        for v in deployment["versions"]
        if is_live(deployment, TODAY) and v["from"] <= TODAY and (v["to"] is None or v["to"] > TODAY)
    }
    assert set(DEPLOYMENTS) - audited == {"letters-harrowmere"}
    assert running - covered == {("ecg-harrowmere", "4.2")}
    assert {status_on(d, TODAY) for d in DEPLOYMENTS.values()} == set(Deployment.Status.values)


# ------------------------------------------------------------ the bank of answers


def test_the_bank_answers_every_check_and_no_other():
    assert list(ANSWERS) == list(CHECKS)


@pytest.mark.parametrize("code", CHECKS)
def test_an_entry_of_the_bank_is_complete(code):
    entry = ANSWERS[code]
    assert set(entry) == {"met", "partial", "not_met", "not_applicable"}
    assert set(entry["met"]) == {"note", "evidence_note", "evidence"}
    assert set(entry["partial"]) == {"gap", "owner", "control"}
    assert set(entry["not_met"]) == {"gap", "owner"}
    assert len(entry["not_applicable"]["justification"]) >= 20
    assert ("evidence" in entry["not_applicable"]) == bool(CHECKS[code].get("not_applicable_backed_by"))
    assert all(len(entry[verdict]["owner"]) <= 120 for verdict in GAPS)
    for holder in ("met", "not_applicable"):
        if evidence := entry[holder].get("evidence"):
            assert evidence["source"] in {"ours", "supplier"}
            assert len(evidence["title"]) <= 150
            assert evidence["age_days"] > 0
            assert evidence["valid_days"] is None or evidence["valid_days"] >= evidence["age_days"] + 60
            if evidence["kind"] == "file":
                assert re.fullmatch(r"[a-z0-9-]+\.pdf", evidence["filename"])
            else:
                assert re.fullmatch(r"https://[a-z]+\.example/[a-z/-]+", evidence["url"])
    for text in texts(entry):
        assert set(re.findall(r"\{(.*?)\}", text)) <= {"product", "site", "vendor", "version"}


def test_no_two_entries_of_the_bank_share_a_sentence():
    said = Counter()
    for entry in ANSWERS.values():
        words = [entry["met"]["note"], entry["met"]["evidence_note"], entry["met"]["evidence"]["title"]]
        words += [entry["partial"]["gap"], entry["partial"]["control"], entry["not_met"]["gap"]]
        words += [entry["not_applicable"]["justification"]]
        said.update({s.strip().lower() for word in words for s in re.split(r"(?<=[.!?;])\s+", word)})
    assert [sentence for sentence, entries in said.items() if entries > 1] == []


def test_nothing_in_the_content_looks_like_a_patient_or_a_real_address():
    for text in texts([read(name) for name in ("people", "deployments", "answers", "audits")]):
        assert not re.search(r"\d{3}[ -]?\d{3}[ -]?\d{4}|\d{1,2}/\d{1,2}/\d{2,4}", text), text
        assert not re.search(r"\w@(?![a-z]+\.example$)", text), text
        assert not re.search(r"https?://(?![a-z]+\.example/)", text), text
