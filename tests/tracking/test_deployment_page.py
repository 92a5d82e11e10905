"""The page of a deployment: the sentence that answers the main question, and all that hangs on it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from auditapp import clock
from auditapp.deployments.models import Deployment
from auditapp.findings.models import HazardRating
from tests.factories import Make
from tests.tracking.issued import counted, issued, prepared, sign_in


def shown(client: Client, deployment: Deployment) -> Any:
    return client.get(f"/deployments/{deployment.ref}/")


def answer(client: Client, deployment: Deployment) -> tuple[str, str]:
    """Tone and text of the sentence."""
    found = shown(client, deployment).context["answer"]
    return found.tone, found.text


def test_a_version_that_runs_without_an_issued_audit_says_for_how_long(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["asha"])
    assert answer(client, deployment) == ("bad", "Version 1.0 has run for 90 days without an issued audit.")
    audit = make.audit(deployment=deployment)
    found = shown(client, deployment).context["answer"]
    assert (found.href, found.link) == (audit.get_absolute_url(), f"{audit.ref} is under way")


def test_a_version_with_an_issued_audit_is_covered_by_it(client: Client, make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
    with make.at("2026-03-30T09:00"):
        report = issued(make, deployment=deployment)
    sign_in(client, make.people["asha"])
    sentence = f"Version 1.0 is covered by {report.audit.ref}, issued 30 Mar 2026."
    assert answer(client, deployment) == ("good", sentence)
    assert sentence in shown(client, deployment).content.decode()


def test_a_new_version_is_not_covered_by_the_audit_of_the_one_before(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    issued(make, deployment=deployment)
    today = clock.today(deployment.site.zone)
    deployment.add_version(by=make.people["omar"], name="2.0", starts=today)
    sign_in(client, make.people["asha"])
    assert answer(client, deployment) == ("attention", "Version 2.0 runs since today, without an issued audit.")


def test_an_audit_that_decided_against_use_covers_nothing(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    report = issued(make, deployment=deployment, code="suspend")
    sign_in(client, make.people["asha"])
    tone, text = answer(client, deployment)
    assert tone == "bad"
    assert text.startswith(f"Version 1.0 was examined by {report.audit.ref}")
    assert text.endswith("the decision is: Suspend.")


def test_before_use_after_use_and_between_versions_the_sentence_says_so(client: Client, make: Make) -> None:
    sign_in(client, make.people["asha"])
    proposed = make.deployment()
    words = "Version 1.0 has no issued audit. The tool is not in use with patients: proposed."
    assert answer(client, proposed) == ("info", words)
    make.step(proposed, "retired", reason="Not bought.")
    assert answer(client, proposed)[1].startswith("This deployment is retired.")
    live = make.deployment(live=True)
    today = clock.today(live.site.zone)
    live.versions.update(ends=today)
    assert answer(client, live) == ("bad", "No version is entered for today, so no audit can cover what runs.")
    live.add_version(by=make.people["omar"], name="2.0", starts=today + timedelta(days=9))
    assert answer(client, live)[1].startswith("No version runs today. Version 2.0 is planned from")


@pytest.mark.parametrize(
    ("who", "unconfirmed", "confirmed"),
    [
        ("asha", "Read the profile", "Open an audit"),
        ("ben", "Read the profile", ""),
        ("omar", "", ""),
        ("vera", "", ""),
        ("grace", "", ""),
    ],
)
def test_the_one_button_is_what_this_person_can_do_next(
    client: Client, make: Make, who: str, unconfirmed: str, confirmed: str
) -> None:
    deployment = make.deployment(confirmed=False)
    sign_in(client, make.people[who])
    page = shown(client, deployment)
    assert page.context["expected"].button == unconfirmed
    assert ("that you filled in" in page.content.decode()) is (who == "omar")
    deployment.newest_profile.confirm(by=make.people["ben"])
    expected = shown(client, deployment).context["expected"]
    assert expected.button == confirmed
    if confirmed:
        assert client.get(expected.href).status_code == 200


def test_its_owner_is_led_to_what_is_overdue_and_others_are_not(client: Client, make: Make) -> None:
    audit = make.submitted(mon_03=make.gap("not_met", due=date(2020, 1, 31)))
    sign_in(client, make.people["omar"])
    expected = shown(client, audit.deployment).context["expected"]
    assert (expected.line, expected.button) == ("1 finding is overdue.", "See what is overdue")
    assert [finding.check_code for finding in client.get(expected.href).context["page"]] == ["mon-03"]
    sign_in(client, make.people["vera"])
    expected = shown(client, audit.deployment).context["expected"]
    assert (expected.line, expected.button) == (f"{audit.ref} is under way.", "")


def test_it_shows_findings_hazards_audits_versions_and_changes(client: Client, make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(live=True)
        first = issued(make, deployment=deployment)
    with make.at("2026-02-05T09:00"):
        gap = {"mon_03": make.gap("not_met", due=date(2026, 3, 1)), "acc_10": make.gap("partial")}
        second = issued(make, deployment=deployment, code="restrict", **gap)
    HazardRating.rate(
        deployment, by=make.people["ben"], level=3, title="Events are missed", severity="Considerable",
        likelihood="Medium", reason="Nobody has measured it.",
    )  # fmt: skip
    draft = make.audit(deployment=deployment)
    sign_in(client, make.people["vera"])
    page = shown(client, deployment)
    findings = page.context["findings"]
    assert (findings.total, findings.overdue, findings.counts) == (2, 2, [("P1", 1), ("P2", 1)])
    rows = [(row.audit.ref, row.result, row.decided) for row in page.context["audits"]]
    assert rows == [
        (draft.ref, "", ""),
        (second.audit.ref, "gate_not_passed", "Restrict"),
        (first.audit.ref, "thresholds_reached", "Continue"),
    ]
    (trend,) = page.context["trends"]
    assert [(point["label"], point["value"]) for point in sorted(trend["points"], key=lambda p: p["date"])] == [
        (first.audit.ref, "100.0"),
        (second.audit.ref, page.context["audits"][1].score["shown"]),
    ]
    kinds = sorted(span["kind"] for span in page.context["spans"])
    assert kinds == ["audit", "audit", "status", "status", "validity", "version"]
    words = page.content.decode()
    assert "Events are missed" in words
    assert "Start of use agreed." in words
    assert "Calculated: thresholds reached" in words


def test_a_round_that_was_sent_back_shows_no_result(client: Client, make: Make) -> None:
    audit = make.submitted()
    audit.return_questions({audit.answers.first().code: "Which ward?"}, by=make.people["ben"])
    sign_in(client, make.people["asha"])
    (row,) = shown(client, audit.deployment).context["audits"]
    assert (row.result, row.score, row.decided) == ("", None, "")


def test_an_unsigned_report_shows_its_decision_and_does_not_cover(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    report = prepared(make, deployment=deployment)
    sign_in(client, make.people["asha"])
    page = shown(client, deployment)
    (row,) = page.context["audits"]
    assert (row.audit, row.decided, row.issued_at) == (report.audit, "Continue", None)
    assert page.context["answer"].tone == "bad"


@pytest.mark.parametrize(
    ("who", "status"),
    [("asha", 200), ("vera", 200), ("ada", 200), ("olga", 200), ("sam", 404), ("cleo", 404)],
)
def test_who_may_read_it(client: Client, make: Make, who: str, status: int) -> None:
    deployment = make.deployment()
    sign_in(client, make.people[who])
    assert shown(client, deployment).status_code == status


def test_without_signing_in_there_is_nothing(client: Client, make: Make) -> None:
    assert shown(client, make.deployment()).status_code == 302


def test_who_may_not_change_anything_is_offered_nothing(client: Client, make: Make) -> None:
    deployment = make.deployment()
    links = {"versions/new/", "status/"}
    for who, offered in [("omar", links), ("asha", {"versions/new/"}), ("ben", links), ("vera", set())]:
        sign_in(client, make.people[who])
        words = shown(client, deployment).content.decode()
        assert {link for link in links if f"/deployments/{deployment.ref}/{link}" in words} == offered


def test_one_audit_and_three_take_the_same_queries(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    issued(make, deployment=deployment, code="restrict", mon_03=make.gap("not_met"))
    sign_in(client, make.people["asha"])
    shown(client, deployment)
    with counted(20) as queries:
        shown(client, deployment)
    one = queries()
    issued(make, deployment=deployment, code="restrict", acc_10=make.gap("not_met"), mon_03=make.gap("not_met"))
    issued(make, deployment=deployment, questionnaire="quarterly-monitoring", reason="quarterly")
    deployment.add_version(by=make.people["omar"], name="2.0", starts=clock.today(deployment.site.zone))
    shown(client, deployment)
    with counted(20) as queries:
        shown(client, deployment)
    assert queries() == one
