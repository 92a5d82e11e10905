"""Answers that are given once for the whole hospital: given, inherited, deviated from, expired, and never rewritten."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits import standing_page
from auditapp.audits.models import Answer, Audit, StandingAnswer
from auditapp.questionnaires.models import Question
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports import consistency
from auditapp.reports.models import Decision
from auditapp.trail.models import Event
from tests.audits.pages import counted, post_answer, sign_in
from tests.factories import Make

CODE = "mon-03"  # critical, and asked in the containment check
NOTE = "The table hangs in the control room and on the intranet."


def question(reader: User, code: str = CODE) -> Question:
    return standing_page.asked_once(Question.objects.visible_to(reader)).get(code=code)


def give(by: User, *, code: str = CODE, base: int = 0, days: int = 90, keeper: User | None = None, **said: Any) -> Any:
    return StandingAnswer.give(
        question(by, code),
        by=by,
        base=base,
        keeper=keeper or by,
        valid_until=clock.now().date() + timedelta(days=days),
        **({"verdict": "met", "evidence_note": NOTE} | said),
    )


def answer(audit: Audit, code: str = CODE) -> Answer:
    return audit.answers.for_reading().with_standing().get(code=code)


def take(client: Client, audit: Audit, n: int = 0, code: str = CODE) -> Any:
    return client.post(f"/audits/{audit.ref}/answers/{code}/inheritance/", {"n": n})


def category(audit: Audit) -> str:
    return f"/audits/{audit.ref}/categories/monitoring-incidents/"


def card(page: str, code: str = CODE) -> str:
    return page[page.index(f'id="{code}"') :].split("</article>")[0]


# Giving one


def test_an_answer_stands_with_owner_and_end_and_leaves_a_line_on_the_trail(ben: User, omar: User) -> None:
    given = give(ben, keeper=omar)
    assert (given.n, given.keeper, given.by) == (1, omar, ben)
    event = Event.objects.filter(stream="organisation:northshire").latest("seq")
    assert event.verb == "standing_answer.given"
    assert NOTE.encode() not in bytes(event.body)


def test_a_later_answer_is_a_row_of_its_own_and_the_newest_counts(ben: User, grace: User) -> None:
    give(ben)
    give(grace, base=1, verdict="not_met", gap="Outdated.", owner="Grace", due=date(2030, 1, 1), evidence_note="")
    assert [a.n for a in StandingAnswer.objects.visible_to(ben).of(CODE)] == [2, 1]
    assert [a.verdict for a in StandingAnswer.objects.visible_to(ben).newest()] == ["not_met"]


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"verdict": ""}, "a verdict"),
        ({"verdict": "not_met"}, "what is missing, an owner, a due date"),
        ({"verdict": "partial", "gap": "x", "owner": "y", "due": date(2030, 1, 1)}, "the control"),
        ({"verdict": "not_applicable", "justification": "No."}, "at least 20 characters"),
    ],
)
def test_it_stands_only_when_it_is_complete(ben: User, said: dict[str, Any], missing: str) -> None:
    with pytest.raises(Refused, match=missing):
        give(ben, **said)


@pytest.mark.parametrize(("days", "sentence"), [(-1, "past"), (800, "two years at most")])
def test_its_end_is_neither_past_nor_far_away(ben: User, days: int, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        give(ben, days=days)


def test_a_check_of_each_deployment_is_not_answered_for_all(ben: User) -> None:
    other = Question.objects.visible_to(ben).current_wording().get(code="hal-01")
    with pytest.raises(Refused, match="for each deployment"):
        StandingAnswer.give(other, by=ben, base=0, keeper=ben, valid_until=clock.now().date(), verdict="met")


def test_somebody_of_another_group_cannot_be_its_owner(ben: User, cleo: User) -> None:
    with pytest.raises(Refused, match="active person of the organisation"):
        give(ben, keeper=cleo)


@pytest.mark.parametrize("who", ["asha", "dora", "eve", "vera", "sam"])
def test_who_speaks_for_one_hospital_answers_for_no_other(make: Make, who: str) -> None:
    with pytest.raises(NotAllowed):
        give(make.people[who])


def test_its_owner_may_answer_it_again(ben: User, omar: User) -> None:
    with pytest.raises(NotAllowed):
        give(omar)
    give(ben, keeper=omar)
    assert give(omar, base=1).n == 2


def test_two_tabs_overwrite_nothing(ben: User, grace: User) -> None:
    give(ben)
    with pytest.raises(Refused, match="after you opened the page"):
        give(grace)


@pytest.mark.parametrize("role", ["web role", "owner"])
@pytest.mark.parametrize(
    "sql", ["UPDATE auditapp_standinganswer SET verdict = 'not_met'", "DELETE FROM auditapp_standinganswer"]
)
def test_what_stood_is_changed_by_nobody(ben: User, role: str, sql: str) -> None:
    give(ben)
    with connection.cursor() as cursor:
        if role == "owner":
            cursor.execute("RESET ROLE")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(sql)


def test_another_group_sees_nothing_of_it_and_inherits_nothing(make: Make, client: Client, ben: User) -> None:
    give(ben)
    cleo = make.people["cleo"]
    sign_in(client, cleo)
    for page in ("/audits/standing/", f"/audits/standing/{CODE}/"):
        text = client.get(page).content.decode()
        assert NOTE not in text
        assert "Ben Okafor" not in text
    scope.enter(cleo.organisation_id)
    assert StandingAnswer.objects.count() == 0
    theirs = give(cleo)
    assert theirs.n == 1


def test_the_database_refuses_to_inherit_from_another_group(make: Make, asha: User, cleo: User) -> None:
    scope.enter(cleo.organisation_id)
    theirs = give(cleo)
    make.enter_scope()
    about = {"verdict": "met", "inherited": True, "standing_id": theirs.pk}
    with pytest.raises(DatabaseError), transaction.atomic():
        answer(make.audit()).save_revision(by=asha, base=0, key="k", **about)


# Inheriting


def test_an_audit_opens_with_what_stands_and_counts_it(make: Make, ben: User) -> None:
    fresh = make.audit()
    give(ben)
    audit = make.audit()
    inherited = answer(audit)
    assert inherited.current.inherited
    assert inherited.current.evidence_note == NOTE
    assert (audit.answered, audit.critical_left) == (1, fresh.critical_left - 1)
    assert answer(fresh).current is None
    assert [e.verb for e in Event.objects.filter(stream=audit.trail_stream)] == ["audit.opened", "answer.saved"]


def test_every_hospital_of_the_group_inherits_it(make: Make, ben: User) -> None:
    give(ben)
    audit = make.audit(deployment=make.deployment(site="general", live=True), auditor="sam")
    assert answer(audit).current.inherited


def test_what_has_expired_is_not_inherited_and_the_page_says_why(
    make: Make, client: Client, ben: User, asha: User
) -> None:
    with make.at("2026-01-10 09:00"):
        give(ben, days=30)
    audit = make.audit()
    assert answer(audit).current is None
    assert audit.answered == 0
    sign_in(client, asha)
    page = card(client.get(category(audit)).content.decode())
    assert "expired on <time" in page
    assert "not taken over" in page
    assert "Take it over" not in page
    assert take(client, audit).status_code == 409


def on(day: date) -> Any:
    """A block in which it is noon of this day."""
    return clock.at(datetime.combine(day, time(12), UTC))


def test_the_last_day_still_counts_and_the_day_after_does_not(make: Make, ben: User) -> None:
    last = give(ben, days=5).valid_until
    deployment = make.deployment(live=True)
    with on(last):
        audit = make.audit(deployment=deployment)
        assert answer(audit).current.inherited
        assert answer(audit).lacks == []
    with on(last + timedelta(days=1)):
        assert answer(audit).lacks == ["an answer: the hospital’s has expired"]
        assert CODE in set(audit.answers.incomplete().values_list("code", flat=True))


def filled(audit: Audit, by: User) -> Audit:
    """With every question answered by hand that has no answer yet."""
    for other in audit.answers.filter(n=0).select_related("audit"):
        other.save_revision(by=by, base=0, key=f"k{other.pk}", verdict="met", evidence_note="Seen.")
    audit.refresh_from_db()
    return audit


def test_an_audit_is_not_submitted_on_an_answer_that_expired_meanwhile(
    make: Make, client: Client, ben: User, asha: User
) -> None:
    last = give(ben, days=5).valid_until
    audit = filled(make.audit(), asha)
    with on(last + timedelta(days=1)):
        with pytest.raises(Refused, match="not complete"):
            audit.submit(by=asha)
        sign_in(client, asha)
        assert "It has expired, so that it counts as unanswered." in card(client.get(category(audit)).content.decode())
        give(ben, base=1)
        assert "Take over the renewed answer" in card(client.get(category(audit)).content.decode())
        take(client, audit, n=1)
        audit.refresh_from_db()
        audit.submit(by=asha)


def test_what_a_round_handed_over_does_not_expire_under_the_next(make: Make, ben: User, asha: User) -> None:
    """Only returned questions are open in the next round: an answer that cannot be changed must not block it."""
    last = give(ben, days=5).valid_until
    audit = filled(make.audit(), asha)
    audit.submit(by=asha)
    audit.refresh_from_db()
    audit.return_questions({"mon-05": "Say more."}, by=ben)
    with on(last + timedelta(days=1)):
        audit.refresh_from_db()
        audit.submit(by=asha)
        assert list(consistency.problems()) == []


def test_an_open_audit_is_offered_what_was_answered_since_and_takes_it_over_by_a_person(
    make: Make, client: Client, ben: User, asha: User
) -> None:
    audit = make.audit()
    give(ben)
    sign_in(client, asha)
    page = card(client.get(category(audit)).content.decode())
    assert "Take it over" in page
    assert answer(audit).current is None
    take(client, audit)
    audit.refresh_from_db()
    assert (answer(audit).current.inherited, audit.answered) == (True, 1)
    page = card(client.get(category(audit)).content.decode())
    assert "Inherited: answered for Northshire Hospitals Group by Ben Okafor" in page
    assert "State a deviation" in page
    assert "Take it over" not in page


def test_taking_over_from_an_old_page_overwrites_nobody(make: Make, client: Client, ben: User, asha: User) -> None:
    audit = make.audit()
    give(ben)
    sign_in(client, asha)
    post_answer(client, audit, CODE, note="Ours.", deviation="We have our own table.")
    reply = client.post(f"/audits/{audit.ref}/answers/{CODE}/inheritance/", {"n": 0}, follow=True)
    assert "was answered after you opened the page" in reply.content.decode()
    assert answer(audit).current.note == "Ours."


@pytest.mark.parametrize(("who", "status"), [("vera", 403), ("ben", 403), ("sam", 404), ("cleo", 404)])
def test_who_may_not_answer_takes_nothing_over(make: Make, client: Client, ben: User, who: str, status: int) -> None:
    audit = make.audit()
    give(ben)
    sign_in(client, make.people[who])
    assert take(client, audit).status_code == status


def test_a_critical_check_that_does_not_apply_is_approved_in_each_audit(make: Make, ben: User) -> None:
    give(ben, verdict="not_applicable", justification="No law here asks for any such report.", evidence_note="")
    assert answer(make.audit()).lacks == ["a second person's approval"]


# Deviating


def test_a_deviation_needs_its_reason_and_takes_the_place_of_what_was_inherited(
    make: Make, client: Client, ben: User, asha: User
) -> None:
    give(ben)
    audit = make.audit()
    sign_in(client, asha)
    said = {"base": 1, "json": True, "verdict": "met", "evidence_note": "Seen on the ward."}
    reply = post_answer(client, audit, CODE, **said).json()
    assert reply["lacks"] == ["the reason why this audit deviates from the hospital’s answer"]
    assert CODE in set(audit.answers.incomplete().values_list("code", flat=True))
    assert answer(audit).lacks == reply["lacks"]
    reply = post_answer(client, audit, CODE, **(said | {"base": 2, "deviation": "The Royal has its own table."})).json()
    assert reply["lacks"] == []
    page = card(client.get(category(audit)).content.decode())
    assert "Deviates from the hospital’s answer" in page
    assert "The Royal has its own table." in page
    assert (
        client.get(f"/audits/{audit.ref}/answers/{CODE}/history/").content.decode().count("Taken over from what") == 1
    )


def test_an_answer_given_before_anything_stood_needs_no_reason(make: Make, ben: User, asha: User) -> None:
    audit = make.audit()
    answer(audit).save_revision(by=asha, base=0, key="k", verdict="met", evidence_note="Seen.")
    give(ben)
    assert answer(audit).lacks == []


def test_a_question_of_each_deployment_has_nothing_to_deviate_from(make: Make, client: Client, asha: User) -> None:
    audit = make.audit()
    sign_in(client, asha)
    post_answer(client, audit, "mon-05", deviation="From what?")
    assert answer(audit, "mon-05").current.deviation == ""


# Freezing


def handed_over(make: Make, asha: User) -> Audit:
    audit = filled(make.audit(), asha)
    audit.submit(by=asha)
    audit.refresh_from_db()
    return audit


def frozen(audit: Audit, code: str = CODE) -> Any:
    return next(q for c in audit.submission.facts["categories"] for q in c["questions"] if q["code"] == code)


def test_a_submission_freezes_the_copy_and_later_answers_change_nothing_in_it(
    make: Make, client: Client, ben: User, asha: User, omar: User
) -> None:
    given = give(ben, keeper=omar)
    audit = handed_over(make, asha)
    before = bytes(audit.submission.canonical)
    said = frozen(audit)["answer"]
    assert said["inherited"] == {
        "number": 1,
        "verdict": "met",
        "by": {"name": "Ben Okafor", "title": ""},
        "at": clock.utc_text(given.at),
        "keeper": {"name": "Omar Haddad", "title": ""},
        "valid_until": given.valid_until.isoformat(),
    }
    assert (said["state"], said["by"]["name"]) == ("met", "Asha Rao")
    give(ben, base=1, verdict="not_met", gap="Lost.", owner="Ben", due=date(2030, 1, 1), evidence_note="")
    audit.refresh_from_db()
    assert bytes(audit.submission.canonical) == before
    assert list(consistency.problems()) == []
    sign_in(client, asha)
    page = client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()
    assert "answered for the whole hospital by Ben Okafor, owner Omar Haddad" in page
    sign_in(client, ben)
    assert (
        "answered for the whole hospital by Ben Okafor" in client.get(f"/audits/{audit.ref}/review/").content.decode()
    )


def test_it_scores_like_any_other_answer(make: Make, ben: User, asha: User) -> None:
    by_hand = handed_over(make, asha).submission
    give(ben)
    inherited = handed_over(make, asha).submission
    assert (by_hand.numerator, by_hand.denominator, by_hand.gate) == (
        inherited.numerator,
        inherited.denominator,
        inherited.gate,
    )
    assert "inherited" not in frozen(by_hand.audit)["answer"]


def test_a_deviation_is_frozen_with_its_reason_and_what_it_deviates_from(make: Make, ben: User, asha: User) -> None:
    give(ben)
    audit = make.audit()
    audit.answers.get(code=CODE).save_revision(
        by=asha, base=1, key="k", deviation="Ours hangs elsewhere.", **make.gap()
    )
    filled(audit, asha).submit(by=asha)
    said = frozen(audit)["answer"]
    assert said["deviation"]["reason"] == "Ours hangs elsewhere."
    assert said["deviation"]["from"]["verdict"] == "met"
    assert "inherited" not in said
    assert list(consistency.problems()) == []


def test_the_check_of_what_was_frozen_notices_a_copy_passed_off_as_another(make: Make, ben: User, asha: User) -> None:
    """`verify_facts` holds the frozen origin against the revision as well."""
    give(ben)
    audit = handed_over(make, asha)
    facts = audit.submission.facts
    for group in facts["categories"]:
        for asked in group["questions"]:
            (asked["answer"] or {}).pop("inherited", None)
    _given, differing = consistency._given_then(audit, facts, audit.submission.at)
    assert differing == [CODE]


# Pages


def test_the_list_says_how_each_check_stands(make: Make, client: Client, ben: User, vera: User) -> None:
    with make.at("2026-01-10 09:00"):
        give(ben, days=30)
    give(ben, code="mon-02", days=10)
    give(ben, code="acc-08")
    sign_in(client, vera)
    page = client.get("/audits/standing/").content.decode()
    for word in ("Expired", "Expires soon", "Answered", "Unanswered"):
        assert f">{word}</" in page or word in page
    codes = {
        word: len(client.get(f"/audits/standing/?show={word}").context["rows"]) for word in ("open", "soon", "answered")
    }
    assert codes == {"open": 4, "soon": 1, "answered": 2}
    assert client.get("/audits/standing/?show=nonsense").status_code == 200


def sent(whose: User, **said: Any) -> dict[str, Any]:
    day = (clock.now().date() + timedelta(days=90)).isoformat()
    return {"base": 0, "verdict": "met", "evidence_note": NOTE, "keeper": whose.pk, "valid_until": day} | said


def test_the_page_takes_an_answer(client: Client, ben: User, omar: User) -> None:
    sign_in(client, ben)
    reply = client.post(f"/audits/standing/{CODE}/", sent(omar), follow=True)
    assert f"{CODE} is answered for the whole hospital." in reply.content.decode()
    assert StandingAnswer.objects.get().keeper == omar


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"verdict": ""}, "verdict", "Choose a verdict."),
        ({"verdict": "maybe"}, "verdict", "Select a valid choice."),
        ({"verdict": "not_met", "owner": "Ben", "due": "2030-01-01"}, "gap", "Say what is missing."),
        ({"verdict": "partial", "gap": "x", "owner": "y", "due": "2030-01-01"}, "control", "Name the control"),
        ({"verdict": "not_applicable", "justification": "No."}, "justification", "at least 20 characters"),
        ({"valid_until": "2020-01-01"}, "valid_until", "This day is past."),
        ({"valid_until": "2099-01-01"}, "valid_until", "two years at most"),
        ({"valid_until": "soon"}, "valid_until", "Enter a valid date."),
        ({"keeper": "99999999"}, "keeper", "Select a valid choice."),
    ],
)
def test_bad_input_is_said_beside_the_field_and_kept(
    client: Client, ben: User, said: dict[str, Any], field: str, sentence: str
) -> None:
    sign_in(client, ben)
    reply = client.post(f"/audits/standing/{CODE}/", sent(ben, **said))
    page = reply.content.decode()
    assert sentence in page
    assert field in reply.context["form"].errors
    assert f'href="#{"div_id_verdict" if field == "verdict" else f"id_{field}"}"' in page
    assert NOTE in page
    assert StandingAnswer.objects.count() == 0


def test_a_second_tab_is_told_and_keeps_what_was_typed(client: Client, ben: User, grace: User) -> None:
    sign_in(client, grace)
    give(ben)
    page = client.post(f"/audits/standing/{CODE}/", sent(grace, note="My long text.")).content.decode()
    assert "Ben Okafor answered this after you opened the page" in page
    assert "My long text." in page
    assert 'name="base" value="1"' in page


def test_who_only_reads_finds_the_history_and_no_form(client: Client, ben: User, vera: User) -> None:
    give(ben)
    sign_in(client, vera)
    page = client.get(f"/audits/standing/{CODE}/").content.decode()
    assert NOTE in page
    assert 'name="verdict"' not in page
    assert client.post(f"/audits/standing/{CODE}/", sent(vera)).status_code == 403
    assert client.get("/audits/standing/hal-01/").status_code == 404


def test_the_pages_cost_the_same_however_much_stands(make: Make, client: Client, ben: User, asha: User) -> None:
    sign_in(client, asha)
    audit = make.audit()
    costs = []
    for code in ("", CODE, "mon-02", "acc-08"):
        if code:
            give(ben, code=code)
        for page in ("/audits/standing/", category(audit)):
            client.get(page)
            with counted(12) as queries:
                client.get(page)
            costs.append((page, len(queries)))
    assert len(set(costs)) == 2, costs


# A revision of an issued audit


def issued(make: Make, asha: User) -> Audit:
    audit = handed_over(make, asha)
    ben = make.people["ben"]
    audit.accept(by=ben)
    report = Decision.record(audit, by=ben, code="continue", reasons="Complete.", conditions=[]).report
    report.keep_file(0, b"unsigned")
    for turn in report.signatories:
        signer = {"auditor": asha, "clinical_safety_officer": ben}[turn["role"]]
        report.sign(by=signer, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        report.keep_file(turn["order"], b"signed %d" % turn["order"])
    audit.refresh_from_db()
    return audit


def test_a_revision_keeps_what_it_inherited_while_that_is_valid(make: Make, ben: User, asha: User) -> None:
    last = give(ben).valid_until
    audit = issued(make, asha)
    give(ben, base=1, evidence_note="A newer table.")
    with on(last):
        revised = answer(audit.revise(by=asha, reason="A typing mistake."))
        assert (revised.current.inherited, revised.current.standing.n) == (True, 1)
        assert revised.current.evidence_note == NOTE


def test_a_revision_asks_again_what_has_expired(make: Make, ben: User, asha: User) -> None:
    last = give(ben).valid_until
    audit = issued(make, asha)
    with on(last + timedelta(days=1)):
        revised = audit.revise(by=asha, reason="A typing mistake.")
        assert answer(revised).current is None
        revised.refresh_from_db()
        assert revised.answered == revised.asked - 1
