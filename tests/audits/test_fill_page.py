"""The page on which a category is answered."""

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.fill_page import PER_PAGE
from auditapp.audits.models import Audit
from auditapp.questionnaires.models import version as versions
from auditapp.reports import jobs
from auditapp.reports.models import Report
from tests.audits.pages import counted, sign_in
from tests.audits.wide import CATEGORY, publish_wide
from tests.factories import Make


def address(audit: Audit, query: str = "") -> str:
    return f"/audits/{audit.ref}/categories/{CATEGORY}/{query}"


def card(page: str, code: str) -> str:
    """The article of one question."""
    return re.search(rf'<article class="question" id="{code}".*?</article>', page, re.S)[0]


def codes(page: str) -> list[str]:
    return re.findall(r'<article class="question" id="([^"]+)"', page)


def returned(make: Make, **reasons: str) -> Audit:
    audit = make.submitted()
    audit.return_questions({c.replace("_", "-"): r for c, r in reasons.items()}, by=make.people["ben"])
    return audit


@pytest.mark.parametrize("questions", [5, 40])
def test_it_takes_the_same_few_queries_at_any_number_of_questions(
    client: Client, make: Make, asha: User, questions: int
) -> None:
    """Measured as in a process that has just started, with every answer given, evidence and an approval."""
    publish_wide(questions)
    audit = make.audit()
    assert audit.asked == questions
    make.answer_all(audit, by=asha)
    for answer in audit.answers.all()[:3]:
        answer.add_evidence(by=asha, url="https://a.example/", title="Log", effective_date=date(2026, 1, 1))
        answer.flag(by=asha)
    sign_in(client, asha)
    versions._contents.clear()
    with counted(13) as queries:
        page = client.get(address(audit)).content.decode()
    assert len(codes(page)) == min(questions, PER_PAGE)
    assert len(queries) == 13
    with counted(10):  # a process that knows the questions, and a visit that was noted already
        client.get(address(audit))


def test_the_page_with_all_it_loads_stays_below_sixty_kilobytes_compressed(
    client: Client, make: Make, asha: User
) -> None:
    audit = make.audit(
        questionnaire="annual-review", reason="yearly", deployment=make.deployment(kind="LLM agent", live=True)
    )
    sign_in(client, asha)
    page = client.get(address(audit)).content
    files = re.findall(rf'(?:href|src)="/{settings.STATIC_URL.strip("/")}/([^"]+\.(?:css|js))"', page.decode())
    assert len(files) >= 8
    loaded = {*files, "js/stale.js", "js/tally.js"}
    weights = {name: len(gzip.compress(Path(finders.find(name)).read_bytes())) for name in loaded}
    weights["page"] = len(gzip.compress(page))
    assert sum(weights.values()) <= 60 * 1024, weights


def test_each_question_says_what_to_know_in_its_place(client: Client, make: Make, asha: User) -> None:
    sign_in(client, asha)
    shown = card(client.get(address(make.audit())).content.decode(), "mon-03")
    for heading in ("Why we ask", "What counts as evidence", "Related clauses", "Not legal advice, last verified"):
        assert heading in shown
    assert "Nothing saved yet" in shown


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["mon-02", "mon-03", "mon-05", "mon-09"]),
        ("?show=unanswered", ["mon-05", "mon-09"]),
        ("?show=not_met", ["mon-03"]),
        ("?show=critical", ["mon-02", "mon-03", "mon-05", "mon-09"]),
        ("?show=returned", []),
        ("?show=nonsense", ["mon-02", "mon-03", "mon-05", "mon-09"]),
    ],
)
def test_filters_are_in_the_address(client: Client, make: Make, asha: User, query: str, expected: list[str]) -> None:
    audit = make.audit()
    for code, fields in {"mon-02": {"verdict": "met"}, "mon-03": make.gap()}.items():
        audit.answers.get(code=code).save_revision(by=asha, base=0, key="k", **fields)
    sign_in(client, asha)
    page = client.get(address(audit, query)).content.decode()
    assert codes(page) == expected
    assert ("No question matches" in page) == (not expected)


def test_what_keeps_it_from_being_submitted_is_counted_and_named(client: Client, make: Make, asha: User) -> None:
    audit = make.audit(answered=True, mon_03={"verdict": "not_met", "gap": "No table."})
    sign_in(client, asha)
    page = client.get(address(audit)).content.decode()
    assert "<span data-left>1</span> thing left before it can be submitted" in page
    assert "Needed before submitting:</span>" in page or "Needed before submitting:" in page
    assert "an owner, a due date" in card(page, "mon-03")
    audit.answers.get(code="mon-03").save_revision(by=asha, base=1, key="k", **make.gap())
    page = client.get(address(audit)).content.decode()
    assert "data-submit>Submit</a>" in page


