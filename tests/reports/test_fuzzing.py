"""Damaged copies of a signed page: no crash, no hang, and nothing that looks different is called valid."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditapp.reports.verify import inspect, words
from tests.reports import one_page, signed

ROOT = Path(__file__).resolve().parents[2]


def damaged(folder: Path, first: int, last: int) -> dict[str, Any]:
    (folder / "root.der").write_bytes(signed.AUTHORITY.der)
    (folder / "page.pdf").write_bytes(one_page.signed_page())
    command = [sys.executable, "-m", "tests.reports.fuzzing", "root.der", "page.pdf", str(first), str(last)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout)
    assert sum(said["counted"].values()) == last - first
    assert said["bad"] == []
    return said


def test_the_page_itself_holds() -> None:
    found = inspect(one_page.signed_page(), roots=[signed.AUTHORITY.der])
    assert found.pages == 1
    assert words.faults(found) == []


def test_two_hundred_damaged_copies(tmp_path: Path) -> None:
    damaged(tmp_path, 0, 200)


@pytest.mark.campaign
def test_twenty_thousand_damaged_copies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """FUZZ_FIRST begins elsewhere; each number is a seed and repeats its copy of this run's page."""
    first = int(os.environ.get("FUZZ_FIRST", "0"))
    for start in range(first, first + 20_000, 1000):
        said = damaged(tmp_path, start, start + 1000)
        with capsys.disabled():
            print(f"\nseeds {start} to {start + 999}: {said['counted']}, slowest {said['slowest']:.1f} s", flush=True)
