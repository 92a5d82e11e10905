"""What was frozen, and everything that was ever saved of one answer."""

from datetime import date

from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Submission
from tests.audits.pages import sign_in
from tests.factories import Make


def test_a_round_shows_what_was_frozen_and_not_what_is_there_now(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    audit = make.submitted(mon_03=make.gap(note="As it was in round 1."))
    audit.return_questions({"mon-03": "Which table?"}, by=ben)
    audit.answers.get(code="mon-03").save_revision(
        by=asha, base=1, key="later", verdict="met", note="As it is in round 2."
    )
    sign_in(client, asha)
    page = client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()
    assert "As it was in round 1." in page
    assert "As it is in round 2." not in page
    assert "Which table?" in page
    submission = Submission.objects.get(audit=audit)
    assert submission.sha256 in page
    for category in submission.facts["categories"]:
        for question in category["questions"]:
            assert f'id="{question["code"]}"' in page


def test_a_round_that_was_not_submitted_is_not_found(client: Client, make: Make, asha: User) -> None:
    audit = make.submitted()
    sign_in(client, asha)
    assert client.get(f"/audits/{audit.ref}/rounds/2/").status_code == 404


def test_the_evidence_of_a_round_can_be_read_after_it_was_taken_off(
    client: Client, make: Make, asha: User, ben: User
) -> None:
    audit = make.audit(answered=True)
    link = audit.answers.get(code="mon-03").add_evidence(
        by=asha, url="https://a.example/log", title="Log of May", effective_date=date(2026, 5, 1)
    )
    audit.submit(by=asha)
    audit.return_questions({"mon-03": "Another one."}, by=ben)
    audit.answers.get(code="mon-03").take_off(str(link.pk), by=asha)
    sign_in(client, asha)
    assert "Log of May" in client.get(f"/audits/{audit.ref}/rounds/1/").content.decode()


def test_every_save_is_listed_also_the_one_that_was_not_taken(client: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    answer = audit.answers.get(code="mon-03")
    answer.save_revision(by=asha, base=0, key="1", verdict="met", note="First words.")
    answer.save_revision(by=asha, base=1, key="2", verdict="partial", note="Second words.")
    answer.save_revision(by=asha, base=1, key="3", verdict="met", note="Words that came late.")
    sign_in(client, asha)
    reply = client.get(f"/audits/{audit.ref}/answers/mon-03/history/")
    saves = reply.context["saves"]
    assert [save["revision"].n for save in saves] == [None, 2, 1]
    changed = {change["name"]: (change["before"], change["text"]) for change in saves[1]["changes"]}
    assert changed == {"verdict": ("met", "partial"), "note": ("First words.", "Second words.")}
    page = reply.content.decode()
    assert "Kept, not taken" in page
    assert "Words that came late." in page
    assert page.count("this one counts") == 1


def test_an_answer_without_a_save_says_so(client: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    sign_in(client, asha)
    page = client.get(f"/audits/{audit.ref}/answers/mon-03/history/").content.decode()
    assert "Nothing has been saved yet" in page
