"""What people do with one question on the fill page."""

import re
from datetime import date, timedelta

from playwright.sync_api import Locator, Page, expect

from tests.stack import Stack

SAVED = re.compile(r"Saved today \d\d:\d\d \w+ by ")


def card(page: Page, code: str) -> Locator:
    """The question with its form."""
    return page.locator(f"article#{code}")


def saved(question: Locator, by: str) -> None:
    """The card says in words that the server has it."""
    line = question.locator("[data-saved-line]")
    expect(line).to_have_text(re.compile(SAVED.pattern + by), use_inner_text=True)


def choose(question: Locator, verdict: str) -> None:
    question.get_by_role("radio", name=re.compile(f"^{verdict}")).check()


def meet(question: Locator, seen: str) -> None:
    """Met, with where the evidence was seen."""
    choose(question, "Met")
    question.get_by_label("Evidence note").fill(seen)
    question.get_by_label("Evidence note").blur()


def leave_a_gap(question: Locator, gap: str, owner: str) -> None:
    """Partly met: what is missing, who puts it right by when, and what protects patients until then."""
    choose(question, "Partly met")
    question.get_by_label("What is missing").fill(gap)
    question.get_by_label("Who puts it right").fill(owner)
    question.get_by_label("By when").fill((date.today() + timedelta(days=30)).isoformat())
    question.get_by_label("Control in place meanwhile").fill("Drafts are read against the recording.")
    question.get_by_label("Control in place meanwhile").blur()


def justify(question: Locator, why: str) -> None:
    """Why it does not apply."""
    question.get_by_label("Why it does not apply").fill(why)
    question.get_by_label("Why it does not apply").blur()


def add_evidence(question: Locator, title: str, *, file: str = "", link: str = "") -> None:
    """A file or a link, dated."""
    question.get_by_role("link", name="Add a file or a link").click()
    form = question.page.locator("form.evidence-form")  # in the card, or on a page of its own where no script runs
    form.get_by_label("Title", exact=True).fill(title)
    if file:
        form.locator("input[type=file]").first.set_input_files(file)
    else:
        form.get_by_label("Or a link").fill(link)
    form.get_by_label("Date of the document").fill((date.today() - timedelta(days=3)).isoformat())
    form.get_by_role("button", name="Add evidence").click()


def history(place: Stack, ref: str) -> list[tuple[str, str, bool, str]]:
    """Every save of the audit, in the order of the database: (code, note, whether it was taken, by whom)."""
    with place.superuser() as db:
        found: list[tuple[str, str, bool, str]] = db.execute(
            "SELECT a.code, r.note, r.n IS NOT NULL, u.name FROM auditapp_answerrevision r"
            " JOIN auditapp_answer a ON a.id = r.answer_id JOIN auditapp_audit t ON t.id = a.audit_id"
            " JOIN auditapp_user u ON u.id = r.by_id WHERE t.ref = %s AND r.note <> '' ORDER BY r.id",
            [ref],
        ).fetchall()
    return found
