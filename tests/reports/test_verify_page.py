"""The page where anybody checks a file: one answer in words, then detail; nothing is kept, and nobody overruns it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from auditapp.reports import turns
from tests.factories import Make
from tests.reports import attacks, signed
from tests.reports.test_withdrawal import copy_of, issue


def sent(client: Client, content: bytes, **more: Any) -> Any:
    return client.post("/verify/", {"file": SimpleUploadedFile("copy.pdf", content)}, **more)


def test_the_issued_file_an_altered_one_and_a_strangers(make: Make, client: Client) -> None:
    report = issue(make)
    page = sent(client, copy_of(report)).content.decode()
    assert f"Unchanged: this is report {report.audit.ref}" in page
    assert "Asha Rao, Auditor: " in page
    assert "It covers all that was there when it was given; only further signatures or proofs were added." in page
    assert "does not confirm that its contents are right or that the tool is safe" in page
    page = sent(client, attacks.evil_annotation(copy_of(report))).content.decode()
    assert f"Altered: this is not {report.audit.ref} as we issued it." in page
    assert "an annotation was added or changed" in page
    page = sent(client, signed.signed("small", 2)).content.decode()
    assert "This file was not issued here." in page
    assert "The certificate of Asha Rao was not issued by the hospital" in page


def test_a_byte_changed_under_all_signatures_is_not_called_an_addition(make: Make, client: Client) -> None:
    content = bytearray(copy_of(issue(make)))
    content[content.index(b"stream", len(content) // 4) + 40] ^= 1
    page = sent(client, bytes(content)).content.decode()
    assert "The document was changed under the signature of Asha Rao." in page
    assert "What changed after signing" not in page


def test_no_finding_and_no_answer_is_shown(make: Make, client: Client) -> None:
    report = issue(make)
    page = sent(client, copy_of(report)).content.decode()
    for category in report.facts["submission"]["categories"]:
        for question in category["questions"]:
            assert question["text"] not in page
    assert report.facts["decision"]["reasons"] not in page


def test_a_stage_before_all_had_signed_is_not_the_report(make: Make, client: Client) -> None:
    report = issue(make)
    early = bytes(report.files.get(step=1).content)
    assert f"This is a stage of {report.audit.ref} before all had signed" in sent(client, early).content.decode()


def test_nothing_of_a_file_is_kept(make: Make, client: Client, tmp_path: Path) -> None:
    before = _rows()
    sent(client, signed.signed("small", 2))
    after = _rows()
    assert {table for table in after if after[table] != before[table]} == {"auditapp_verificationturn"}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def _rows() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        counted = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counted[table] = cursor.fetchone()[0]
        cursor.execute("SET ROLE auditapp_web")
    return counted


def test_one_address_cannot_send_without_end(make: Make, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_OF_ONE", 2)
    statuses = [sent(client, b"%PDF-", REMOTE_ADDR="192.0.2.7").status_code for _n in range(4)]
    assert statuses == [200, 200, 429, 429]
    refused = sent(client, b"%PDF-", REMOTE_ADDR="192.0.2.7").content.decode()
    assert "Too many files came from your address." in refused
    assert sent(client, b"%PDF-", REMOTE_ADDR="192.0.2.8").status_code == 200


def test_the_address_itself_is_not_kept(make: Make, client: Client) -> None:
    sent(client, b"%PDF-", REMOTE_ADDR="192.0.2.7")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT who FROM auditapp_verificationturn")
        kept = [who for (who,) in cursor.fetchall()]
        cursor.execute("SET ROLE auditapp_web")
    assert len(kept) == 1
    assert "192.0.2.7" not in kept[0]


def test_no_more_files_are_read_at_once_than_the_machine_bears(
    make: Make, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_AT_ONCE", 0)
    page = sent(client, b"%PDF-")
    assert page.status_code == 429
    assert "Other files are being read." in page.content.decode()
