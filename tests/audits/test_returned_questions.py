"""What is sent back opens again, and nothing else does: refused by the verbs, by the pages, and by the database."""

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils.html import escape

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Answer, AnswerEvidence, AnswerRevision, Audit
from auditapp.refusals import Refused
from auditapp.reports import jobs
from tests.audits.pages import post_answer, sign_in
from tests.audits.test_standing import give
from tests.factories import Make


@pytest.fixture
def returned(make: Make, ben: User) -> Audit:
    """In its second round, with one question sent back."""
    audit = make.submitted(mon_03=make.gap())
    audit.return_questions({"mon-03": "Which table?"}, by=ben)
    return audit


def answer(audit: Audit, code: str) -> Answer:
    return audit.answers.select_related("audit", "current").get(code=code)


def test_the_auditor_sees_exactly_what_was_sent_back(client: Client, make: Make, asha: User, ben: User) -> None:
    audit = make.submitted(mon_03=make.gap())
    audit.return_questions({"mon-03": "Which table?"}, by=ben)
    answer(audit, "mon-03").save_revision(by=asha, base=1, key="again", **make.gap(note="The table of May."))
    audit.submit(by=asha)
    audit.refresh_from_db()
    audit.return_questions({"mon-02": "Since when?"}, by=ben)
    code = answer(audit, "mon-02").category_code
    sign_in(client, asha)
    cards = client.get(f"/audits/{audit.ref}/categories/{code}/?show=returned").context["cards"]
    assert [card.answer.code for card in cards] == ["mon-02"]
    assert [card.answer.code for card in cards if card.may_change] == ["mon-02"]
    everything = client.get(f"/audits/{audit.ref}/categories/{code}/").context["cards"]
    assert [card.answer.code for card in everything if card.may_change] == ["mon-02"]


def test_the_page_of_the_audit_says_what_still_waits(client: Client, returned: Audit, asha: User) -> None:
    sign_in(client, asha)
    assert "waits for an answer" in client.get(returned.get_absolute_url()).content.decode()
    with clock.at(clock.now() + timedelta(minutes=1)):
        answer(returned, "mon-03").save_revision(by=asha, base=1, key="2", verdict="met", evidence_note="Table of May.")
    page = client.get(returned.get_absolute_url()).content.decode()
    assert "answered since" in page
    assert "waits for an answer" not in page


def test_the_rest_stays_fixed_for_the_verbs_and_the_pages(client: Client, returned: Audit, asha: User) -> None:
    fixed = answer(returned, "mon-02")
    with pytest.raises(Refused, match="Only the questions that were returned"):
        fixed.save_revision(by=asha, base=fixed.n, key="late", verdict="not_met")
    sign_in(client, asha)
    assert post_answer(client, returned, "mon-02", base=fixed.n).status_code == 409
    page = client.get(f"/audits/{returned.ref}/categories/{fixed.category_code}/").content.decode()
    assert escape("Only the questions that were returned can be changed in this round.") in page


def refused_by_the_database(statement: str, values: list[object]) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"fixed in this round|not sent back"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


def test_the_database_takes_no_revision_of_what_was_not_sent_back(returned: Audit, asha: User) -> None:
    fixed = answer(returned, "mon-02")
    with pytest.raises(ProgrammingError, match="fixed in this round"), transaction.atomic():
        AnswerRevision.objects.create(
            **fixed.place,
            answer=fixed,
            n=fixed.n + 1,
            based_on=fixed.n,
            request_key="x",
            by=asha,
            at=returned.opened_at,
        )
    refused_by_the_database("UPDATE auditapp_answer SET n = n + 1 WHERE id = %s", [fixed.pk])
    refused_by_the_database("UPDATE auditapp_answer SET current_id = NULL WHERE id = %s", [fixed.pk])


def test_the_database_opens_nothing_that_was_not_sent_back(returned: Audit) -> None:
    fixed = answer(returned, "mon-02")
    refused_by_the_database("UPDATE auditapp_answer SET open_in_round = 2 WHERE id = %s", [fixed.pk])
    returning = answer(returned, "mon-03")
    assert returning.open_in_round == 2
    refused_by_the_database("UPDATE auditapp_answer SET open_in_round = 3 WHERE id = %s", [returning.pk])


def test_the_database_keeps_the_evidence_of_what_was_handed_over(make: Make, asha: User) -> None:
    audit = make.audit(answered=True)
    link = answer(audit, "mon-03").add_evidence(
        by=asha, url="https://a.example/log", title="Log of May", effective_date=date(2026, 5, 1)
    )
    audit.submit(by=asha)
    fixed = link.answer
    with pytest.raises(ProgrammingError, match="fixed in this round"), transaction.atomic():
        AnswerEvidence.objects.create(
            **fixed.place, answer=answer(audit, "mon-02"), evidence=link.evidence, added_by=asha, added_at=link.added_at
        )
    refused_by_the_database(
        "UPDATE auditapp_answerevidence SET removed_at = now(), removed_by_id = %s WHERE id = %s", [asha.pk, link.pk]
    )


def test_a_refusal_to_sign_opens_everything_again(make: Make, asha: User) -> None:
    report = make.decided()
    jobs.render(report=report.pk, organisation=report.organisation_id, site=report.site_id)
    report.refuse(by=asha, reason="The owner has changed.")
    audit = Audit.objects.get(pk=report.audit_id)
    assert set(audit.answers.values_list("open_in_round", flat=True)) == {2}


def test_what_is_inherited_or_deviates_is_judged_before_the_rest(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    give(ben)
    audit = make.audit()
    for row in audit.answers.exclude(code="mon-03").select_related("audit"):
        row.save_revision(by=asha, base=0, key=row.code, verdict="met", evidence_note="Seen on the ward.")
    audit.submit(by=asha)
    sign_in(client, ben)
    first = client.get(f"/audits/{audit.ref}/review/").context["first"]
    assert {group["title"]: [item.question["code"] for item in group["items"]] for group in first} == {
        "Inherited from the hospital, or deviating from it": ["mon-03"]
    }
