"""The pages that move an audit along or end it, and the page that says where it stands."""

from datetime import date

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.reports.models import Report
from tests.audits.pages import counted, sign_in
from tests.audits.test_fill_page import issue
from tests.factories import Make


def text_of(client: Client, address: str) -> str:
    reply = client.get(address)
    assert reply.status_code == 200
    return reply.content.decode()


# Where it stands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "sentence", "action"),
    [
        ("asha", "8 questions are unanswered, 7 of them critical.", "Begin answering"),
        ("dora", "4 questions of your part are unanswered.", "Answer your part"),
        ("ben", "The auditors are answering. Nothing is expected of you now.", ""),
    ],
)
def test_a_draft_says_what_it_expects_of_each_reader(
    client: Client, make: Make, person: str, sentence: str, action: str
) -> None:
    audit = make.audit()
    audit.assign("monitoring-incidents", make.people["dora"], by=make.people["asha"])
    sign_in(client, make.people[person])
    expected = client.get(audit.get_absolute_url()).context["expected"]
    assert (expected.sentence, expected.action) == (sentence, action)


@pytest.mark.parametrize(
    ("reach", "person", "action", "href"),
    [
        ("submitted", "ben", "Review", "review/"),
        ("submitted", "asha", "", ""),
        ("reviewed", "ben", "Decide", "decision/"),
        ("reviewed", "asha", "", ""),
        ("decided", "asha", "Read the report", "report/"),
    ],
)
def test_later_states_send_each_reader_to_what_is_theirs(
    client: Client, make: Make, reach: str, person: str, action: str, href: str
) -> None:
    made = getattr(make, reach)()
    audit = made.audit if isinstance(made, Report) else made
    sign_in(client, make.people[person])
    expected = client.get(audit.get_absolute_url()).context["expected"]
    assert expected.action == action
    assert expected.href == (f"/audits/{audit.ref}/{href}" if href else "")


def test_the_person_whose_turn_it_is_is_sent_to_sign(client: Client, make: Make, asha: User, ben: User) -> None:
    report = make.decided()
    issue_until_signing(report)
    sign_in(client, asha)
    assert client.get(report.audit.get_absolute_url()).context["expected"].action == "Read and sign"
    sign_in(client, ben)
    expected = client.get(report.audit.get_absolute_url()).context["expected"]
    assert (expected.action, expected.sentence) == ("Read the report", "It is the turn of the auditor to sign.")


def issue_until_signing(report: Report) -> None:
    report.keep_file(0, b"%PDF-1.7 unsigned")


def test_the_page_takes_the_same_queries_with_one_round_and_with_two(client: Client, make: Make, asha: User) -> None:
    counts = []
    for rounds in (1, 2):
        audit = make.submitted()
        if rounds == 2:
            audit.return_questions({"mon-03": "Which table?"}, by=make.people["ben"])
            make.answer_all(audit, by=asha)
            audit.submit(by=asha)
        sign_in(client, asha)
        with counted(12) as queries:
            assert f"Round {rounds}" in text_of(client, audit.get_absolute_url())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_overview_names_both_people_of_the_profile_and_the_reasons_given(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    audit = make.submitted()
    audit.return_questions({"mon-03": "Which table, and since when?"}, by=ben)
    sign_in(client, asha)
    page = text_of(client, audit.get_absolute_url())
    assert "Filled in by Omar Haddad, confirmed by Ben Okafor" in page
    assert "Which table, and since when?" in page
    assert "Returned, round 2" in page


def test_what_is_not_asked_is_listed_with_the_facts(client: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    sign_in(client, asha)
    page = text_of(client, f"/audits/{audit.ref}/exclusions/")
    assert sum(question.code in page for question, _why in audit.excluded()) == len(audit.excluded()) == 2
    for _question, why in audit.excluded():
        assert all(reason in page for reason in why)


# Assignments ---------------------------------------------------------------------------------------------


def test_a_category_is_given_to_a_person_and_taken_back(client: Client, make: Make, asha: User, dora: User) -> None:
    audit = make.audit()
    where = f"/audits/{audit.ref}/assignments/"
    sign_in(client, asha)
    sent = {"category_code": "monitoring-incidents", "user": dora.pk, "due": "2030-01-15"}
    assert client.post(where, sent).status_code == 302
    (given,) = audit.assignments.all()
    assert (given.user, given.due) == (dora, date(2030, 1, 15))
    assert "Dora Petrou" in text_of(client, where)
    assert client.post(f"{where}removal/", {"assignment": given.pk}).status_code == 302
    assert not audit.assignments.exists()
    assert client.post(f"{where}removal/", {"assignment": given.pk}).status_code == 409


def test_only_auditors_leads_and_owners_of_the_hospital_can_be_chosen(client: Client, make: Make, asha: User) -> None:
    sign_in(client, asha)
    form = client.get(f"/audits/{make.audit().ref}/assignments/").context["form"]
    assert [person.name for person in form.fields["user"].queryset] == [
        "Asha Rao",
        "Dora Petrou",
        "Olga Marsh",
        "Omar Haddad",
    ]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"category_code": "", "user": "dora"}, "Choose a category."),
        ({"category_code": "monitoring-incidents", "user": ""}, "Choose a person."),
        ({"category_code": "hallucination", "user": "dora"}, "Select a valid choice."),
        ({"category_code": "monitoring-incidents", "user": "vera"}, "Select a valid choice."),
        ({"category_code": "monitoring-incidents", "user": "asha"}, "Asha Rao answers this category already."),
    ],
)
def test_a_wrong_assignment_is_said_beside_its_field(
    client: Client, make: Make, asha: User, sent: dict[str, str], sentence: str
) -> None:
    audit = make.audit()
    audit.assign("monitoring-incidents", asha, by=asha)
    sign_in(client, asha)
    person = sent["user"]
    page = client.post(
        f"/audits/{audit.ref}/assignments/",
        sent | {"user": make.people[person].pk if person else "", "due": "2030-01-15"},
    )
    assert sentence in page.content.decode()
    assert 'value="2030-01-15"' in page.content.decode()
    assert audit.assignments.count() == 1


