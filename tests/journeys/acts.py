"""What happened in the ward before a journey begins, played inside the installation through the verbs."""

import json
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, Site, User
from auditapp.audits.models import Audit
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Product, StatusProposal
from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from auditapp.reports import jobs
from auditapp.reports.models import Decision
from auditapp.tracking import life
from tests.factories import PASSWORD, PEOPLE, PROFILES

GROUPS = {
    "northshire": (
        "Northshire Hospitals Group",
        [("royal", "Royal Northshire Hospital"), ("general", "Northshire General")],
    ),
    "westmark": ("Westmark Health", [("westmark-city", "Westmark City Hospital")]),
}
FIRST = {"northshire": "ada", "westmark": "cleo"}  # the first administrator of each group


def serve() -> None:
    """Acts by their names, a line of JSON each, until the input ends; each in a transaction of its own.

    A line of JSON comes back for each: what the act returned, or why it failed.
    """
    known = (enter_cast, deployment, own_questionnaire, audit, read_apart, signed)
    acts: dict[str, Callable[..., Any]] = {f.__name__: f for f in known}
    for line in sys.stdin:
        act, about = json.loads(line)
        try:
            with transaction.atomic():
                reply = {"returned": acts[act](**about)}
        except Exception:  # the test shows it
            reply = {"failed": traceback.format_exc()}
        print(json.dumps(reply), flush=True)


def person(name: str, group: str = "northshire") -> User:
    """Somebody of the cast, whose scope the transaction is in from here on."""
    user = User.objects.to_sign_in(f"{name}@{group}.example")
    assert user
    scope.enter_as(user)
    return user


def enter_cast() -> list[str]:
    """The hospital groups, and the people of tests/factories.py with their roles."""
    for group, (title, hospitals) in GROUPS.items():
        organisation = Organisation.found(code=group, name=title, jurisdiction="UK")
        sites = {code: organisation.add_site(code=code, name=name, zone="Europe/London") for code, name in hospitals}
        cast = {name: (full, roles) for name, full, group_of, roles in PEOPLE if group_of == group}
        first = organisation.add_first_administrator(
            name=cast[FIRST[group]][0], email=f"{FIRST[group]}@{group}.example", password=PASSWORD
        )
        for name, (full, roles) in cast.items():
            _enter(first, f"{name}@{group}.example", full, roles, sites)
    return [name for name, *_rest in PEOPLE]


def _enter(first: User, email: str, name: str, roles: list[tuple[str, str | None]], sites: dict[str, Site]) -> None:
    """One person; the first administrator is there already and is given what else they do."""
    rest = [(role, sites[site] if site else None) for role, site in roles]
    user = first
    if email != first.email:
        (role, site), *rest = rest
        user = User.invite(by=first, name=name, email=email, password=PASSWORD, role=role, site=site)
    for role, site in rest:
        if (user, role) != (first, "administrator"):
            user.give_role(role, site=site, by=first)


def deployment(name: str, kind: str = "ambient scribe") -> str:
    """A tool that is live at the Royal, registered by Omar and confirmed by Olga; returns its reference."""
    omar = person("omar")
    royal = Site.objects.get(code="royal")
    found = Deployment.register(
        by=omar,
        site=royal,
        owner=omar,
        product=Product.named(kind.capitalize(), vendor="Calder Health", organisation=omar.organisation),
        name=name,
        intended_use=f"The {kind} supports staff in outpatient clinics.",
        facts={fact.id: False for fact in profile.facts()} | PROFILES[kind],
    )
    found.newest_profile.confirm(by=person("olga"))
    found.add_version(by=omar, name="2.3", starts=clock.today(royal.zone) - timedelta(days=90))
    found.change_status("in_evaluation", by=omar, reason="Start of use agreed by the committee.")
    proposed = life.move(found, "live", by=omar, reason="Start of use agreed by the committee.")
    assert isinstance(proposed, StatusProposal)
    life.sign_off(proposed, by=person("ben"))
    return found.ref


def own_questionnaire(title: str, category: str, questions: int) -> str:
    """A published questionnaire of the group that asks so many questions, all in one category; returns its code."""
    ben = person("ben")
    base = QuestionnaireVersion.objects.get(questionnaire__code="predeploy-llm", state="published")
    draft = Draft.begin(by=ben, base=base, title=title, empty=True)
    asked = base.questions.select_related("category")[:questions]
    about = {"code": "", "category": category, "thresholds": [], "applies_when": "always", "scope": "deployment"}
    draft.take_in([question.worded | about for question in asked], by=ben)
    draft.offer(by=ben)
    draft.publish(by=person("grace"))
    return draft.questionnaire.code


def audit(deployment: str, questionnaire: str, reason: str, unanswered: list[str] | None = ()) -> dict[str, Any]:
    """An audit that Asha opened and answered "met" with evidence, but for the checks named (None: for all of them).

    Returns {"ref", "answers": {code: category}}.
    """
    asha = person("asha")
    about = Deployment.objects.get(ref=deployment)
    opened = Audit.open(
        about,
        by=asha,
        version=QuestionnaireVersion.objects.published().get(questionnaire__code=questionnaire),
        model_version=about.versions.get(),
        reason=reason,
        triggers=[],
    )
    answers = list(opened.answers.select_related("audit"))
    for answer in answers:
        if (
            unanswered is not None and answer.code not in unanswered and not answer.n
        ):  # what the hospital answered once is there already
            seen = f"Seen for {answer.code} on the ward."
            answer.save_revision(by=asha, base=0, key=f"before-{answer.pk}", verdict="met", evidence_note=seen)
    return {"ref": opened.ref, "answers": {answer.code: answer.category_code for answer in answers}}


def read_apart(deployment: str) -> dict[str, Any]:
    """An audit that nobody has answered, and two more auditors, Nina and Theo, to read it and to settle."""
    ada = person("ada")
    for name in ("nina", "theo"):
        if not User.objects.is_known(f"{name}@northshire.example"):
            about = {"email": f"{name}@northshire.example", "password": PASSWORD, "role": "auditor"}
            User.invite(by=ada, name=f"{name.capitalize()} Reader", site=Site.objects.get(code="royal"), **about)
    asha = person("asha")
    about = Deployment.objects.get(ref=deployment)
    version = QuestionnaireVersion.objects.published().get(questionnaire__code="containment-72h")
    opened = Audit.open(
        about, by=asha, version=version, model_version=about.versions.get(), reason="containment", triggers=[]
    )
    return {"ref": opened.ref}


def signed(ref: str, evidence: dict[str, int]) -> str:
    """The audit, carried to its issue; `evidence` gives checks a document that is valid for so many days from today.

    Returns the digest of the report's facts.
    """
    asha = person("asha")
    found = Audit.objects.get(ref=ref)
    today = clock.today(found.site.zone)
    for code, days in evidence.items():
        answer = found.answers.get(code=code)
        about = {"title": f"Document for {code}", "effective_date": today - timedelta(days=400)}
        answer.add_evidence(by=asha, url="https://example.org/", valid_until=today + timedelta(days=days), **about)
    found.submit(by=asha)
    ben = person("ben")
    found.refresh_from_db()
    found.accept(by=ben)
    report = Decision.record(found, by=ben, code="restrict", reasons="Contained.").report
    place = {"report": report.pk, "organisation": report.organisation_id, "site": report.site_id}
    jobs.render(**place)
    for turn, name in zip(report.signatories, ("asha", "ben"), strict=True):
        report.sign(by=person(name), meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        jobs.sign(order=turn["order"], **place)
    return str(report.sha256)
