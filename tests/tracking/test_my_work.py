"""What waits for each person, and what does not, at each point of an audit's way."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from auditapp.reports.models import Decision, Report
from auditapp.tracking import my_work
from tests.factories import Make
from tests.tracking.issued import counted, issued, prepared, sign_in, sign_next


@pytest.fixture
def waits(make: Make) -> Any:
    """waits("asha"): the verbs of what waits for a person, in order."""

    def verbs(who: str) -> list[str]:
        person = type(make.people[who]).objects.get(pk=make.people[who].pk)  # roles read anew
        return [task.verb for task in my_work.waiting_for(person)]

    return verbs


EVERYBODY = ["asha", "ben", "eve", "grace", "omar", "vera", "ada", "dora", "olga", "sam"]


def only(waits: Any, **expected: list[str]) -> bool:
    """Nothing waits for anybody but what is named."""
    found = {who: verbs for who in EVERYBODY if (verbs := waits(who))}
    assert found == expected
    return True


def test_a_profile_waits_for_every_second_person_of_the_hospital(make: Make, waits: Any) -> None:
    deployment = make.deployment(confirmed=False)
    confirm = ["Confirm the profile"]
    assert only(waits, asha=confirm, ben=confirm, olga=confirm)
    deployment.fill_profile(deployment.newest_profile.facts | {"patient_facing": True}, by=make.people["asha"])
    assert only(waits, omar=confirm, ben=confirm, olga=confirm)
    deployment.newest_profile.confirm(by=make.people["ben"])
    assert only(waits)


def test_a_draft_waits_for_who_opened_it_until_it_is_handed_over(make: Make, waits: Any) -> None:
    audit = make.audit()
    assert only(waits, asha=["Answer 8 questions"])
    make.answer_all(audit, by=make.people["asha"])
    assert only(waits, asha=["Check and submit the audit"])
    audit.submit(by=make.people["asha"])
    assert only(waits, ben=["Review 8 answers"])


def test_an_audit_goes_from_person_to_person_until_it_is_issued(make: Make, waits: Any) -> None:
    audit = make.submitted(questionnaire="quarterly-monitoring", reason="quarterly")
    audit.accept(by=make.people["ben"])
    assert only(waits, ben=["Record the decision"])
    report = Decision.record(audit, by=make.people["ben"], code="continue", reasons="Stable.").report
    assert only(waits)  # the document is being prepared
    report.keep_file(0, b"unsigned")
    assert only(waits, asha=["Read and sign the report"])
    sign_next(make, report)
    assert only(waits, ben=["Read and sign the report"])
    sign_next(make, report)
    assert only(waits)


def test_four_signatories_and_a_chair_each_have_their_turn(make: Make, waits: Any) -> None:
    deployment = make.deployment(kind="sepsis model")
    questionnaire = "predeploy-predictive-imaging"
    audit = make.submitted(deployment=deployment, questionnaire=questionnaire, reason="pre_deployment")
    audit.accept(by=make.people["ben"])
    assert only(waits, grace=["Record the decision"])
    report = Decision.record(audit, by=make.people["grace"], code="approve", reasons="Complete.").report
    report.keep_file(0, b"unsigned")
    for who in ["asha", "ben", "eve", "grace"]:
        assert only(waits, **{who: ["Read and sign the report"]})
        sign_next(make, report)
    assert only(waits)


def test_whose_turn_it_is_agrees_with_what_signing_itself_says(make: Make, waits: Any) -> None:
    report = prepared(make)
    for _turn in range(3):
        report = Report.objects.with_names().get(pk=report.pk)
        allowed = {who for who in EVERYBODY if not report.refusal_to(make.people[who])}
        assert {who for who in EVERYBODY if "Read and sign the report" in waits(who)} == allowed
        if allowed:
            sign_next(make, report)


def test_returned_questions_wait_and_go_when_they_are_answered(make: Make, waits: Any) -> None:
    with make.at("2026-11-01T09:00"):
        deployment = make.deployment(live=True)
        audit = make.submitted(deployment=deployment)
    with make.at("2026-11-02T09:00"):
        first, second = audit.answers.order_by("position")[:2]
        audit.return_questions({first.code: "Which ward?", second.code: "Since when?"}, by=make.people["ben"])
        assert waits("asha") == ["Answer 2 returned questions"]
        assert waits("ben") == []
    with make.at("2026-11-03T09:00"):
        first = Audit.objects.get(pk=audit.pk).answers.get(pk=first.pk)
        first.save_revision(by=make.people["asha"], base=first.n, key="again", verdict="met", evidence_note="Ward 7.")
        assert waits("asha") == ["Answer 1 returned question"]
        second = Audit.objects.get(pk=audit.pk).answers.get(pk=second.pk)
        second.save_revision(by=make.people["asha"], base=second.n, key="more", verdict="met", evidence_note="May.")
        assert waits("asha") == ["Check and submit the audit"]


def test_a_category_lead_has_the_questions_of_the_part_that_was_given(make: Make, waits: Any) -> None:
    audit = make.audit()
    code = audit.answers.order_by("position").first().category_code
    asked = audit.answers.filter(category_code=code)
    audit.assign(code, make.people["dora"], by=make.people["asha"])
    count = asked.count()
    part = f"Answer {count} question{'s' if count > 1 else ''} of your part"
    assert only(waits, asha=["Answer 8 questions"], dora=[part])
    for answer in asked:
        answer.save_revision(by=make.people["dora"], base=0, key=answer.code, verdict="met", evidence_note="Seen.")
    assert waits("dora") == []


def test_a_critical_not_applicable_waits_for_anybody_but_who_answered_it(make: Make, waits: Any) -> None:
    audit = make.audit()
    answer = audit.answers.filter(criticality="critical", question__not_applicable_backed_by="").first()
    fields = {"verdict": "not_applicable", "justification": "This ward has no such device at all."}
    answer.save_revision(by=make.people["asha"], base=0, key="na", **fields)
    approve = ["Approve 1 “not applicable”"]
    assert only(waits, asha=["Answer 7 questions"], ben=approve)
    answer.refresh_from_db()
    answer.approve_not_applicable(by=make.people["ben"], n=1)
    assert only(waits, asha=["Answer 7 questions"])


def test_overdue_findings_wait_for_the_owner_together_by_deployment(make: Make, waits: Any) -> None:
    deployment = make.deployment(live=True)
    gaps = {"mon_03": make.gap("not_met", due=date(2020, 1, 31)), "acc_10": make.gap("partial", due=date(2020, 3, 1))}
    issued(make, deployment=deployment, code="restrict", **gaps, mon_05=make.gap("partial"))
    asked = ["Ask about 2 findings that are overdue by more than a week"]
    assert only(waits, omar=["See to 2 overdue findings"], ben=asked)
    (task,) = my_work.waiting_for(make.people["omar"])
    assert task.due == date(2020, 1, 31)
    make.step(deployment, "retired", reason="Replaced.")
    assert only(waits)


def test_what_runs_without_a_valid_audit_waits_for_its_owner(make: Make, waits: Any) -> None:
    deployment = make.deployment(live=True)
    make.deployment()  # not in use: nothing waits
    assert only(waits, omar=["Have version 1.0 audited"])
    audit = make.audit(deployment=deployment)
    assert waits("omar") == []  # it is under way
    audit.withdraw(by=make.people["asha"], reason="Opened for the wrong version.")
    report = issued(make, deployment=deployment, code="suspend")
    assert only(waits, omar=["Act on the decision about version 1.0"])
    assert my_work.waiting_for(make.people["omar"])[0].href == f"/audits/{report.audit.ref}/report/"


def test_the_order_is_late_first_then_what_others_wait_for(make: Make, waits: Any) -> None:
    make.audit()
    make.submitted()
    prepared(make)
    reviewed = make.reviewed(questionnaire="quarterly-monitoring", reason="quarterly")
    make.deployment(confirmed=False)
    sign_next(make, prepared(make))
    assert reviewed.state == "reviewed"
    assert waits("ben") == [
        "Read and sign the report",
        "Record the decision",
        "Review 8 answers",
        "Confirm the profile",
    ]
    assert waits("asha")[0] == "Read and sign the report"
    assert waits("asha")[-1] == "Answer 8 questions"


def test_the_page_says_where_and_since_when_and_leads_there(client: Client, make: Make) -> None:
    today = clock.today("Europe/London")
    audit = make.audit()
    sign_in(client, make.people["asha"])
    page = client.get("/")
    words = page.content.decode()
    assert f'href="{audit.get_absolute_url()}"' in words
    assert f'{audit.deployment.name}, Royal Northshire Hospital · <span class="ref">{audit.ref}</span>' in words
    assert "waiting since today" in words
    assert "One thing waits for you." in words
    assert clock.today("Europe/London") >= today


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("vera", "Your roles let you read."),
        ("ada", "Your roles let you read."),
        ("asha", "audits that you opened"),
        ("grace", "decisions to record"),
    ],
)
def test_when_nothing_waits_the_page_says_what_will(client: Client, make: Make, who: str, words: str) -> None:
    sign_in(client, make.people[who])
    page = client.get("/").content.decode()
    assert "Nothing waits for you" in page
    assert words in page


def test_without_signing_in_there_is_nothing(client: Client, db: None) -> None:
    assert client.get("/").status_code == 302


def test_what_waits_at_another_hospital_or_group_waits_for_its_people_alone(client: Client, make: Make) -> None:
    make.submitted()
    make.deployment(confirmed=False)
    for who in ("sam", "cleo"):
        sign_in(client, make.people[who])
        assert client.get("/").context["tasks"] == []


def test_one_thing_and_three_take_the_same_queries(client: Client, make: Make) -> None:
    def everything() -> None:
        audit = make.audit()
        audit.assign(audit.answers.first().category_code, make.people["dora"], by=make.people["asha"])
        answer = audit.answers.filter(criticality="critical").first()
        fields = {"verdict": "not_applicable", "justification": "This ward has no such device at all."}
        answer.save_revision(by=make.people["asha"], base=0, key="na", **fields)
        make.submitted(mon_03=make.gap("not_met", due=date(2020, 1, 31)))
        make.reviewed()
        prepared(make)
        make.deployment(confirmed=False)
        make.deployment(live=True)

    def taken(who: str) -> int:
        sign_in(client, make.people[who])
        with counted(31) as queries:
            assert client.get("/").status_code == 200
        return queries()

    everything()
    people = ["asha", "ben", "omar", "dora", "vera"]
    taken("ben")  # this process now knows the words of the questionnaires
    of_one = {who: taken(who) for who in people}
    everything()
    everything()
    assert {who: taken(who) for who in people} == of_one


def test_an_offered_questionnaire_waits_for_everybody_who_may_publish_it_but_who_offered_it(
    make: Make, waits: Any
) -> None:
    base = QuestionnaireVersion.objects.get(questionnaire__code="containment-72h", state="published")
    draft = Draft.begin(by=make.people["ben"], base=base, title="Containment at the Royal")
    assert only(waits)
    draft.offer(by=make.people["ben"])
    publish = ["Read and publish the questionnaire"]
    assert only(waits, grace=publish, ada=publish)
    draft.publish(by=make.people["grace"])
    assert only(waits)
