"""Something goes wrong on a ward: it is reported, judged, put right, and told outside without saying where."""

import json

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey


def test_an_incident_is_reported_reviewed_put_right_and_told_outside(people: People, ward: Ward) -> None:
    deployment = ward.play("deployment", name="Scribe that left something out")
    asha = people.visit("asha", f"/incidents/of/{deployment}/new/")
    people.look(asha, "report")
    asha.get_by_label("Safety event: it reached a patient").check()
    asha.get_by_label("Day on which it happened").fill("2026-01-05")
    asha.get_by_label("What happened", exact=True).fill("The summary left out an allergy; the pharmacist noticed.")
    asha.get_by_label("Low harm").check()
    search = asha.get_by_label("Find a check by its words or code")
    search.fill("zebra")
    expect(asha.get_by_text("No check has all of these words.")).to_be_visible()
    search.fill("mon-03")
    expect(asha.get_by_text("1 found")).to_be_visible()
    asha.get_by_role("checkbox", name="mon-03").check()
    search.fill("")
    expect(asha.get_by_role("checkbox", name="mon-03")).to_be_checked()
    asha.get_by_role("button", name="Report it").click()
    expect(asha.get_by_text("Suspected contribution, under review").first).to_be_visible()
    expect(asha.get_by_role("link", name="Open the containment check")).to_be_visible()
    ref = asha.url.rstrip("/").rsplit("/", 1)[-1]
    people.look(asha, "reported")

    ben = people.visit("ben", "/")
    ben.get_by_role("link", name="Review the incident").first.click()
    ben.goto(f"{ward.url}/incidents/{ref}/review/")
    ben.get_by_label("Confirmed: the AI contributed").check()
    ben.get_by_label("Moderate harm").check()
    ben.get_by_label("Reason").fill("The log shows the line in the transcript and not in the letter.")
    people.look(ben, "review")
    ben.get_by_role("button", name="Keep the review").click()
    expect(ben.get_by_text("AI contributed").first).to_be_visible()
    ben.get_by_role("button", name="Open these checks again as findings").click()
    ben.get_by_role("link", name="F-").first.click()
    people.look(ben, "finding")
    finding = ben.url

    ben.get_by_role("link", name="Plan an action").click()
    ben.get_by_label("What is to be done").fill("Write the table of what is reported to whom.")
    ben.get_by_label("Who does it").select_option(label="Omar Haddad")
    ben.get_by_label("By when").fill("2030-01-01")
    people.look(ben, "action")
    ben.get_by_role("button", name="Plan it").click()
    expect(ben.get_by_text("It can be closed when 1 open action is done")).to_be_visible()

    omar = people.visit("omar", "/")
    omar.get_by_role("link", name="Do what was planned").first.click()
    omar.goto(f"{finding}actions/1/completion/")
    omar.get_by_label("Done on").fill("2026-01-20")
    omar.get_by_role("button", name="Say that it is done").click()
    expect(omar.get_by_text("Say what was done and where that can be seen").first).to_be_visible()
    omar.get_by_label("What was done, and where that can be seen").fill("The table is in procedure 4.2.")
    people.look(omar, "done")
    omar.get_by_role("button", name="Say that it is done").click()
    expect(omar.get_by_role("link", name="Check its effect")).to_have_count(0)

    ben.goto(f"{finding}actions/1/judgement/")
    ben.get_by_label("Effective: what was missing").check()
    ben.get_by_label("How you know").fill("Read it, and asked two nurses.")
    ben.get_by_role("button", name="Keep it").click()
    ben.get_by_role("link", name="Close the finding").click()
    ben.get_by_label("What is in place now").fill("The table, and everybody knows it.")
    ben.get_by_role("button", name="Close it").click()
    expect(ben.get_by_role("heading", name="Closed")).to_be_visible()
    people.look(ben, "closed")

    ben.goto(f"{ward.url}/findings/?state=all&by=owner")
    people.look(ben, "findings")
    ben.goto(f"{ward.url}/incidents/")
    people.look(ben, "incidents")

    ben.goto(f"{ward.url}/incidents/{ref}/exports/new/")
    text = ben.get_by_label("What happened, for readers outside the hospital")
    text.fill("Asha Rao saw that a summary left out an allergy.")
    ben.get_by_role("button", name="Make the export").click()
    expect(ben.get_by_text("names a person").first).to_be_visible()
    people.look(ben, "refused")
    text.fill("A summary left out an allergy that was in the transcript.")
    ben.get_by_role("button", name="Make the export").click()
    expect(ben.get_by_text("A summary left out an allergy that was in the transcript.")).to_be_visible()
    people.look(ben, "export")
    told = json.loads(ben.request.get(f"{ben.url}incident.json").body())
    assert told["period"] == "2026-Q1"
    assert "Royal" not in json.dumps(told)
