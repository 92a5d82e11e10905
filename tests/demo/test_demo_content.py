"""The demonstration's content agrees with the seeded questionnaires, the product's rules and itself.

The dates are reckoned as the head of audits.yaml says. Nothing here touches the database.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
import yaml

from auditapp.accounts.models import Role
from auditapp.audits import scoring
from auditapp.audits.models import Audit
from auditapp.audits.scoring import Given
from auditapp.deployments import profile
from auditapp.deployments.models import KEEPERS, Deployment
from tests.questionnaires.seeded import content, version

FOLDER = profile.SEED.parent.parent / "demo"
USUAL = {
    "days_to_return": 4,
    "days_to_resubmit": 7,
    "days_to_review": 4,
    "days_to_decide": 6,
    "signed_gap_days": 1,
}
GAPS = {"partial", "not_met"}
LONGEST = {"P1": (None, 7), "P2": (30, 30), "P3": (90, 90), "P4": (180, 180)}  # days before go-live, in use
VERIFIERS = {*KEEPERS, Role.CATEGORY_LEAD}
APPROVERS = {Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD}


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


PEOPLE = {person["email"]: person for person in read("people")["people"]}
ORGANISATIONS = read("people")["organisations"]
ORGANISATION_OF = {site["code"]: org["code"] for org in ORGANISATIONS for site in org["sites"]}
DEPLOYMENTS = {deployment["key"]: deployment for deployment in read("deployments")["deployments"]}
ANSWERS = read("answers")
AUDITS = {audit["key"]: audit for audit in read("audits")["audits"]}
TODAY = read("audits")["today"]
CHECKS = {check["id"]: check for check in content().all_checks}

each_audit = pytest.mark.parametrize("audit", AUDITS.values(), ids=AUDITS.keys())
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())


# ------------------------------------------------------------ who may do what


def holds(email: str, *roles: str, site: str) -> bool:
    person = PEOPLE[email]
    at_home = person["organisation"] == ORGANISATION_OF[site]
    return at_home and any(r["role"] in roles and r["site"] in (None, site) for r in person["roles"])


def chief(role: str, organisation: str) -> str:
    """Who signs and decides in a role: the first of the organisation's people who holds it everywhere."""
    return next(
        email
        for email, person in PEOPLE.items()
        if person["organisation"] == organisation and {"role": role, "site": None} in person["roles"]
    )


# ------------------------------------------------------------ when it happens


def after(day: date, days: int) -> date:
    """So many days later, or the Monday after if that is a weekend."""
    later = day + timedelta(days=days)
    return later + timedelta(days=max(0, 7 - later.weekday()) if later.weekday() > 4 else 0)


@dataclass
class Course:
    """The days on which an audit's steps were taken; a list holds one day per round or per signature."""

    opened: date
    submitted: list[date] = field(default_factory=list)
    returned: date | None = None
    reviewed: list[date] = field(default_factory=list)
    decided: list[date] = field(default_factory=list)
    signed: list[date] = field(default_factory=list)
    ended: date | None = None  # issued or withdrawn

    @property
    def days(self) -> list[date]:
        several = [*self.submitted, *self.reviewed, *self.decided, *self.signed]
        return [day for day in (self.opened, *several, self.returned, self.ended) if day]


@cache
def course(key: str) -> Course:
    audit = AUDITS[key]
    days = USUAL | audit
    gap = days["signed_gap_days"]
    state = audit["state"]
    steps = Course(opened=audit["opened"].date())
    if state == "withdrawn":
        steps.ended = after(steps.opened, audit["withdrawal"]["after_days"])
    if state in {"draft", "withdrawn"}:
        return steps
    steps.submitted.append(after(steps.opened, days["days_to_fill"]))
    if audit.get("returns"):
        steps.returned = after(steps.submitted[-1], days["days_to_return"])
    elif refusal := audit.get("refusal"):
        steps.reviewed.append(after(steps.submitted[-1], days["days_to_review"]))
        steps.decided.append(after(steps.reviewed[-1], days["days_to_decide"]))
        last = steps.decided[-1]
        for _signature in range(refusal["after_signatures"]):
            last = after(last, gap)
        steps.returned = after(last, refusal["days_to_refuse"])
    if state == "returned":
        return steps
    if steps.returned:
        steps.submitted.append(after(steps.returned, days["days_to_resubmit"]))
    if state == "submitted":
        return steps
    steps.reviewed.append(after(steps.submitted[-1], days["days_to_review"]))
    if state == "reviewed":
        return steps
    steps.decided.append(after(steps.reviewed[-1], days["days_to_decide"]))
    signatories = len(version(audit["questionnaire"]).rules["questionnaire"]["signatories"])
    wanted = {"decided": 0, "signing": audit.get("signatures", 0), "issued": signatories}[state]
    for _signature in range(wanted):
        steps.signed.append(after((steps.signed or steps.decided)[-1], gap))
    if state == "issued":
        steps.ended = steps.signed[-1]
    return steps


def status_on(deployment: dict[str, Any], day: date) -> str:
    return next((s["to"] for s in reversed(deployment["statuses"]) if s["date"] <= day), "proposed")


def is_live(deployment: dict[str, Any], day: date) -> bool:
    return status_on(deployment, day) in Deployment.IN_USE


# ------------------------------------------------------------ what was answered