# Submission ----------------------------------------------------------------------------------------------


def test_what_is_missing_is_listed_with_links_to_the_cards(client: Client, make: Make, asha: User) -> None:
    audit = make.audit(answered=True, mon_03={"verdict": "partial"})
    sign_in(client, asha)
    where = f"/audits/{audit.ref}/submission/"
    page = text_of(client, where)
    assert f'href="/audits/{audit.ref}/categories/monitoring-incidents/#mon-03"' in page
    assert "what is missing, an owner, a due date, the control that is in place meanwhile" in page
    again = client.post(where)
    assert again.status_code == 200
    assert "It was not submitted" in again.content.decode()
    audit.refresh_from_db()
    assert audit.state == "draft"


def test_what_will_be_frozen_is_said_and_then_frozen(client: Client, make: Make, asha: User) -> None:
    audit = make.audit(answered=True, mon_03=make.gap(), mon_02={"verdict": "met"})
    sign_in(client, asha)
    page = text_of(client, f"/audits/{audit.ref}/submission/")
    assert "A “met” without evidence scores 0.5 instead of 1: 1 question." in page
    assert "1 answer opens a finding" in page
    assert client.post(f"/audits/{audit.ref}/submission/")["Location"] == audit.get_absolute_url()
    audit.refresh_from_db()
    assert audit.state == "submitted"
    assert audit.submission.by == asha


def test_an_audit_is_submitted_once(client: Client, make: Make, asha: User) -> None:
    audit = make.submitted()
    sign_in(client, asha)
    assert client.get(f"/audits/{audit.ref}/submission/").status_code == 409
    assert client.post(f"/audits/{audit.ref}/submission/").status_code == 409
    assert audit.submissions.count() == 1


# Withdrawal and revision ---------------------------------------------------------------------------------


def test_a_withdrawal_needs_a_reason_and_shows_it(client: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    where = f"/audits/{audit.ref}/withdrawal/"
    sign_in(client, asha)
    page = client.post(where, {"reason": " \x00 "}).content.decode()
    assert "Give the reason why this audit is withdrawn." in page
    assert client.post(where, {"reason": "The tool was never bought."}).status_code == 302
    page = text_of(client, audit.get_absolute_url())
    assert "Withdrawn by Asha Rao" in page
    assert "The tool was never bought." in page
    assert client.get(where).status_code == 409


def test_after_the_decision_it_is_too_late_to_withdraw(client: Client, make: Make, asha: User) -> None:
    audit = make.decided().audit
    sign_in(client, asha)
    reply = client.post(f"/audits/{audit.ref}/withdrawal/", {"reason": "Too late."})
    assert reply.status_code == 409
    assert "until its decision is recorded" in reply.content.decode()


def test_a_revision_starts_from_what_was_issued_and_both_name_each_other(
    client: Client, make: Make, asha: User
) -> None:
    report = make.decided()
    issue(make, report)
    old = Audit.objects.get(pk=report.audit_id)
    sign_in(client, asha)
    where = f"/audits/{old.ref}/revision/"
    assert "Give the reason for the revision." in client.post(where, {"reason": ""}).content.decode()
    reply = client.post(where, {"reason": "A wrong date in mon-03."})
    new = old.superseded_by
    assert reply["Location"] == new.get_absolute_url()
    assert (new.ref, new.answered, new.asked) == (f"{old.ref}-r2", 8, 8)
    assert "A revision is open" in text_of(client, old.get_absolute_url())
    page = text_of(client, new.get_absolute_url())
    assert old.ref in page
    assert "A wrong date in mon-03." in page
    assert client.get(where).status_code == 409
