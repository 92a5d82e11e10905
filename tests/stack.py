"""The product as people meet it: its own database with the demonstration in it, a real web server and a real worker."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import psycopg

from auditapp.demonstration.play import PASSWORD
from tests.database import SERVER

ROOT = Path(__file__).resolve().parent.parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stack:
    """A running installation. `manage` runs a command of manage.py against it, as a user would."""

    database = "auditapp_demonstration"
    password = PASSWORD
    wsgi = "auditapp.wsgi"
    has_worker = True

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="auditapp-stack-"))
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "DATABASE_URL": SERVER.url("auditapp_web", self.database),
            "DATABASE_OWNER_URL": SERVER.url("auditapp_owner", self.database),
            "AUDITAPP_DATA_DIR": str(self.folder),
            "PUBLIC_URL": self.url,
            "SECRET_KEY": "only-for-tests",
        }
        self.processes: list[subprocess.Popen[Any]] = []

    def start(self) -> "Stack":
        with self.superuser("postgres") as db:
            db.execute(f"CREATE DATABASE {self.database} OWNER auditapp_owner")
        self.manage("migrate", "-v0")
        self.seed()
        gunicorn = [sys.executable, "-m", "gunicorn", self.wsgi, "--bind", f"127.0.0.1:{self.port}"]
        self._run([*gunicorn, "--worker-class", "gthread", "--threads", "4", "--no-control-socket"])
        if self.has_worker:
            self._run([sys.executable, "manage.py", "procrastinate", "worker"])
        self._wait()
        return self

    def seed(self) -> None:
        """What is in it when it starts."""
        self.manage("load_demo_questionnaires", "-v0")
        self.manage("seed_demo")

    def manage(self, *arguments: str, code: int = 0) -> str:
        """What a command printed. Fails unless it ends with the exit code expected."""
        command = [sys.executable, "manage.py", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, **pipes) as process:
            self.processes.append(process)
            said, complained = process.communicate()
        self.processes.remove(process)
        assert process.returncode == code, said + complained
        return said

    def superuser(self, database: str = "") -> Any:
        return psycopg.connect(SERVER.url("auditapp_admin", database or self.database), autocommit=True)

    def stop(self) -> None:
        """Ends everything, also a command that is still at work."""
        for process in list(self.processes):
            process.terminate()
        for process in list(self.processes):
            process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: list[str]) -> None:
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            self.processes.append(subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log))

    def _wait(self) -> None:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.url}/healthz") as answer:
                    assert answer.status == 200
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "0.log").read_text())
