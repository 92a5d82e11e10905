"""From opening to the decision, as the people of the Royal do it."""

import hashlib
import json

import pytest
import rfc8785

from auditapp.accounts.models import User
from auditapp.audits.models import Audit, Saved, Stale
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports.models import Decision
from auditapp.trail.models import Event
from tests.factories import Make


def test_opening_an_audit_copies_the_profile_and_asks_what_it_selects(make: Make, asha: User) -> None:
    audit = make.audit()
    assert (audit.asked, audit.critical_left, audit.answered) == (8, 7, 0)
    assert audit.profile["confirmed_by"]["name"] == "Ben Okafor"
    assert {code for code, _ in [(q.code, why) for q, why in audit.excluded()]} == {"har-05", "aut-07"}


def test_an_unconfirmed_profile_opens_no_audit(make: Make) -> None:
    deployment = make.deployment(confirmed=False)
    with pytest.raises(Refused, match="second person"):
        make.audit(deployment=deployment)


def test_a_save_that_starts_from_an_old_revision_keeps_both_texts(make: Make, asha: User) -> None:
    answer = make.audit().answers.select_related("audit").first()
    first = answer.save_revision(by=asha, base=0, key="one", verdict="met", note="Mine")
    second = answer.save_revision(by=asha, base=0, key="two", verdict="not_met", note="Also mine")
    assert isinstance(first, Saved)
    assert isinstance(second, Stale)
    assert (second.mine.note, second.theirs.note) == ("Also mine", "Mine")
    assert answer.revisions.count() == 2


def test_repeating_a_request_changes_nothing(make: Make, asha: User) -> None:
    answer = make.audit().answers.select_related("audit").first()
    once = answer.save_revision(by=asha, base=0, key="one", verdict="met")
    again = answer.save_revision(by=asha, base=0, key="one", verdict="met")
    assert isinstance(again, Saved)
    assert once.revision == again.revision


def test_an_incomplete_audit_is_refused_with_what_is_missing(make: Make, asha: User) -> None:
    audit = make.audit()
    with pytest.raises(Refused) as refusal:
        audit.submit(by=asha)
    assert len(refusal.value.reasons) == 8


def test_submitting_freezes_scores_and_opens_findings(make: Make, asha: User) -> None:
    audit = make.submitted(mon_03=make.gap())
    submission = audit.submission
    assert audit.state == Audit.State.SUBMITTED
    assert hashlib.sha256(bytes(submission.canonical)).hexdigest() == submission.sha256
    assert rfc8785.dumps(submission.facts) == bytes(submission.canonical)
    assert submission.calculated_result == "reached_with_conditions"
    assert [(f.check_code, f.priority) for f in audit.deployment.findings.open()] == [("mon-03", "P2")]
    assert Event.objects.filter(stream=audit.trail_stream).last().verb == "audit.submitted"


def test_a_returned_question_is_the_only_one_that_can_be_changed(make: Make, asha: User, ben: User) -> None:
    audit = make.submitted(mon_03=make.gap())
    audit.return_questions({"mon-03": "Which test, and when?"}, by=ben)
    audit.refresh_from_db()
    fixed = audit.answers.select_related("audit").get(code="mon-02")
    with pytest.raises(Refused, match="returned"):
        fixed.save_revision(by=asha, base=1, key="x", verdict="not_met")
    make.answer_all(audit, by=asha)
    audit.submit(by=asha)
    assert audit.deployment.findings.open().count() == 0
    assert audit.deployment.findings.get().closures.get().reason == f"No longer found in round 2 of {audit.ref}."


def test_a_decision_must_be_permitted_for_the_result(make: Make, ben: User) -> None:
    audit = make.reviewed(mon_03=make.gap())
    with pytest.raises(Refused, match="not permitted"):
        Decision.record(audit, by=ben, code="continue", reasons="Fine.")
    with pytest.raises(Refused, match="condition"):
        Decision.record(audit, by=ben, code="continue_with_conditions", reasons="Fine.")


def test_only_the_safety_officer_reviews(make: Make, asha: User) -> None:
    with pytest.raises(NotAllowed, match="clinical safety officer"):
        make.submitted().accept(by=asha)


def test_the_report_facts_hold_the_submission_as_it_was_stored(make: Make) -> None:
    report = make.decided()
    submission = report.decision.submission
    assert rfc8785.dumps(report.facts["submission"]) == bytes(submission.canonical)
    assert json.loads(bytes(report.canonical))["decision"]["label"] == "Continue"
