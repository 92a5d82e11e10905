"""Drafts: made from what is there, written by one or several, published by a second person, and fixed from then on."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from auditapp.accounts.models import User
from auditapp.questionnaires import assembling
from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.models import Category, Check, Draft, Kept, Question, QuestionnaireVersion, TooLate
from auditapp.refusals import NotAllowed, Refused
from tests.factories import Make

OWN = {
    "text": "Is the consent form in the ward's six languages?",
    "guidance": "Ask the ward clerk.",
    "expected_evidence": "The six forms.",
    "criticality": "major",
    "stages": ["change"],  # as the containment check is asked
    "applies_when": "always",
    "scope": "deployment",
    "clauses": [],
}


def seeded(code: str = "containment-72h") -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.get(questionnaire__code=code, state="published")


@pytest.fixture
def draft(make: Make) -> Draft:
    return Draft.begin(by=make.people["ben"], base=seeded(), title="Containment at the Royal")


def codes(version: QuestionnaireVersion) -> list[str]:
    return [question.code for question in version.all_questions]


def published(draft: Draft, make: Make) -> QuestionnaireVersion:
    draft.offer(by=make.people["ben"])
    return draft.publish(by=make.people["grace"])


def save(question: Any, by: User, base: int, key: str = "k", **changed: Any) -> Kept | TooLate:
    return question.save_wording(by=by, base=base, key=key, category=question.category, **changed)


def test_a_draft_begins_with_the_questions_of_what_it_is_made_from(draft: Draft) -> None:
    assert [q.worded for q in draft.questions.all()] == [q.worded for q in seeded().all_questions]
    assert draft.number == 1
    assert draft.questionnaire.code == "northshire-containment-at-the-royal"


def test_a_copy_published_unchanged_asks_the_same_of_everybody(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    before, after = seeded().content, version.content
    assert after["domains"] == before["domains"]
    assert after["local_thresholds"] == before["local_thresholds"]
    assert after["frameworks"] == before["frameworks"]
    assert {k: v for k, v in after.items() if k not in assembling.OWN} == {
        k: v for k, v in before.items() if k not in assembling.OWN
    }
    assert version.sha256 == digest(canonical_bytes(after))


@pytest.mark.parametrize("code", ["predeploy-llm", "quarterly-monitoring", "annual-review", "incident-update-reaudit"])
def test_every_seeded_questionnaire_can_be_taken_over_whole(make: Make, code: str) -> None:
    base = seeded(code)
    version = published(Draft.begin(by=make.people["ben"], base=base, title="Ours"), make)
    assert version.content["domains"] == base.content["domains"]
    assert version.trigger_sets == base.trigger_sets
    profile = make.deployment().newest_profile.facts
    triggers = list(base.trigger_sets)[:1]
    assert [q.code for q in version.select(profile, triggers)] == [q.code for q in base.select(profile, triggers)]


def test_the_seeded_questionnaire_stays_as_it_was(draft: Draft, make: Make) -> None:
    before = [q.worded for q in seeded().all_questions]
    question = draft.questions.first()
    save(question, make.people["ben"], 0, text="Is all well?")
    draft.drop(codes(seeded())[1], by=make.people["ben"])
    published(draft, make)
    assert [q.worded for q in seeded().all_questions] == before


def test_reworded_added_dropped_and_moved_checks_are_what_is_published(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    first, second, third = draft.questions.order_by("category__position", "position")[:3]
    assert isinstance(save(first, ben, 0, text="Who can stop it, at any hour?"), Kept)
    draft.drop(second.code, by=ben)
    added = draft.add_check(by=ben, category=third.category, **OWN)
    draft.place(added.code, before=third.code, by=ben)
    version = published(draft, make)
    assert version.all_questions[0].text == "Who can stop it, at any hour?"
    assert second.code not in codes(version)
    of_category = [q.code for q in version.all_questions if q.category_id == third.category_id]
    assert of_category[:2] == [added.code, third.code]
    assert version.about["check_ids"] == codes(version)


def test_a_check_of_ones_own_has_a_code_that_is_never_used_twice(draft: Draft, make: Make) -> None:
    category = Category.objects.get(prefix="mon")
    first = draft.add_check(by=make.people["ben"], category=category, **OWN)
    second = draft.add_check(by=make.people["ben"], category=category, **OWN)
    assert first.code.startswith("northshire-")
    assert first.code != second.code
    assert first.safety_check.organisation_id == make.people["ben"].organisation_id


def test_a_dropped_check_is_asked_again_as_it_was_worded(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    question = draft.questions.first()
    save(question, ben, 0, text="Ours")
    draft.drop(question.code, by=ben)
    assert question.code not in [q["code"] for q in asked(draft)]
    draft.restore(question.code, by=ben)
    assert next(q["text"] for q in asked(draft) if q["code"] == question.code) == "Ours"


def asked(draft: Draft) -> list[dict[str, Any]]:
    return [q for d in draft.content()["domains"] for c in d["categories"] for q in c["questions"]]


def test_a_check_of_the_library_is_asked_once(draft: Draft, make: Make) -> None:
    question = Question.objects.published().exclude(code__in=codes(seeded())).first()
    draft.ask(question, by=make.people["ben"])
    with pytest.raises(Refused, match="asked already"):
        draft.ask(question, by=make.people["ben"])


def test_two_people_at_one_question_lose_nothing(draft: Draft, make: Make) -> None:
    question = draft.questions.first()
    assert isinstance(save(question, make.people["ben"], 0, text="Ben's words"), Kept)
    late = save(question, make.people["grace"], 0, text="Grace's words")
    assert isinstance(late, TooLate)
    assert late.mine.edited["text"] == "Grace's words"
    assert draft.questions.get(pk=question.pk).text == "Ben's words"
    assert isinstance(save(question, make.people["grace"], 1, text="Grace's words"), Kept)
    assert question.revisions.count() == 3


def test_a_save_that_is_sent_twice_is_one_save(draft: Draft, make: Make) -> None:
    question = draft.questions.first()
    assert isinstance(save(question, make.people["ben"], 0, text="Once"), Kept)
    assert isinstance(save(question, make.people["ben"], 0, text="Once"), Kept)
    assert draft.questions.get(pk=question.pk).n == 1


def test_nobody_publishes_what_they_offered(draft: Draft, make: Make) -> None:
    draft.offer(by=make.people["ben"])
    with pytest.raises(NotAllowed, match="second person"):
        draft.publish(by=make.people["ben"])


def test_what_is_offered_is_not_changed_until_it_is_taken_back(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    question = draft.questions.first()
    draft.offer(by=ben)
    with pytest.raises(Refused, match="waits for a second person"):
        save(question, ben, 0, text="After all")
    with pytest.raises(DatabaseError, match="Only a draft that is being written"), transaction.atomic():
        draft.questions.update(text="Through SQL")
    draft.take_back(by=make.people["grace"])
    assert isinstance(save(question, ben, 0, text="After all"), Kept)


@pytest.mark.parametrize("person", ["asha", "omar", "vera", "eve", "dora"])
def test_those_who_do_not_govern_write_no_questionnaires(make: Make, person: str) -> None:
    with pytest.raises(NotAllowed):
        Draft.begin(by=make.people[person], base=seeded(), title="Mine")


def test_what_cannot_be_asked_is_named_before_it_is_offered(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    first, second, third, fourth = draft.questions.order_by("pk")[:4]
    save(first, ben, 0, text="")
    save(second, ben, 0, applies_when={"all": ["autonomy_level>=3", "autonomy_level<=1"]})
    save(third, ben, 0, applies_when={"all": ["is_magic"]})
    save(fourth, ben, 0, clauses=["nist-ai-rmf:MEASURE 99"])
    with pytest.raises(Refused) as refusal:
        draft.offer(by=ben)
    assert refusal.value.reasons == [
        f"{first.code}: write the question.",
        f"{second.code}: the conditions can never hold together, so nobody would be asked.",
        f"{third.code}: applies when “is_magic”, which is no fact of the profile.",
        f"{fourth.code}: there is no clause “nist-ai-rmf:MEASURE 99”.",
    ]
    assert Draft.objects.get(pk=draft.pk).state == "writing"


def test_a_draft_that_asks_nothing_is_not_offered(make: Make) -> None:
    draft = Draft.begin(by=make.people["ben"], base=seeded(), title="Empty", empty=True)
    with pytest.raises(Refused) as refusal:
        draft.offer(by=make.people["ben"])
    assert "It asks nothing yet. Add a check." in refusal.value.reasons


def test_the_next_version_is_made_from_the_one_before_and_retires_it(draft: Draft, make: Make) -> None:
    first = published(draft, make)
    again = Draft.begin(by=make.people["grace"], base=first)
    assert again.number == 2
    assert again.questionnaire == first.questionnaire
    again.offer(by=make.people["grace"])
    second = again.publish(by=make.people["ben"])
    first.refresh_from_db()
    assert (first.state, second.state) == ("retired", "published")


def test_one_draft_of_a_questionnaire_at_a_time(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    Draft.begin(by=make.people["ben"], base=version)
    with pytest.raises(Refused, match="under way"):
        Draft.begin(by=make.people["grace"], base=version)


def test_a_discarded_draft_stays_as_it_was_and_makes_room(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    given_up = Draft.begin(by=make.people["ben"], base=version)
    given_up.discard(by=make.people["ben"])
    assert Draft.begin(by=make.people["ben"], base=version).number == 2
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Draft.objects.filter(pk=given_up.pk).update(state="writing")


def test_a_published_draft_and_its_version_change_no_more(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(about={})
    for statement in (
        "UPDATE auditapp_questionnaireversion SET state = 'draft', published_at = NULL WHERE id = %s",
        "UPDATE auditapp_questionnaireversion SET number = 7 WHERE id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [version.pk])
    question = version.questions.first()
    question.text = "Is all well?"
    with pytest.raises(DatabaseError), transaction.atomic():
        question.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        question.delete()


def test_the_web_role_cannot_touch_seeded_rows(make: Make) -> None:
    make.enter_scope()
    assert Check.objects.filter(organisation=None).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        Check.objects.create(code="zzz-99", category=Category.objects.first(), position=1)
    version = seeded()
    with pytest.raises(DatabaseError), transaction.atomic():
        QuestionnaireVersion.objects.create(questionnaire=version.questionnaire, number=9, sha256="0" * 64)
    assert QuestionnaireVersion.objects.filter(pk=version.pk).update(state="retired") == 0


def test_cleo_sees_nothing_of_it(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    cleo = make.people["cleo"]
    assert not Draft.objects.visible_to(cleo).exists()
    assert version not in QuestionnaireVersion.objects.visible_to(cleo)


def test_a_copy_of_an_own_questionnaire_under_another_title_is_a_questionnaire_of_its_own(
    draft: Draft, make: Make
) -> None:
    version = published(draft, make)
    copy = Draft.begin(by=make.people["ben"], base=version, title="Containment at the Infirmary")
    assert copy.questionnaire != version.questionnaire
    assert copy.number == 1


def test_a_check_of_ours_is_retired_for_another_and_no_longer_offered(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    ours = draft.add_check(by=ben, category=Category.objects.get(prefix="mon"), **OWN)
    instead = Check.objects.get(code="mon-02")
    ours.safety_check.retire(by=ben, replaced_by=instead, reason="Asked by mon-02 as well.")
    with pytest.raises(Refused) as refusal:
        draft.offer(by=ben)
    assert refusal.value.reasons == [f"{ours.code} is retired. Drop it, and ask mon-02."]
    with pytest.raises(Refused, match="retired already"):
        ours.safety_check.retire(by=ben, replaced_by=instead, reason="Again.")
    draft.drop(ours.code, by=ben)
    draft.offer(by=ben)


def test_a_seeded_check_and_a_circle_are_not_retired(draft: Draft, make: Make) -> None:
    ben = make.people["ben"]
    ours = draft.add_check(by=ben, category=Category.objects.get(prefix="mon"), **OWN).safety_check
    with pytest.raises(Refused, match="A seeded check is retired by the content"):
        Check.objects.get(code="mon-02").retire(by=ben, replaced_by=ours, reason="Ours is better.")
    with pytest.raises(Refused, match="Name a check that is asked instead"):
        ours.retire(by=ben, replaced_by=ours, reason="A circle.")


def test_a_version_of_ours_is_retired_and_opens_no_audit(draft: Draft, make: Make) -> None:
    version = published(draft, make)
    version.retire(by=make.people["ben"])
    assert version not in QuestionnaireVersion.objects.published()
    assert version.state == "retired"
