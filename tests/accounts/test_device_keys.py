"""The key under which answers wait on a device: one per person and device, sealed, and nobody else's."""

from base64 import b64decode

import pytest
from cryptography.exceptions import InvalidTag
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from auditapp.accounts import scope
from auditapp.accounts.devices import COOKIE, DeviceKey
from auditapp.accounts.models import User
from auditapp.trail.models import Event
from tests.audits.pages import sign_in

ADDRESS = "/account/device-key/"


def key(client: Client) -> bytes:
    reply = client.post(ADDRESS)
    assert reply.status_code == 200
    return b64decode(reply.json()["key"])


def rows(person: User) -> list[DeviceKey]:
    scope.enter_as(person)
    return list(DeviceKey.objects.visible_to(person))


def test_a_person_gets_the_same_key_on_the_same_device_after_every_sign_in(client: Client, asha: User) -> None:
    sign_in(client, asha)
    first = key(client)
    client.post("/sign-out/")
    sign_in(client, asha)
    assert key(client) == first
    assert len(first) == 32
    assert len(rows(asha)) == 1


def test_two_people_on_one_device_and_one_person_on_two_have_different_keys(
    client: Client, asha: User, dora: User
) -> None:
    sign_in(client, asha)
    ashas = key(client)
    device = client.cookies[COOKIE].value
    sign_in(client, dora)
    client.cookies[COOKIE] = device
    doras = key(client)
    del client.cookies[COOKIE]
    sign_in(client, asha)
    elsewhere = key(client)
    assert len({ashas, doras, elsewhere}) == 3


def test_no_script_reads_the_cookie_and_no_cache_keeps_the_key(client: Client, asha: User) -> None:
    sign_in(client, asha)
    reply = client.post(ADDRESS)
    cookie = reply.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", ADDRESS)
    assert "no-store" in reply["Cache-Control"]
    assert reply.json()["person"] == asha.pk


def test_the_key_is_stored_sealed_and_opens_for_nobody_else(client: Client, asha: User, dora: User) -> None:
    sign_in(client, asha)
    mine = key(client)
    (row,) = rows(asha)
    assert mine not in bytes(row.sealed)
    assert client.cookies[COOKIE].value not in row.device
    assert row.opened(asha) == mine
    with pytest.raises(InvalidTag):
        row.opened(dora)
    row.device = "0" * 64
    with pytest.raises(InvalidTag):
        row.opened(asha)


def test_another_secret_of_the_installation_makes_another_key(client: Client, asha: User, settings: object) -> None:
    sign_in(client, asha)
    before = key(client)
    settings.SECRET_KEY = "another one"  # type: ignore[attr-defined]
    sign_in(client, asha)
    assert key(client) != before


def test_the_database_shows_a_key_to_its_person_alone(client: Client, asha: User, ada: User, cleo: User) -> None:
    sign_in(client, asha)
    key(client)
    assert DeviceKey.objects.count() == 0  # in the organisation's scope, but nobody's in person
    for other in (ada, cleo):
        scope.enter_as(other)
        assert DeviceKey.objects.count() == 0
    scope.enter_as(asha)
    assert DeviceKey.objects.count() == 1


def test_nobody_changes_or_deletes_a_key(client: Client, asha: User) -> None:
    sign_in(client, asha)
    key(client)
    scope.enter_as(asha)
    for statement in ("UPDATE auditapp_devicekey SET user_id = user_id", "DELETE FROM auditapp_devicekey"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_key_is_on_the_trail_once_and_without_the_device_s_cookie(client: Client, asha: User) -> None:
    sign_in(client, asha)
    key(client)
    key(client)
    (event,) = Event.objects.filter(verb="account.device_key_made")
    assert event.actor_id == asha.pk
    assert client.cookies[COOKIE].value.encode() not in bytes(event.body)


def test_a_cookie_that_we_did_not_make_names_no_device(client: Client, asha: User) -> None:
    sign_in(client, asha)
    client.cookies[COOKIE] = "x"
    key(client)
    assert len(client.cookies[COOKIE].value) == 43


def test_who_is_not_signed_in_gets_no_key(client: Client, asha: User) -> None:
    assert client.post(ADDRESS).status_code == 302
