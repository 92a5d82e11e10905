"""A published version never changes, not even by plain SQL from the owner of the tables."""

import pytest
from django.db import DatabaseError, connection, transaction

from auditapp.questionnaires.canonical import digest
from auditapp.questionnaires.models import Check, Draft, FrozenContent, Question, Questionnaire, QuestionnaireVersion
from auditapp.refusals import Refused
from tests.questionnaires.own import role

pytestmark = pytest.mark.usefixtures("as_owner")


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def published():
    return QuestionnaireVersion.objects.get(questionnaire__code="containment-72h")


@pytest.fixture
def draft():
    """Version 2 of the containment check, not yet published, with the first question of version 1."""
    questionnaire = Questionnaire.objects.get(code="containment-72h")
    canonical = b'{"schema":1}'
    made = QuestionnaireVersion.objects.create(questionnaire=questionnaire, number=2, sha256=digest(canonical))
    FrozenContent.objects.create(version=made, canonical=canonical)
    question = Question.objects.filter(version__questionnaire=questionnaire).earliest("position")
    question.pk, question.version = None, made
    question.save()
    return made


VERSION = "UPDATE auditapp_questionnaireversion SET {} WHERE id = %s"
ANOTHER = "(SELECT id FROM auditapp_questionnaire WHERE code = 'annual-review')"
ATTACKS = {
    "reword a question": "UPDATE auditapp_question SET text = 'Is all well?' WHERE version_id = %s",
    "lower a question": "UPDATE auditapp_question SET criticality = 'minor' WHERE version_id = %s",
    "remove a question": "DELETE FROM auditapp_question WHERE version_id = %s",
    "change the bytes": "UPDATE auditapp_frozencontent SET canonical = '\\x7b7d' WHERE version_id = %s",
    "remove the bytes": "DELETE FROM auditapp_frozencontent WHERE version_id = %s",
    "change the digest": VERSION.format("sha256 = repeat('0', 64)"),
    "change the number": VERSION.format("number = 9"),
    "back-date it": VERSION.format("published_at = '2020-01-01'"),
    "make it a draft again": VERSION.format("state = 'draft', published_at = NULL"),
    "retire and change it at once": VERSION.format("state = 'retired', number = 9"),
    "give it to another questionnaire": VERSION.format(f"questionnaire_id = {ANOTHER}, number = 9"),
}
REFUSED = r"never changes|never removed|only be retired"


@pytest.mark.parametrize("attack", ATTACKS)
def test_plain_sql_cannot_change_a_published_version(published, attack):
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        run(ATTACKS[attack], published.pk)


def test_a_question_cannot_be_added_to_a_published_version(published):
    question = Question.objects.filter(version__questionnaire__code="annual-review").earliest("position")
    question.pk, question.version, question.position = None, published, 99
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        question.save(force_insert=True)


def test_a_question_cannot_be_moved_into_or_out_of_a_published_version(published, draft):
    move = "UPDATE auditapp_question SET version_id = %s, position = 99 WHERE version_id = %s AND code = %s"
    code = draft.questions.get().code
    other = published.questions.exclude(code=code).first().code
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        run(move, draft.pk, published.pk, other)
    draft.questions.update(code="x")  # so that only the trigger stands in the way
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        run(move, published.pk, draft.pk, "x")


def test_a_published_version_cannot_be_removed_even_when_nothing_points_at_it(draft):
    empty = QuestionnaireVersion.objects.create(questionnaire=draft.questionnaire, number=3, sha256=digest(b"{}"))
    FrozenContent.objects.create(version=empty, canonical=b"{}")
    empty.publish(by=None)
    with pytest.raises(DatabaseError, match="never removed"), transaction.atomic():
        run("DELETE FROM auditapp_questionnaireversion WHERE id = %s", empty.pk)


def test_a_draft_can_be_changed_and_removed(draft):
    draft.questions.update(text="Is this better?")
    draft.questions.all().delete()
    draft.frozen.delete()
    draft.delete()
    assert not QuestionnaireVersion.objects.filter(pk=draft.pk).exists()


def test_a_version_begins_as_a_draft(published):
    with pytest.raises(DatabaseError, match="begins as a draft"), transaction.atomic():
        QuestionnaireVersion.objects.create(
            questionnaire=published.questionnaire,
            number=2,
            sha256=published.sha256,
            state="published",
            published_at=published.published_at,
        )


def test_a_draft_whose_digest_is_not_that_of_its_bytes_cannot_be_published(draft):
    QuestionnaireVersion.objects.filter(pk=draft.pk).update(sha256="0" * 64)
    draft.refresh_from_db()
    with pytest.raises(DatabaseError, match="not that of the canonical bytes"), transaction.atomic():
        draft.publish(by=None)


