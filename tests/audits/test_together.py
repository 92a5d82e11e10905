"""Working together: who is given what and sees what, what is said, who is here, and what others changed."""

from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp.accounts.models import User
from auditapp.accounts.notifications import MailChoice
from auditapp.audits import letters
from auditapp.audits.models import Audit, Comment, Mention, Presence
from auditapp.refusals import NotAllowed, Refused
from tests.audits.pages import counted, post_answer, sign_in
from tests.factories import Make

GIVEN, HIDDEN = ("mon-02", "mon-03"), "mon-05"
CATEGORY = "monitoring-incidents"


@pytest.fixture
def audit(make: Make, asha: User, dora: User) -> Audit:
    """A draft in which Dora was given two questions of one category."""
    audit = make.audit(answered=True)
    audit.assign_to([dora], CATEGORY, codes=GIVEN, by=asha, due=date(2030, 1, 15), message="Ask the ward manager.")
    return audit


def answer(audit: Audit, code: str) -> Any:
    return audit.answers.select_related("audit", "site").get(code=code)


def sent_jobs(name: str) -> list[dict[str, Any]]:
    return list(ProcrastinateJob.objects.filter(task_name=name).values_list("args", flat=True))


# Assignments ---------------------------------------------------------------------------------------------


def test_one_act_gives_questions_to_several_people_with_a_day_and_a_message(
    client: Client, make: Make, asha: User, dora: User
) -> None:
    audit = make.audit()
    sign_in(client, asha)
    where = f"/audits/{audit.ref}/assignments/categories/{CATEGORY}/"
    omar = make.people["omar"]
    sent = {"codes": list(GIVEN), "people": [dora.pk, omar.pk], "due": "2030-01-15", "message": "Ask the ward."}
    assert client.post(where, sent).status_code == 302
    rows = {(row.user, row.check_code, row.due, row.message) for row in audit.assignments.all()}
    assert rows == {(who, code, date(2030, 1, 15), "Ask the ward.") for who in (dora, omar) for code in GIVEN}
    assert sorted(job["user"] for job in sent_jobs("mail.assigned")) == sorted([dora.pk, omar.pk])


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [({"people": []}, "Tick at least one person."), ({"codes": ["hal-01"]}, "Select a valid choice.")],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    client: Client, make: Make, asha: User, dora: User, sent: dict[str, Any], sentence: str
) -> None:
    audit = make.audit()
    sign_in(client, asha)
    where = f"/audits/{audit.ref}/assignments/categories/{CATEGORY}/"
    page = client.post(where, {"codes": [], "people": [dora.pk], "message": "Ask the ward."} | sent).content.decode()
    assert sentence in page
    assert "Ask the ward." in page
    assert not audit.assignments.exists()


def test_an_assignment_is_changed_and_the_person_is_told_again(
    client: Client, audit: Audit, asha: User, dora: User
) -> None:
    sign_in(client, asha)
    given = audit.assignments.get(check_code=GIVEN[0])
    before = len(sent_jobs("mail.assigned"))
    where = f"/audits/{audit.ref}/assignments/{given.pk}/"
    assert 'value="2030-01-15"' in client.get(where).content.decode()
    assert client.post(where, {"due": "2030-02-20", "message": ""}).status_code == 302
    given.refresh_from_db()
    assert (given.due, given.message) == (date(2030, 2, 20), "")
    assert len(sent_jobs("mail.assigned")) == before + 1


def test_nothing_is_given_to_who_reviews_or_only_reads(audit: Audit, make: Make, asha: User) -> None:
    for who in ("ben", "grace", "vera", "sam", "cleo"):
        with pytest.raises(Refused, match="neither auditor nor category lead nor deployment owner"):
            audit.assign(CATEGORY, make.people[who], by=asha)
    with pytest.raises(Refused, match="hal-01 is not asked in that category"):
        audit.assign(CATEGORY, make.people["dora"], by=asha, check_code="hal-01")


def test_the_letter_holds_title_and_link_and_no_message(audit: Audit, dora: User, make: Make) -> None:
    (job,) = sent_jobs("mail.assigned")
    letters.assigned(**job)
    make.enter_scope()
    (letter,) = mail.outbox
    assert letter.to == [dora.email]
    assert letter.subject == f"Questions were given to you in {audit.ref}"
    assert f"/audits/{audit.ref}/" in letter.body
    assert "Ask the ward manager" not in letter.body
    assert "Seen for" not in letter.body


def test_no_letter_goes_to_who_does_not_want_it_or_has_lost_the_part(
    audit: Audit, dora: User, asha: User, make: Make
) -> None:
    (job,) = sent_jobs("mail.assigned")
    MailChoice.of(dora).choose(at_once=False)
    letters.assigned(**job)
    make.enter_scope()
    MailChoice.of(dora).choose(at_once=True)
    for given in audit.assignments.all():
        audit.take_back(str(given.pk), by=asha)
    letters.assigned(**job)
    assert mail.outbox == []


