"""The demonstration, checked from outside by the tools that a hospital or a court would use."""

import json
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from tests.reports.test_schemas import wrong
from tests.reports.test_text_of_the_pdf import missing
from tests.stack import Stack


@pytest.fixture(scope="module")
def reports(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("reports")
    stack.manage("export_reports", str(folder))
    found = sorted(folder.glob("*.pdf"))
    assert len(found) >= 20
    return found


def pdfsig(path: Path) -> str:
    """What poppler-utils says of the signatures; our authority is in no trust store, so none is asked."""
    return subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout


def test_pdfsig_finds_every_signature_of_every_report_valid(reports: list[Path]) -> None:
    for path in reports:
        said = pdfsig(path)
        signatures = len(re.findall(r"^Signature #\d+:", said, flags=re.M))
        assert signatures in {2, 4}, path.name
        assert said.count("Signature Validation: Signature is Valid.") == signatures, said


def test_every_text_of_every_report_is_in_its_pdf_and_its_facts_keep_to_the_schema(reports: list[Path]) -> None:
    for path in reports:
        content = path.read_bytes()
        with pikepdf.open(path) as pdf:
            facts = json.loads(pdf.attachments["audit-facts.json"].get_file().read_bytes())
        assert wrong(facts, "report-1") == [], path.name
        assert missing(facts, content) == [], path.name


def test_pdfsig_reports_a_byte_changed_under_a_signature(reports: list[Path], tmp_path: Path) -> None:
    content = bytearray(reports[0].read_bytes())
    place = content.index(b"stream", len(content) // 4) + 40
    content[place] ^= 1
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(content)
    assert "Signature is Valid" not in pdfsig(altered)


def test_every_issued_report_verifies(stack: Stack, reports: list[Path]) -> None:
    for path in reports[:6]:
        said = json.loads(stack.manage("verify_report", str(path), "--json"))
        assert said["ok"]
        assert said["record"]["ref"] == path.stem
        assert all(s["intact"] and s["trusted"] and not s["changed_after"] for s in said["signatures"])


def damaged(content: bytes, dice: random.Random) -> Iterator[bytes]:
    """A byte changed, added and cut, each at a random place, and at either end."""
    place = dice.randrange(len(content))
    yield content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]
    yield content[:place] + bytes([dice.randrange(256)]) + content[place:]
    yield content[:place] + content[place + 1 :]
    yield content + b"\n"
    yield content[:-1]


def test_any_changed_added_or_cut_byte_is_refused(stack: Stack, reports: list[Path], tmp_path: Path) -> None:
    dice = random.Random(20261122)
    smallest = min(reports, key=lambda path: path.stat().st_size)
    for n, content in enumerate(damaged(smallest.read_bytes(), dice)):
        path = tmp_path / f"{n}.pdf"
        path.write_bytes(content)
        assert not json.loads(stack.manage("verify_report", str(path), "--json", code=1))["ok"]


def test_a_superseded_report_still_verifies_and_names_its_successor(stack: Stack, reports: list[Path]) -> None:
    successor = next(path.stem for path in reports if path.stem.endswith("-r2"))
    superseded = next(path for path in reports if path.stem == successor.removesuffix("-r2"))
    said = json.loads(stack.manage("verify_report", str(superseded), "--json"))
    assert said["ok"]
    assert said["record"]["superseded_by"] == successor


def test_everything_frozen_is_what_was_answered_and_what_is_attached(stack: Stack) -> None:
    assert stack.manage("verify_facts").strip() == "Everything frozen is what was answered."


def test_a_changed_answer_under_a_submission_is_found(stack: Stack) -> None:
    """The check above can fail: an answer changed by a superuser behind everything is named."""
    with stack.superuser() as db:
        db.execute("SET session_replication_role = replica")
        row = db.execute(
            "SELECT r.id, r.verdict, a.code FROM auditapp_answerrevision r "
            "JOIN auditapp_answer a ON a.id = r.answer_id "
            "JOIN auditapp_audit u ON u.id = a.audit_id WHERE a.current_id = r.id AND u.state = 'issued' "
            "AND r.verdict = 'met' AND u.ref NOT LIKE '%-r2' ORDER BY r.id LIMIT 1"
        ).fetchone()
        try:
            db.execute("UPDATE auditapp_answerrevision SET verdict = 'not_met' WHERE id = %s", [row[0]])
            assert f"the frozen answer to {row[2]} is not the one saved" in stack.manage("verify_facts", code=1)
        finally:
            db.execute("UPDATE auditapp_answerrevision SET verdict = %s WHERE id = %s", [row[1], row[0]])


def test_the_trail_of_the_demonstration_is_as_it_was_written(stack: Stack) -> None:
    stack.manage("verify_trail", "--checkpoints", str(stack.folder / "checkpoints"))


def test_no_audit_asks_a_questionnaire_that_was_published_after_it_was_opened(stack: Stack) -> None:
    with stack.superuser() as db:
        younger = db.execute(
            "SELECT a.ref FROM auditapp_audit a JOIN auditapp_questionnaireversion v ON v.id = a.version_id "
            "WHERE v.published_at > a.opened_at"
        )
        assert younger.fetchall() == []


def test_the_draft_that_a_newcomer_opens_has_been_talked_about(stack: Stack) -> None:
    with stack.superuser() as db:
        said = db.execute(
            "SELECT (SELECT count(*) FROM auditapp_comment), (SELECT count(*) FROM auditapp_mention),"
            " (SELECT count(*) FROM auditapp_flag), (SELECT count(*) FROM auditapp_supplierreply)"
        ).fetchone()
    assert said == (3, 1, 1, 1)


def test_playing_it_again_changes_nothing(stack: Stack) -> None:
    def size() -> int:
        with stack.superuser() as db:
            return db.execute("SELECT count(*) FROM auditapp_event").fetchone()[0]

    before = size()
    stack.manage("seed_demo")
    assert size() == before
