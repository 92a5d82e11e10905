"""Entering a model version: the days it runs, and what stands in the way."""

from datetime import date, timedelta

import pytest
from django.test import Client

from auditapp import clock
from auditapp.deployments.models import Deployment
from auditapp.trail.models import Event
from tests.factories import Make
from tests.tracking.issued import sign_in


def address(deployment: Deployment) -> str:
    return f"/deployments/{deployment.ref}/versions/new/"


def test_a_new_version_ends_the_one_that_runs(client: Client, make: Make) -> None:
    deployment = make.deployment()
    today = clock.today(deployment.site.zone)
    sign_in(client, make.people["asha"])
    answer = client.post(address(deployment), {"name": "2.0", "starts": today.isoformat(), "note": "Faster.\x00"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/deployments/{deployment.ref}/"
    first, second = deployment.versions.order_by("starts")
    assert (first.ends, second.name, second.note, second.ends) == (today, "2.0", "Faster.", None)
    assert Event.objects.filter(verb="version.entered").last().actor == make.people["asha"]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"name": "", "starts": "2030-01-01"}, "name", "Enter the name"),
        ({"name": "1.0", "starts": "2030-01-01"}, "name", "already has a version of that name"),
        ({"name": "2.0", "starts": ""}, "starts", "Enter the first day"),
        ({"name": "2.0", "starts": "tomorrow"}, "starts", "Enter a valid date"),
        ({"name": "2.0", "starts": "2030-01-05", "ends": "2030-01-05"}, "ends", "must be later"),
        ({"name": "2.0", "starts": "2001-01-01"}, "starts", "Version 1.0 runs from"),
        ({"name": "x" * 61, "starts": "2030-01-01"}, "name", "at most 60"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    client: Client, make: Make, typed: dict[str, str], field: str, words: str
) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["asha"])
    page = client.post(address(deployment), typed | {"note": "As the supplier wrote"})
    assert page.status_code == 200
    assert words in str(page.context["form"].errors[field])
    html = page.content.decode()
    assert "There is a problem" in html
    assert "<title>Error:" in html
    assert "As the supplier wrote" in html
    assert deployment.versions.count() == 1


def test_days_between_two_versions_are_free(client: Client, make: Make) -> None:
    deployment = make.deployment()
    running = deployment.versions.get()
    before = (running.starts - timedelta(days=30), running.starts)
    sign_in(client, make.people["omar"])
    typed = {"name": "0.9", "starts": before[0].isoformat(), "ends": before[1].isoformat()}
    assert client.post(address(deployment), typed).status_code == 302
    assert deployment.version_between(date(2001, 1, 1), before[0]) is None
    assert deployment.version_between(date(2001, 1, 1), before[1]).name == "0.9"
    assert deployment.version_between(running.starts + timedelta(days=1), None) is None


@pytest.mark.parametrize(
    ("who", "status"),
    [("asha", 200), ("omar", 200), ("ben", 200), ("vera", 403), ("grace", 403), ("sam", 404), ("cleo", 404)],
)
def test_who_may_enter_a_version(client: Client, make: Make, who: str, status: int) -> None:
    deployment = make.deployment()
    sign_in(client, make.people[who])
    assert client.get(address(deployment)).status_code == status
    typed = {"name": "2.0", "starts": "2030-01-01"}
    assert client.post(address(deployment), typed).status_code == (302 if status == 200 else status)
    assert deployment.versions.count() == (2 if status == 200 else 1)


def test_without_signing_in_there_is_no_form(client: Client, make: Make) -> None:
    assert client.get(address(make.deployment())).status_code == 302
