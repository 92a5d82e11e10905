"""What is done about findings: changed with a reason, acted on, judged by somebody else, closed, opened again."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, transaction

from auditapp import clock
from auditapp.evidence.models import Evidence
from auditapp.findings.models import Action, Finding, FindingChange, HazardRating, RootCause
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports.models import Decision
from auditapp.trail.models import Event
from tests.factories import Make

DUE = date(2030, 3, 1)


@pytest.fixture
def finding(make: Make) -> Finding:
    """Opened by hand by Asha; it is Omar's."""
    return entered(make)


def entered(make: Make, **about: Any) -> Finding:
    omar = make.people["omar"]
    said = {"title": "No second look at night", "gap": "Nobody signs.", "priority": "P2", "due": DUE}
    deployment = about.pop("deployment", None) or make.deployment(live=True)
    said |= {"owner": omar.name, "person": omar} | about
    return Finding.enter(deployment, by=make.people[said.pop("by", "asha")], **said)


def rated(make: Make, finding: Finding, level: int = 3) -> HazardRating:
    return HazardRating.rate(
        finding.deployment, by=make.people["ben"], level=level, title="A wrong dose", severity="Considerable",
        likelihood="Medium", reason="Nobody has measured it.", finding=finding,
    )  # fmt: skip


def today() -> date:
    return clock.today("Europe/London")


def test_by_hand_a_finding_needs_a_person_who_keeps_records_and_what_is_missing(make: Make) -> None:
    for who in ("vera", "grace", "eve", "sam", "cleo"):
        with pytest.raises(NotAllowed):
            entered(make, by=who)
    with pytest.raises(Refused, match="what is missing"):
        entered(make, title=" ")
    with pytest.raises(Refused, match="priority"):
        entered(make, priority="P9")
    with pytest.raises(Refused, match="in use already"):
        entered(make, due=None)
    opened = entered(make, deployment=make.deployment(), due=None)
    assert (opened.origin, opened.due, opened.opened_by) == ("hand", None, make.people["asha"])


def test_work_is_given_to_nobody_who_could_not_read_what_it_is_about(make: Make, finding: Finding) -> None:
    for who in ("dora", "sam", "cleo"):
        with pytest.raises(Refused, match="does not read"):
            finding.hand_over(by=make.people["asha"], owner="", person=make.people[who])
        with pytest.raises(Refused, match="does not read"):
            entered(make, person=make.people[who])


def test_one_open_finding_per_check_whoever_opened_it(make: Make, finding: Finding) -> None:
    first = entered(make, deployment=finding.deployment, check_code="mon-03")
    with pytest.raises(Refused, match="open already") as refused:
        entered(make, deployment=finding.deployment, check_code="mon-03")
    assert refused.value.reasons == [(f"{first.ref}: {first.title}", first.get_absolute_url())]


def test_who_answers_raises_and_only_the_safety_officer_lowers_with_a_reason(make: Make, finding: Finding) -> None:
    finding.change_priority("P1", by=make.people["omar"])
    with pytest.raises(NotAllowed):
        finding.change_priority("P3", by=make.people["omar"], reason="It can wait.")
    with pytest.raises(Refused, match="why it can wait"):
        finding.change_priority("P3", by=make.people["ben"])
    finding.change_priority("P3", by=make.people["ben"], reason="A paper copy is kept.")
    changes = [(c.what, c.before, c.after, c.reason) for c in finding.changes.all()]
    assert changes == [("priority", "P2", "P1", ""), ("priority", "P1", "P3", "A paper copy is kept.")]
    body = bytes(Event.objects.filter(verb="finding.priority_changed").latest("seq").body)
    assert b"P3" in body
    assert b"paper copy" not in body


def test_a_due_date_is_brought_forward_by_all_and_put_off_by_the_officer(make: Make, finding: Finding) -> None:
    finding.move_due(DUE - timedelta(days=5), by=make.people["asha"])
    for later in (DUE, None):
        with pytest.raises((NotAllowed, Refused)):
            finding.move_due(later, by=make.people["asha"], reason="Busy.")
    finding.move_due(DUE + timedelta(days=30), by=make.people["ben"], reason="The supplier needs a month.")
    assert (Finding.objects.get().due, Finding.objects.get().first_due) == (DUE + timedelta(days=30), DUE)


def test_of_two_who_change_it_at_once_the_second_is_told(make: Make, finding: Finding) -> None:
    other_tab = Finding.objects.get()
    finding.change_priority("P1", by=make.people["asha"])
    with pytest.raises(Refused, match="Somebody else"):
        other_tab.change_priority("P4", by=make.people["ben"], reason="Minor.")