# What a category lead sees -------------------------------------------------------------------------------


def test_a_lead_sees_the_given_questions_and_no_other(client: Client, audit: Audit, dora: User) -> None:
    sign_in(client, dora)
    page = client.get(f"/audits/{audit.ref}/categories/{CATEGORY}/")
    assert [card.answer.code for card in page.context["cards"]] == list(GIVEN)
    text = page.content.decode()
    assert HIDDEN not in text
    assert "Ask the ward manager." in text
    assert "15 Jan 2030" in text
    assert client.get(f"/audits/{audit.ref}/categories/accountability/").status_code == 404


def test_a_lead_counts_the_own_part_alone(client: Client, make: Make, audit: Audit, dora: User) -> None:
    make.audit()  # in which nothing is hers
    sign_in(client, dora)
    assert client.get(f"/audits/{audit.ref}/").context["totals"]["asked"] == 2
    listed = client.get("/audits/")
    assert [(row.ref, row.answered_here, row.asked_here) for row in listed.context["page"]] == [(audit.ref, 2, 2)]
    rows = client.get("/audits/?format=csv").content.decode().splitlines()
    assert len(rows) == 2
    assert ",2,2," in rows[1]
    reply = post_answer(client, audit, GIVEN[0], json=True, base=1, verdict="not_met").json()
    assert (reply["answered"], reply["asked"]) == (2, 2)


def test_what_is_not_given_does_not_exist_for_a_lead(client: Client, audit: Audit, asha: User, dora: User) -> None:
    kept = answer(audit, HIDDEN).add_evidence(
        by=asha, title="Minutes", url="https://example.org/", effective_date=date(2026, 1, 1)
    )
    Comment.say(answer(audit, HIDDEN), "Not for everybody.", by=asha)
    sign_in(client, dora)
    where = f"/audits/{audit.ref}"
    for path in ("history/", "comments/"):
        assert client.get(f"{where}/answers/{HIDDEN}/{path}").status_code == 404
        assert client.get(f"{where}/answers/{GIVEN[0]}/{path}").status_code == 200
    for path in ("", "approval/", "evidence/", "evidence/removal/", "taking-over/", "inheritance/", "comments/"):
        sent = {"base": 1, "key": "k", "verdict": "met", "item": kept.pk, "text": "Hello."}
        assert client.post(f"{where}/answers/{HIDDEN}/{path}", sent).status_code == 404
    assert client.post(f"{where}/presence/", {"at": HIDDEN}).status_code == 404
    assert client.get(f"{where}/hazard-ratings/").status_code == 404
    assert "Minutes" not in client.get(f"{where}/categories/{CATEGORY}/").content.decode()


def test_what_was_handed_over_and_found_does_not_exist_for_a_lead(
    client: Client, make: Make, asha: User, dora: User
) -> None:
    audit = make.audit(answered=True, mon_05=make.gap())
    audit.assign_to([dora], CATEGORY, codes=GIVEN, by=asha)
    audit.submit(by=asha)
    (finding,) = audit.deployment.findings.all()
    sign_in(client, dora)
    for address in (f"/audits/{audit.ref}/rounds/1/", f"/findings/{finding.ref}/", f"/audits/{audit.ref}/report/"):
        assert client.get(address).status_code == 404, address
    assert finding.title not in client.get("/findings/").content.decode()
    assert finding.title not in client.get(f"/deployments/{audit.deployment.ref}/").content.decode()
    assert audit.ref not in client.get(f"/questionnaires/checks/{GIVEN[0]}/answers/").content.decode()
    page = client.get(f"/audits/{audit.ref}/")
    assert page.context["expected"].sentence == "Your part is handed over. Nothing else is expected of you now."
    assert not page.context["rounds"]


def test_what_is_taken_back_is_seen_no_more(client: Client, audit: Audit, asha: User, dora: User) -> None:
    sign_in(client, dora)
    for given in audit.assignments.all():
        assert client.get(f"/audits/{audit.ref}/").status_code == 200
        audit.take_back(str(given.pk), by=asha)
    assert client.get(f"/audits/{audit.ref}/").status_code == 404
    assert post_answer(client, audit, GIVEN[0], json=True).status_code == 404


def test_an_owner_who_reads_everything_answers_only_what_is_given(make: Make, audit: Audit, asha: User) -> None:
    omar = make.people["omar"]
    audit.assign(CATEGORY, omar, by=asha, check_code=HIDDEN)
    answer(audit, HIDDEN).save_revision(by=omar, base=1, key="omar", verdict="not_met")
    with pytest.raises(NotAllowed):
        answer(audit, GIVEN[0]).save_revision(by=omar, base=1, key="omar", verdict="not_met")


