"""The trail is written through its one door, and whatever is done to it behind that door is found and named."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from auditapp.accounts import checkpoints
from auditapp.accounts.models import User
from auditapp.trail.models import BEGINNING, Event, Head, chained
from tests.database import SERVER
from tests.factories import Make

Superuser = psycopg.Connection


def test_the_database_chains_events_as_we_compute_it(make: Make) -> None:
    audit = make.audit(answered=True)
    prev = BEGINNING
    for place, event in enumerate(Event.objects.filter(stream=audit.trail_stream).order_by("seq"), start=1):
        assert event.seq == place
        assert bytes(event.prev) == prev
        prev = chained(prev, event.seq, bytes(event.body))
        assert bytes(event.hash) == prev
    assert bytes(Head.objects.get(stream=audit.trail_stream).hash) == prev


def test_a_refused_act_leaves_no_line(make: Make, asha: User) -> None:
    audit = make.audit()
    before = Event.objects.count()
    with pytest.raises(Exception, match="not complete"):
        audit.submit(by=asha)
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auditapp_event SET verb = 'x'",
        "DELETE FROM auditapp_event",
        "TRUNCATE auditapp_event",
        "UPDATE auditapp_head SET seq = 0",
        "INSERT INTO auditapp_event (stream, seq, verb, at, body, prev, hash) VALUES ('x', 1, 'x', now(), '', '', '')",
    ],
)
def test_the_web_role_cannot_write_the_trail_itself(make: Make, statement: str) -> None:
    make.deployment()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_even_the_owner_of_the_tables_cannot_change_an_event(make: Make) -> None:
    make.deployment()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    for statement in ("UPDATE auditapp_event SET verb = 'x'", "DELETE FROM auditapp_event"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_nobody_appends_to_the_trail_of_another_organisation(make: Make, asha: User) -> None:
    with pytest.raises(DatabaseError, match="organisation in scope"), transaction.atomic():
        Event.record(asha, "organisation.renamed", make.organisations["westmark"])


def edit(db: Superuser, stream: str) -> None:
    db.execute("UPDATE auditapp_event SET verb = 'answer.praised' WHERE stream = %s AND seq = 3", [stream])


def edit_content(db: Superuser, stream: str) -> None:
    db.execute("UPDATE auditapp_event SET body = body || '\\x20' WHERE stream = %s AND seq = 3", [stream])


def delete(db: Superuser, stream: str) -> None:
    db.execute("DELETE FROM auditapp_event WHERE stream = %s AND seq = 3", [stream])


def delete_the_last(db: Superuser, stream: str) -> None:
    db.execute("DELETE FROM auditapp_event WHERE stream = %s AND seq = 9", [stream])


def insert(db: Superuser, stream: str) -> None:
    db.execute(
        "INSERT INTO auditapp_event (stream, seq, organisation_id, actor_id, verb, at, body, prev, hash) "
        "SELECT stream, 10, organisation_id, actor_id, verb, at, body, hash, prev FROM auditapp_event "
        "WHERE stream = %s AND seq = 9",
        [stream],
    )


def swap(db: Superuser, stream: str) -> None:
    for old, new in [(3, 1000), (4, 3), (1000, 4)]:
        db.execute("UPDATE auditapp_event SET seq = %s WHERE stream = %s AND seq = %s", [new, stream, old])


def rewrite(db: Superuser, stream: str) -> None:
    """Edit an event and recompute everything after it: the chain alone is whole again."""
    rows = db.execute("SELECT seq, body FROM auditapp_event WHERE stream = %s ORDER BY seq", [stream]).fetchall()
    prev = BEGINNING
    for seq, body in rows:
        body = body.replace(b'"met"', b'"not_met"') if seq == 3 else body
        digest = chained(prev, seq, body)
        db.execute(
            "UPDATE auditapp_event SET body = %s, prev = %s, hash = %s WHERE stream = %s AND seq = %s",
            [body, prev, digest, stream, seq],
        )
        prev = digest
    db.execute("UPDATE auditapp_head SET hash = %s WHERE stream = %s", [prev, stream])


def remove_the_stream(db: Superuser, stream: str) -> None:
    db.execute("DELETE FROM auditapp_event WHERE stream = %s", [stream])
    db.execute("DELETE FROM auditapp_head WHERE stream = %s", [stream])


@pytest.fixture
def superuser(transactional_db: None) -> Iterator[Superuser]:
    """A person with all power over the database, whom no trigger stops."""
    with psycopg.connect(SERVER.url("auditapp_admin", connection.settings_dict["NAME"]), autocommit=True) as db:
        db.execute("SET session_replication_role = replica")
        yield db


def test_what_a_superuser_does_under_a_checkpoint_is_found_and_named(
    superuser: Superuser, make: Make, tmp_path: object
) -> None:
    with transaction.atomic():
        make.enter_scope()
        audit = make.audit(answered=True)  # opened, then eight answers: nine events
    checkpoints.make_all()
    stream = audit.trail_stream
    assert list(checkpoints.problems()) == []
    superuser.execute("CREATE TABLE kept_events AS TABLE auditapp_event")
    superuser.execute("CREATE TABLE kept_heads AS TABLE auditapp_head")
    named: dict[Callable[[Superuser, str], None], tuple[int, str]] = {
        edit: (3, "edited"),
        edit_content: (3, "edited"),
        delete: (3, "deleted"),
        delete_the_last: (9, "deleted"),
        insert: (10, "inserted"),
        swap: (3, "swapped"),
        rewrite: (9, "rewritten"),
        remove_the_stream: (9, "deleted"),
    }
    try:
        for tamper, (seq, word) in named.items():
            tamper(superuser, stream)
            found = list(checkpoints.problems())
            assert any(p.stream == stream and p.seq == seq and word in p.what for p in found), (tamper.__name__, found)
            _restore(superuser)
            assert list(checkpoints.problems()) == [], tamper.__name__
    finally:
        superuser.execute("DROP TABLE kept_events, kept_heads")


def _restore(db: Superuser) -> None:
    for table, kept in (("auditapp_event", "kept_events"), ("auditapp_head", "kept_heads")):
        db.execute(f"DELETE FROM {table}")
        db.execute(f"INSERT INTO {table} SELECT * FROM {kept}")


def test_a_deleted_checkpoint_still_holds_where_it_was_kept_elsewhere(superuser: Superuser, make: Make) -> None:
    with transaction.atomic():
        make.enter_scope()
        audit = make.audit(answered=True)
    checkpoints.make_all()
    superuser.execute("DELETE FROM auditapp_checkpoint")
    rewrite(superuser, audit.trail_stream)
    assert list(checkpoints.problems()) == []
    kept = list(checkpoints.problems(settings.AUDITAPP_CHECKPOINTS_DIR))
    assert any(p.stream == audit.trail_stream and "rewritten" in p.what for p in kept)
