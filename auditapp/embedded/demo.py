"""`make demo`: starts database, web process and worker, keeps them running, and stops them in order."""

import contextlib
import fcntl
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Never

from auditapp.embedded.children import Child, ended_with_parent
from auditapp.embedded.postgres import CannotStart, Server

CLONE = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, str(CLONE / "manage.py")]
PREPARATIONS = (
    ["migrate", "--verbosity", "0"],
    ["load_demo_questionnaires"],
    ["load_questionnaires"],
    ["seed_demo"],
)
READY_SECONDS = 60
# Not passed on: the demonstration must never reach, let alone fill, somebody's real database.
DATABASE_VARIABLES = {"DATABASE_URL", "DATABASE_OWNER_URL", "AUDITAPP_DATABASE_ROLE"}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # how to reach ourselves when listening on all addresses


class Refused(Exception):
    """The demonstration cannot run now; the text says why and what to do."""


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception: nothing on the way may take it for a fault."""


class Demo:
    """One demonstration on one data folder."""

    def __init__(self, data_dir: Path, *, host: str, port: int, inherited: Mapping[str, str]) -> None:
        self.data_dir, self.host, self.port = data_dir.resolve(), host, port
        self.bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.address = f"http://{self.bind}"
        self.server = Server(self.data_dir)
        self.environment = {name: value for name, value in inherited.items() if name not in DATABASE_VARIABLES}
        self.environment |= {"AUDITAPP_DATA_DIR": str(self.data_dir), "AUDITAPP_DEMO": "1", "PORT": str(port)}
        self.environment = {"PUBLIC_URL": self.address, "PYTHONUNBUFFERED": "1"} | self.environment
        self.children: list[Child] = []

    def run(self) -> Never:
        """Runs until a signal raises Stopped. Raises Refused or CannotStart if it cannot. Leaves nothing."""
        with self._the_only_one():
            self._refuse_a_busy_port()
            try:
                self._prepare()
                self._start_children()
                self._tell()
                self._keep_running()
            finally:
                ignore_signals()
                for child in self.children:
                    child.stop()
                self.server.stop()

    @contextlib.contextmanager
    def _the_only_one(self) -> Iterator[None]:
        """Two on one data folder would start two workers and stop each other's database."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.data_dir / "demo.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise Refused(
                    f"The demonstration in {self.data_dir} is running already: {lock.read()}.\n"
                    "Stop it first, or run another beside it: AUDITAPP_DATA_DIR=… PORT=… make demo"
                ) from None
            lock.truncate(0)
            lock.write(f"{self.address}, process {os.getpid()}")
            lock.flush()
            yield

    def _refuse_a_busy_port(self) -> None:
        """The web process of a supervisor that was killed is just ending: a busy port gets a few seconds."""
        deadline = time.monotonic() + 5
        while not self._port_is_free():
            if time.monotonic() > deadline:
                raise Refused(f"Port {self.port} on {self.host} is in use. Choose another: PORT=8001 make demo")
            time.sleep(0.2)

    def _port_is_free(self) -> bool:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
            try:
                attempt.bind((self.host, self.port))
                attempt.listen()
            except OSError:
                return False
        return True

    def _prepare(self) -> None:
        """The secret key, the database and what is in it; the second time every step finds its work done."""
        secret = self.data_dir / "secret_key"
        if not secret.exists():
            self._set_aside_a_database_that_lost_its_folder()
            with open(os.open(secret, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
                new.write(secrets.token_urlsafe(48))
        say("Starting the database.")
        self.server.start()
        for command in PREPARATIONS:
            say(f"manage.py {command[0]}")
            with self._manage(*command) as process:
                process.wait()
            if process.returncode:
                raise Refused(f"manage.py {' '.join(command)} failed; what it said stands above.")

    def _set_aside_a_database_that_lost_its_folder(self) -> None:
        """A database below /var/lib outlives a deleted data folder, but the keys that lay in that do not."""
        folder = self.server.folder
        if self.data_dir in folder.parents or not folder.exists():
            return
        self.server.stop()
        aside = folder.with_name(f"{folder.name}.until-{int(time.time())}")
        folder.rename(aside)
        say(f"This data folder is new; the database of the one before it was kept as {aside}.")

    @contextlib.contextmanager
    def _manage(self, *arguments: str, stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
        """A manage.py command, away from the terminal's Ctrl-C; it ends when we leave before it has."""
        process = subprocess.Popen(
            [*MANAGE, *arguments],
            cwd=CLONE,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            text=True,
            start_new_session=True,
            preexec_fn=ended_with_parent(signal.SIGTERM),
        )
        with process:
            try:
                yield process
            finally:
                process.terminate()

    def _start_children(self) -> None:
        logs = self.data_dir / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        gunicorn = ["-m", "gunicorn", "auditapp.wsgi", "--bind", self.bind, "--graceful-timeout", "10"]
        gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
        gunicorn += ["--no-control-socket"]  # has one fixed place per user: two demonstrations would fight over it
        commands = {"web": [sys.executable, *gunicorn], "worker": [*MANAGE, "procrastinate", "worker"]}
        for name, command in commands.items():
            log = logs / f"{name}.log"
            child = Child(name, command, folder=CLONE, environment=self.environment, log=log)
            self.children.append(child)
            child.start()

    def _tell(self) -> None:
        """Wait until a page can be had, then say where, and who can sign in."""
        with self._manage("demo_accounts", stdout=subprocess.PIPE) as accounts:  # starts while the web process does
            self._wait_until_healthy()
            text, _ = accounts.communicate()
        say(f"\nReady: {self.address}\n\n{text.rstrip()}\n")
        say(f"Files and logs: {self.data_dir}. Database: {self.server.folder}. Stop with Ctrl-C.")

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        web = self.children[0]
        while not self._is_healthy():
            if web.ended() or time.monotonic() > deadline:
                raise Refused(f"The web process does not answer. The end of {web.log}:\n{web.last_words()}")
            time.sleep(0.1)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(EVERYWHERE.get(self.host, self.host), self.port, timeout=10)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"localhost:{self.port}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _keep_running(self) -> Never:
        while True:
            if not self.server.running():
                say("The database ended; it starts again.")
                self.server.start()
            for child in self.children:
                say(child.keep_running())
            time.sleep(1)


def heed_signals() -> None:
    """A hang-up or interrupt that was ignored before us stays ignored: nohup, or a script's `make demo &`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ignore_signals() -> None:
    """While stopping: a second Ctrl-C would leave the database behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> Never:
    raise Stopped


def say(text: str, *, to: IO[str] | None = None) -> None:
    if text:
        with contextlib.suppress(OSError):  # the terminal may be gone; the demonstration need not be
            print(text, file=to, flush=True)


def main() -> int:
    inherited = os.environ
    data_dir = Path(inherited.get("AUDITAPP_DATA_DIR") or CLONE / ".data")
    host, port = inherited.get("HOST") or "127.0.0.1", inherited.get("PORT") or "8000"
    heed_signals()
    try:
        Demo(data_dir, host=host, port=int(port), inherited=inherited).run()
    except Stopped:
        say("Stopped.")
        return 0
    except (Refused, CannotStart) as reason:
        say(str(reason), to=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
