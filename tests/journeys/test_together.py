"""Asha, Ben and Dora at one audit, each at a browser of their own: what one does reaches the others by itself."""

import itertools
import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.answering import card, choose, saved
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

GIVEN, HIDDEN = ("mon-02", "mon-03"), "mon-05"
CATEGORY = "monitoring-incidents"
_number = itertools.count(1)  # no two deployments have one name


@pytest.fixture
def audit(ward: Ward) -> str:
    """A check of a live scribe that Asha opened, in which the questions of this journey are unanswered."""
    deployment = ward.play("deployment", name=f"Scribe {next(_number)} at three screens")
    about = {"questionnaire": "containment-72h", "reason": "containment", "unanswered": [*GIVEN, HIDDEN]}
    ref: str = ward.play("audit", deployment=deployment, **about)["ref"]
    return ref


def fill_page(audit: str) -> str:
    return f"/audits/{audit}/categories/{CATEGORY}/"


def give_to_dora(people: People, audit: str) -> Page:
    """Asha gives two questions to Dora, with a day and a message."""
    page = people.visit("asha", f"/audits/{audit}/assignments/")
    page.get_by_role("link", name=re.compile("Give single questions of Monitoring")).click()
    for code in GIVEN:
        page.get_by_role("checkbox", name=re.compile(code)).check()
    page.get_by_role("checkbox", name="Dora Petrou").check()
    page.get_by_label("Answered by").fill((date.today() + timedelta(days=5)).isoformat())
    page.get_by_label("Message").fill("The ward manager has the table.")
    people.look(page, "giving")
    page.get_by_role("button", name="Give them").click()
    expect(page.get_by_role("status").first).to_contain_text("Given to Dora Petrou.")
    people.look(page, "given")
    return page


def test_dora_is_given_two_questions_and_sees_nothing_else(people: People, audit: str) -> None:
    give_to_dora(people, audit)
    page = people.visit("dora", "/")
    task = page.get_by_role("listitem").filter(has_text=audit)
    expect(task).to_contain_text("Answer 2 questions of your part")
    expect(task).to_contain_text("in 5 days")
    people.look(page, "her-work")
    task.get_by_role("link").click()
    expect(page.locator("article[data-card]")).to_have_count(2)
    expect(page.get_by_text("The ward manager has the table.").first).to_be_visible()
    people.look(page, "her-part")
    for code in GIVEN:
        choose(card(page, code), "Met")
        saved(card(page, code), "Dora Petrou")
    people.visit("dora", f"/audits/{audit}/")
    expect(page.get_by_text("You have answered your part.")).to_be_visible()
    people.look(page, "her-audit")
    for path in (f"answers/{HIDDEN}/history/", f"answers/{HIDDEN}/comments/", "categories/accountability/", "report/"):
        people.visit("dora", f"/audits/{audit}/{path}", status=404)


def comments_of(page: Page, code: str) -> Page:
    question = card(page, code)
    question.get_by_role("link", name=re.compile(r"\d comment")).click()
    expect(question.get_by_role("heading", name=f"Comments on {code}")).to_be_focused()
    return page


def test_ben_asks_and_asha_sees_it_without_reloading_and_resolves_it(people: People, audit: str) -> None:
    ashas = people.visit("asha", fill_page(audit))
    bens = comments_of(people.visit("ben", fill_page(audit)), HIDDEN)
    field = card(bens, HIDDEN).get_by_label("Your comment")
    field.press_sequentially("@as")
    expect(card(bens, HIDDEN).get_by_role("option", name="Asha Rao")).to_be_visible()
    people.look(bens, "names")
    field.press("Enter")
    expect(field).to_have_value("@Asha Rao ")
    field.press_sequentially("which table is meant?")
    card(bens, HIDDEN).get_by_role("button", name="Comment", exact=True).click()
    expect(card(bens, HIDDEN).locator(".comment")).to_contain_text("@Asha Rao which table is meant?")

    expect(card(ashas, HIDDEN).get_by_role("link", name="1 comment")).to_be_visible()
    expect(card(ashas, HIDDEN).locator("[data-comments-open]")).to_contain_text("1 open")
    other = people.another_tab("asha", "/")
    expect(other.get_by_role("link", name="Read the comment that mentions you")).to_have_count(1)
    comments_of(ashas, HIDDEN)
    people.look(ashas, "comments")
    card(ashas, HIDDEN).get_by_role("button", name="Resolve").click()
    expect(card(ashas, HIDDEN).locator(".comment")).to_contain_text("Resolved")
    expect(card(bens, HIDDEN).locator(".comment")).to_contain_text("Resolved")
    other.reload()
    expect(other.get_by_role("link", name="Read the comment that mentions you")).to_have_count(0)


def test_a_name_that_nobody_has_is_said_beside_the_field(people: People, audit: str) -> None:
    page = comments_of(people.visit("ben", fill_page(audit)), HIDDEN)
    card(page, HIDDEN).get_by_label("Your comment").fill("@Zoe, which table?")
    card(page, HIDDEN).get_by_role("button", name="Comment", exact=True).click()
    expect(card(page, HIDDEN).get_by_text("Nobody who sees this question is called")).to_be_visible()
    expect(card(page, HIDDEN).get_by_label("Your comment")).to_have_value("@Zoe, which table?")


