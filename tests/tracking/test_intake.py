"""Proposing a tool on one page, and what becomes of it."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Intake
from auditapp.refusals import NotAllowed, Refused
from tests.factories import PROFILES, Make
from tests.tracking.issued import counted, sign_in

ABOUT = {
    "name": "Letter drafts",
    "vendor": "Calder Health",
    "purpose": "Drafts letters to the general practitioner.",
    "users": "Clinic secretaries",
    "patients": "Adults in outpatient clinics",
    "why_now": "The supplier offers a trial in May.",
    "contact": "Dora Petrou, clinics",
}


def proposed(make: Make, by: str = "dora", site: str = "royal", **about: Any) -> Intake:
    return Intake.propose(by=make.people[by], site=make.sites[site], **ABOUT | about)


def test_somebody_proposes_and_an_owner_registers_it_and_the_proposer_is_told(client: Client, make: Make) -> None:
    sign_in(client, make.people["dora"])
    assert client.post("/proposals/new/", {**ABOUT, "site": make.sites["royal"].pk}).status_code == 302
    proposal = Intake.objects.get()
    assert "Register it" not in client.get(proposal.get_absolute_url()).content.decode()
    sign_in(client, make.people["omar"])
    assert "Register or decline a proposed tool" in client.get("/").content.decode()
    assert "Register it" in client.get(proposal.get_absolute_url()).content.decode()
    address = f"/deployments/new/?proposal={proposal.ref}"
    form = client.get(address).context["form"]
    assert (form["product"].value(), form["vendor"].value()) == ("Letter drafts", "Calder Health")
    assert form["intended_use"].value().startswith("Drafts letters")
    facts = {f.id: False for f in profile.facts()} | PROFILES["ambient scribe"]
    yes_no = {f"fact_{k}": v if type(v) is int else "yes" if v else "no" for k, v in facts.items()}
    sent = yes_no | {name: form[name].value() for name in ("product", "vendor", "name", "intended_use")}
    sent |= {"site": make.sites["royal"].pk, "owner": make.people["omar"].pk}
    assert client.post(address, sent | {"version_name": "1", "version_starts": "2026-01-05"}).status_code == 302
    deployment = Deployment.objects.get()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.deployment, deployment.status) == ("registered", deployment, "proposed")
    assert client.get(address).status_code == 409  # another tab: it is decided
    sign_in(client, make.people["dora"])
    assert "Read what became of your proposal: Registered" in client.get("/").content.decode()
    assert client.post(f"/proposals/{proposal.ref}/noted/").status_code == 302
    assert "what became of your proposal" not in client.get("/").content.decode()


def test_it_is_declined_with_a_reason_that_its_proposer_reads(client: Client, make: Make) -> None:
    proposal = proposed(make)
    sign_in(client, make.people["ben"])
    address = f"/proposals/{proposal.ref}/declining/"
    assert "Give the reason" in client.post(address, {"reason": " "}).content.decode()
    assert client.post(address, {"reason": "The record system does this already."}).status_code == 302
    assert client.post(address, {"reason": "Again."}).status_code == 409
    sign_in(client, make.people["dora"])
    assert "does this already" in client.get(proposal.get_absolute_url()).content.decode()


def test_what_is_missing_is_asked_for_and_what_was_typed_stays(client: Client, make: Make) -> None:
    sign_in(client, make.people["dora"])
    page = client.post("/proposals/new/", {**ABOUT, "users": "", "site": make.sites["royal"].pk})
    assert page.context["form"].errors["users"] == ["Say who would use it."]
    assert "Drafts letters" in page.content.decode()
    assert not Intake.objects.exists()


def test_who_only_reads_does_not_propose_and_who_keeps_nothing_does_not_decide(make: Make) -> None:
    with pytest.raises(NotAllowed):
        proposed(make, by="vera")
    proposal = proposed(make)
    with pytest.raises(NotAllowed):
        proposal.decline(by=make.people["dora"], reason="No.")
    with pytest.raises(NotAllowed):
        proposal.note(by=make.people["ben"])


def test_it_is_decided_once_and_stays_as_it_was_written(make: Make) -> None:
    proposal, other_tab = proposed(make), Intake.objects.get()
    proposal.decline(by=make.people["ben"], reason="No.")
    with pytest.raises(Refused):
        other_tab.decline(by=make.people["ben"], reason="No!")
    for change in ({"purpose": "Something else."}, {"reason": "Yes."}):
        with pytest.raises(ProgrammingError), transaction.atomic():
            Intake.objects.filter(pk=proposal.pk).update(**change)
    with pytest.raises(Refused, match="another hospital"):
        proposed(make).register(make.deployment(site="general"), by=make.people["omar"])


def test_other_hospitals_see_nothing_and_three_take_the_queries_of_one(client: Client, make: Make) -> None:
    proposed(make)
    sign_in(client, make.people["sam"])
    assert not client.get("/proposals/").context["page"].object_list
    sign_in(client, make.people["omar"])
    client.get("/proposals/")
    with counted(8) as queries:
        assert len(client.get("/proposals/").context["page"]) == 1
    one = queries()
    proposed(make)
    proposed(make).decline(by=make.people["ben"], reason="No.")
    with counted(8) as queries:
        assert len(client.get("/proposals/?").context["page"]) == 3
    assert queries() == one
    assert len(client.get("/proposals/?state=declined").context["page"]) == 1