@cache
def asked(key: str) -> list[Any]:
    audit = AUDITS[key]
    facts = DEPLOYMENTS[audit["deployment"]]["profile"]
    return version(audit["questionnaire"]).select(facts, audit.get("triggers") or [])


def exceptions(audit: dict[str, Any], *, first_round: bool = False) -> dict[str, dict[str, Any]]:
    """Check -> what was answered other than the bank's "met", at the end or in a round that was sent back."""
    before: dict[str, Any] = {}
    if first_round:
        before = {r["check"]: r["was"] for r in audit.get("returns", []) if "was" in r}
        before |= audit.get("refusal", {}).get("was", {})
    issued = exceptions(AUDITS[audit["revises"]]) if "revises" in audit else {}
    kept = {code: answer for code, answer in issued.items() if code not in audit.get("notes", {})}
    return {**kept, **audit.get("exceptions", {}), **before}


def worded(code: str, exception: dict[str, Any]) -> dict[str, Any]:
    """The answer in full: what the audit says, over what the bank says."""
    return {**ANSWERS[code].get(exception["verdict"], {}), **exception}


def given(code: str, exception: dict[str, Any] | None) -> Given | None:
    if exception is None or exception["verdict"] == "met":
        return Given("met", has_evidence=True)
    if exception["verdict"] == "unanswered":
        return None
    if exception["verdict"] == "unevidenced":
        return Given("met")
    answer = worded(code, exception)
    return Given(
        answer["verdict"],
        justification=answer.get("justification", ""),
        second_approval="approved_by" in answer,
        backed_by_evidence="evidence" in answer,
    )


def hazards_open(deployment: str, day: date, *, counting: str = "") -> list[int]:
    """The levels of the ratings open on a day; those of `counting` count from the day they were given."""
    levels = []
    for key, audit in AUDITS.items():
        for rating in audit.get("hazard_ratings", []) if audit["deployment"] == deployment else []:
            rated = course(key).reviewed[-1]
            since = rated <= day if key == counting else rated < day
            if since and not (rating.get("closed_on") and rating["closed_on"] <= day):
                rules = version(audit["questionnaire"]).rules
                levels.append(scoring.hazard_level(rules, rating["severity"], rating["likelihood"]))
    return levels


def outcome(key: str, *, day: date, first_round: bool = False, counting: str = "") -> dict[str, Any]:
    """What the product would reckon for a round of an audit, on the day of its submission or decision."""
    audit = AUDITS[key]
    said = exceptions(audit, first_round=first_round)
    answers = {q.code: given(q.code, said.get(q.code)) for q in asked(key)}
    return scoring.score(
        version(audit["questionnaire"]).rules,
        asked(key),
        {code: answer for code, answer in answers.items() if answer},
        triggers=audit.get("triggers") or [],
        live=is_live(DEPLOYMENTS[audit["deployment"]], day),
        hazard_levels=hazards_open(audit["deployment"], day, counting=counting),
        submitted=day,
    )


def final(key: str) -> dict[str, Any]:
    """The result on which the decision was taken, or that of the last submission."""
    steps = course(key)
    day = steps.decided[-1] if steps.decided else steps.submitted[-1]
    return outcome(key, day=day, counting=key)["result"]


DECIDED = [key for key, audit in AUDITS.items() if "decision" in audit]
SUBMITTED = [key for key in AUDITS if course(key).submitted]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(texts, value.values()))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(texts, value))
    elif isinstance(value, str):
        yield value


# ------------------------------------------------------------ people, deployments


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
        home = {
            site["code"]
            for org in ORGANISATIONS
            if org["code"] == person["organisation"]
            for site in org["sites"]
        }
        assert {r["site"] for r in person["roles"]} <= home | {None}


def test_every_fact_of_the_profile_is_true_of_one_deployment_and_not_of_another():
    for fact in profile.facts():
        assert {deployment["profile"][fact.id] for deployment in DEPLOYMENTS.values()} == set(fact.values), (
            fact.id
        )


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
        assert not re.search(r"@(?![a-z]+\.example$)", text), text
        assert not re.search(r"https?://(?![a-z]+\.example/)", text), text


# ------------------------------------------------------------ the audits


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
    spoken_of = (
        set(exceptions(audit)) | set(exceptions(audit, first_round=True)) | set(audit.get("notes", {}))
    )
    spoken_of |= {r["check"] for r in [*audit.get("returns", []), *audit.get("comments", [])]}
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
        assert (
            PEOPLE[closed["by"]]["organisation"] == ORGANISATION_OF[DEPLOYMENTS[audit["deployment"]]["site"]]
        )
        assert holds(closed["by"], *VERIFIERS, site=DEPLOYMENTS[audit["deployment"]]["site"])
        assert owner not in (PEOPLE[closed["by"]]["title"], PEOPLE[closed["by"]]["name"])
        assert closed["note"]
    for condition in audit.get("decision", {}).get("conditions", []):
        assert condition["text"]
        assert len(condition["owner"]) <= 120
        assert condition["due_days"] > 0


@each_deployment
def test_a_finding_is_open_whenever_a_person_closes_it(deployment):
    """Submissions open findings and close an earlier round's; an issued report closes what it found in order."""
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
    assert {final(key)["calculated_result"] for key in SUBMITTED} == set(
        content().checks["scoring"]["precedence"]
    )
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
