"""What leaves the house beside the PDF: the workbook and the evidence pack of an issued report, both from its facts."""

import copy
import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.refusals import Refused
from auditapp.reports import evidence_pack
from auditapp.reports.models import Decision, Report
from auditapp.reports.spreadsheet import workbook
from auditapp.trail.models import Event
from tests.factories import Make
from tests.reports import signed
from tests.reports.full_facts import full
from tests.reports.test_pdf import NOT_PRINTED, texts
from tests.tracking.issued import prepared, sign_in, sign_next

DATED = {"effective_date": clock.today("UTC")}


# The workbook


def cells(content: bytes) -> Iterator[Any]:
    for sheet in load_workbook(io.BytesIO(content)):
        for row in sheet.iter_rows():
            yield from (cell for cell in row if cell.value is not None)


def shown(facts: dict[str, Any]) -> str:
    return "\n".join(str(cell.value) for cell in cells(workbook(facts, "0" * 64)))


@pytest.mark.parametrize(
    "facts", [signed.facts("small"), signed.facts("large"), full()], ids=["small", "large", "full"]
)
def test_every_answer_note_and_reason_of_the_facts_stands_in_the_workbook(facts: dict[str, Any]) -> None:
    said = shown(facts)
    missing = [
        path
        for path, value in texts(facts)
        if path.endswith(
            (
                ".note", ".evidence_note", ".gap", ".control", ".justification", ".reason", ".reasons", ".text",
                ".stated", ".judged_because", ".evidence_wanted", ".intended_use", ".title", ".url", ".filename",
            )
        )
        and not NOT_PRINTED.match(path)
        and not path.startswith(("frameworks", "definitions"))
        and value not in said
    ]  # fmt: skip
    assert missing == []


def test_no_text_becomes_a_formula() -> None:
    facts = copy.deepcopy(full())
    answer = facts["submission"]["categories"][0]["questions"][0]["answer"]
    answer["note"] = '=HYPERLINK("https://evil.example","click")'
    facts["decision"]["reasons"] = "+1+cmd|' /C calc'!A0"
    found = {str(cell.value): cell for cell in cells(workbook(facts, "0" * 64))}
    assert not [cell for cell in found.values() if cell.data_type == "f"]
    for text in (answer["note"], facts["decision"]["reasons"]):
        assert found[text].data_type == "s"
        assert found[text].quotePrefix


def test_whatever_people_type_a_spreadsheet_program_opens_it() -> None:
    facts = copy.deepcopy(full())
    facts["decision"]["reasons"] = "bell \x07, 漢字, مريم, 😀, _x0041_, " + "long " * 4000
    assert facts["decision"]["reasons"] in {
        str(cell.value).replace("_x0007_", "\x07").replace("_x005F_", "_") for cell in cells(workbook(facts, "0" * 64))
    }


def test_a_text_that_no_cell_can_hold_is_refused_with_another_way() -> None:
    facts = copy.deepcopy(full())
    facts["decision"]["reasons"] = "x" * 40_000
    with pytest.raises(Refused, match="Export it as JSON instead"):
        workbook(facts, "0" * 64)


