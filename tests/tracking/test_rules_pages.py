"""The pages on which a hospital's rules are read, previewed and set."""

from typing import Any

from django.test import Client

from auditapp.accounts.models import Site, User
from auditapp.deployments.models import Policy
from tests.deployments.test_policy import setting
from tests.factories import Make
from tests.tracking.issued import sign_in

FIELDS = {
    "gate_from": "", "harm_threshold": "moderate", "remind_days": "7, 30", "escalate_days": "14", "base": "0",
    "previewed": "", "when_0": "autonomy_level|at_most|0", "tier_0": "registration", "full_quarterly": "91",
    "full_quarterly_intensive": "30", "full_yearly": "365", "fast_yearly": "365",
}  # fmt: skip


def send(client: Client, query: str = "", **changed: str) -> Any:
    return client.post(f"/rules/new/{query}", FIELDS | changed)


def test_rules_are_previewed_before_they_are_kept(client: Client, make: Make, grace: User, royal: Site) -> None:
    make.deployment(kind="sepsis model")
    make.deployment(site="general")
    sign_in(client, grace)
    seen = send(client)
    assert [(tier.value, now, then) for tier, now, then in seen.context["preview"]] == [
        ("full", 2, 1), ("fast", 0, 0), ("registration", 0, 1)
    ]  # fmt: skip
    assert not Policy.objects.exists()
    digest = seen.context["form"]["previewed"].value()
    assert send(client, previewed=digest).status_code == 302
    policy = Policy.of(royal)
    assert (policy.remind_days, policy.tiers[0]["tier"]) == ([30, 7], "registration")
    page = client.get("/rules/")
    assert "Registration only" in page.content.decode()
    assert len(page.context["history"]) == 1


def test_what_was_changed_after_the_preview_is_previewed_again(client: Client, grace: User) -> None:
    sign_in(client, grace)
    digest = send(client).context["form"]["previewed"].value()
    assert send(client, previewed=digest, escalate_days="3").context["preview"]
    assert not Policy.objects.exists()


def test_the_second_of_two_tabs_is_told_and_keeps_nothing(client: Client, grace: User, ben: User) -> None:
    sign_in(client, grace)
    digest = send(client).context["form"]["previewed"].value()
    setting(ben)
    response = send(client, previewed=digest)
    assert response.status_code == 409
    assert Policy.objects.count() == 1


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(client: Client, grace: User) -> None:
    sign_in(client, grace)
    form = send(client, remind_days="soon", full_yearly="0").context["form"]
    assert set(form.errors) == {"remind_days", "full_yearly"}
    assert form["remind_days"].value() == "soon"


def test_a_hospital_is_previewed_and_set_by_itself(client: Client, make: Make, grace: User, royal: Site) -> None:
    make.deployment(kind="sepsis model")
    make.deployment(kind="sepsis model", site="general")
    sign_in(client, grace)
    seen = send(client, "?site=royal")
    assert [then for _tier, _now, then in seen.context["preview"]] == [0, 0, 1]
    send(client, "?site=royal", previewed=seen.context["form"]["previewed"].value())
    assert Policy.of(royal).site == royal
    assert Policy.of(make.sites["general"]).is_built_in
    seen = send(client)  # of the group: it no longer counts at the Royal
    assert [now for _tier, now, _then in seen.context["preview"]] == [1, 0, 0]


def test_everybody_reads_the_rules_and_learns_who_sets_them(client: Client, vera: User) -> None:
    sign_in(client, vera)
    page = client.get("/rules/?site=royal")
    assert page.context["may_set"] is False
    assert client.get("/rules/?site=general").status_code == 404
    assert client.get("/rules/?site=westmark-city").status_code == 404
    assert client.get("/rules/new/").status_code == 403
