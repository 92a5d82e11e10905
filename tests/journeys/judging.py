"""The clinical safety officer's part: returning, rating, accepting, deciding."""

import re
from datetime import date, timedelta

from playwright.sync_api import expect

from tests.journeys.answering import card, leave_a_gap, saved
from tests.journeys.browsing import People


def ben_sends_back(people: People, audit: str, code: str, reason: str) -> None:
    """A return needs a reason; only that question opens again."""
    page = people.visit("ben", "/")
    page.locator(".tasks li", has_text=audit).get_by_role("link", name="Review 8 answers").click()
    page.get_by_role("button", name="Return the questions with a reason").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a reason for at least one question")
    question = card(page, code)
    question.get_by_text("Return this question").click()
    question.get_by_label("What should be put right, or shown").fill(reason)
    people.look(page, "review")
    page.get_by_role("button", name="Return the questions with a reason").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Returned, round 2")


def asha_puts_it_right(people: People, audit: str, code: str, reason: str) -> None:
    """She reads why, answers again, and hands over the second round. What was not returned stays fixed."""
    page = people.visit("asha", "/")
    page.locator(".tasks li", has_text=audit).get_by_role("link", name="Answer 1 returned question").click()
    page.get_by_role("link", name="Answer the returned question").click()
    question = card(page, code)
    expect(question).to_contain_text(f"Returned in round 1 by Ben Okafor: {reason}")
    page.get_by_role("link", name=re.compile("^All ")).first.click()
    expect(page.locator("article.question")).to_have_count(4)
    expect(page.locator("article.question form[data-autosave]")).to_have_count(1)
    leave_a_gap(question, "The table lacks the regulator of medicines.", "Patient safety team")
    saved(question, "Asha Rao")
    people.look(page, "returned-question")
    people.visit("asha", f"/audits/{audit}/submission/")
    page.get_by_role("button", name="Submit the audit").click()
    expect(page.get_by_text("The clinical safety officer reviews it now.")).to_be_visible()


def ben_rates_a_hazard(people: People, audit: str) -> None:
    """Severity and likelihood, with the matrix beside them; nothing is set beforehand."""
    page = people.visit("ben", f"/audits/{audit}/hazard-ratings/")
    page.get_by_role("button", name="Rate the hazard").click()
    expect(page.get_by_role("alert")).to_contain_text("Name the hazard.")
    page.get_by_label("Hazard", exact=True).fill("A misheard dose is signed unread")
    page.get_by_label(re.compile("^Considerable")).check()
    page.get_by_label(re.compile("^Low:")).check()
    page.get_by_label("Reason").fill("One letter in 400 was wrong, and the pharmacist noticed it.")
    people.look(page, "hazard-rating")
    page.get_by_role("button", name="Rate the hazard").click()
    expect(page.get_by_role("row", name=re.compile("A misheard dose is signed unread"))).to_be_visible()


def ben_accepts(people: People, audit: str, note: str) -> None:
    page = people.visit("ben", f"/audits/{audit}/review/")
    page.get_by_label("Note on the review").fill(note)
    page.get_by_role("button", name="Accept the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Reviewed")


def decide_with_conditions(people: People, person: str, audit: str) -> None:
    """Only what the content permits can be chosen, and a decision with conditions names one."""
    page = people.visit(person, "/")
    page.locator(".tasks li", has_text=audit).get_by_role("link", name="Record the decision").click()
    page.get_by_label(re.compile(r"^\w+ with con")).first.check()
    page.get_by_label("Reasons").fill("The tool can be stopped at once, and patients were told.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("alert")).to_contain_text("This decision needs at least one condition")
    first = page.get_by_role("group", name="Condition 1")
    first.get_by_label(re.compile("^Condition")).fill("Thirty letters a month are read against the recording.")
    first.get_by_label("Owner").fill("Clinical lead, dermatology")
    first.get_by_label("Due").fill((date.today() + timedelta(days=45)).isoformat())
    people.look(page, "decision")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("The decision is recorded.")).to_be_visible()
