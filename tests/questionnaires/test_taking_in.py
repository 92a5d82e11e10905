"""Questions of a file become a draft: known checks reworded, others new, in a fixed number of statements."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from auditapp.accounts import scope
from auditapp.questionnaires.models import Check, ChecklistUpload, Draft, Question, QuestionnaireVersion
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.factories import Make
from tests.questionnaires.uploads import taken_in, uploaded


def base() -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.get(questionnaire__code="containment-72h", state="published")


@pytest.fixture
def draft(make: Make) -> Draft:
    return Draft.begin(by=make.people["ben"], base=base(), title="Ours", empty=True)


def question(code: str = "", **changed: Any) -> dict[str, Any]:
    usual = {
        "code": code,
        "category": "accountability",
        "text": "Is the ward trained?",
        "guidance": "",
        "expected_evidence": "",
        "criticality": "major",
        "stages": ["change"],
        "applies_when": "always",
        "scope": "deployment",
        "not_applicable_backed_by": "",
        "criticality_option": {},
        "clauses": [],
        "reason": "",
        "thresholds": [],
    }
    return usual | changed


def test_a_known_check_is_reworded_and_any_other_is_new(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    draft.take_in([question("mon-02", category="monitoring-incidents"), question("theirs-01"), question()], by=ben)
    first, second, third = draft.questions.order_by("position").select_related("safety_check")
    assert first.safety_check == Check.objects.get(code="mon-02")
    assert first.text == "Is the ward trained?"
    assert [q.code.startswith("northshire-") for q in (second, third)] == [True, True]
    assert second.safety_check.organisation_id == ben.organisation_id
    assert second.code != third.code


def test_the_number_of_statements_does_not_grow_with_the_rows(draft: Draft, make: Make) -> None:
    def statements(rows: list[dict[str, Any]], title: str) -> int:
        empty = Draft.begin(by=make.people["ben"], base=base(), title=title, empty=True)
        with CaptureQueriesContext(connection) as captured:
            empty.take_in(rows, by=make.people["ben"])
        return len(captured)

    few = statements([question("mon-02"), question()], "Few")
    many = [question(text=f"Is step {n} followed?") for n in range(300)]
    assert statements([question("mon-02"), *many], "Many") == few


def test_one_check_is_asked_once(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    with pytest.raises(Refused, match="mon-02 is asked already"):
        draft.take_in([question("mon-02"), question("mon-02")], by=ben)
    draft.take_in([question("mon-02")], by=ben)
    with pytest.raises(Refused, match="mon-02 is asked already"):
        draft.take_in([question("mon-02")], by=ben)
    assert draft.questions.count() == 1


def test_a_retired_check_is_not_asked_again_under_its_code(draft: Draft, make: Make) -> None:
    draft.take_in([question("ill-06")], by=make.people["ben"])
    assert draft.questions.get().code.startswith("northshire-")


def test_only_those_who_write_questionnaires_take_in(draft: Draft, make: Make) -> None:
    with pytest.raises(NotAllowed):
        draft.take_in([question()], by=make.people["asha"])
    with pytest.raises(NotAllowed):
        uploaded(make.people["asha"])


def test_what_is_taken_in_is_on_the_trail_without_a_word_of_it(draft: Draft, make: Make) -> None:
    draft.take_in([question(text="A secret of the ward?")], by=make.people["ben"])
    event = Event.objects.get(verb="questionnaire.taken_in")
    assert b'"added":1' in bytes(event.body)
    assert b"secret" not in bytes(event.body)


def test_the_words_of_an_upload_are_kept_by_nobody_else(make: Make) -> None:
    upload = uploaded(make.people["ben"])
    assert ChecklistUpload.objects.visible_to(make.people["grace"]).get() == upload
    assert not ChecklistUpload.objects.visible_to(make.people["cleo"]).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        ChecklistUpload.objects.filter(pk=upload.pk).update(parsed={})


def test_the_database_hides_an_upload_from_another_organisation(make: Make) -> None:
    uploaded(make.people["ben"])
    scope.enter(make.people["cleo"].organisation_id)
    assert not ChecklistUpload.objects.exists()
    assert ChecklistUpload.objects.all().delete()[0] == 0
    make.enter_scope()
    assert ChecklistUpload.objects.count() == 1


def test_what_nobody_goes_on_with_is_gone_after_two_weeks(make: Make) -> None:
    with make.at("2026-11-01 09:00"):
        uploaded(make.people["ben"])
    with make.at("2026-11-12 09:00"):
        recent = uploaded(make.people["ben"])
    with make.at("2026-11-20 09:00"):
        newest = uploaded(make.people["grace"])
    assert set(ChecklistUpload.objects.all()) == {recent, newest}


def test_an_upload_that_became_a_draft_or_was_given_up_is_gone(make: Make) -> None:
    ben = make.people["ben"]
    upload = uploaded(
        ben, b"Code,Question,Criticality,Category\nmon-02,Is it reported?,major,accountability\n", "a.csv"
    )
    taken_in(upload, by=ben, title="From the ward")
    uploaded(ben).give_up(by=ben)
    assert not ChecklistUpload.objects.exists()
    verbs = set(Event.objects.filter(verb__startswith="checklist.").values_list("verb", flat=True))
    assert verbs == {"checklist.uploaded", "checklist.explained", "checklist.taken_in", "checklist.given_up"}


def test_two_tabs_make_one_draft_of_a_file(make: Make) -> None:
    ben = make.people["ben"]
    first = uploaded(ben)
    second = ChecklistUpload.objects.get(pk=first.pk)
    first.become_draft([question()], by=ben, title="From the ward", about=base().about)
    with pytest.raises(Refused, match="taken in or given up meanwhile"):
        second.become_draft([question()], by=ben, title="From the ward, again", about=base().about)
    assert Draft.objects.count() == 1


def test_a_file_whose_questionnaire_is_being_drafted_is_refused_and_kept(make: Make) -> None:
    ben = make.people["ben"]
    draft = Draft.begin(by=ben, base=base(), title="Ours")
    draft.offer(by=ben)
    version = draft.publish(by=make.people["grace"])
    Draft.begin(by=ben, base=version)
    upload = uploaded(ben, base=version.questionnaire.code)
    with pytest.raises(Refused, match="under way"):
        upload.become_draft([question()], by=ben, title="Ours", about=version.about)
    assert ChecklistUpload.objects.filter(pk=upload.pk).exists()


def test_what_was_taken_in_is_published_by_a_second_person(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    draft.take_in([question("mon-02", category="monitoring-incidents"), question()], by=ben)
    draft.offer(by=ben)
    version = draft.publish(by=make.people["grace"])
    assert [q.text for q in Question.objects.filter(version=version)] == ["Is the ward trained?"] * 2
    assert version.signatories == base().signatories