def test_who_is_here_is_said_and_no_more_when_they_leave(people: People, audit: str) -> None:
    ashas = people.visit("asha", fill_page(audit))
    bens = people.visit("ben", fill_page(audit))
    card(bens, HIDDEN).focus()
    expect(card(ashas, HIDDEN).get_by_text("Ben Okafor is here now")).to_be_visible()
    people.look(ashas, "presence")
    card(bens, GIVEN[0]).focus()
    expect(card(ashas, GIVEN[0]).get_by_text("Ben Okafor is here now")).to_be_visible()
    expect(card(ashas, HIDDEN).get_by_text("is here now")).to_have_count(0)
    bens.goto(people.stack.url + "/")
    expect(ashas.get_by_text("Ben Okafor is here now")).to_have_count(0)


def test_what_one_saves_the_other_sees_while_a_text_is_being_typed(people: People, audit: str) -> None:
    give_to_dora(people, audit)
    ashas, doras = people.visit("asha", fill_page(audit)), people.visit("dora", fill_page(audit))
    typing = card(ashas, HIDDEN).locator("textarea[name=note]")
    typing.press_sequentially("Asha types this while Dora saves.")
    choose(card(doras, GIVEN[0]), "Not met")
    card(doras, GIVEN[0]).locator("textarea[name=note]").fill("The table of May is missing.")
    saved(card(doras, GIVEN[0]), "Dora Petrou")
    expect(card(ashas, GIVEN[0]).locator("textarea[name=note]")).to_have_value("The table of May is missing.")
    expect(card(ashas, GIVEN[0]).get_by_role("radio", name="Not met")).to_be_checked()
    expect(card(ashas, GIVEN[0]).get_by_text("Dora Petrou changed this today")).to_be_visible()
    expect(typing).to_have_value("Asha types this while Dora saves.")
    expect(typing).to_be_focused()
    saved(card(ashas, HIDDEN), "Asha Rao")
    people.look(ashas, "changed")


def test_where_one_types_nothing_is_overwritten_and_both_are_shown(people: People, audit: str) -> None:
    give_to_dora(people, audit)
    ashas, doras = people.visit("asha", fill_page(audit)), people.visit("dora", fill_page(audit))
    code = GIVEN[0]
    mine = card(ashas, code).locator("textarea[name=note]")
    mine.focus()
    choose(card(doras, code), "Partly met")
    card(doras, code).locator("textarea[name=note]").fill("Dora was first.")
    saved(card(doras, code), "Dora Petrou")
    expect(card(ashas, code).get_by_role("button", name="See both")).to_be_visible()
    expect(mine).to_have_value("")
    people.look(ashas, "see-both")
    mine.focus()
    mine.press_sequentially("Asha was second.")
    box = card(ashas, code).get_by_role("region", name="saved this answer")
    expect(box).to_contain_text("Dora was first.")
    box.get_by_role("button", name="Edit both").click()
    saved(card(ashas, code), "Asha Rao")
    theirs = card(doras, code).locator("textarea[name=note]")  # where Dora's cursor still stands
    card(doras, code).get_by_role("button", name="See both").click()
    expect(theirs).to_have_value(re.compile("Asha was second"))


def test_who_only_reads_sees_the_new_answer_in_place(people: People, audit: str) -> None:
    veras, ashas = people.visit("vera", fill_page(audit)), people.visit("asha", fill_page(audit))
    card(ashas, HIDDEN).locator("textarea[name=note]").fill("Seen on the ward in May.")
    saved(card(ashas, HIDDEN), "Asha Rao")
    expect(card(veras, HIDDEN).get_by_text("Seen on the ward in May.")).to_be_visible()


def test_without_scripts_comments_and_people_are_there_after_a_reload(people: People, audit: str) -> None:
    plain = people.open("ben", scripts=False, name="ben without scripts").pages[0]
    plain.goto(f"{people.stack.url}/audits/{audit}/answers/{HIDDEN}/comments/")
    plain.get_by_label("Your comment").fill("@Asha Rao, which table?")
    plain.get_by_role("button", name="Comment", exact=True).click()
    expect(plain.locator(".comment")).to_contain_text("which table?")
    plain.goto(people.stack.url + fill_page(audit))
    expect(card(plain, HIDDEN).get_by_role("link", name="1 comment")).to_be_visible()


def test_the_pages_about_letters_are_sound(people: People, audit: str) -> None:
    page = people.visit("asha", "/account/notifications/")
    people.look(page, "notifications")
    page.get_by_label("The daily list of what waits for you").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("The daily list of what waits for you")).not_to_be_checked()
    page.get_by_label("The daily list of what waits for you").check()
    page.get_by_role("button", name="Save").click()
    people.look(people.visit("asha", f"/audits/{audit}/answers/{HIDDEN}/comments/"), "nothing-said")
