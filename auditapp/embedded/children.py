"""Processes that end with the one that started them, and start again when they end by themselves."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

STOP_SECONDS = 30  # the worker may finish the report that it is printing
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def ended_with_parent(by: signal.Signals) -> Callable[[], None]:
    """For Popen's `preexec_fn`: the kernel sends `by` to the child when we die, however (on Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if _libc:
            _libc.prctl(_PR_SET_PDEATHSIG, by.value)
            if os.getppid() != parent:  # we died before the kernel was told
                os._exit(1)

    return tie


class Child:
    """The web process or the worker, with a log of its own that begins anew each time we do."""

    def __init__(self, name: str, command: list[str], *, folder: Path, environment: dict[str, str], log: Path):
        self.name, self.command, self.folder, self.environment, self.log = (
            name,
            command,
            folder,
            environment,
            log,
        )
        self.process: subprocess.Popen[bytes] | None = None
        self._pause, self._start_at = FIRST_PAUSE / 2, 0.0
        log.unlink(missing_ok=True)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C in the terminal reaches us alone; we stop it in its turn
                preexec_fn=ended_with_parent(signal.SIGTERM),
            )
        self._started_at = time.monotonic()

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def keep_running(self) -> str:
        """Start it again, after a pause that doubles while it ends within a minute. Returns what to say."""
        if self.process and self.ended():
            lived = time.monotonic() - self._started_at
            self._pause = FIRST_PAUSE if lived > 60 else min(self._pause * 2, LONGEST_PAUSE)
            self._start_at = time.monotonic() + self._pause
            code, self.process = self.process.returncode, None
            return f"The {self.name} ended with {code} (see {self.log}) and starts again in {self._pause:.0f} s."
        if self.process is None and time.monotonic() >= self._start_at:
            self.start()
        return ""

    def stop(self) -> None:
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])
