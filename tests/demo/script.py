"""The demonstration's texts, and what they come to: who may do what, on which day, with which result.

The days are reckoned as the head of audits.yaml says. Nothing here touches the database.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import yaml

from auditapp.audits import scoring
from auditapp.audits.scoring import Given
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment
from tests.questionnaires.seeded import content, version

FOLDER = profile.SEED.parent.parent / "demo"
USUAL = {
    "days_to_return": 4,
    "days_to_resubmit": 7,
    "days_to_review": 4,
    "days_to_decide": 6,
    "signed_gap_days": 1,
}


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
    wanted = {"decided": 0, "signing": audit.get("signatures", 0)}.get(state, signatories)
    for _signature in range(wanted):
        steps.signed.append(after((steps.signed or steps.decided)[-1], gap))
    if state in {"issued", "retracted"}:
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
