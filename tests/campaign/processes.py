"""The product's own processes, started as hosting starts them: they can be killed at any moment and start again."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from auditapp.embedded.children import ended_with_parent

CLONE = Path(__file__).resolve().parents[2]
PRODUCT = {"DATABASE_URL", "DATABASE_OWNER_URL", "AUDITAPP_DATABASE_ROLE", "AUDITAPP_DEMO", "DATABASE_POOL"}
READY_SECONDS = 60


class Process:
    """One process group. `environment` comes on top of ours, from which everything that names a database is taken.

    Every start names its database sessions differently (`session`), so that one can wait until PostgreSQL has noticed
    a kill and has rolled back what was not committed.
    """

    name = ""
    command: list[str]

    def __init__(self, *, environment: Mapping[str, str], log: Path) -> None:
        inherited = {key: value for key, value in os.environ.items() if key not in PRODUCT}
        self.environment = inherited | dict(environment)
        self.log = log
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def session(self) -> str:
        return f"{self.name}-{self.starts}"

    def start(self) -> Self:
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=CLONE,
                env=self.environment | {"PGAPPNAME": self.session},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=ended_with_parent(signal.SIGKILL),
            )
        return self

    def kill(self) -> None:
        """SIGKILL to every process of the group at once: nothing is finished, flushed or said."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])


class Web(Process):
    """gunicorn with two processes of four threads each, as `make demo` and the container run it."""

    name = "web"

    def __init__(
        self, *, environment: Mapping[str, str], log: Path, wsgi: str = "auditapp.wsgi", workers: int = 2
    ) -> None:
        super().__init__(environment=environment, log=log)
        self.port = free_port()
        self.command = [
            sys.executable, "-m", "gunicorn", wsgi, "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread",
            "--workers", str(workers), "--threads", "4", "--no-control-socket",
        ]  # fmt: skip

    def start(self) -> Self:
        """Returns when it answers."""
        super().start()
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self.process
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The web process does not answer:\n{self.last_words()}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


class Worker(Process):
    """The worker that renders reports and puts signatures into them."""

    name = "worker"
    command = [sys.executable, "manage.py", "procrastinate", "worker"]


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port
