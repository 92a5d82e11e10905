"""The campaign's judge sees what a half-done act would leave: here one such trace at a time is put there by hand."""

import pytest
from django.db import connection

from tests.campaign.consistency import contradictions
from tests.factories import Make

CONDITION = {"text": "Retest within a month.", "owner": "Digital health team", "due": "2030-02-01"}
TRACES = [
    ("submitted without a submission", "UPDATE auditapp_audit SET state = 'submitted'", "with submissions []"),
    ("an answer without its revision", "UPDATE auditapp_answer SET n = n + 1", "its revisions are"),
    ("a counter that was not moved", "UPDATE auditapp_audit SET answered = answered - 1", "counts"),
    ("an act that is not on the trail", "DELETE FROM auditapp_event WHERE verb = 'answer.saved'", "on the trail"),
    ("a trail without its end", "DELETE FROM auditapp_event WHERE verb = 'audit.decided'", "deleted"),
    ("a score that is missing", "DELETE FROM auditapp_categoryscore WHERE part = 'domain'", "scores of"),
    ("a gap without its finding", "DELETE FROM auditapp_auditfinding", "raised findings on []"),
    (
        "bytes that are not those frozen",
        "UPDATE auditapp_submission SET canonical = canonical || ' '::bytea",
        "canonical bytes",
    ),
    ("a missing review", "DELETE FROM auditapp_review", "the review is not there"),
    ("a report that nobody prints", "DELETE FROM procrastinate_jobs", "nobody prints the report"),
    ("a decision without its conditions", "DELETE FROM auditapp_condition", "conditions are missing"),
    ("a decided audit set back", "UPDATE auditapp_audit SET state = 'reviewed'", "the decision is there"),
]
SIGNED_TRACES = [
    ("a signature that nobody puts in", "DELETE FROM procrastinate_jobs", "nobody puts signature 1 into the file"),
    ("a signature without its file", "DELETE FROM auditapp_reportfile", "1 signatures for 0 files"),
    ("a file that was cut off", "UPDATE auditapp_reportfile SET content = 'x'", "not the bytes of its digest"),
    ("a state that did not move", "UPDATE auditapp_audit SET state = 'decided'", "decided, with 1 files"),
]


def _put_there(trace: str) -> None:
    """As the owner of the tables, past the triggers that refuse it."""
    table = trace.replace("DELETE FROM", "UPDATE").split()[1]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; RESET ROLE")
        if table.startswith("auditapp"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(trace)
        cursor.execute("SET ROLE auditapp_web")


def _seen(make: Make) -> list[str]:
    return contradictions(int(make.organisation_in_scope))


def test_what_the_verbs_leave_is_consistent_at_every_state(make: Make) -> None:
    make.audit()
    make.audit(answered=True)
    make.submitted(mon_03=make.gap())
    make.reviewed()
    _decided(make)
    assert not _seen(make)


def _decided(make: Make) -> None:
    make.decided(mon_03=make.gap(), code="continue_with_conditions", conditions=[CONDITION])


@pytest.mark.parametrize(("trace", "said"), [row[1:] for row in TRACES], ids=[row[0] for row in TRACES])
def test_a_trace_of_a_half_done_act_is_seen(make: Make, trace: str, said: str) -> None:
    make.audit(answered=True) if "state = 'submitted'" in trace else _decided(make)
    assert not _seen(make)
    _put_there(trace)
    assert said in "\n".join(_seen(make))


@pytest.mark.parametrize(("trace", "said"), [row[1:] for row in SIGNED_TRACES], ids=[row[0] for row in SIGNED_TRACES])
def test_a_trace_of_a_half_done_signature_is_seen(make: Make, unsigned_pdf: bytes, trace: str, said: str) -> None:
    report = make.decided()
    report.keep_file(0, unsigned_pdf)
    first = report.signatories[0]
    report.sign(by=make.people["asha"], meaning=first["meaning"], shown_sha256=report.newest_file.sha256)
    assert not _seen(make)
    _put_there(trace)
    assert said in "\n".join(_seen(make))
