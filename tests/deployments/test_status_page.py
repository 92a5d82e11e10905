"""Changing the status: only the steps that are possible now, for this person."""

import pytest
from django.test import Client

from auditapp.deployments.models import Deployment
from tests.factories import Make
from tests.tracking.issued import sign_in


def address(deployment: Deployment) -> str:
    return f"/deployments/{deployment.ref}/status/"


def offered(client: Client, deployment: Deployment) -> list[str]:
    return [value for value, _label in client.get(address(deployment)).context["form"].fields["to"].choices]


def test_only_the_clinical_safety_officer_is_offered_to_suspend(client: Client, make: Make) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, make.people["omar"])
    assert offered(client, deployment) == ["retired"]
    refused = client.post(address(deployment), {"to": "suspended", "reason": "An event."})
    assert "This step is not possible now" in refused.content.decode()
    sign_in(client, make.people["ben"])
    assert offered(client, deployment) == ["suspended", "retired"]
    assert client.post(address(deployment), {"to": "suspended", "reason": "An event."}).status_code == 302
    deployment.refresh_from_db()
    assert deployment.status == "suspended"


def test_a_step_needs_a_reason_and_keeps_the_choice(client: Client, make: Make) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["omar"])
    page = client.post(address(deployment), {"to": "in_evaluation", "reason": " \x00 "})
    assert page.context["form"].errors["reason"] == ["Give the reason for the change."]
    assert 'value="in_evaluation"' in page.content.decode()
    assert "There is a problem" in page.content.decode()
    page = client.post(address(deployment), {"reason": "Because"})
    assert page.context["form"].errors["to"] == ["Choose the new status."]
    assert "Because" in page.content.decode()
    assert not deployment.status_changes.exists()


def test_going_live_takes_two_people(client: Client, make: Make) -> None:
    deployment = make.deployment()
    deployment.change_status("in_evaluation", by=make.people["omar"], reason="Agreed.")
    sign_in(client, make.people["omar"])
    assert client.post(address(deployment), {"to": "live", "reason": "Agreed on 4 May."}).status_code == 302
    page = client.get(f"{address(deployment)}sign-off/").content.decode()
    assert "Agreed on 4 May." in page
    assert "Sign off this step" not in page
    assert client.post(f"{address(deployment)}sign-off/").status_code == 403
    sign_in(client, make.people["grace"])
    assert "Sign off the step to: Live" in client.get("/").content.decode()
    assert "Sign off this step" in client.get(f"{address(deployment)}sign-off/").content.decode()
    assert client.post(f"{address(deployment)}sign-off/").status_code == 302
    deployment.refresh_from_db()
    change = deployment.status_changes.latest("pk")
    assert (deployment.status, change.by, change.signed_by, change.gate) == (
        "live", make.people["omar"], make.people["grace"], "off",
    )  # fmt: skip
    assert client.post(f"{address(deployment)}sign-off/").status_code == 302  # another tab: nothing waits any more
    assert deployment.status_changes.count() == 2


def test_a_step_that_nobody_agrees_to_is_dropped(client: Client, make: Make) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["omar"])
    client.post(address(deployment), {"to": "retired", "reason": "Never used."})
    assert "A step is proposed already" in client.get(address(deployment)).content.decode()
    sign_in(client, make.people["ben"])
    assert client.post(f"{address(deployment)}drop/").status_code == 302
    deployment.refresh_from_db()
    assert deployment.status == "proposed"
    assert not deployment.status_proposals.waiting().exists()


def test_a_retired_deployment_offers_nothing_more(client: Client, make: Make) -> None:
    deployment = make.deployment()
    make.step(deployment, "retired", reason="Never used.")
    sign_in(client, make.people["ben"])
    page = client.get(address(deployment)).content.decode()
    assert "stays retired" in page
    assert "<textarea" not in page


@pytest.mark.parametrize(
    ("who", "status"),
    [("omar", 200), ("ben", 200), ("olga", 200), ("asha", 403), ("vera", 403), ("sam", 404), ("cleo", 404)],
)
def test_who_may_change_the_status(client: Client, make: Make, who: str, status: int) -> None:
    deployment = make.deployment()
    sign_in(client, make.people[who])
    assert client.get(address(deployment)).status_code == status
    answer = client.post(address(deployment), {"to": "in_evaluation", "reason": "Agreed on 4 May."})
    assert answer.status_code == (302 if status == 200 else status)
    assert deployment.status_changes.count() == (1 if status == 200 else 0)


def test_without_signing_in_there_is_no_form(client: Client, make: Make) -> None:
    assert client.get(address(make.deployment())).status_code == 302
