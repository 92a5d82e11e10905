"""The command for anybody's own machine: no database, no settings, no Django; the same sentences."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from auditapp.reports.verify import inspect, words
from tests.reports import attacks, signed

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, content: bytes, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "root.crt").write_bytes(signed.AUTHORITY.certificate.public_bytes(Encoding.PEM))
    (folder / "report.pdf").write_bytes(content)
    command = [sys.executable, "-m", "auditapp.reports.verify", "root.crt", "report.pdf", *more]
    environment = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_report_that_holds(tmp_path: Path) -> None:
    done = run(tmp_path, signed.signed("small", 2))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Unchanged since it was signed, by everybody who had to sign it.\n")
    assert "Ben Okafor, Clinical safety officer: reviewed the check" in done.stdout
    assert words.disclaimer() in done.stdout


def test_a_report_that_was_changed_with_the_same_reasons(tmp_path: Path) -> None:
    content = attacks.evil_annotation(signed.signed("small", 2))
    said = json.loads(run(tmp_path, content, "--json").stdout)
    assert said["ok"] is False
    assert said["reasons"] == words.faults(inspect(content, roots=[signed.AUTHORITY.der]))


def test_the_hospitals_revocation_list_can_be_given(tmp_path: Path) -> None:
    listed = attacks.revocation_list(signed.signed("small", 2), revoked_at=signed.when(1))
    (tmp_path / "list.crl").write_bytes(listed)
    done = run(tmp_path, signed.signed("small", 2), "--crl", "list.crl")
    assert done.returncode == 1
    assert "The certificate of Ben Okafor was revoked" in done.stdout


@pytest.mark.parametrize("more", [("--crl", "report.pdf"), ("--crl", "missing.crl")])
def test_what_cannot_be_read_is_said(tmp_path: Path, more: tuple[str, str]) -> None:
    done = run(tmp_path, signed.signed("small", 2), *more)
    assert done.returncode == 2
    assert done.stderr.startswith(more[1])


def test_it_loads_no_django() -> None:
    script = (
        "import sys, auditapp.reports.verify.__main__; sys.exit(any(n.split('.')[0] == 'django' for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