# Comments ------------------------------------------------------------------------------------------------


def test_a_comment_names_a_person_who_is_told_with_a_link(client: Client, audit: Audit, asha: User, ben: User) -> None:
    sign_in(client, ben)
    where = f"/audits/{audit.ref}/answers/{HIDDEN}/comments/"
    assert client.post(where, {"text": "@Asha Rao, which table? Write to helpdesk@example.org"}).status_code == 302
    (mention,) = Mention.objects.all()
    assert mention.user == asha
    (job,) = sent_jobs("mail.mentioned")
    letters.mentioned(**job)
    (letter,) = mail.outbox
    assert letter.subject == f"You were mentioned in {audit.ref}"
    assert where in letter.body
    assert "which table" not in letter.body


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Write what you want to say."),
        ("@Zoe, which table?", "Nobody who sees this question is called “Zoe”."),
        ("@Dora, which table?", "Nobody who sees this question is called “Dora”."),
        ("@Sam, which table?", "Nobody who sees this question is called “Sam”."),
        ("x" * 4001, "A comment can have 4000 characters; this one has 4001."),
    ],
)
def test_a_comment_that_is_not_clear_is_refused_beside_the_field(
    client: Client, audit: Audit, ben: User, text: str, sentence: str
) -> None:
    sign_in(client, ben)
    page = client.post(f"/audits/{audit.ref}/answers/{HIDDEN}/comments/", {"text": text})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert text in page.content.decode()
    assert not Comment.objects.exists()