def test_publishing_retires_the_version_before_it(published, draft):
    draft.publish(by=None)
    published.refresh_from_db()
    assert (published.state, draft.state) == ("retired", "published")
    assert published.published_at <= draft.published_at


def test_a_version_is_published_once_and_retired_once(published, draft):
    with pytest.raises(Refused, match="Only a draft can be published"):
        published.publish(by=None)
    with pytest.raises(Refused, match="Only a published version can be retired"):
        draft.retire(by=None)


def test_two_versions_are_never_published_at_once(draft):
    with pytest.raises(DatabaseError, match="one_published_version_at_a_time"), transaction.atomic():
        run(VERSION.format("state = 'published', published_at = now()"), draft.pk)


def test_codes_by_which_years_are_compared_never_change():
    with pytest.raises(DatabaseError, match="code of a check never changes"), transaction.atomic():
        Check.objects.filter(code="hal-01").update(code="hal-99")
    with pytest.raises(DatabaseError, match="code of a questionnaire never changes"), transaction.atomic():
        Questionnaire.objects.filter(code="annual-review").update(code="yearly")


def test_taxonomy_that_questions_rest_on_cannot_be_removed():
    with pytest.raises(DatabaseError), transaction.atomic():
        run("DELETE FROM auditapp_check WHERE code = 'hal-01'; SET CONSTRAINTS ALL IMMEDIATE")


def through_the_orm(rows, **change):
    """As the product itself would send it: a change of some rows, or, where nothing is to be changed, their removal."""
    rows.update(**change) if change else rows._raw_delete("default")


def questions_of(version):
    return Question.objects.filter(version=version)


ATTEMPTS = {
    "edit a question (ORM)": lambda v: through_the_orm(questions_of(v), text="Is all well?"),
    "edit a question (SQL)": lambda v: run(ATTACKS["reword a question"], v.pk),
    "delete a question (ORM)": lambda v: through_the_orm(questions_of(v)),
    "delete a question (SQL)": lambda v: run(ATTACKS["remove a question"], v.pk),
    "edit a link (ORM)": lambda v: through_the_orm(questions_of(v), clauses=["nist-ai-rmf:GOVERN 1.1"]),
    "edit a link (SQL)": lambda v: run("UPDATE auditapp_question SET clauses = '[]' WHERE version_id = %s", v.pk),
    "move a link (ORM)": lambda v: through_the_orm(questions_of(v), category=questions_of(v).last().category),
    "move a link (SQL)": lambda v: run(
        "UPDATE auditapp_question SET safety_check_id = (SELECT min(id) FROM auditapp_check) WHERE version_id = %s",
        v.pk,
    ),
    "edit a version (ORM)": lambda v: through_the_orm(QuestionnaireVersion.objects.filter(pk=v.pk), number=9),
    "edit a version (SQL)": lambda v: run(ATTACKS["change the digest"], v.pk),
    "delete a version (ORM)": lambda v: through_the_orm(QuestionnaireVersion.objects.filter(pk=v.pk)),
    "delete a version (SQL)": lambda v: run("DELETE FROM auditapp_questionnaireversion WHERE id = %s", v.pk),
    "edit the bytes (ORM)": lambda v: through_the_orm(FrozenContent.objects.filter(version=v), canonical=b"{}"),
    "delete the bytes (SQL)": lambda v: run(ATTACKS["remove the bytes"], v.pk),
}


@pytest.fixture
def own(make):
    """A questionnaire of Northshire's, written by Ben and published by Grace."""
    role("auditapp_web")
    base = QuestionnaireVersion.objects.get(questionnaire__code="containment-72h")
    draft = Draft.begin(by=make.people["ben"], base=base, title="Containment, ours")
    draft.offer(by=make.people["ben"])
    return draft.publish(by=make.people["grace"])


@pytest.mark.parametrize("acting_as", ["auditapp_owner", "auditapp_web"])
@pytest.mark.parametrize("whose", ["seeded", "own"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_postgres_itself_refuses_whatever_would_change_what_was_published(published, own, attempt, whose, acting_as):
    version = {"seeded": published, "own": own}[whose]
    before = written(version)
    role("" if acting_as == "auditapp_owner" else acting_as)
    with pytest.raises(DatabaseError, match=rf"{REFUSED}|permission denied"), transaction.atomic():
        ATTEMPTS[attempt](version)
    assert written(version) == before


def written(version):
    """Everything that the rows of a version say."""
    role("")
    found = QuestionnaireVersion.objects.filter(pk=version.pk)
    rows = [*found.values(), *questions_of(version).order_by("pk").values()]
    return rows, bytes(FrozenContent.objects.get(version=version).canonical)