@pytest.mark.django_db
def test_the_workbook_is_offered_on_the_page_of_an_issued_report_alone(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    there = f"/audits/{report.audit.ref}/"
    sign_in(client, asha)
    assert "report.xlsx" not in client.get(f"{there}report/").content.decode()
    assert client.get(f"{there}report.xlsx").status_code == 404
    for _signatory in report.signatories:
        sign_next(make, report)
    page = client.get(f"{there}report/").content.decode()
    assert "report.xlsx" in page
    assert "evidence.zip" in page
    reply = client.get(f"{there}report.xlsx")
    assert reply["Content-Disposition"] == f'attachment; filename="{report.audit.ref}.xlsx"'
    assert report.sha256 in "\n".join(str(cell.value) for cell in cells(reply.content))


# The evidence pack


def with_evidence(make: Make, asha: User, ben: User, *, more: Any = lambda audit: None) -> Report:
    """An issued report whose audit holds two files, one of them twice, one of them secret, and a link."""
    audit = make.audit(answered=True)
    add = {code: audit.answers.get(code=code).add_evidence for code in ("mon-03", "mon-05")}
    file = {"content": ContentFile(b"The log of May\n", name="../../log of May.txt"), "filename": "../log of May.txt"}
    for code in add:
        add[code](by=asha, title="Log", **file, **DATED)
    secret = add["mon-03"](by=asha, title="Test report", content=ContentFile(b"secret\n", name="s.txt"),
                           filename="s.txt", nondisclosure=True, **DATED)  # fmt: skip
    assert secret.evidence.nondisclosure
    add["mon-03"](by=asha, title="Wiki", url="https://intranet.example/a", **DATED)
    more(audit)
    audit.submit(by=asha)
    audit.refresh_from_db()
    audit.accept(by=ben)
    report = Decision.record(audit, by=ben, code="continue", reasons="Complete.", conditions=()).report
    report.keep_file(0, b"unsigned")
    for _signatory in report.signatories:
        sign_next(make, report)
    return Report.objects.with_names().get(pk=report.pk)


def packed(report: Report, by: User) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(evidence_pack.pack(report, by=by).pieces())))


@pytest.mark.django_db
def test_the_pack_holds_each_file_as_it_is_stored_under_the_digest_of_the_facts(
    make: Make, asha: User, ben: User
) -> None:
    report = with_evidence(make, asha, ben)
    with packed(report, asha) as pack:
        assert pack.testzip() is None
        manifest = json.loads(pack.read("manifest.json"))
        for row in manifest["files"]:
            content = pack.read(row["name"])
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (row["sha256"], row["size"])
        names = set(pack.namelist())
    (log,) = [row for row in manifest["files"] if row["name"].startswith("evidence/")]
    assert log["questions"] == ["mon-03", "mon-05"]
    assert log["name"].endswith("log of May.txt")
    assert not [name for name in names if ".." in name or name.startswith("/")]
    assert names == {
        "README.txt", "manifest.json", "manifest.json.sig", "seal.pem", "authority.pem", "SHA256SUMS",
        "audit-facts.json", f"{report.audit.ref}.pdf", log["name"],
    }  # fmt: skip
    assert manifest["facts_sha256"] == report.sha256


@pytest.mark.django_db
def test_what_is_under_non_disclosure_stays_out_and_is_listed_with_links_as_left_out(
    make: Make, asha: User, ben: User
) -> None:
    report = with_evidence(make, asha, ben)
    content = b"".join(evidence_pack.pack(report, by=asha).pieces())
    assert b"secret\n" not in content
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        left_out = {row["title"]: row for row in json.loads(pack.read("manifest.json"))["left_out"]}
    assert set(left_out) == {"Test report", "Wiki"}
    assert "non-disclosure" in left_out["Test report"]["why"]
    assert left_out["Test report"]["sha256"] == hashlib.sha256(b"secret\n").hexdigest()
    assert left_out["Wiki"]["url"] == "https://intranet.example/a"


@pytest.mark.django_db
def test_a_file_that_is_secret_in_one_place_is_secret_in_all(make: Make, asha: User, ben: User) -> None:
    def again(audit: Any) -> None:
        file = ContentFile(b"secret\n", name="open.txt")
        audit.answers.get(code="mon-05").add_evidence(by=asha, title="Same", content=file, filename="o.txt", **DATED)

    report = with_evidence(make, asha, ben, more=again)
    assert b"secret\n" not in b"".join(evidence_pack.pack(report, by=asha).pieces())


