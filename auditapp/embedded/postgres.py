"""A PostgreSQL server of our own for a data folder, reached through a socket that only its owner can open."""

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from auditapp.embedded import home
from auditapp.embedded.children import ended_with_parent
from auditapp.embedded.home import CannotStart

__all__ = ["CannotStart", "Server"]

ADMIN, OWNER, WEB = "auditapp_admin", "auditapp_owner", "auditapp_web"
DATABASE = "auditapp"
EXTENSIONS = ("btree_gist", "pg_trgm")
START_SECONDS = 60  # recovery after a crash replays the log, which takes a while on a slow disk
LEFTOVER_SECONDS = 10
_LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"
_OPTIONS = {"unix_socket_permissions": "0700", "timezone": "UTC", "log_timezone": "UTC"}
_FAST_AND_LOSSY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Server:
    """The database below `data_dir`. `throwaway`: for tests; fast, not crash-safe, ends with us, is deleted.

    Making one does nothing. Roles: `auditapp_owner` owns the tables and may create databases, `auditapp_web`
    is what web and worker connect as; neither is a superuser nor passes row security. Whoever can open the
    socket is trusted to be any role, which holds because its folder is 0700.
    """

    def __init__(self, data_dir: Path, *, throwaway: bool = False) -> None:
        self.data_dir = Path(data_dir).resolve()
        self.throwaway = throwaway
        self.folder = home.folder_for(self.data_dir)
        self.cluster = self.folder / "cluster"
        self.socket_folder = home.socket_folder_for(self.folder)
        self.log = self.folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, role: str = WEB, database: str = DATABASE) -> str:
        """The address for libpq, psycopg and dj-database-url; needs no running server."""
        return f"postgresql://{role}@{_percent_encoded(str(self.socket_folder))}:5432/{database}"

    def start(self) -> "Server":
        """Make what is missing and return with the server answering; does little when it runs already.

        Raises CannotStart, with the end of the server's log where there is one.
        """
        self._account = home.account_for(self.cluster)
        self._make_folders()
        with self._one_starter():
            if not self.running():
                self._bin = self._find_binaries()
                self._initialise()
                self._launch()
            self._create_roles_and_database()
        return self

    def running(self) -> bool:
        """Whether it answers: a real connection, since a dead server's process may still seem alive."""
        if self._process:
            self._process.poll()
        try:
            psycopg.connect(self.url(ADMIN, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it cleanly, whoever started it; nothing happens if it does not run. A throwaway is deleted."""
        if (postmaster := self._locked_by()) in self._processes():
            os.kill(postmaster, signal.SIGQUIT if self.throwaway else signal.SIGINT)  # immediate, or fast
        self._wait_until_gone()
        if self._process:
            self._process.wait()
        if self.throwaway:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _make_folders(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.parent == self.data_dir and os.geteuid() == 0 and home.is_roots_alone(self.data_dir):
            os.chown(self.data_dir, -1, self._account.gid)
            self.data_dir.chmod(0o710)  # the database's group may pass through, and see nothing
        for folder in (self.folder, self.socket_folder):
            if folder.parent == home.SHARED:
                home.make_shared()
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.lstat().st_uid == os.geteuid():
                os.chown(folder, self._account.uid, self._account.gid, follow_symlinks=False)
            self._refuse_a_folder_of_others(folder)
        if not self._account.may_enter(self.folder):
            raise CannotStart(f"The database's user cannot reach {self.folder}: a folder above it is closed.")

    def _refuse_a_folder_of_others(self, folder: Path) -> None:
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not private or found.st_uid != self._account.uid:
            raise CannotStart(f"{folder} must be a folder of user {self._account.uid} that nobody else can enter.")

    @contextlib.contextmanager
    def _one_starter(self) -> Iterator[None]:
        """Two starters at once would each take the other's fresh lock file for a dead server's."""
        with (self.folder / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _find_binaries(self) -> Path:
        made_by = self.cluster / "PG_VERSION"
        place = home.binaries(int(made_by.read_text()) if made_by.exists() else None)
        return home.runnable_by(self._account, place)

    def _initialise(self) -> None:
        """initdb, in a folder that is renamed when complete: half a database must not pass as one."""
        if self.cluster.exists():
            return
        unfinished = self.folder / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        version = home.version_of(self._bin)
        arguments = ["-D", str(unfinished), "-U", ADMIN, "--auth-local=trust", "--auth-host=reject"]
        # The same order of text on every machine: PostgreSQL's own since 17, the C library's before.
        arguments += ["-E", "UTF8", f"--locale={_LOCALE}"]
        if version >= 17:
            arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if version < 18:  # from then on by default
            arguments += ["--data-checksums"]
        if self.throwaway:
            arguments += ["--no-sync"]
        command = [str(self._bin / "initdb"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_account())
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not be set up in {self.folder}:\n{done.stderr.strip()}")
        unfinished.rename(self.cluster)

    def _launch(self) -> None:
        self._wait_for_leftovers()
        socket_folder = str(self.socket_folder).replace('"', '""')
        options = {"listen_addresses": "", "unix_socket_directories": f'"{socket_folder}"'} | _OPTIONS
        options |= _FAST_AND_LOSSY if self.throwaway else {}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            os.chown(self.log, self._account.uid, self._account.gid)
            begin = log.tell()
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.cluster, "-p", "5432", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C is for the supervisor, which stops the database last
                preexec_fn=ended_with_parent(signal.SIGQUIT) if self.throwaway else None,
                **self._as_account(),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.running():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not start in {self.folder}:\n{self._log_since(begin)}")
            time.sleep(0.03)

    def _as_account(self) -> dict[str, Any]:
        """How to run its programs: as its user, in a folder it can enter, without our own PG* variables."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        how: dict[str, Any] = {"cwd": self.folder, "env": environment | {"LC_ALL": _LOCALE}}
        if os.geteuid() == 0:
            how |= {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        return how

    def _log_since(self, position: int) -> str:
        with self.log.open("rb") as log:
            log.seek(position)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-20:])

    def _wait_for_leftovers(self) -> None:
        """After a kill -9 the dead server's children need a moment to notice, and its lock file names nobody.

        The lock files go only when no process of this cluster is left: a number that another program has now,
        or that its parent has not yet collected, would otherwise keep the database from starting.
        """
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while self._processes() or (self._process and self._process.poll() is None):
            if self.running() or time.monotonic() > deadline:
                return
            time.sleep(0.05)
        if sys.platform == "linux":
            for lock in (self.cluster / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)

    def _processes(self) -> list[int]:
        """The living processes of this cluster: those named postgres that work inside its folder."""
        if sys.platform != "linux":
            return [pid] if (pid := self._locked_by()) and self.running() else []
        return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if self._works_here(entry)]

    def _works_here(self, process: Path) -> bool:
        try:
            if (process / "comm").read_text().strip() != "postgres":
                return False
            return (process / "cwd").readlink() == self.cluster
        except PermissionError:  # root in a container may not look; same user is then near enough
            return self.cluster.exists() and process.stat().st_uid == self.cluster.stat().st_uid
        except (FileNotFoundError, ProcessLookupError):  # gone, or dead and not yet collected
            return False

    def _locked_by(self) -> int:
        try:
            return int((self.cluster / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return 0

    def _wait_until_gone(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._processes():
            if self._process:
                self._process.poll()
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL in {self.folder} did not stop; its log is {self.log}.")
            time.sleep(0.03)

    def _create_roles_and_database(self) -> None:
        """Idempotent and done at each start, so that the next start finishes one that was interrupted."""
        with self._as_admin("postgres") as db:
            have = {name for (name,) in db.execute("SELECT rolname FROM pg_roles")}
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (WEB, "LOGIN")):
                if role not in have:
                    db.execute(sql.SQL(f"CREATE ROLE {{}} {rights}").format(sql.Identifier(role)))
            db.execute(f"GRANT {WEB} TO {OWNER}")  # lets migrations and tests SET ROLE
            made = db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not made:
            with self._as_admin("template1") as db:  # so that test databases have them as well
                for extension in EXTENSIONS:
                    db.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
            with self._as_admin("postgres") as db:
                db.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    @contextlib.contextmanager
    def _as_admin(self, database: str) -> Iterator[psycopg.Connection]:
        connection = psycopg.connect(self.url(ADMIN, database), autocommit=True)
        try:
            yield connection
        finally:
            connection.close()


def _percent_encoded(path: str) -> str:
    """A folder as the host of a URL. Capitals are encoded too, since urllib makes host names lower case."""
    keep = b"abcdefghijklmnopqrstuvwxyz0123456789-._"
    return "".join(chr(byte) if byte in keep else f"%{byte:02x}" for byte in os.fsencode(path))
