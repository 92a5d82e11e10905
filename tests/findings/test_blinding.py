"""What of an incident leaves the hospital, and what never does."""

import hashlib
import json
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from auditapp.findings.models import Finding, Incident, IncidentExport, RootCause
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.factories import Make
from tests.tracking.issued import sign_in

TEXT = "A generated summary left out an allergy that was in the transcript. A pharmacist noticed it."


@pytest.fixture
def incident(make: Make) -> Incident:
    deployment = make.deployment(live=True, name="Ward scribe")
    return Incident.report(
        deployment, by=make.people["asha"], kind="event", happened_on=date(2026, 5, 4), harm="low",
        summary="Mr Quill was discharged without his allergy in the letter.", checks=["mon-03", "acc-10"],
        elsewhere="DATIX 4471",
    )  # fmt: skip


def exported(make: Make, incident: Incident, text: str = TEXT, **allowed: Any) -> IncidentExport:
    return IncidentExport.make(incident, by=make.people["ben"], text=text, **allowed)


def test_it_says_what_kind_and_which_quarter_and_nothing_of_who_where_and_when(make: Make, incident: Incident) -> None:
    export = exported(make, incident)
    said = export.content
    assert (said["kind"]["code"], said["period"], said["harm"]["code"]) == ("event", "2026-Q2", "low")
    assert said["cause"]["code"] == "suspected"
    assert "is_llm" in {fact["code"] for fact in said["product_class"]}
    assert [check["code"] for check in said["checks"]] == ["acc-10", "mon-03"]
    whole = bytes(export.canonical).decode()
    for hidden in (
        "Quill", "Asha", "Rao", "Royal", "Northshire", "Ward scribe", incident.ref, incident.deployment.ref, "DATIX",
        "2026-05-04", "Calder", "Omar",
    ):  # fmt: skip
        assert hidden not in whole


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It was seen by Asha Rao.", "a person"),
        ("Rao saw it.", "a person"),
        ("At the Royal Northshire Hospital it left a line out.", "a hospital"),
        ("At Northshire General it did not.", "a hospital"),
        ("The Ward scribe left a line out.", "the deployment"),
        ("See I-0001 for more.", "a reference"),
        ("It happened on 4 May 2026.", "a day"),
        ("It happened on 2026-05-04.", "a day"),
        ("Calder Health was told.", "the supplier"),
        ("Mr Quill was discharged without it.", "patient data"),
        ("NHS number 999 000 0018 was shown.", "patient data"),
    ],
)
def test_a_text_that_tells_is_refused_and_nobody_waves_it_through(
    make: Make, incident: Incident, text: str, why: str
) -> None:
    with pytest.raises(Refused, match="who, where or when") as refused:
        exported(make, incident, text=text)
    assert any(why in str(line) for line in refused.value.reasons)
    assert not IncidentExport.objects.exists()


def test_the_hospital_is_named_only_with_a_reason_and_the_product_only_when_allowed(
    make: Make, incident: Incident
) -> None:
    with pytest.raises(Refused, match="the hospital is named"):
        exported(make, incident, names_site=True)
    said = exported(make, incident, names_site=True, reason="The regulator asks for it.", names_product=True).content
    assert said["site"] == "Royal Northshire Hospital"
    assert said["product"] == {
        "vendor": "Calder Health",
        "name": "Ambient scribe",
        "version": said["product"]["version"],
    }
    assert "The regulator asks" not in json.dumps(said)


def test_only_released_root_causes_can_be_in_it(make: Make, incident: Incident) -> None:
    ben, omar = make.people["ben"], make.people["omar"]
    finding = Finding.enter(
        incident.deployment, by=ben, incident=incident, title="No second look", gap="Nobody signs.", priority="P1",
        due=date(2030, 1, 1), owner=omar.name, person=omar,
    )  # fmt: skip
    cause = RootCause.state(finding, by=omar, text="The letters were not read at night.", base=0)
    assert "root_causes" not in exported(make, incident, with_root_causes=True).content
    cause.release(by=ben)
    assert "root_causes" not in exported(make, incident).content
    assert exported(make, incident, with_root_causes=True).content["root_causes"] == [cause.text]
    RootCause.state(finding, by=omar, text="Something newer and internal.", base=1)
    assert exported(make, incident, with_root_causes=True).content["root_causes"] == [cause.text]


def test_a_released_root_cause_that_names_somebody_still_stays_inside(make: Make, incident: Incident) -> None:
    ben, omar = make.people["ben"], make.people["omar"]
    finding = Finding.enter(
        incident.deployment, by=ben, incident=incident, title="No second look", gap="Nobody signs.", priority="P1",
        due=date(2030, 1, 1), owner=omar.name, person=omar,
    )  # fmt: skip
    RootCause.state(finding, by=omar, text="Dora Petrou was not told.", base=0).release(by=ben)
    with pytest.raises(Refused, match="who, where or when"):
        exported(make, incident, with_root_causes=True)


def test_only_the_officer_lets_it_out_and_it_is_kept_as_it_left(make: Make, incident: Incident) -> None:
    for who in ("asha", "omar", "grace"):
        with pytest.raises(NotAllowed):
            IncidentExport.make(incident, by=make.people[who], text=TEXT)
    export = exported(make, incident)
    assert export.sha256 == hashlib.sha256(bytes(export.canonical)).hexdigest()
    event = Event.objects.get(verb="incident.exported")
    assert export.sha256.encode() in bytes(event.body)
    for statement in ("UPDATE auditapp_incidentexport SET names_site = true", "DELETE FROM auditapp_incidentexport"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_page_and_the_file_are_of_the_kept_bytes(client: Client, make: Make, incident: Incident) -> None:
    sign_in(client, make.people["ben"])
    form = f"/incidents/{incident.ref}/exports/new/"
    refused = client.post(form, {"text": "Asha Rao saw it."})
    assert "names a person" in refused.content.decode()
    client.post(form, {"text": TEXT})
    export = IncidentExport.objects.get()
    assert TEXT in client.get(export.get_absolute_url()).content.decode()
    assert client.get(f"{export.get_absolute_url()}incident.json").content == bytes(export.canonical)
