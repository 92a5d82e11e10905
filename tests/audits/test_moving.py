"""Moving an open draft to a newer version of its questionnaire, and back."""

import pytest
from django.db import DatabaseError, connection, transaction

from auditapp.audits.models import Answer, Audit, Saved, Stale, VersionMove
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.newer import publish_newer
from tests.audits.pages import post_answer, sign_in


@pytest.fixture
def draft(make):
    """A draft on version 1 with every question answered, and then version 2 is published."""
    audit = make.audit(answered=True)
    publish_newer()
    return audit


@pytest.fixture
def newer(draft):
    (version,) = draft.other_versions()
    return version


@pytest.fixture
def older(draft):
    return draft.version


def counters(audit):
    audit.refresh_from_db()
    return audit.asked, audit.answered, audit.critical_left


def answered(audit):
    return {a.code for a in audit.answers.exclude(current=None)}


def test_a_newer_version_is_offered_and_nothing_moves_by_itself(make, draft, client, asha):
    page = sign_in(client, asha).get(f"/audits/{draft.ref}/").content.decode()
    assert "Version 2 of this questionnaire is published." in page
    draft.refresh_from_db()
    assert (draft.version.number, draft.version.state) == (1, "retired")


def test_the_preview_says_what_would_happen_and_changes_nothing(draft, client, asha):
    before = counters(draft)
    page = sign_in(client, asha).get(f"/audits/{draft.ref}/versions/2/")
    found = page.context["preview"]
    assert [row.question.code for row in found.reworded] == ["mon-03"]
    assert [row.question.code for row in found.new] == ["mon-01"]
    assert [row.question.code for row in found.no_longer_asked] == ["pat-09"]
    assert (len(found.unchanged), found.kept, len(found.to_confirm)) == (6, 6, 1)
    assert '<ins><span class="visually-hidden"> added: </span>hospital</ins>' in page.content.decode()
    assert counters(draft) == before
    assert not VersionMove.objects.exists()


def test_moving_keeps_answers_by_check_and_sets_the_reworded_ones_aside(draft, newer, asha):
    kept = {a.code: a.current_id for a in draft.answers.all()}
    draft.move_to_version(newer, by=asha)
    assert counters(draft) == (8, 6, 2)
    assert draft.version == newer
    now = {a.code: a for a in draft.answers.select_related("question")}
    assert {a.question.version_id for a in now.values()} == {newer.pk}
    assert set(now) == (set(kept) - {"pat-09"}) | {"mon-01"}
    for code in set(now) - {"mon-01", "mon-03"}:
        assert now[code].current_id == kept[code]
    assert (now["mon-03"].current, now["mon-03"].n) == (None, 1)
    assert (now["mon-01"].current, now["mon-01"].n) == (None, 0)
    assert [a.position for a in draft.answers.all()] == sorted(a.position for a in now.values())


def test_a_move_is_on_the_trail_and_is_a_row(draft, newer, older, asha):
    move = draft.move_to_version(newer, by=asha)
    assert (move.before, move.after, move.by) == (older, newer, asha)
    assert Event.objects.filter(stream=draft.trail_stream).order_by("seq").last().verb == "audit.moved"


def test_what_is_set_aside_keeps_the_audit_from_being_submitted(make, draft, newer, asha):
    draft.move_to_version(newer, by=asha)
    make.answer_all(draft, by=asha, exceptions={"mon-03": {"verdict": "", "note": "Not yet."}})
    with pytest.raises(Refused) as refusal:
        Audit.objects.get(pk=draft.pk).submit(by=asha)
    assert [reason[0].split(":")[0] for reason in refusal.value.reasons] == ["mon-03"]


def test_a_person_confirms_the_earlier_answer_with_the_difference_in_view(draft, newer, client, asha, ben):
    said = draft.answers.get(code="mon-03").current
    draft.move_to_version(newer, by=asha)
    card = sign_in(client, asha).get(f"/audits/{draft.ref}/categories/monitoring-incidents/").content.decode()
    assert "Your audit’s answer to the earlier wording" in card
    assert "<del>" in card
    answer = draft.answers.get(code="mon-03")
    sent = {"base": answer.n, "key": "k", "question": answer.question_id, "source": ""}
    assert client.post(f"/audits/{draft.ref}/answers/mon-03/taking-over/", sent).status_code == 302
    answer = draft.answers.get(code="mon-03")
    assert (answer.n, answer.current.values, answer.current.question) == (2, said.values, answer.question)
    assert counters(draft) == (8, 7, 1)


def test_moving_back_gives_every_answer_back(draft, newer, older, asha):
    before = {a.code: (a.current_id, a.question_id, a.position) for a in draft.answers.all()}
    state, profile = counters(draft), draft.profile
    draft.move_to_version(newer, by=asha)
    assert [v.number for v in draft.other_versions()] == [1]
    draft.move_to_version(older, by=asha)
    assert {a.code: (a.current_id, a.question_id, a.position) for a in draft.answers.all()} == before
    assert (counters(draft), draft.profile) == (state, profile)
    assert [v.number for v in draft.other_versions()] == [2]


def test_what_was_answered_there_is_kept_hidden_and_comes_back(draft, newer, older, asha):
    draft.move_to_version(newer, by=asha)
    draft.answers.get(code="mon-01").save_revision(by=asha, base=0, key="k", verdict="met", evidence_note="Seen.")
    draft.move_to_version(older, by=asha)
    assert not draft.answers.filter(code="mon-01").exists()
    assert Answer.every.get(audit=draft, code="mon-01").current.evidence_note == "Seen."
    draft.refresh_from_db()
    draft.move_to_version(newer, by=asha)
    assert draft.answers.get(code="mon-01").current.evidence_note == "Seen."
    assert counters(draft) == (8, 7, 1)