def test_the_last_issued_answer_stands_beside_the_question(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    report = make.decided(
        deployment=deployment,
        mon_03=make.gap(),
        code="continue_with_conditions",
        conditions=[{"text": "Test it", "owner": "Team", "due": date(2030, 1, 1)}],
    )
    issue(make, report)
    audit = make.audit(deployment=deployment)
    sign_in(client, asha)
    shown = card(client.get(address(audit)).content.decode(), "mon-03")
    assert "Partly met" in shown[shown.index("Last signed answer") : shown.index("Still true: take it over")]
    audit.answers.get(code="mon-03").save_revision(by=asha, base=0, key="k", verdict="met", evidence_note="Seen.")
    shown = card(client.get(address(audit)).content.decode(), "mon-03")
    assert "Last signed answer" not in shown
    assert "Partly met" in shown[shown.index("Last time:") : shown.index('<form class="answering"')]
    assert report.audit.ref in shown
    frozen = {q["code"]: q["answer"]["state"] for c in report.facts["submission"]["categories"] for q in c["questions"]}
    live = {answer.code: answer.state for answer in audit.answers.last_issued(audit)}
    assert live == frozen


def issue(make: Make, report: Report) -> None:
    """Have everyone sign who must."""
    place = {"report": report.pk, "organisation": report.organisation_id, "site": report.site_id}
    jobs.render(**place)
    for turn in report.signatories:
        person = make.people[{"auditor": "asha", "clinical_safety_officer": "ben"}[turn["role"]]]
        fresh = Report.objects.get(pk=report.pk)
        fresh.sign(by=person, meaning=turn["meaning"], shown_sha256=fresh.newest_file.sha256)
        jobs.sign(**place, order=turn["order"])


def test_a_returned_question_shows_why_and_the_others_are_closed_with_the_reason(
    client: Client, make: Make, asha: User
) -> None:
    audit = returned(make, mon_03="Which table, and since when?")
    sign_in(client, asha)
    page = client.get(address(audit)).content.decode()
    assert "Which table, and since when?" in card(page, "mon-03")
    assert '<form class="answering"' in card(page, "mon-03")
    other = card(page, "mon-02")
    assert '<form class="answering"' not in other
    assert "Only the questions that were returned can be changed in this round." in other
    assert "Seen for mon-02 on the ward." in other
    assert codes(client.get(address(audit, "?show=returned")).content.decode()) == ["mon-03"]


def test_a_reader_sees_the_answers_and_who_may_change_them(client: Client, make: Make, vera: User) -> None:
    audit = make.audit(answered=True)
    sign_in(client, vera)
    page = client.get(address(audit)).content.decode()
    assert '<form class="answering"' not in page
    assert "Seen for mon-02 on the ward." in card(page, "mon-02")
    assert "can answer it" in card(page, "mon-02")
    assert "autosave" not in page


def test_the_lead_of_a_category_finds_it_open(client: Client, make: Make, asha: User, dora: User) -> None:
    audit = make.audit()
    sign_in(client, dora)
    assert '<form class="answering"' not in client.get(address(audit)).content.decode()
    audit.assign(CATEGORY, dora, by=asha)
    assert '<form class="answering"' in client.get(address(audit)).content.decode()


def test_a_category_in_which_nothing_is_asked_is_not_found(client: Client, make: Make, asha: User) -> None:
    sign_in(client, asha)
    assert client.get(f"/audits/{make.audit().ref}/categories/hallucination/").status_code == 404


# A critical question that does not apply ----------------------------------------------------------------


@pytest.fixture
def waiting(make: Make, asha: User) -> Audit:
    audit = make.audit()
    audit.answers.get(code="mon-03").save_revision(
        by=asha, base=0, key="k", verdict="not_applicable", justification="No such reports exist for this tool."
    )
    return audit


def test_a_second_person_agrees_from_the_card(client: Client, waiting: Audit, ben: User) -> None:
    sign_in(client, ben)
    shown = card(client.get(address(waiting)).content.decode(), "mon-03")
    assert "Asha Rao answered that this critical question does not apply." in shown
    reply = client.post(f"/audits/{waiting.ref}/answers/mon-03/approval/", {"n": 1})
    assert reply.status_code == 302
    assert waiting.answers.get(code="mon-03").current.approval.by == ben
    assert "You can be the second person" not in card(client.get(address(waiting)).content.decode(), "mon-03")


def test_nobody_agrees_with_their_own_answer(client: Client, waiting: Audit, asha: User) -> None:
    sign_in(client, asha)
    assert "waits for a second person" in card(client.get(address(waiting)).content.decode(), "mon-03")
    assert client.post(f"/audits/{waiting.ref}/answers/mon-03/approval/", {"n": 1}).status_code == 403


@pytest.mark.parametrize("n", ["0", "2", "", "one"])
def test_an_agreement_holds_for_the_words_that_were_read(client: Client, waiting: Audit, ben: User, n: str) -> None:
    sign_in(client, ben)
    reply = client.post(f"/audits/{waiting.ref}/answers/mon-03/approval/", {"n": n})
    assert reply.status_code == 409
    assert not hasattr(waiting.answers.get(code="mon-03").current, "approval")
