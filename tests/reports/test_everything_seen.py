"""What people saw beside the answers is frozen and printed: marked comments, both readings, answers to returns."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit, Comment
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports.document import document
from auditapp.reports.models import Decision, Report
from auditapp.trail.models import Event
from tests.audits.pages import sign_in
from tests.audits.suppliers import ask, put
from tests.audits.test_second_reading import both, nina, reading, theo  # noqa: F401 - fixtures
from tests.factories import Make
from tests.reports.test_schemas import wrong

pytestmark = pytest.mark.django_db


def decided(audit: Audit, *, asha: User, ben: User) -> Report:
    """Handed over, accepted, decided."""
    if audit.state == "draft":
        audit.submit(by=asha)
        audit.refresh_from_db()
    audit.accept(by=ben)
    return Decision.record(audit, by=ben, code="continue", reasons="The check is complete.", conditions=()).report


def test_the_page_of_a_round_shows_a_marked_comment_too(
    client: Client, make: Make, asha: User, ben: User, dora: User
) -> None:
    audit = make.audit(answered=True)
    said(audit, "The table hangs in the ward.", by=dora).put_in_report(by=dora)
    audit.submit(by=asha)
    sign_in(client, ben)
    assert "The table hangs in the ward." in client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()


def page(report: Report) -> str:
    return " ".join(render_to_string("reports/print/report.html", document(report.facts, report.sha256)).split())


def question(report: Report, code: str) -> dict:
    found = [q for c in report.facts["submission"]["categories"] for q in c["questions"] if q["code"] == code]
    return found[0]


def said(audit: Audit, text: str, *, by: User, code: str = "mon-03") -> Comment:
    answer = audit.answers.select_related("audit__site", "question").get(code=code)
    return Comment.say(answer, text, by=by)


def test_a_comment_that_its_author_marks_is_frozen_and_printed_and_no_other_is(
    make: Make, asha: User, ben: User, dora: User
) -> None:
    audit = make.audit(answered=True)
    marked, _other = said(audit, "The table hangs in the ward.", by=dora), said(audit, "Ask Kim about it.", by=asha)
    marked.put_in_report(by=dora)
    marked.resolve(by=asha)
    report = decided(audit, asha=asha, ben=ben)
    (comment,) = question(report, "mon-03")["comments"]
    assert comment["text"] == "The table hangs in the ward."
    assert comment["by"]["name"] == dora.name
    assert comment["resolved"]["by"]["name"] == asha.name
    assert wrong(report.facts, "report-1") == []
    assert "The table hangs in the ward." in page(report)
    assert "Ask Kim about it." not in page(report)


def test_a_mark_is_taken_back_and_what_is_withdrawn_is_not_printed(
    make: Make, asha: User, ben: User, dora: User
) -> None:
    audit = make.audit(answered=True)
    first, second = said(audit, "One.", by=dora), said(audit, "Two.", by=dora)
    for comment in (first, second):
        comment.put_in_report(by=asha)
    first.leave_out_of_report(by=dora)
    second.withdraw(by=dora)
    report = decided(audit, asha=asha, ben=ben)
    assert "comments" not in question(report, "mon-03")
    verbs = list(Event.objects.filter(stream=audit.trail_stream, verb__contains="of_report").values_list("verb"))
    assert verbs == [("comment.left_out_of_report",)]


def test_only_its_author_or_an_auditor_marks_a_comment_and_only_in_a_draft(
    make: Make, asha: User, ben: User, dora: User
) -> None:
    audit = make.audit(answered=True)
    comment = said(audit, "One.", by=dora)
    with pytest.raises(NotAllowed):
        comment.put_in_report(by=ben)
    audit.submit(by=asha)
    comment = Comment.objects.select_related("answer__audit__site").get(pk=comment.pk)
    with pytest.raises(Refused, match="what its report will print is fixed"):
        comment.put_in_report(by=dora)


def test_marking_is_a_button_beside_the_comment(client: Client, make: Make, asha: User, ben: User, dora: User) -> None:
    audit = make.audit(answered=True)
    comment = said(audit, "One.", by=dora)
    there = f"/audits/{audit.ref}/answers/mon-03/comments/"
    sign_in(client, ben)
    assert "Put in the report" not in client.get(there).content.decode()
    sign_in(client, asha)
    assert "Put in the report" in client.get(there).content.decode()
    client.post(f"{there}{comment.pk}/printing/", {"act": "put_in"})
    shown = client.get(there).content.decode()
    assert "In the report" in shown
    assert "Leave out of the report" in shown
    client.post(f"{there}{comment.pk}/printing/", {"act": "leave_out"})
    assert "Put in the report" in client.get(there).content.decode()


def test_facts_in_which_nothing_of_this_happened_have_none_of_these_keys(make: Make, asha: User, ben: User) -> None:
    facts = decided(make.audit(answered=True), asha=asha, ben=ben).facts
    assert "second_reading" not in facts["submission"]
    assert not [q for c in facts["submission"]["categories"] for q in c["questions"] if "comments" in q]


def test_what_a_returned_question_said_and_what_was_answered_to_it_stand_in_its_round(
    make: Make, asha: User, ben: User
) -> None:
    audit = make.submitted()
    audit.return_questions({"mon-03": "Which table?"}, by=ben)
    answer = audit.answers.select_related("audit", "question", "current").get(code="mon-03")
    answer.save_revision(
        by=asha, base=answer.current.n, key="again", verdict="met", evidence_note="The one by the door."
    )
    audit.refresh_from_db()
    report = decided(audit, asha=asha, ben=ben)
    (returned,) = report.facts["rounds"][0]["returns"]
    assert returned["said"]["revision"] < returned["answered"]["revision"]
    assert returned["answered"]["evidence_note"] == "The one by the door."
    assert wrong(report.facts, "report-1") == []
    assert "The answer to it:" in page(report)


def test_both_readings_with_their_agreement_and_how_each_was_settled_are_frozen_and_printed(
    both,  # noqa: F811
    theo: User,  # noqa: F811
    asha: User,
    ben: User,
) -> None:
    both.take_over_agreed(by=theo)
    both.settle("mon-03", by=theo, choice="second", reason="The table is from 2019.")
    audit = Audit.objects.get(pk=both.audit_id)
    audit.submit(by=theo)
    audit.refresh_from_db()
    audit.accept(by=ben)
    decision = Decision.calculate(audit)["result"]["permitted_decisions"][-1]
    report = Decision.record(audit, by=ben, code=decision, reasons="So far.", conditions=()).report
    frozen = report.facts["submission"]["second_reading"]
    total, same = frozen["agreement"]["questions"], frozen["agreement"]["same"]
    assert total == len(frozen["questions"]) == same + 1
    (differing,) = [q for q in frozen["questions"] if q["settled"]["choice"] != "agreed"]
    assert differing["code"] == "mon-03"
    assert differing["settled"]["reason"] == "The table is from 2019."
    assert differing["first"]["verdict"] == "met"
    assert differing["second"]["gap"] == "The table is old."
    assert wrong(report.facts, "report-1") == []
    shown = page(report)
    assert "The table is from 2019." in shown
    assert f"the same verdict on {same} of {total} questions" in shown


def test_what_a_supplier_was_asked_for_and_stated_is_frozen(make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    asked = ask(audit, asha, "mon-03")
    put(asked, "mon-03").keep_reply("We test every release.")
    report = decided(audit, asha=asha, ben=ben)
    (row,) = question(report, "mon-03")["asked_of_suppliers"]
    assert row["stated"] == "We test every release."
    assert wrong(report.facts, "report-1") == []
    assert "We test every release." in page(report)