@pytest.mark.django_db
def test_openssl_alone_checks_the_pack_as_its_readme_says(make: Make, asha: User, ben: User, tmp_path: Path) -> None:
    with packed(with_evidence(make, asha, ben), asha) as pack:
        pack.extractall(tmp_path)
    readme = (tmp_path / "README.txt").read_text()
    commands = [line.strip() for line in readme.splitlines() if line.startswith(("   openssl", "   sha256sum"))]
    assert len(commands) == 5
    said = [run(command, tmp_path) for command in commands]
    assert "seal.pem: OK" in said[0]
    assert "Verified OK" in said[2]
    assert said[4].count(": OK") == 3

    (tmp_path / "manifest.json").write_text((tmp_path / "manifest.json").read_text().replace("mon-03", "mon-04"))
    changed = subprocess.run(commands[2].split(), cwd=tmp_path, capture_output=True, text=True)
    assert changed.returncode
    (evidence,) = (tmp_path / "evidence").iterdir()
    evidence.write_bytes(b"The log of June\n")
    assert subprocess.run(commands[4].split(), cwd=tmp_path, capture_output=True).returncode


def run(command: str, where: Path) -> str:
    """As a person types it; `>` writes to the file that follows."""
    words, _sign, target = command.partition(" > ")
    done = subprocess.run(words.split(), cwd=where, capture_output=True, text=True, check=True)
    if target:
        (where / target).write_text(done.stdout)
    return done.stdout


@pytest.mark.django_db
def test_a_file_that_is_gone_is_said_and_stops_nothing(make: Make, asha: User, ben: User) -> None:
    report = with_evidence(make, asha, ben)
    digest = hashlib.sha256(b"The log of May\n").hexdigest()
    Path(default_storage.path(f"{digest[:2]}/{digest}")).unlink()
    with packed(report, asha) as pack:
        left_out = {row["title"]: row["why"] for row in json.loads(pack.read("manifest.json"))["left_out"]}
    assert left_out["Log"] == "not found where files are kept"


@pytest.mark.django_db
def test_sending_it_reads_no_database_and_holds_no_large_file(make: Make, asha: User, ben: User) -> None:
    def large(audit: Any) -> None:
        file = ContentFile(b"a line of a long log\n" * 300_000, name="long.txt")
        audit.answers.get(code="mon-05").add_evidence(by=asha, title="Long", content=file, filename="l.txt", **DATED)

    report = with_evidence(make, asha, ben, more=large)
    pack = evidence_pack.pack(report, by=asha)
    with CaptureQueriesContext(connection) as queries:
        longest = max(len(piece) for piece in pack.pieces())
    assert len(queries) == 0
    assert longest < 2 * evidence_pack.PIECE


@pytest.mark.django_db
def test_two_packs_of_one_report_differ_in_the_seal_alone(make: Make, asha: User, ben: User) -> None:
    """ECDSA signs with a fresh number each time."""
    report = with_evidence(make, asha, ben)
    first, second = packed(report, asha), packed(report, asha)
    with first, second:
        differing = [name for name in first.namelist() if first.read(name) != second.read(name)]
        assert first.namelist() == second.namelist()
    assert differing == ["manifest.json.sig"]


@pytest.mark.django_db
def test_packing_is_on_the_trail_and_nobody_else_gets_it(
    client: Client, make: Make, asha: User, ben: User, sam: User, cleo: User
) -> None:
    report = with_evidence(make, asha, ben)
    there = f"/audits/{report.audit.ref}/evidence.zip"
    assert client.get(there).status_code == 302
    for person in (sam, cleo):
        sign_in(client, person)
        assert client.get(there).status_code == 404
    sign_in(client, asha)
    reply = client.get(there)
    assert reply.status_code == 200
    assert b"".join(reply.streaming_content).startswith(b"PK")
    assert Event.objects.filter(stream=report.trail_stream, verb="report.evidence_packed").count() == 1


@pytest.mark.django_db
def test_there_is_no_pack_before_the_report_is_issued(client: Client, make: Make, asha: User) -> None:
    report = prepared(make)
    sign_in(client, asha)
    assert client.get(f"/audits/{report.audit.ref}/evidence.zip").status_code == 404
    with pytest.raises(Refused):
        evidence_pack.pack(report, by=asha)
