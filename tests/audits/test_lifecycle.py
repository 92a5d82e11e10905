"""From opening to the decision, as the people of the Royal do it."""

import hashlib
import json
import threading
import time
from datetime import date
from typing import Any

import pytest
import rfc8785
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits.models import Answer, Audit, Saved, Stale
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


# What a save may meet -------------------------------------------------------------------------------------

VERDICTS = st.sampled_from(["", "met", "partial", "not_met", "not_applicable"])
WORDS = st.sampled_from(["", "A few words.", "Words enough for a reason."])
GIVEN = st.fixed_dictionaries(
    {
        "verdict": VERDICTS,
        "evidence_note": WORDS,
        "gap": WORDS,
        "owner": WORDS,
        "control": WORDS,
        "justification": WORDS,
        "due": st.sampled_from([None, date(2030, 1, 15)]),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(answers=st.lists(GIVEN, min_size=8, max_size=8), approved=st.booleans(), attached=st.booleans())
def test_the_database_and_the_rule_agree_on_what_an_answer_lacks(
    make: Make, asha: User, ben: User, answers: list[dict[str, Any]], approved: bool, attached: bool
) -> None:
    """`incomplete()` and `progress()` say in SQL what `AnswerRevision.lacks` says in Python."""
    with transaction.atomic():
        audit = make.audit(deployment=make.deployment(live=True))
        for row, given_ in zip(audit.answers.all(), answers, strict=True):
            row.save_revision(by=asha, base=0, key="k", **given_)
            if attached:
                row.add_evidence(by=asha, url="https://a.example", title="A", effective_date=date(2026, 1, 1))
            if approved and given_["verdict"] == "not_applicable":
                row.approve_not_applicable(by=ben, n=1)
        read = list(audit.answers.for_reading())
        unanswered = {a.code for a in read if not a.current.verdict}
        lacking = {a.code for a in read if a.lacks} - unanswered
        assert set(audit.answers.incomplete().values_list("code", flat=True)) == lacking
        assert set(audit.answers.unanswered().values_list("code", flat=True)) == unanswered
        rows = audit.answers.progress()
        assert sum(row["unfinished"] for row in rows) == len(lacking | unanswered)
        assert sum(row["answered"] for row in rows) == audit_answered(audit)
        assert [state for row in rows for state in row["states"]] == [progress_state(a) for a in read]
        transaction.set_rollback(True)


def audit_answered(audit: Audit) -> int:
    audit.refresh_from_db()
    return audit.answered


def progress_state(answer: Answer) -> str:
    given_ = answer.given
    if given_ is None:
        return "unanswered"
    return "unevidenced" if given_.verdict == "met" and not given_.has_evidence else given_.verdict


def test_a_category_is_given_and_taken_back_with_a_line_on_the_trail(make: Make, asha: User, dora: User) -> None:
    audit = make.audit()
    assignment = audit.assign("monitoring-incidents", dora, by=asha, due=date(2030, 1, 15))
    answer = audit.answers.get(code="mon-03")
    answer.save_revision(by=dora, base=0, key="one", verdict="met")
    audit.take_back(str(assignment.pk), by=asha)
    with pytest.raises(NotAllowed, match="lead of this category"):
        audit.answers.get(code="mon-03").save_revision(by=dora, base=1, key="two", verdict="not_met")
    assert audit.answers.get(code="mon-03").current.by == dora
    verbs = [event.verb for event in Event.objects.filter(stream=audit.trail_stream)]
    assert verbs[1:] == ["audit.assigned", "answer.saved", "audit.assignment_taken_back"]


def test_a_category_in_which_nothing_is_asked_is_given_to_nobody(make: Make, asha: User, dora: User) -> None:
    with pytest.raises(Refused, match="asks nothing"):
        make.audit().assign("hallucination", dora, by=asha)


def test_the_same_request_with_other_words_is_another_one(make: Make, asha: User) -> None:
    answer = make.audit().answers.get(code="mon-03")
    answer.save_revision(by=asha, base=0, key="one", verdict="met", note="First")
    late = answer.save_revision(by=asha, base=0, key="one", verdict="met", note="Second")
    assert isinstance(late, Stale)
    assert (late.mine.note, late.theirs.note) == ("Second", "First")


@pytest.mark.django_db(transaction=True)
def test_no_save_slips_in_beside_a_submission(make: Make) -> None:
    """While a submission is being frozen, a save waits; then it is refused, since it would be in no frozen round."""
    asha, organisation = make.people["asha"], make.organisations["northshire"]
    with scope.entered(organisation.pk):
        audit = make.audit(answered=True)
    outcome: list[object] = []

    def save() -> None:
        try:
            with scope.entered(organisation.pk):
                answer = Answer.objects.get(audit=audit, code="mon-03")
                waiting.set()
                outcome.append(answer.save_revision(by=asha, base=1, key="beside", verdict="not_met"))
        except Refused as refusal:
            outcome.append(refusal.sentence)
        finally:
            connection.close()

    waiting = threading.Event()
    with scope.entered(organisation.pk):
        Audit.objects.select_for_update().get(pk=audit.pk)  # as submit() begins
        saver = threading.Thread(target=save)
        saver.start()
        waiting.wait(30)
        time.sleep(0.3)
        assert outcome == []
        audit.submit(by=asha)
    saver.join(30)
    assert outcome == ["This audit is no longer a draft; its answers are fixed."]
    with scope.entered(organisation.pk):
        frozen = {q["code"]: q["answer"] for c in audit.submission.facts["categories"] for q in c["questions"]}
        assert frozen["mon-03"]["verdict"] == Answer.objects.get(audit=audit, code="mon-03").current.verdict == "met"
