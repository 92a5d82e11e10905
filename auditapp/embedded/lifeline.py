"""Children that end with the process that started them, even when that one is killed and cannot clean up."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def ended_with_parent(by: signal.Signals) -> Callable[[], None]:
    """For Popen's `preexec_fn`: the kernel sends `by` to the child when we die (on Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if _libc:
            _libc.prctl(_PR_SET_PDEATHSIG, by.value)
            if os.getppid() != parent:  # we died before the kernel was told
                os._exit(1)

    return tie
