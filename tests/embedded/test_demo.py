"""The supervisor behind `make demo`, with the whole product: it serves, refuses, recovers, leaves nothing."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml

from auditapp.embedded.postgres import Server

REPOSITORY = Path(__file__).parents[2]
SECOND_START_SECONDS = 20


def free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return asking.getsockname()[1]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder that any user can reach, unlike pytest's own tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="auditapp-test-"))
    folder.chmod(0o755)
    yield folder / "data"
    Server(folder / "data").stop()
    shutil.rmtree(folder)


class Supervisor:
    """`make demo`'s program as a person starts it, somebody's real database in its environment."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PORT": str(port)}
        environment |= {
            "AUDITAPP_DATA_DIR": str(data_dir),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real",
        }
        command = [sys.executable, "-m", "auditapp.embedded.demo"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, **pipes)

    def said_until(self, word: str) -> str:
        """What it prints up to the line with `word`, or to its end."""
        said = ""
        for line in self.process.stdout:
            said += line
            if word in line:
                break
        return said

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        self.process.stdout.close()
        return self.process.wait()

    def end(self, by: signal.Signals) -> int:
        self.process.send_signal(by)
        self.process.communicate()
        return self.process.returncode


def status(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.status


@pytest.fixture
def installation(data_dir) -> Path:
    """One that holds a hospital group already, so that the demonstration need not be played here."""
    server = Server(data_dir).start()
    owner = {"DATABASE_OWNER_URL": server.url("auditapp_owner"), "SECRET_KEY": "only-for-tests"}
    command = [sys.executable, REPOSITORY / "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=os.environ | owner, check=True)
    code = yaml.safe_load((REPOSITORY / "fixtures/demo/people.yaml").read_text())["organisations"][0]["code"]
    with psycopg.connect(server.url("auditapp_owner")) as connection:
        values = "INSERT INTO auditapp_organisation (code, name, jurisdiction, marking) VALUES (%s, %s, '', '')"
        connection.execute(values, [code, "Here before"])
    server.stop()
    return data_dir


def test_the_demonstration_serves_refuses_a_second_one_and_survives_a_kill(installation):
    data_dir, port = installation, free_port()
    first = Supervisor(data_dir, port)
    said = first.said_until("Stop with Ctrl-C")
    assert f"Ready: {first.address}" in said, said
    assert status(f"{first.address}/healthz") == 200
    assert oct((data_dir / "secret_key").stat().st_mode)[-3:] == "600"
    key = (data_dir / "secret_key").read_text()

    beside = Supervisor(data_dir, free_port())
    assert f"is running already: {first.address}, process {first.process.pid}" in beside.said_until("\0")
    assert beside.ended() == 1
    elsewhere = Supervisor(data_dir.with_name("other"), port)
    assert f"Port {port} on 127.0.0.1 is in use" in elsewhere.said_until("\0")
    assert elsewhere.ended() == 1
    assert not (data_dir.with_name("other") / "postgres").exists()

    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert Server(data_dir).running(), "the database has outlived its supervisor and waits to be used again"
    began = time.monotonic()
    second = Supervisor(data_dir, port)
    said = second.said_until("Stop with Ctrl-C")
    assert f"Ready: {second.address}" in said, said
    assert time.monotonic() - began < SECOND_START_SECONDS
    assert status(f"{second.address}/healthz") == 200
    assert (data_dir / "secret_key").read_text() == key

    assert second.end(signal.SIGTERM) == 0
    assert not Server(data_dir).running()
    with pytest.raises(OSError, match="refused"):
        status(second.address)
