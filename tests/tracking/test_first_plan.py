"""The first plan: what is live and unaudited gets a day by its risk, and the executive signs the days."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import Site, User
from auditapp.deployments.models import Deployment
from auditapp.refusals import NotAllowed, Refused
from auditapp.tracking import schedule
from auditapp.tracking.first_plan import FirstPlan, PlannedAudit, laid_out
from auditapp.tracking.first_plan_page import unaudited
from auditapp.trail.models import Event
from tests.deployments.test_policy import setting
from tests.factories import PASSWORD, Make
from tests.tracking.issued import issued, sign_in

TODAY = clock.today("Europe/London")
HIGH = {"fact": "is_imaging", "is": "is", "value": True, "tier": "fast"}


def planned(make: Make, by: str = "asha", *, starts: date = TODAY, per_week: int = 1) -> FirstPlan:
    site, person = make.sites["royal"], make.people[by]
    ranked = [row.as_line for row in unaudited(person, site)]
    return FirstPlan.propose(site, by=person, starts=starts, per_week=per_week, ranked=ranked)


def signed(make: Make, **about: Any) -> FirstPlan:
    plan = planned(make, **about)
    plan.sign(by=make.people["eve"], shown_sha256=plan.digest)
    return FirstPlan.objects.get(pk=plan.pk)


def test_the_riskiest_come_first(make: Make, royal: Site, asha: User, grace: User) -> None:
    setting(grace, tiers=[HIGH])
    for kind, name in (("sepsis model", "Sepsis"), ("imaging triage", "Imaging"), ("ambient scribe", "Scribe")):
        make.deployment(kind=kind, name=name, live=True)
    make.deployment(kind="LLM agent", name="Agent", live=True)
    make.deployment(kind="sepsis model", name="Nobody looked", live=True, confirmed=False)
    make.deployment(name="Not in use")
    issued(make, deployment=make.deployment(name="Audited", live=True))
    rows = unaudited(asha, royal)
    assert [row.coming.name for row in rows] == ["Nobody looked", "Agent", "Scribe", "Sepsis", "Imaging"]
    assert rows[0].because == "Full review, no profile confirmed"
    assert rows[3].because == "Full review, autonomy level 0, 2 facts that raise the risk"


def test_so_many_a_week_each_by_the_end_of_its_week() -> None:
    monday = date(2026, 11, 30)
    assert [laid_out(monday, 2, place) for place in range(3)] == [
        date(2026, 12, 6), date(2026, 12, 6), date(2026, 12, 13)
    ]  # fmt: skip


def test_nothing_is_planned_before_the_executive_has_signed(make: Make, royal: Site, eve: User) -> None:
    deployment = make.deployment(live=True)
    plan = planned(make)
    assert not PlannedAudit.objects.exists()
    plan.sign(by=eve, shown_sha256=plan.digest)
    (row,) = schedule.coming(Deployment.objects.all(), [royal])
    assert (row.due.on, row.due.why, row.is_planned) == (TODAY + timedelta(days=6), "planned", True)
    assert Deployment.objects.with_planned().get(pk=deployment.pk).planned_for == row.due.on


def test_after_its_day_it_is_overdue_like_everything_else(make: Make, royal: Site) -> None:
    deployment = make.deployment(live=True)
    signed(make)
    with make.at(f"{TODAY + timedelta(days=8)} 12:00"):
        (row,) = schedule.coming(Deployment.objects.all(), [royal])
        assert (row.is_planned, row.is_overdue) == (False, True)
        assert Deployment.objects.with_planned().get(pk=deployment.pk).planned_for is None


def test_what_is_signed_is_what_was_shown_as_canonical_bytes(make: Make) -> None:
    deployment = make.deployment(live=True)
    plan = signed(make)
    content = json.loads(bytes(plan.canonical))
    assert hashlib.sha256(bytes(plan.canonical)).hexdigest() == plan.sha256
    assert content["audits"][0]["ref"] == deployment.ref
    event = Event.objects.filter(verb="plan.signed").get()
    assert json.loads(bytes(event.body))["facts"]["planned"] == {deployment.ref: str(TODAY + timedelta(days=6))}


@pytest.mark.parametrize("name", ["asha", "ben", "grace", "omar", "ada", "vera"])
def test_only_the_executive_signs(make: Make, name: str) -> None:
    make.deployment(live=True)
    plan = planned(make)
    with pytest.raises(NotAllowed):
        plan.sign(by=make.people[name], shown_sha256=plan.digest)


def test_a_plan_that_was_moved_meanwhile_is_read_again_before_it_is_signed(make: Make, asha: User, eve: User) -> None:
    deployment = make.deployment(live=True)
    plan = planned(make)
    seen = plan.digest
    plan.move({deployment.ref: TODAY + timedelta(days=3)}, by=asha, shown_sha256=seen)
    with pytest.raises(Refused, match="Somebody changed the plan"):
        plan.sign(by=eve, shown_sha256=seen)
    with pytest.raises(Refused, match="Somebody changed the plan"):
        plan.move({deployment.ref: TODAY}, by=asha, shown_sha256=seen)


def test_no_day_of_a_plan_lies_in_the_past_when_it_is_signed(make: Make, eve: User) -> None:
    make.deployment(live=True)
    plan = planned(make)
    with make.at(f"{TODAY + timedelta(days=30)} 12:00"), pytest.raises(Refused, match="no dates in the past"):
        plan.sign(by=eve, shown_sha256=plan.digest)


def test_a_plan_signed_later_takes_the_place_of_the_one_before(make: Make, royal: Site) -> None:
    make.deployment(live=True)
    first = signed(make)
    later = signed(make, starts=TODAY + timedelta(days=10))
    assert (first.n, later.n) == (1, 2)
    (row,) = schedule.coming(Deployment.objects.all(), [royal])
    assert row.due.on == TODAY + timedelta(days=16)
    assert FirstPlan.objects.count() == 2


def test_a_signed_plan_is_never_changed_or_removed(make: Make, eve: User) -> None:
    make.deployment(live=True)
    plan = signed(make)
    statements = (
        "UPDATE auditapp_firstplan SET lines = '[]'",
        "DELETE FROM auditapp_firstplan",
        'UPDATE auditapp_plannedaudit SET "on" = now()',
        "DELETE FROM auditapp_plannedaudit",
    )
    for statement in statements:
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(Refused, match="signed"):
        plan.sign(by=eve, shown_sha256=plan.digest)


def test_with_nothing_to_audit_there_is_nothing_to_plan(make: Make) -> None:
    with pytest.raises(Refused, match="nothing to plan"):
        planned(make)


def test_from_the_proposal_to_the_signature_on_the_pages(client: Client, make: Make, asha: User, eve: User) -> None:
    deployment = make.deployment(name="Scribe", live=True)
    sign_in(client, asha)
    assert client.post("/first-plan/royal/proposal/", {"starts": "2020-01-01", "per_week": 1}).context["form"].errors
    assert client.post("/first-plan/royal/proposal/", {"starts": TODAY, "per_week": 1}).status_code == 302
    page = client.get("/first-plan/royal/days/")
    day = TODAY + timedelta(days=20)
    moved = {"shown": page.context["form"]["shown"].value(), f"on_{deployment.ref}": day}
    assert client.post("/first-plan/royal/days/", moved).status_code == 302
    assert client.get("/first-plan/royal/signature/").status_code == 403
    sign_in(client, eve)
    page = client.get("/first-plan/royal/signature/")
    act = {"read": "on", "address": eve.email, "password": "wrong", "shown": page.context["form"]["shown"].value()}
    assert client.post("/first-plan/royal/signature/", act).context["form"].errors["password"]
    assert Event.objects.filter(verb="plan.reauthentication_failed").count() == 1
    somebody_else = act | {"password": PASSWORD, "address": asha.email}
    assert client.post("/first-plan/royal/signature/", somebody_else).context["form"].errors["address"]
    assert client.post("/first-plan/royal/signature/", act | {"password": PASSWORD}).status_code == 302
    plan = FirstPlan.objects.get()
    assert client.get("/first-plan/royal/1.json").content == bytes(plan.canonical)
    shown = client.get(deployment.get_absolute_url())
    assert (shown.context["answer"].tone, "planned for" in shown.context["answer"].text) == ("info", True)
    assert "Planned for" in client.get("/deployments/").content.decode()
    assert "Planned for" in client.get("/schedule/").content.decode()
