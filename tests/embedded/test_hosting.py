"""docs/hosting.md says what the code does: every variable, and the SQL that makes the roles."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from auditapp.embedded import home
from auditapp.embedded.postgres import Server

REPOSITORY = Path(home.__file__).parents[2]
HOSTING = (REPOSITORY / "docs" / "hosting.md").read_text()
READ = re.compile(r"""(?:environ|inherited)\.get\(\s*"(\w+)"|environ\["(\w+)"\]|\b_(?:flag|list)\("(\w+)\"""")


def test_every_variable_that_the_code_reads_is_explained_and_no_other():
    sources = [path.read_text() for path in (REPOSITORY / "auditapp").rglob("*.py")]
    read = {name for source in sources for groups in READ.findall(source) for name in groups if name}
    table = HOSTING.partition("## 3.")[2].partition("## 4.")[0]
    explained = {
        name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert read == explained


@pytest.fixture
def bare_server() -> Iterator[Server]:
    """A PostgreSQL without our roles and database, as a hospital's administrator finds it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), throwaway=True).start()
        with psycopg.connect(server.url("auditapp_admin", "postgres"), autocommit=True) as admin:
            admin.execute("DROP DATABASE auditapp")
            admin.execute("DROP ROLE auditapp_owner, auditapp_web")
        yield server
        server.stop()


def run_documented_sql(server: Server) -> None:
    """The SQL of step 1 as psql would run it: statement by statement, going over at \\connect."""
    script = re.search(r"```sql\n(.+?)```", HOSTING, re.DOTALL).group(1)
    for database, part in zip(("postgres", "auditapp"), script.split("\\connect auditapp"), strict=True):
        with psycopg.connect(server.url("auditapp_admin", database), autocommit=True) as admin:
            for statement in filter(str.strip, part.split(";")):
                admin.execute(statement)


def manage(server: Server, *arguments: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": server.url("auditapp_web"),
        "DATABASE_OWNER_URL": server.url("auditapp_owner"),
        "SECRET_KEY": "only-for-tests",
    }
    subprocess.run([sys.executable, REPOSITORY / "manage.py", *arguments], env=environment, check=True)


def run_documented(server: Server, program: str, *, folder: Path) -> None:
    """The line of step 4 that begins with `program`, in `folder`."""
    line = re.search(rf"^{program} .+$", HOSTING, re.MULTILINE).group()
    arguments = shlex.split(line.replace("$DATABASE_OWNER_URL", server.url("auditapp_owner")))
    subprocess.run([home.binaries() / program, *arguments[1:]], cwd=folder, check=True)


def rows(server: Server) -> dict[str, int]:
    with psycopg.connect(server.url("auditapp_owner")) as connection:
        tables = connection.execute("SELECT relname FROM pg_stat_user_tables ORDER BY 1").fetchall()
        count = "SELECT count(*) FROM {}"
        counts = {name: connection.execute(sql.SQL(count).format(sql.Identifier(name))) for (name,) in tables}
        return {name: found.fetchone()[0] for name, found in counts.items()}


def test_the_documented_steps_make_an_installation_that_can_be_backed_up_and_restored(bare_server, tmp_path):
    run_documented_sql(bare_server)
    manage(bare_server, "migrate", "--verbosity", "0")
    manage(bare_server, "load_questionnaires")
    before = rows(bare_server)
    assert before["auditapp_question"] > 0

    run_documented(bare_server, "pg_dump", folder=tmp_path)
    with psycopg.connect(bare_server.url("auditapp_admin", "postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE auditapp")
        admin.execute("DROP ROLE auditapp_owner, auditapp_web")
    run_documented_sql(bare_server)
    run_documented(bare_server, "pg_restore", folder=tmp_path)
    manage(bare_server, "load_questionnaires")  # the web role may do again what it might, and finds all done
    assert rows(bare_server) == before
