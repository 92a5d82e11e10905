"""What the hospital says once: a number is adopted, a check is answered for all, an audit inherits and deviates."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.answering import card, choose, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE = "int-08"  # asked in the quarterly check, which no other journey opens


def test_ben_adopts_a_number_and_the_question_shows_it(people: People, ward: Ward) -> None:
    page = people.visit("ben", "/questionnaires/thresholds/")
    people.look(page, "thresholds")
    page.get_by_role("link", name="source links that support their statement").click()
    page.get_by_label("Number").fill("98")
    page.get_by_role("button", name="Adopt").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the reason")
    expect(page.get_by_label("Number")).to_have_value("98")
    people.look(page, "threshold-without-reason")
    page.get_by_label("Reason").fill("Two links of the spring review led nowhere.")
    page.get_by_role("button", name="Adopt").click()
    expect(page.get_by_role("status").first).to_contain_text("Adopted: at least 98 percent of links.")
    people.look(people.visit("vera", "/questionnaires/thresholds/?show=adopted"), "thresholds-adopted")
    page = people.visit("vera", "/questionnaires/checks/hal-03/")
    expect(page.get_by_text("at least 98 percent of links")).to_be_visible()
    page = people.visit("vera", "/questionnaires/thresholds/")
    page.get_by_role("link", name="source links that support their statement").click()
    expect(page.get_by_role("button", name="Change the number")).to_have_count(0)
    people.look(page, "threshold-read")


def test_grace_answers_for_every_hospital_and_asha_deviates(people: People, ward: Ward) -> None:
    tool = ward.play("deployment", name="Scribe of the quarterly check")
    page = people.visit("grace", "/audits/standing/")
    people.look(page, "standing-answers")
    people.follow(page.get_by_role("link", name=re.compile("AI functions arriving inside existing products")))
    people.look(page, "standing-answer")
    choose(page.locator("form.answering"), "Not met")
    page.get_by_role("button", name="Answer it for the hospital").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is missing.")
    people.look(page, "standing-answer-wrong")
    choose(page.locator("form.answering"), "Met")
    page.get_by_label("Evidence note").fill("Release notes of both upgrades, read on 3 November.")
    page.get_by_label("Owner of this answer").select_option(label="Omar Haddad")
    page.get_by_label("Valid until").fill((date.today() + timedelta(days=90)).isoformat())
    page.get_by_role("button", name="Answer it for the hospital").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{CODE} is answered for the whole hospital.")
    people.look(page, "standing-answers-one-given")

    opened = ward.play("audit", deployment=tool, questionnaire="quarterly-monitoring", reason="quarterly")
    page = people.visit("asha", f"/audits/{opened['ref']}/categories/{opened['answers'][CODE]}/")
    expect(card(page, CODE)).to_contain_text("Inherited: answered for Northshire Hospitals Group by Grace Adeyemi")
    people.look(page, "inherited")
    card(page, CODE).focus()
    page.keyboard.press("3")  # a key does not change what is folded away
    expect(card(page, CODE).locator("input[name=verdict]:checked")).to_have_value("met")
    card(page, CODE).get_by_text("State a deviation").click()
    choose(card(page, CODE), "Partly met")
    for label, text in {
        "What is missing": "One upgrade was not read.",
        "Who puts it right": "Integration team",
    }.items():
        card(page, CODE).get_by_label(label).fill(text)
    card(page, CODE).get_by_label("By when").fill("2030-01-15")
    saved(card(page, CODE), "Asha Rao")
    expect(card(page, CODE).locator("[data-lacks]")).to_contain_text("the reason why this audit deviates")
    card(page, CODE).get_by_label("Why this audit deviates").fill("The Royal upgrades on its own days.")
    expect(card(page, CODE).locator("[data-lacks]")).to_be_hidden()
    people.look(page, "deviating")
    page.reload()
    expect(card(page, CODE)).to_contain_text("Deviates from the hospital’s answer")
    people.look(page, "deviates")
    card(page, CODE).get_by_role("button", name="Take it over").click()
    expect(card(page, CODE)).to_contain_text("Inherited: answered for Northshire Hospitals Group")
    people.look(people.visit("asha", f"/audits/{opened['ref']}/answers/{CODE}/history/"), "history")
