"""Whose rows the database lets this transaction see: row-level security reads what is set here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from auditapp.accounts.models import User


def enter(organisation_id: int | None, site_ids: Iterable[int] | None = None, *, person_id: int | None = None) -> None:
    """Set the scope until the running transaction ends: one organisation, and all (None) or some of its hospitals.

    No organisation means only what belongs to nobody: the seeded questionnaires. `person_id` opens what belongs to one
    person alone.
    """
    organisation = "" if organisation_id is None else str(organisation_id)
    sites = "*" if site_ids is None else "{" + ",".join(str(pk) for pk in site_ids) + "}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('auditapp.organisation', %s, true), set_config('auditapp.sites', %s, true), "
            "set_config('auditapp.person', %s, true)",
            [organisation, sites, "" if person_id is None else str(person_id)],
        )


def enter_as(user: User) -> None:
    """The scope of a signed-in person: first the organisation, whose memberships then say which hospitals."""
    enter(user.organisation_id, [])
    enter(user.organisation_id, user.reach, person_id=user.pk)


@contextmanager
def entered(organisation_id: int | None, site_ids: Iterable[int] | None = None) -> Iterator[None]:
    """A transaction with a scope, for jobs and commands, which have no signed-in person."""
    with transaction.atomic():
        enter(organisation_id, site_ids)
        yield


@contextmanager
def lent(organisation_id: int) -> Iterator[None]:
    """For one act in the running transaction the scope of an organisation, then again the one before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('auditapp.organisation', true), current_setting('auditapp.sites', true)")
        before = [setting or "" for setting in cursor.fetchone()]
        enter(organisation_id, [])
        yield
        cursor.execute(
            "SELECT set_config('auditapp.organisation', %s, true), set_config('auditapp.sites', %s, true)", before
        )


def organisations() -> list[int]:
    """The key of every organisation, through the database function meant for this: for jobs that go through all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM auditapp_organisations()")
        return [key for (key,) in cursor.fetchall()]