def test_a_first_name_that_two_people_have_must_be_written_in_full(audit: Audit, make: Make, ben: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("UPDATE auditapp_user SET name = 'Asha Patel' WHERE id = %s", [make.people["vera"].pk])
        cursor.execute("SET ROLE auditapp_web")
    with pytest.raises(Refused, match="“@Asha” could be Asha Patel or Asha Rao"):
        Comment.say(answer(audit, HIDDEN), "@Asha, look.", by=ben)
    said = Comment.say(answer(audit, HIDDEN), "(@asha patel) look.", by=ben)
    assert [mention.user for mention in said.mentions.all()] == [make.people["vera"]]


def test_a_comment_is_resolved_reopened_and_withdrawn_and_its_words_stay(
    client: Client, audit: Audit, asha: User, ben: User
) -> None:
    comment = Comment.say(answer(audit, HIDDEN), "Which table?", by=ben)
    where = f"/audits/{audit.ref}/answers/{HIDDEN}/comments/"
    sign_in(client, asha)
    assert client.post(f"{where}{comment.pk}/withdrawal/").status_code == 403
    assert client.post(f"{where}{comment.pk}/resolution/", {"act": "resolve"}).status_code == 302
    assert client.post(f"{where}{comment.pk}/resolution/", {"act": "resolve"}).status_code == 409
    assert "Resolved" in client.get(where).content.decode()
    assert client.post(f"{where}{comment.pk}/resolution/", {"act": "reopen"}).status_code == 302
    comment.refresh_from_db()
    comment.withdraw(by=ben)
    page = client.get(where).content.decode()
    assert "Withdrawn" in page
    assert "<s>Which table?</s>" in page
    with pytest.raises(Refused):
        comment.reopen(by=asha)


def test_nobody_edits_or_deletes_what_was_said(audit: Audit, ben: User) -> None:
    comment = Comment.say(answer(audit, HIDDEN), "Which table?", by=ben)
    for change in (lambda: Comment.objects.update(text="Another."), lambda: comment.delete()):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()
    assert Comment.objects.get().text == "Which table?"


def test_opening_the_comments_reads_the_mentions(client: Client, audit: Audit, asha: User, ben: User) -> None:
    Comment.say(answer(audit, HIDDEN), "@Asha, which table?", by=ben)
    sign_in(client, ben).get(f"/audits/{audit.ref}/answers/{HIDDEN}/comments/")
    assert Mention.objects.of(asha).unread().count() == 1
    sign_in(client, asha).get(f"/audits/{audit.ref}/answers/{HIDDEN}/comments/")
    assert Mention.objects.of(asha).unread().count() == 0


def test_the_comments_take_the_same_queries_for_three_as_for_one(
    client: Client, audit: Audit, asha: User, ben: User
) -> None:
    sign_in(client, asha)
    counts = []
    for _ in range(3):
        Comment.say(answer(audit, HIDDEN), "@Asha, which table?", by=ben)
        with counted(11) as queries:
            assert client.get(f"/audits/{audit.ref}/answers/{HIDDEN}/comments/").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_a_draft_that_has_ended_takes_no_more_comments(audit: Audit, asha: User, ben: User) -> None:
    audit.withdraw(by=asha, reason="Opened by mistake.")
    with pytest.raises(Refused, match="This audit has ended"):
        Comment.say(answer(audit, HIDDEN), "Too late.", by=ben)


# Presence and news ---------------------------------------------------------------------------------------


class Page:
    """A page that is open at somebody's: it asks again with the tag that it was given."""

    def __init__(self, client: Client, audit: Audit, person: User) -> None:
        self.client, self.audit, self.person = client, audit, person
        self.tag = ""
        self.news()

    def beat(self, at: str) -> None:
        sign_in(self.client, self.person)
        assert self.client.post(f"/audits/{self.audit.ref}/presence/", {"at": at}).status_code == 204

    def news(self) -> dict[str, Any]:
        sign_in(self.client, self.person)
        reply = self.client.get(f"/audits/{self.audit.ref}/changes/", headers={"If-None-Match": self.tag})
        self.tag = reply["ETag"]
        return {} if reply.status_code == 304 else reply.json()


def test_who_is_here_is_told_to_others_and_forgotten_after_a_while(
    client: Client, make: Make, audit: Audit, asha: User, ben: User
) -> None:
    with make.at("2026-11-25T14:00:00"):
        ashas, bens = Page(client, audit, asha), Page(client, audit, ben)
        bens.beat(HIDDEN)
        told = ashas.news()
        assert told["presence"] == {HIDDEN: "Ben Okafor is here now"}
        assert ashas.news() == {}
        assert "Ben Okafor is here now" in client.get(f"/audits/{audit.ref}/categories/{CATEGORY}/").content.decode()
        bens.beat(GIVEN[0])
        told = ashas.news()
        assert told["presence"] == {GIVEN[0]: "Ben Okafor is here now"}
    with make.at("2026-11-25T14:00:50"):
        told = ashas.news()
        assert told["presence"] == {}
        bens.beat(HIDDEN)
        bens.beat("")
        assert not Presence.objects.exists()
        assert ashas.news() == {}


def test_presence_is_shown_where_the_question_is_seen(
    client: Client, audit: Audit, dora: User, asha: User, ben: User
) -> None:
    doras = Page(client, audit, dora)
    Page(client, audit, ben).beat(HIDDEN)
    assert doras.news() == {}
    Page(client, audit, asha).beat(GIVEN[0])
    told = doras.news()
    assert told["presence"] == {GIVEN[0]: "Asha Rao is here now"}


def test_what_others_changed_is_told_once_to_those_who_see_it(
    client: Client, audit: Audit, asha: User, dora: User, ben: User
) -> None:
    ashas, doras = Page(client, audit, asha), Page(client, audit, dora)
    answer(audit, HIDDEN).save_revision(by=asha, base=1, key="n", verdict="not_met", note="Not seen.")
    Comment.say(answer(audit, GIVEN[0]), "Which ward?", by=ben)
    answer(audit, GIVEN[1]).add_evidence(
        by=asha, title="Minutes", url="https://example.org/", effective_date=date(2026, 1, 1)
    )
    told = ashas.news()
    by_code = {row["code"]: row for row in told["answers"]}
    assert set(by_code) == {HIDDEN, *GIVEN}
    assert by_code[HIDDEN]["values"]["note"] == "Not seen."
    assert (by_code[HIDDEN]["n"], by_code[HIDDEN]["by"]) == (2, "Asha Rao")
    assert (by_code[GIVEN[0]]["comments"], by_code[GIVEN[0]]["open"]) == (1, 1)
    assert by_code[GIVEN[1]]["evidence"] == 1
    assert ashas.news() == {}
    theirs = doras.news()
    assert {row["code"] for row in theirs["answers"]} == set(GIVEN)
    assert (theirs["answered"], doras.news()) == (2, {})


def test_a_page_that_asks_in_vain_costs_five_queries_and_news_eight(
    client: Client, audit: Audit, asha: User, ben: User
) -> None:
    page = Page(client, audit, asha)
    path, counts = f"/audits/{audit.ref}/changes/", []
    with counted(5):
        assert client.get(path, headers={"If-None-Match": page.tag}).status_code == 304
    for codes in ([HIDDEN], [HIDDEN, *GIVEN]):
        for code in codes:
            Comment.say(answer(audit, code), "Which ward?", by=ben)
        with counted(8) as queries:
            assert client.get(path, headers={"If-None-Match": page.tag}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("tag", ["", "nonsense", '"99999999999999999999-"', '"-1-x"', 'W/"7-abc'])
def test_a_tag_that_is_not_ours_does_no_harm(client: Client, audit: Audit, asha: User, tag: str) -> None:
    sign_in(client, asha)
    reply = client.get(f"/audits/{audit.ref}/changes/", headers={"If-None-Match": tag})
    assert reply.status_code == 200
