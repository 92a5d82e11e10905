"""The life of a deployment: no step into use past a closed gate, and nobody takes the grave steps alone."""

import ast
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client

from auditapp import clock
from auditapp.deployments.models import Deployment, Policy, StatusChange, StatusProposal
from auditapp.deployments.models.step import GateWord
from auditapp.refusals import NotAllowed, Refused
from auditapp.tracking import life
from tests.factories import Make
from tests.tracking.issued import issued, sign_in


def set_gate(make: Make, day: date | None, tiers: Any = ()) -> None:
    built_in = Policy.built_in(1)
    Policy.set(
        by=make.people["ben"], site=None, base=Policy.objects.count(), gate_from=day, harm_threshold="moderate",
        tiers=list(tiers), intervals=built_in.intervals, remind_days=[7], escalate_days=14,
    )  # fmt: skip


@pytest.fixture
def evaluated(make: Make) -> Deployment:
    deployment = make.deployment(kind="sepsis model")
    deployment.change_status("in_evaluation", by=make.people["omar"], reason="Silent running.")
    return deployment


def approved(make: Make, deployment: Deployment, code: str = "approve") -> Any:
    about = {"questionnaire": "predeploy-predictive-imaging", "reason": "pre_deployment"}
    return issued(make, deployment=deployment, code=code, **about)


def test_past_the_gate_a_step_into_use_needs_a_valid_decision(make: Make, evaluated: Deployment) -> None:
    set_gate(make, clock.today(evaluated.site.zone))
    with pytest.raises(Refused) as refused:
        life.move(evaluated, "live", by=make.people["omar"], reason="Agreed.")
    assert "there is none" in refused.value.sentence
    assert refused.value.reasons[0] == "Version 1.0 has no issued audit."
    assert "Before deployment" in refused.value.reasons[1][0]
    report = approved(make, evaluated)
    make.step(evaluated, "live")
    change = evaluated.status_changes.latest("pk")
    assert (change.gate, change.rests_on) == ("passed", report.audit.ref)


def test_a_decision_that_does_not_permit_use_opens_nothing(make: Make, evaluated: Deployment) -> None:
    set_gate(make, clock.today(evaluated.site.zone))
    approved(make, evaluated, code="decline")
    with pytest.raises(Refused):
        life.move(evaluated, "pilot", by=make.people["omar"], reason="Agreed.")


def test_the_gate_is_asked_again_when_the_step_is_signed_off(make: Make, evaluated: Deployment) -> None:
    set_gate(make, clock.today(evaluated.site.zone))
    approved(make, evaluated)
    proposed = life.move(evaluated, "live", by=make.people["omar"], reason="Agreed.")
    assert isinstance(proposed, StatusProposal)
    evaluated.add_version(by=make.people["omar"], name="2.0", starts=clock.today(evaluated.site.zone))
    with pytest.raises(Refused):
        life.sign_off(proposed, by=make.people["ben"])
    evaluated.refresh_from_db()
    assert evaluated.status == "in_evaluation"


def test_before_the_day_of_the_gate_the_step_is_taken_with_a_notice(
    client: Client, make: Make, evaluated: Deployment
) -> None:
    set_gate(make, date(2040, 1, 1))
    sign_in(client, make.people["omar"])
    assert "The gate is on from 1 Jan 2040" in client.get(f"/deployments/{evaluated.ref}/status/").content.decode()
    make.step(evaluated, "live")
    assert evaluated.status_changes.latest("pk").gate == "off"


def test_what_is_only_registered_is_exempt_and_that_is_on_the_record(make: Make, evaluated: Deployment) -> None:
    rule = {"fact": "autonomy_level", "is": "at_most", "value": 0, "tier": "registration"}
    set_gate(make, clock.today(evaluated.site.zone), [rule])
    make.step(evaluated, "live")
    assert evaluated.status_changes.latest("pk").gate == "exempt"


