"""A wrong dose stood in a letter: the scribe is registered, checked within 72 hours, decided on and signed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.evidence import files
from tests.journeys import answering, judging, registering, signing, verifying
from tests.journeys.answering import add_evidence, card, choose, leave_a_gap, meet, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

NAME = "Ambient scribe, dermatology clinics"
REASON = "The table must name the regulator of medicines."
MONITORING = "Monitoring, change control and learning from incidents"


def test_an_event_is_contained_and_signed_for(people: People, ward: Ward, tmp_path: Path) -> None:
    deployment = registering.omar_registers(people, NAME)
    registering.olga_confirms(people, deployment)
    registering.omar_takes_it_live(people, deployment)

    audit = asha_opens_the_check(people, deployment)
    asha_gives_dora_a_part(people, audit)
    asha_answers(people, audit, tmp_path)
    dora_and_asha_answer_the_same_question(people, audit)
    ben_agrees_that_one_does_not_apply(people, audit)
    asha_finds_what_is_missing_and_submits(people, audit)

    judging.ben_sends_back(people, audit, "mon-03", REASON)
    judging.asha_puts_it_right(people, audit, "mon-03", REASON)
    judging.ben_rates_a_hazard(people, audit)
    judging.ben_accepts(people, audit, "Complete; the gap in the table is named.")
    judging.decide_with_conditions(people, "ben", audit)

    signing.asha_mistypes_her_password(people, audit)
    signing.read_and_sign(people, "asha", audit, states="prepared the check")
    signing.read_and_sign(people, "ben", audit, states="reviewed the check")
    page = signing.wait_until_issued(people, "asha", audit)
    people.look(page, "report-issued")

    pdf = verifying.download(people, "vera", audit, tmp_path)
    verifying.pdf_readers_find_valid(pdf, 2)
    verifying.anybody_verifies(people, pdf)
    verifying.anybody_follows_the_address_on_it(people, "vera", audit)
    the_deployment_shows_it(people, deployment, audit)


def asha_opens_the_check(people: People, deployment: str) -> str:
    page = people.visit("asha", "/audits/")
    page.get_by_role("link", name="Open an audit").first.click()
    page.get_by_label("Deployment").select_option(value=deployment)
    people.look(page, "opening-which-deployment")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label(re.compile("^Containment check within 72 hours")).check()
    page.get_by_role("button", name="Show what would be asked").click()
    expect(page.get_by_role("heading", name="8 questions would be asked")).to_be_visible()
    people.look(page, "opening-what-is-asked")
    page.get_by_role("button", name="Open the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    people.look(page, "audit-opened")
    audit = page.url.rstrip("/").rpartition("/")[2]
    page.get_by_role("link", name="What is not asked, and why").click()
    expect(page.get_by_role("row", name=re.compile("^aut-07"))).to_contain_text("Autonomy level: 1")
    people.look(page, "exclusions")
    return audit


def asha_gives_dora_a_part(people: People, audit: str) -> None:
    page = people.visit("asha", f"/audits/{audit}/assignments/")
    page.get_by_label("Category").select_option(label=MONITORING)
    page.get_by_label("Person").select_option(label="Dora Petrou")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Dora Petrou can answer it now.")).to_be_visible()
    people.look(page, "assignments")


def asha_answers(people: People, audit: str, folder: Path) -> None:
    """By category: a verdict by key, notes, a file and a link, a gap, and one that does not apply."""
    page = people.visit("asha", "/")
    page.locator(".tasks li", has_text=audit).get_by_role("link", name="Answer 8 questions").click()
    page.get_by_role("link", name="Begin answering").click()
    question = card(page, "aut-03")
    expect(question).to_be_visible()
    expect(page.get_by_role("button", name="Shortcuts")).to_be_visible()  # from then on single keys are heard
    page.keyboard.press("n")
    page.keyboard.press("1")
    expect(question.get_by_role("radio", name=re.compile("^Met"))).to_be_checked()
    question.get_by_label(re.compile("^Note")).fill("Stopped and started again by the site manager at 02:10.")
    saved(question, "Asha Rao")
    people.look(page, "fill")
    paper = folder / "stop-test.pdf"
    paper.write_bytes(files.pdf())
    add_evidence(card(page, "aut-03"), "Protocol of the stop test", file=str(paper))
    expect(card(page, "aut-03").locator(".evidence-items")).to_contain_text("stop-test.pdf")
    add_evidence(card(page, "aut-03"), "Rota of those who can stop it", link="https://intranet.example/rota")
    expect(card(page, "aut-03").locator(".evidence-items")).to_contain_text("Rota of those who can stop it")
    people.look(page, "fill-with-evidence")
    page = people.visit("asha", f"/audits/{audit}/categories/clinical-validation/")
    meet(card(page, "val-08"), "Hazard log, entry of this week.")
    saved(card(page, "val-08"), "Asha Rao")
    page = people.visit("asha", f"/audits/{audit}/categories/monitoring-incidents/")
    for code in ("mon-05", "mon-09"):
        meet(card(page, code), f"Seen for {code} in the clinic.")
        saved(card(page, code), "Asha Rao")
    leave_a_gap(card(page, "mon-03"), "The table is a draft.", "Patient safety team")
    saved(card(page, "mon-03"), "Asha Rao")
    page = people.visit("asha", f"/audits/{audit}/categories/patient-trust/")
    choose(card(page, "pat-09"), "Not applicable")
    answering.justify(card(page, "pat-09"), "The letter was stopped before it was sent; nobody was harmed.")
    saved(card(page, "pat-09"), "Asha Rao")


def dora_and_asha_answer_the_same_question(people: People, audit: str) -> None:
    """Nobody's text is lost: the later save gets both, side by side."""
    people.hears_nothing("asha")
    hers = people.visit("dora", "/")
    hers.locator(".tasks li", has_text=audit).get_by_role("link", name=re.compile("of your part")).click()
    page = people.visit("asha", f"/audits/{audit}/categories/monitoring-incidents/")
    meet(card(hers, "mon-02"), "Dora saw three reports with the tag.")
    saved(card(hers, "mon-02"), "Dora Petrou")
    meet(card(page, "mon-02"), "Asha saw the tag in the incident system.")
    stale = card(page, "mon-02").locator(".stale")
    expect(stale).to_contain_text("Dora Petrou saved this answer today")
    expect(stale).to_contain_text("Dora saw three reports with the tag.")
    expect(stale).to_contain_text("Asha saw the tag in the incident system.")
    people.look(page, "stale-save")
    stale.get_by_role("button", name="Edit both").click()
    saved(card(page, "mon-02"), "Asha Rao")
    page.reload()
    both = card(page, "mon-02").get_by_label("Evidence note")
    expect(both).to_have_value(re.compile("Asha saw the tag[^$]*Dora saw three reports"))
    card(page, "mon-02").get_by_role("link", name=re.compile("saves?$")).click()
    expect(page.get_by_text("Asha saw the tag in the incident system.").first).to_be_visible()
    people.look(page, "history")


