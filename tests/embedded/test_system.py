"""What a machine lacks is found, and named in one command that brings it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auditapp.embedded import system

REPOSITORY = Path(system.__file__).parents[2]


@pytest.fixture
def bare_machine(tmp_path, monkeypatch) -> Path:
    """A PATH without the tests' programs, and with an apt-get that only writes down what it was asked."""
    asked = tmp_path / "asked"
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >> {asked}\n')
    apt_get.chmod(0o755)
    for program in ("env", "sh"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    monkeypatch.setenv("PATH", str(tmp_path))
    return asked


def test_a_library_a_font_and_a_program_are_found_or_not():
    found = system._library("libc6", "libc.so.6"), system._program("coreutils", "ls")
    assert all(need.present() for need in found)
    lost = (
        system._library("x", "libno-such-library.so.1"),
        system._font("x", "NoSuchFont.ttf"),
        system._program("x", "no-such-program"),
    )
    assert not any(need.present() for need in lost)


def test_what_is_missing_is_named_with_one_command_to_run(bare_machine, capsys):
    assert system.check(tests=True) == 1
    said = capsys.readouterr().err
    lacks = "the program chromium, the program pdftotext, the program qpdf, the program softhsm2-util"
    assert f"This machine lacks {lacks}, the program openssl." in said
    command = (
        "apt-get update && apt-get install -y --no-install-recommends chromium poppler-utils qpdf softhsm2 openssl"
    )
    assert f"\n    {'' if os.geteuid() == 0 else 'sudo '}sh -c '{command}'\n" in said
    assert not bare_machine.exists(), "checking installs nothing"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs without asking")
def test_root_installs_what_is_missing_and_is_told_when_that_did_not_help(bare_machine, capsys):
    assert system.install(tests=True) == 1
    options = "noninteractive -qq -o DPkg::Lock::Timeout=120"
    assert bare_machine.read_text().splitlines() == [
        f"{options} update",
        f"{options} install -y --no-install-recommends chromium poppler-utils qpdf softhsm2 openssl",
    ]
    assert "This machine lacks the program chromium" in capsys.readouterr().err


def test_it_runs_with_nothing_but_the_standard_library():
    command = [sys.executable, "-S", "-I", "-c", "import sys; sys.path.insert(0, sys.argv.pop(1)); "]
    command[-1] += "from auditapp.embedded import system; sys.exit(system.main(['check']))"
    done = subprocess.run([*command, REPOSITORY], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_run_script_of_ci_can_be_run():
    assert (REPOSITORY / ".ci" / "run").stat().st_mode & stat.S_IXUSR


def test_every_package_that_runs_is_pinned_the_same_for_tests():
    def pins(lock: str) -> set[str]:
        lines = (REPOSITORY / lock).read_text().splitlines()
        return {line.removesuffix(" \\") for line in lines if line and line[0].isalnum()}

    runs, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runs <= tests
    assert len(tests) <= 98  # each has a reason; jsonschema with what it needs, and icalendar, came last


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_hashes_and_no_address(lock):
    text = (REPOSITORY / lock).read_text()
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")
