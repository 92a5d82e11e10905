"""An issued audit arranged by framework: from the facts that were signed, whatever has changed since."""

from html import unescape

from django.utils.html import strip_tags

from auditapp.questionnaires.models import Framework
from auditapp.reports.related_clauses import by_framework
from tests.questionnaires.own import role
from tests.tracking.issued import counted, issued, prepared, sign_in


def address(report) -> str:
    return f"/audits/{report.audit.ref}/related-clauses/"


def text_of(client, report) -> str:
    return " ".join(unescape(strip_tags(client.get(address(report)).content.decode())).split())


def test_each_clause_has_the_checks_that_help_to_evidence_it_with_their_answers(client, asha, make):
    report = issued(make, mon_03=make.gap("not_met"), code="restrict")
    client.force_login(asha)
    response = client.get(address(report))
    asked = [q for c in report.facts["submission"]["categories"] for q in c["questions"]]
    for entry in response.context["frameworks"]:
        for clause in entry["clauses"]:
            link = f"{entry['framework']['id']}:{clause['id']}"
            expected = [(q["code"], q["answer"]["state"]) for q in asked if link in q["clauses"]]
            assert [(q["code"], q["state"]) for q in clause["questions"]] == expected
            assert expected
    page = text_of(client, report)
    assert "Related clauses" in page
    assert "helps evidence, is not compliance and not legal advice" in page
    assert "last verified 22 Nov 2026" in page
    assert "Not met mon-03" in page
    assert address(report) in client.get(report.audit.get_absolute_url()).content.decode()
    assert address(report) in client.get(report.get_absolute_url()).content.decode()


def test_what_was_signed_is_shown_although_the_framework_has_been_renamed_since(client, asha, make):
    report = issued(make)
    client.force_login(asha)
    before = text_of(client, report)
    role("")
    Framework.objects.filter(code="nist-ai-rmf").update(name="Another name", last_verified="2031-01-01")
    role("auditapp_web")
    assert text_of(client, report) == before
    assert "Another name" not in before


def test_there_is_no_such_page_before_the_report_is_issued(client, asha, make):
    report = prepared(make)
    client.force_login(asha)
    assert client.get(address(report)).status_code == 404
    assert address(report) not in client.get(report.audit.get_absolute_url()).content.decode()


def test_nobody_elsewhere_learns_that_the_audit_exists(client, make):
    report = issued(make)
    for person in ("sam", "cleo"):
        sign_in(client, make.people[person])
        assert client.get(address(report)).status_code == 404


def test_frameworks_of_other_jurisdictions_come_last_and_are_all_there(client, asha, make):
    report = issued(make)
    asha.organisation.jurisdiction = "UK"
    asha.organisation.save(update_fields=["jurisdiction"])
    client.force_login(asha)
    frameworks = client.get(address(report)).context["frameworks"]
    elsewhere = [entry["elsewhere"] for entry in frameworks]
    assert elsewhere == sorted(elsewhere)
    assert {True, False} == set(elsewhere)
    assert len(frameworks) == len(report.facts["frameworks"])


def test_a_check_that_helps_several_clauses_is_counted_once():
    question = {"code": "hal-01", "clauses": ["f:1", "f:2"], "answer": {"state": "met"}}
    unanswered = {"code": "hal-02", "clauses": ["f:2"], "answer": None}
    frameworks = [{"id": "f", "clauses": [{"id": "1"}, {"id": "2"}]}]
    facts = {"frameworks": frameworks, "submission": {"categories": [{"questions": [question, unanswered]}]}}
    (entry,) = by_framework(facts)
    assert entry["counts"] == {"met": 1, "unanswered": 1}
    assert [[q["code"] for q in clause["questions"]] for clause in entry["clauses"]] == [
        ["hal-01"],
        ["hal-01", "hal-02"],
    ]


def test_the_page_takes_few_queries(client, asha, make):
    report = issued(make)
    client.force_login(asha)
    client.get(address(report))
    with counted(9):
        client.get(address(report))