def ben_agrees_that_one_does_not_apply(people: People, audit: str) -> None:
    page = people.visit("asha", f"/audits/{audit}/categories/patient-trust/")
    expect(page.get_by_text("waits for a second person who agrees")).to_be_visible()
    page = people.visit("ben", "/")
    people.follow(page.locator(".tasks li", has_text=audit).get_by_role("link", name=re.compile("not applicable")))
    people.look(page, "to-approve")
    page.get_by_role("button", name="I agree that it does not apply").click()
    expect(page.get_by_text("You approved that pat-09 does not apply.")).to_be_visible()


def asha_finds_what_is_missing_and_submits(people: People, audit: str) -> None:
    page = people.visit("asha", f"/audits/{audit}/submission/")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 thing left before it can be submitted")
    expect(page.get_by_role("button", name="Submit the audit")).to_have_count(0)
    people.look(page, "submission-refused")
    page.locator(".tasks a").first.click()
    meet(card(page, "acc-10"), "Reported to the regulator on the day; the receipt is filed.")
    saved(card(page, "acc-10"), "Asha Rao")
    page = people.visit("asha", f"/audits/{audit}/")
    people.follow(page.get_by_role("link", name="Submit", exact=True))
    people.look(page, "submission")
    page.get_by_role("button", name="Submit the audit").click()
    expect(page.get_by_text("The clinical safety officer reviews it now.")).to_be_visible()


def the_deployment_shows_it(people: People, deployment: str, audit: str) -> None:
    page = people.visit("omar", f"/deployments/{deployment}/")
    expect(page.locator(".notice.answer")).to_contain_text(f"Version 2.3 is covered by {audit}")
    people.look(page, "deployment-covered")
    people.visit("vera", f"/audits/{audit}/review/", status=403)