def test_the_form_says_beside_the_choice_why_the_gate_is_closed(
    client: Client, make: Make, evaluated: Deployment
) -> None:
    set_gate(make, clock.today(evaluated.site.zone))
    sign_in(client, make.people["omar"])
    page = client.post(f"/deployments/{evaluated.ref}/status/", {"to": "live", "reason": "Agreed."})
    assert page.context["form"].errors["to"] == [
        "A step into use needs a valid decision for the version that runs, and there is none."
    ]
    assert "Agreed." in page.content.decode()
    assert "Ask an auditor for the audit that is needed" in page.content.decode()
    sign_in(client, make.people["asha"])
    assert client.get(f"/deployments/{evaluated.ref}/status/").status_code == 403


def test_nobody_takes_a_grave_step_alone(make: Make, evaluated: Deployment) -> None:
    for to in ("live", "pilot", "retired"):
        with pytest.raises(Refused, match="second person"):
            evaluated.change_status(to, by=make.people["ben"], reason="At once.")
    proposed = life.move(evaluated, "live", by=make.people["ben"], reason="Agreed.")
    assert isinstance(proposed, StatusProposal)
    with pytest.raises(NotAllowed):
        life.sign_off(proposed, by=make.people["ben"])
    with pytest.raises(NotAllowed):
        life.sign_off(proposed, by=make.people["olga"])


def test_nobody_goes_round_the_gate(make: Make, evaluated: Deployment) -> None:
    proposed = life.move(evaluated, "live", by=make.people["omar"], reason="Agreed.")
    assert isinstance(proposed, StatusProposal)
    for word in (None, GateWord(evaluated.pk, "pilot", "passed", ""), GateWord(0, "live", "passed", "")):
        with pytest.raises(Refused, match="gate"):
            evaluated.take_step(proposed, by=make.people["ben"], word=word)
    alone = {"by": make.people["omar"], "before": "in_evaluation", "after": "live", "reason": "Quietly."}
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusChange.objects.create(**evaluated.place, deployment=evaluated, at=clock.now(), **alone)
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusChange.objects.create(
            **evaluated.place, deployment=evaluated, at=clock.now(), signed_by=make.people["ben"], **alone
        )
    life.sign_off(proposed, by=make.people["ben"])
    with pytest.raises(ProgrammingError), transaction.atomic():
        StatusProposal.objects.filter(pk=proposed.pk).update(reason="Another one.")


def test_only_the_gate_gives_its_word() -> None:
    root = Path(life.__file__).resolve().parent.parent
    giving = [
        path.name
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "GateWord"
    ]
    assert giving == ["life.py"]


def test_suspension_takes_effect_at_once_and_drops_what_was_proposed(make: Make, evaluated: Deployment) -> None:
    make.step(evaluated, "live")
    life.move(evaluated, "retired", by=make.people["omar"], reason="Replaced.")
    life.move(evaluated, "suspended", by=make.people["ben"], reason="An event.")
    assert evaluated.status == "suspended"
    assert not evaluated.status_proposals.waiting().exists()
    with pytest.raises(NotAllowed):
        life.move(make.deployment(live=True), "suspended", by=make.people["omar"], reason="An event.")


def test_one_step_is_proposed_at_a_time_and_one_of_two_tabs_signs_it_off(make: Make, evaluated: Deployment) -> None:
    proposed = life.move(evaluated, "live", by=make.people["omar"], reason="Agreed.")
    with pytest.raises(Refused, match="proposed already"):
        life.move(evaluated, "pilot", by=make.people["omar"], reason="Or this.")
    assert isinstance(proposed, StatusProposal)
    other_tab = StatusProposal.objects.with_names().get(pk=proposed.pk)
    life.sign_off(proposed, by=make.people["ben"])
    with pytest.raises(Refused):
        life.sign_off(other_tab, by=make.people["grace"])
    assert evaluated.status_changes.filter(after="live").count() == 1