def test_the_database_lowers_no_priority_without_a_reason_and_rewrites_no_history(make: Make, finding: Finding) -> None:
    finding.change_priority("P1", by=make.people["asha"])
    place = finding.place | {"finding": finding, "what": "priority", "by": make.people["ben"], "at": clock.now()}
    with pytest.raises(DatabaseError), transaction.atomic():
        FindingChange.objects.create(**place, before="P1", after="P4")
    for statement in ("UPDATE auditapp_findingchange SET after = 'P2'", "DELETE FROM auditapp_findingchange"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_it_is_given_to_somebody_else(make: Make, finding: Finding) -> None:
    finding.hand_over(by=make.people["asha"], owner="Ward 7")
    assert (Finding.objects.get().owner, Finding.objects.get().person) == ("Ward 7", None)
    finding.verify(by=make.people["omar"], reason="Seen on the ward.")
    assert not finding.is_open


def test_the_owner_does_not_close_it_by_account_or_by_name(make: Make, finding: Finding) -> None:
    with pytest.raises(NotAllowed, match="You own"):
        finding.verify(by=make.people["omar"], reason="Done.")
    finding.hand_over(by=make.people["asha"], owner="Asha Rao")
    with pytest.raises(NotAllowed, match="You own"):
        finding.verify(by=make.people["asha"], reason="Done.")


# Actions ---------------------------------------------------------------------------------------------


def planned(make: Make, finding: Finding, **about: Any) -> Action:
    said = {"what": "Put two people on the rota.", "owner": make.people["omar"], "due": DUE} | about
    return Action.plan(finding, by=make.people["asha"], **said)


def test_an_action_goes_from_plan_to_effect_and_only_then_can_the_finding_close(make: Make, finding: Finding) -> None:
    ben, omar = make.people["ben"], make.people["omar"]
    action = planned(make, finding)
    with pytest.raises(Refused, match="actions come first") as refused:
        finding.verify(by=ben, reason="Seen.")
    assert refused.value.reasons == ["Action 1: To do"]
    action.complete(by=omar, note="The rota is changed.", done_on=today())
    with pytest.raises(Refused, match="actions come first"):
        finding.verify(by=ben, reason="Seen.")
    action.judge(by=ben, effective=False, reason="Two nights had nobody.")
    assert action.state == "to_do"
    action.complete(by=omar, note="Now it is.", done_on=today())
    action.judge(by=ben, effective=True, reason="Four weeks looked at.")
    finding.verify(by=ben, reason="Seen.")
    assert [step.kind for step in action.steps.all()] == ["done", "not_effective", "done", "effective"]
    verbs = Event.objects.filter(stream=finding.trail_stream, verb__startswith="action.").order_by("seq")
    assert [e.verb for e in verbs] == [
        "action.planned", "action.done", "action.not_effective", "action.done", "action.effective",
    ]  # fmt: skip


def test_nobody_judges_what_they_own_or_reported_done(make: Make, finding: Finding) -> None:
    action = planned(make, finding)
    action.complete(by=make.people["asha"], note="Omar has changed it.", done_on=today())
    for who in ("omar", "asha"):
        with pytest.raises(NotAllowed, match="somebody else"):
            action.judge(by=make.people[who], effective=True, reason="Yes.")
    with pytest.raises(NotAllowed):
        action.judge(by=make.people["vera"], effective=True, reason="Yes.")
    action.judge(by=make.people["olga"], effective=True, reason="Seen.")


def test_the_database_lets_no_owner_judge(make: Make, finding: Finding) -> None:
    action, omar = planned(make, finding), make.people["omar"]
    step = finding.place | {"action": action, "n": 1, "kind": "effective", "note": "Yes.", "owner": omar, "by": omar}
    with pytest.raises(DatabaseError), transaction.atomic():
        action.steps.create(**step, at=clock.now())


def test_done_needs_a_day_and_something_to_see(make: Make, finding: Finding) -> None:
    action, omar = planned(make, finding), make.people["omar"]
    with pytest.raises(Refused, match="where that can be seen"):
        action.complete(by=omar, note=" ", done_on=today())
    with pytest.raises(Refused, match="day to come"):
        action.complete(by=omar, note="Done.", done_on=today() + timedelta(days=1))
    proof = Evidence.keep_file(
        ContentFile(b"rota", name="rota.txt"), by=omar, site=finding.site, title="Rota", effective_date=today()
    )
    action.complete(by=omar, note="", done_on=today(), evidence=proof)
    assert action.steps.get().evidence == proof


def test_evidence_of_another_hospital_does_not_count(make: Make, finding: Finding) -> None:
    action, omar = planned(make, finding), make.people["omar"]
    site = make.sites["general"]
    proof = Evidence.keep_link("https://rota.example/", by=omar, site=site, title="Rota", effective_date=today())
    with pytest.raises(Refused, match="another hospital"):
        action.complete(by=omar, note="", done_on=today(), evidence=proof)


def test_an_action_is_given_to_somebody_who_reads_findings_there(make: Make, finding: Finding) -> None:
    for who in ("dora", "sam", "cleo"):
        with pytest.raises(Refused, match="does not read"):
            planned(make, finding, owner=make.people[who])


def test_the_officer_gives_an_action_up_with_a_reason(make: Make, finding: Finding) -> None:
    action = planned(make, finding)
    with pytest.raises(NotAllowed):
        action.drop(by=make.people["omar"], reason="Not needed.")
    action.drop(by=make.people["ben"], reason="The ward is closed.")
    finding.verify(by=make.people["ben"], reason="Nothing is left to be done.")


# Root causes -----------------------------------------------------------------------------------------


def test_a_root_cause_is_internal_until_this_very_statement_is_released(make: Make, finding: Finding) -> None:
    ben, omar = make.people["ben"], make.people["omar"]
    first = RootCause.state(finding, by=omar, text="Nobody looked at the rota.", base=0)
    assert not RootCause.objects.released().exists()
    with pytest.raises(NotAllowed):
        first.release(by=omar)
    first.release(by=ben)
    with pytest.raises(Refused, match="already"):
        first.release(by=ben)
    RootCause.state(finding, by=omar, text="The rota was made before the tool was bought.", base=1)
    assert [cause.n for cause in RootCause.objects.released()] == [1]
    with pytest.raises(Refused, match="just stated"):
        RootCause.state(finding, by=omar, text="Another.", base=1)


# Accepted risks --------------------------------------------------------------------------------------


def test_an_accepted_rating_is_not_open_until_its_day_has_passed(make: Make, finding: Finding) -> None:
    with make.at("2026-05-01T09:00"):
        rating = rated(make, finding)
        rating.accept(by=make.people["ben"], until=date(2026, 6, 1), reason="A pharmacist reads every letter.")
        assert not HazardRating.objects.open().exists()
        assert HazardRating.objects.accepted().get() == rating
    with make.at("2026-06-01T22:30"):  # still the first of June in London, by half an hour
        assert not HazardRating.objects.open().exists()
    with make.at("2026-06-01T23:30"):
        assert HazardRating.objects.open().get() == rating
        assert not HazardRating.objects.accepted().exists()


def test_a_later_acceptance_replaces_an_earlier_one_also_with_a_nearer_end(make: Make, finding: Finding) -> None:
    rating = rated(make, finding)
    with make.at("2026-05-01T09:00"):
        rating.accept(by=make.people["ben"], until=date(2026, 12, 1), reason="Controlled.")
        rating.accept(by=make.people["ben"], until=date(2026, 5, 2), reason="Only until the meeting.")
    with make.at("2026-05-10T09:00"):
        assert HazardRating.objects.open().exists()


@pytest.mark.parametrize("level", [4, 5])
def test_high_levels_are_never_accepted(make: Make, finding: Finding, level: int) -> None:
    rating = rated(make, finding, level)
    with pytest.raises(Refused, match="cannot be accepted"):
        rating.accept(by=make.people["ben"], until=DUE, reason="We must.")
    row = rating.place | {"n": 1, "level": level, "until": DUE, "reason": "We must.", "at": clock.now()}
    with pytest.raises(DatabaseError), transaction.atomic():
        rating.acceptances.create(**row, by=make.people["ben"])


def test_only_the_officer_accepts_with_a_reason_and_a_day_to_come(make: Make, finding: Finding) -> None:
    rating = rated(make, finding)
    with pytest.raises(NotAllowed):
        rating.accept(by=make.people["eve"], until=DUE, reason="Fine.")
    with pytest.raises(Refused, match="impractical"):
        rating.accept(by=make.people["ben"], until=DUE, reason=" ")
    with pytest.raises(Refused, match="passed"):
        rating.accept(by=make.people["ben"], until=date(2020, 1, 1), reason="Fine.")


def test_what_is_accepted_does_not_enter_the_result_and_the_report_says_so(make: Make) -> None:
    audit = make.reviewed(questionnaire="quarterly-monitoring", reason="quarterly")
    open_one = HazardRating.rate(
        audit.deployment, by=make.people["ben"], level=2, title="Slow stop", severity="Minor", likelihood="Low",
        reason="Seen once.",
    )  # fmt: skip
    accepted = HazardRating.rate(
        audit.deployment, by=make.people["ben"], level=3, title="A wrong dose", severity="Considerable",
        likelihood="Medium", reason="Nobody has measured it.",
    )  # fmt: skip
    accepted.accept(by=make.people["ben"], until=DUE, reason="A pharmacist reads every letter.")
    report = Decision.record(audit, by=make.people["ben"], code="continue", reasons="Stable.").report
    assert report.facts["result_at_decision"]["open_hazard_levels"] == [open_one.level]
    said = {row["title"]: row for row in report.facts["hazard_ratings"]}
    assert said["Slow stop"]["state"] == "open"
    assert said["A wrong dose"]["state"] == "accepted"
    assert "Accepted until 2030-03-01 by Ben Okafor: A pharmacist reads every letter." in said["A wrong dose"]["reason"]


def test_a_finding_keeps_the_highest_level_in_force(make: Make, finding: Finding) -> None:
    other = entered(make, deployment=finding.deployment)
    low, high = rated(make, finding, 2), rated(make, finding, 4)
    ben = make.people["ben"]
    assert Finding.objects.get(pk=finding.pk).hazard == 4
    high.close(by=ben, reason="A pharmacist reads every letter.")
    assert Finding.objects.get(pk=finding.pk).hazard == 2
    said = {"title": "A wrong dose", "severity": "Major", "likelihood": "High", "reason": "Seen again."}
    HazardRating.rate(finding.deployment, by=ben, level=5, finding=other, replaces=low, **said)
    assert Finding.objects.get(pk=finding.pk).hazard is None
    assert Finding.objects.get(pk=other.pk).hazard == 5


# Found again -----------------------------------------------------------------------------------------


def test_what_an_audit_finds_again_is_the_same_finding_open_again(make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
        first = make.submitted(deployment=deployment, mon_03=make.gap("partial", due=date(2026, 2, 1)))
        first.withdraw(by=make.people["asha"], reason="Asked again.")
        finding = deployment.findings.get()
        finding.verify(by=make.people["ben"], reason="The log is there.")
    with make.at("2026-05-05T09:00"):
        gap = make.gap("not_met", gap="No log again.", due=date(2026, 5, 20))
        second = make.submitted(deployment=deployment, mon_03=gap)
    found = deployment.findings.get()
    assert (found.pk, found.is_open, found.gap) == (finding.pk, True, "No log again.")
    assert (found.due, found.first_due) == (date(2026, 5, 12), date(2026, 2, 1))
    again = found.reopenings.get()
    assert (again.source, again.reason) == (second.ref, f"Found again by {second.ref}.")
    assert [row.submission.audit.ref for row in found.raised_by.order_by("pk")] == [first.ref, second.ref]


def test_a_round_that_no_longer_finds_it_closes_it_unless_work_is_left(make: Make) -> None:
    audit = make.submitted(mon_03=make.gap("not_met"), acc_10=make.gap("not_met"))
    with_work = audit.deployment.findings.get(check_code="acc-10")
    planned(make, with_work)
    audit.return_questions({"mon-03": "Look again.", "acc-10": "Look again."}, by=make.people["ben"])
    audit.refresh_from_db()
    make.answer_all(audit, by=make.people["asha"])
    audit.submit(by=make.people["asha"])
    assert list(audit.deployment.findings.open()) == [with_work]


def test_what_a_person_decided_stands_while_the_rule_says_the_same(make: Make) -> None:
    audit = make.submitted(mon_03=make.gap("not_met"))
    finding = audit.deployment.findings.get()
    ruled, later = finding.priority, finding.due + timedelta(days=90)
    finding.change_priority("P4", by=make.people["ben"], reason="A paper copy is kept.")
    finding.move_due(later, by=make.people["ben"], reason="The supplier needs it.")
    audit.return_questions({"mon-03": "Say more."}, by=make.people["ben"])
    audit.refresh_from_db()
    make.answer_all(audit, by=make.people["asha"], exceptions={"mon-03": make.gap("not_met", gap="More words.")})
    audit.submit(by=make.people["asha"])
    finding.refresh_from_db()
    assert (finding.priority, finding.ruled, finding.due, finding.gap) == ("P4", ruled, later, "More words.")


def test_a_closed_finding_is_taken_up_again_with_a_date(make: Make, finding: Finding) -> None:
    finding.verify(by=make.people["ben"], reason="Seen.")
    with pytest.raises(Refused, match="in use already"):
        finding.take_up_again(by=make.people["asha"], reason="It is gone.", due=None)
    finding.take_up_again(by=make.people["asha"], reason="It is gone.", due=DUE)
    with pytest.raises(Refused, match="is open"):
        finding.take_up_again(by=make.people["asha"], reason="It is gone.", due=DUE)
    finding.verify(by=make.people["ben"], reason="It is back.")
    assert [closure.n for closure in finding.closures.order_by("n")] == [1, 2]