def test_what_was_confirmed_for_the_new_wording_waits_again_under_the_old_one(draft, newer, older, asha):
    draft.move_to_version(newer, by=asha)
    answer = draft.answers.get(code="mon-03")
    answer.take_over(by=asha, base=1, key="k", question=answer.question_id, source="")
    draft.refresh_from_db()
    draft.move_to_version(older, by=asha)
    answer = draft.answers.get(code="mon-03")
    assert (answer.current, answer.n) == (None, 2)


def test_what_was_typed_below_the_old_wording_is_kept_but_not_taken(make, client, asha):
    audit = make.audit()
    asked = audit.answers.get(code="mon-03").question_id
    same = audit.answers.get(code="mon-02").question_id
    publish_newer()
    audit.move_to_version(audit.other_versions()[0], by=asha)
    sign_in(client, asha)
    late = post_answer(client, audit, "mon-03", json=True, question=asked, note="Typed before.")
    assert late.status_code == 422
    assert "The wording of this question has changed" in late.json()["errors"]["card"][0]
    page = post_answer(client, audit, "mon-03", question=asked, note="Typed before, as a form.")
    assert (page.status_code, "It now asks:" in page.content.decode()) == (409, True)
    answer = audit.answers.get(code="mon-03")
    assert answer.current is None
    assert {r.note for r in answer.revisions.filter(n=None)} == {"Typed before.", "Typed before, as a form."}
    assert post_answer(client, audit, "mon-02", json=True, question=same).json()["saved"]


def test_a_confirmation_of_the_old_wording_is_refused_after_the_move(draft, newer, asha):
    answer = draft.answers.get(code="mon-03")
    draft.move_to_version(newer, by=asha)
    with pytest.raises(Refused, match="wording of mon-03"):
        draft.answers.get(code="mon-03").take_over(by=asha, base=1, key="k", question=answer.question_id, source="")


def test_two_people_move_and_save_at_once_and_nothing_is_lost(draft, newer, asha):
    stale = Audit.objects.get(pk=draft.pk)
    outcome = draft.answers.get(code="mon-02").save_revision(by=asha, base=1, key="k", verdict="not_met", gap="Gone.")
    assert isinstance(outcome, Saved)
    stale.move_to_version(newer, by=asha)
    assert draft.answers.get(code="mon-02").current == outcome.revision
    again = draft.answers.get(code="mon-02").save_revision(by=asha, base=1, key="k2", verdict="met")
    assert isinstance(again, Stale)
    with pytest.raises(Refused, match="newer published version"):
        Audit.objects.get(pk=draft.pk).move_to_version(newer, by=asha)


def test_only_a_draft_that_was_never_submitted_moves(make, asha, ben):
    submitted, returned = make.submitted(), make.submitted()
    returned.return_questions({"mon-03": "Say more."}, by=ben)
    version = publish_newer()
    for audit in (submitted, returned):
        audit.refresh_from_db()
        assert audit.other_versions() == []
        with pytest.raises(Refused, match="never submitted"):
            audit.move_to_version(version, by=asha)


def test_only_to_a_version_of_the_same_questionnaire(make, draft, asha):
    other = make.audit(questionnaire="annual-review", reason="yearly").version
    for version in (other, draft.version):
        with pytest.raises(Refused, match="newer published version"):
            draft.move_to_version(version, by=asha)


def test_only_auditors_of_the_hospital_move(draft, newer, client, ben, vera, dora, sam, cleo):
    for person in (ben, vera, dora):
        with pytest.raises(NotAllowed):
            draft.move_to_version(newer, by=person)
    for person in (ben, vera):
        assert sign_in(client, person).post(f"/audits/{draft.ref}/versions/2/").status_code == 403
    for person in (dora, sam, cleo):  # nothing in it is given to Dora
        assert sign_in(client, person).post(f"/audits/{draft.ref}/versions/2/").status_code == 404


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE auditapp_audit SET version_id = {version} WHERE id = {audit}",
        "UPDATE auditapp_audit SET profile = '{{}}' WHERE id = {audit}",
        "UPDATE auditapp_answer SET question_id = {question} WHERE audit_id = {audit} AND code = 'mon-03'",
        "UPDATE auditapp_answer SET asked = false WHERE audit_id = {audit}",
    ],
)
@pytest.mark.parametrize("role", ["auditapp_web", ""])
def test_plain_sql_moves_no_audit_that_was_submitted(make, attack, role):
    audit, version = make.submitted(), publish_newer()
    question = version.questions.get(code="mon-03").pk
    statement = attack.format(audit=audit.pk, version=version.pk, question=question)
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}" if role else "RESET ROLE")
        with pytest.raises(DatabaseError, match="fixed since"), transaction.atomic():
            cursor.execute(statement)


def test_the_pages_by_hand(draft, client, asha):
    sign_in(client, asha)
    assert client.post(f"/audits/{draft.ref}/versions/2/").status_code == 302
    page = client.get(f"/audits/{draft.ref}/").content.decode()
    assert "This audit came from version 1." in page
    assert client.get(f"/audits/{draft.ref}/versions/9/").status_code == 404
    assert client.post(f"/audits/{draft.ref}/versions/1/").status_code == 302
    assert "Version 2 of this questionnaire is published." in client.get(f"/audits/{draft.ref}/").content.decode()
