"""A session that ended under an open page: its own person signs in there, and nobody else."""

import pytest
from django.test import Client

from auditapp.accounts.models import User
from tests.audits.pages import sign_in
from tests.factories import PASSWORD

ADDRESS = "/sign-in/again/"


def again(client: Client, person: User, *, page_of: User, password: str = PASSWORD) -> tuple[int, dict[str, object]]:
    reply = client.post(ADDRESS, {"username": person.email, "password": password, "person": page_of.pk})
    return reply.status_code, reply.json()


def signed_in_as(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_the_person_of_the_page_is_signed_in(client: Client, asha: User) -> None:
    assert again(client, asha, page_of=asha) == (200, {"signed_in": True})
    assert signed_in_as(client) == str(asha.pk)


def test_a_wrong_password_is_said_and_signs_nobody_in(client: Client, asha: User) -> None:
    status, said = again(client, asha, page_of=asha, password="not this one")
    assert status == 422
    assert "is not right" in str(said["errors"])
    assert signed_in_as(client) is None


def test_somebody_else_is_not_signed_in_on_this_page(client: Client, asha: User, dora: User) -> None:
    status, said = again(client, dora, page_of=asha)
    assert status == 422
    assert said["errors"] == ["This page belongs to somebody else. Only that person can sign in here."]
    assert signed_in_as(client) is None


@pytest.mark.parametrize("other", ["dora", "cleo"])
def test_whoever_signed_in_meanwhile_gives_way_to_the_person_of_the_page(
    client: Client, asha: User, make: object, other: str
) -> None:
    """Also somebody of another organisation, whose scope hides the person's own row."""
    sign_in(client, make.people[other])  # type: ignore[attr-defined]
    assert again(client, asha, page_of=asha)[0] == 200
    assert signed_in_as(client) == str(asha.pk)
    assert client.get("/audits/").context["user"] == asha


def test_eight_wrong_passwords_lock_here_too(client: Client, asha: User) -> None:
    for _ in range(8):
        client.post(ADDRESS, {"username": asha.email, "password": "wrong", "person": asha.pk})
    reply = client.post(ADDRESS, {"username": asha.email, "password": PASSWORD, "person": asha.pk})
    assert reply.status_code == 429
    assert signed_in_as(client) is None
