"""The page that says what was valid on a day: as recorded then, and as known now."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client

from auditapp import clock
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Incident
from auditapp.reports.withdrawal import ReportWithdrawal
from tests.factories import Make
from tests.tracking.issued import issued, sign_in


@pytest.fixture
def lived(make: Make) -> Deployment:
    """In use since January, examined in full on 1 June 2026."""
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(kind="sepsis model", live=True)
    with make.at("2026-06-01T09:00"):
        issued(make, deployment=deployment, questionnaire="annual-review", reason="yearly")
    return deployment


def words(client: Client, deployment: Deployment, day: str) -> str:
    return client.get(f"/deployments/{deployment.ref}/on/?day={day}").content.decode()


def test_a_day_that_nothing_changed_afterwards_is_the_same_both_ways(
    client: Client, make: Make, lived: Deployment
) -> None:
    sign_in(client, make.people["vera"])
    page = words(client, lived, "2026-06-02")
    assert "Valid: A-" in page
    assert "until 31 Aug 2026" in page
    assert "The same: nothing was learnt later" in page
    assert "told again from the events of the trail alone" in page
    assert "Version 1.0 has no issued audit." in words(client, lived, "2026-05-31")
    assert "The next audit was due by 31 Aug 2026." in words(client, lived, "2026-09-01")


def test_what_was_learnt_later_changes_what_is_known_now_and_not_what_was_recorded(
    client: Client, make: Make, lived: Deployment
) -> None:
    with make.at("2026-06-20T09:00"):
        Incident.report(
            lived, by=make.people["omar"], kind="event", harm="severe", summary="A wrong score.",
            happened_on=date(2026, 6, 10),
        )  # fmt: skip
    with make.at("2026-06-25T09:00"):
        lived.add_version(by=make.people["omar"], name="2.0", starts=date(2026, 6, 12))
    sign_in(client, make.people["asha"])
    page = client.get(f"/deployments/{lived.ref}/on/?day=2026-06-15")
    assert page.context["then"].validity.is_valid
    assert page.context["then"].version.name == "1.0"
    assert page.context["now"].version.name == "2.0"
    assert page.context["now"].validity.reasons[0].code == "new_version"
    assert page.context["learnt"] == [
        "On 25 Jun 2026 another end of version 1.0 was entered.",
        "Version 2.0 was entered on 25 Jun 2026.",
        "Incident I-0001 of 10 Jun 2026 was reported on 20 Jun 2026.".replace(
            "I-0001", Incident.objects.get().ref
        ),
    ]  # fmt: skip
    on_the_eleventh = client.get(f"/deployments/{lived.ref}/on/?day=2026-06-11")
    assert on_the_eleventh.context["now"].validity.reasons[0].code == "incident"


def test_a_report_that_was_withdrawn_later_covered_nothing_as_known_now(
    client: Client, make: Make, lived: Deployment
) -> None:
    report = lived.audits.issued().get().reports.with_names().get()
    with make.at("2026-07-01T09:00"):
        proposed = ReportWithdrawal.propose(report, by=make.people["ben"], reason="Of another tool.")
        proposed.confirm(by=make.people["grace"])
    sign_in(client, make.people["asha"])
    page = client.get(f"/deployments/{lived.ref}/on/?day=2026-06-15")
    assert (page.context["then"].validity.state, page.context["now"].validity.state) == ("valid", "none")
    assert "was withdrawn on 1 Jul 2026" in page.content.decode()


def test_only_days_up_to_today_can_be_asked_for(client: Client, make: Make, lived: Deployment) -> None:
    sign_in(client, make.people["asha"])
    tomorrow = clock.today(lived.site.zone) + timedelta(days=1)
    assert "nobody knows" in words(client, lived, tomorrow.isoformat())
    assert "Enter a day, such as" in words(client, lived, "the ides of March")
    assert "not registered yet" in words(client, lived, "2020-01-01")
    assert "What was valid on a day?" in client.get(f"/deployments/{lived.ref}/on/").content.decode()


def test_a_row_that_the_trail_does_not_know_is_said_so(client: Client, make: Make, lived: Deployment) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("UPDATE auditapp_modelversion SET starts = starts - 5 WHERE deployment_id = %s", [lived.pk])
        cursor.execute("SET ROLE auditapp_web")
    sign_in(client, make.people["asha"])
    assert "The trail tells otherwise." in words(client, lived, "2026-06-15")


def test_who_only_answers_a_part_does_not_learn_of_it(client: Client, make: Make, lived: Deployment) -> None:
    for who in ("dora", "sam", "cleo"):
        sign_in(client, make.people[who])
        assert client.get(f"/deployments/{lived.ref}/on/").status_code == 404
