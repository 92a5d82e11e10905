"""Libraries, fonts and programs that no Python package brings: look for them, and install what is missing.

`python -m auditapp.embedded.system check|install [--tests]`. Runs before there is a virtual environment, with
nothing but the standard library.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
)


@dataclass(frozen=True)
class Need:
    package: str  # Debian's name for it
    what: str
    present: Callable[[], bool]


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _has_font(file: str) -> bool:
    return any(True for folder in FONT_FOLDERS for _ in folder.rglob(file))


def _has_program(name: str) -> bool:
    return shutil.which(name) is not None


def _can_make_environments() -> bool:
    """Debian's python3 lacks what `python3 -m venv` needs; inside an environment the question is settled."""
    return sys.prefix != sys.base_prefix or importlib.util.find_spec("ensurepip") is not None


def _library(package: str, name: str) -> Need:
    return Need(package, f"the library {name}", partial(_has_library, name))


def _font(package: str, file: str) -> Need:
    return Need(package, f"the font {file}", partial(_has_font, file))


def _program(package: str, name: str) -> Need:
    return Need(package, f"the program {name}", partial(_has_program, name))


PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
TO_RUN = (
    Need(f"{PYTHON}-venv", "Python's module venv", _can_make_environments),
    _library("libpango-1.0-0", "libpango-1.0.so.0"),  # WeasyPrint lays out text with Pango,
    _library("libpangoft2-1.0-0", "libpangoft2-1.0.so.0"),
    _library("libharfbuzz-subset0", "libharfbuzz-subset.so.0"),  # and embeds only the letters that a report uses
    _font("fonts-dejavu-core", "DejaVuSans.ttf"),
    _font("fonts-open-sans", "OpenSans-Regular.ttf"),
    _font("fonts-droid-fallback", "DroidSansFallbackFull.ttf"),  # Chinese, Japanese, Korean in 4 MB
)
TO_TEST = (
    _program("chromium", "chromium"),  # the journeys' browser
    _program("poppler-utils", "pdftotext"),
    _program("qpdf", "qpdf"),
    _program("softhsm2", "softhsm2-util"),  # a token in software, for keys that never leave their device
    _program("openssl", "openssl"),  # answers as a timestamp authority
)


def missing(*, tests: bool) -> list[Need]:
    return [need for need in TO_RUN + (TO_TEST if tests else ()) if not need.present()]


def check(*, tests: bool) -> int:
    """Say what is missing and the one command that brings it. Returns an exit code."""
    if not (lacking := missing(tests=tests)):
        return 0
    print("This machine lacks " + ", ".join(need.what for need in lacking) + ".", file=sys.stderr)
    if shutil.which("apt-get"):
        packages = " ".join(need.package for need in lacking)
        command = f"sh -c 'apt-get update && apt-get install -y --no-install-recommends {packages}'"
        as_root = "" if os.geteuid() == 0 else "sudo "
        print(f"Run this, then the same make command again:\n\n    {as_root}{command}\n", file=sys.stderr)
    else:
        print("Install them with this system's package manager, then run make again.", file=sys.stderr)
    return 1


def install(*, tests: bool) -> int:
    """Bring what is missing with apt-get if this user may, else say what to run. Returns an exit code."""
    lacking = missing(tests=tests)
    become_root = _how_to_become_root()
    if not lacking or become_root is None or not shutil.which("apt-get"):
        return check(tests=tests)
    packages = [need.package for need in lacking]
    print("Installing system packages: " + " ".join(packages), flush=True)
    apt = [
        *become_root,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-qq",
        "-o",
        "DPkg::Lock::Timeout=120",
    ]
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*apt, *step], stdout=subprocess.DEVNULL, check=False)  # the check below tells how it went
    return check(tests=tests)


def _how_to_become_root() -> list[str] | None:
    """What to put before a command: nothing for root, sudo if it asks for no password, None if impossible."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def main(arguments: list[str]) -> int:
    verbs = {"check": check, "install": install}
    match arguments:
        case [verb] if verb in verbs:
            return verbs[verb](tests=False)
        case [verb, "--tests"] if verb in verbs:
            return verbs[verb](tests=True)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
