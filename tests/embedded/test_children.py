"""Web process and worker as the demonstration keeps them: ended with it, started again by it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from auditapp.embedded.children import Child


def child(tmp_path: Path, program: str) -> Child:
    command = [sys.executable, "-c", program]
    return Child("worker", command, folder=tmp_path, environment=dict(os.environ), log=tmp_path / "worker.log")


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


def test_a_child_that_ends_by_itself_starts_again_after_a_growing_pause(tmp_path):
    dying = child(tmp_path, "print('at work', flush=True); raise SystemExit(3)")
    dying.start()
    said = []
    for _ in range(2):
        wait_until(dying.ended)
        said.append(dying.keep_running())
        assert dying.keep_running() == ""
        assert dying.process is None, "it has to wait before it starts again"
        wait_until(lambda: dying.keep_running() == "" and dying.process is not None)
    wait_until(dying.ended)
    log = tmp_path / "worker.log"
    assert said == [f"The worker ended with 3 (see {log}) and starts again in {pause} s." for pause in (1, 2)]
    assert dying.last_words() == "at work\n" * 2 + "at work"


def test_stopping_lets_a_child_finish_what_it_is_doing(tmp_path):
    finishing = child(
        tmp_path,
        "import signal, sys, time\n"
        "def finish(*_): time.sleep(.3); print('finished', flush=True); sys.exit()\n"
        "signal.signal(signal.SIGTERM, finish); print('ready', flush=True); time.sleep(60)",
    )
    finishing.start()
    wait_until(lambda: finishing.last_words() == "ready")
    finishing.stop()
    assert finishing.process.returncode == 0
    assert finishing.last_words() == "ready\nfinished"


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import os, sys, time; from pathlib import Path; from auditapp.embedded.children import Child\n"
        "child = Child('web', ['sleep', '60'], folder=Path(sys.argv[1]),"
        " environment=dict(os.environ), log=Path(sys.argv[1]) / 'web.log')\n"
        "child.start(); print(child.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(pid))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
