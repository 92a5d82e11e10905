"""Signatures in a report: each an increment, at its own time, that any reader finds valid."""

import io
import re
import subprocess
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from asn1crypto.cms import ContentInfo
from hypothesis import given, settings
from hypothesis import strategies as st

from auditapp.reports import pdf, signing
from tests.reports import example_facts, signed


def pdfsig(content: bytes, tmp_path: Path) -> str:
    """What poppler says of the signatures; it knows nothing of us."""
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    return subprocess.run(["pdfsig", "-nocert", path], capture_output=True, check=False).stdout.decode()


def printed(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-l", "1", "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode()


@pytest.mark.parametrize(("size", "count"), [("small", 2), ("large", 4)])
def test_any_reader_finds_every_signature_valid(size: str, count: int, tmp_path: Path) -> None:
    said = pdfsig(signed.signed(size, count), tmp_path)
    assert said.count("Signature is Valid.") == count
    assert said.count("Signature Type: ETSI.CAdES.detached") == count
    assert "Total document signed" in said.split(f"Signature #{count}:")[1]
    for person in signed.PEOPLE[:count]:
        assert f"Signer Certificate Common Name: {person}" in said


def test_a_flipped_byte_breaks_the_signatures_for_any_reader(tmp_path: Path) -> None:
    content = bytearray(signed.signed("small", 2))
    at = content.index(b"stream\n", 20_000) + 40
    content[at] ^= 1
    said = pdfsig(bytes(content), tmp_path)
    assert said.count("Digest Mismatch") == 2


def test_each_signature_only_adds_to_the_file() -> None:
    steps = [signed.signed("large", n) for n in range(5)]
    assert all(later.startswith(earlier) for earlier, later in pairwise(steps))


def test_the_first_signature_certifies_that_only_signing_may_follow() -> None:
    with pikepdf.open(io.BytesIO(signed.signed("large", 4))) as report:
        certified = report.Root.Perms.DocMDP
        (reference,) = certified.Reference
        assert str(certified.Name) == "Asha Rao"
        assert int(reference.TransformParams.P) == 2
        others = [field.V for field in list(report.Root.AcroForm.Fields)[1:4]]
        assert all("/Reference" not in signature for signature in others)


def test_each_signature_says_who_what_for_and_when_and_asks_no_clock() -> None:
    with pikepdf.open(io.BytesIO(signed.signed("large", 4))) as report:
        for n, field in enumerate(list(report.Root.AcroForm.Fields)[:4], 1):
            turn = signed.facts("large")["signatories"][n - 1]
            assert str(field.T) == turn["field"]
            assert str(field.V.Name) == signed.PEOPLE[n - 1]
            assert str(field.V.Reason) == turn["meaning"]
            assert str(field.V.M) == f"D:202611{21 + n}170005Z"
            attributes = ContentInfo.load(bytes(field.V.Contents))["content"]["signer_infos"][0]["signed_attrs"]
            assert "signing_time" not in {a["type"].native for a in attributes}  # PAdES has it in /M alone


def test_a_signature_may_lie_a_year_and_a_half_in_the_past() -> None:
    at = datetime(2025, 5, 22, 9, 30, tzinfo=UTC)
    key, certificate = signed.AUTHORITY.issue("Asha Rao", "Auditor", at)
    content = signing.sign(
        signed.unsigned("small"),
        field="signature-1",
        person="Asha Rao",
        role_label="Auditor",
        meaning="prepared the check",
        at=at,
        local="22 May 2025, 10:30 BST",
        key=key,
        certificate=certificate,
        authority_certificate=signed.AUTHORITY.der,
    )
    with pikepdf.open(io.BytesIO(content)) as report:
        assert str(report.Root.AcroForm.Fields[0].V.M).startswith("D:20250522093000")
    assert "22 May 2025, 10:30 BST" in printed(content)


def test_page_one_shows_who_signed_as_what_and_when() -> None:
    before = " ".join(printed(signed.unsigned("large")).split())
    shown = " ".join(printed(signed.signed("large", 4)).split())
    for n, person in enumerate(signed.PEOPLE, 1):
        assert person in shown
        assert f"{21 + n} Nov 2026, 17:00 GMT" in shown
    assert "Eve Lindqvist" not in before


def test_the_documents_own_metadata_stay_as_they_were_printed() -> None:
    with (
        pikepdf.open(io.BytesIO(signed.unsigned("small"))) as before,
        pikepdf.open(io.BytesIO(signed.signed("small", 2))) as after,
    ):
        assert before.Root.Metadata.read_bytes() == after.Root.Metadata.read_bytes()
        assert dict(before.docinfo.items()) == dict(after.docinfo.items())


def test_fonts_of_the_signatures_are_embedded(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(signed.signed("large", 4))
    lines = subprocess.run(["pdffonts", path], capture_output=True, check=True).stdout.decode().splitlines()[2:]
    assert len(lines) > 6
    assert all(re.search(r" yes +yes +yes +\d+", line) for line in lines)


def test_structure_is_clean_for_qpdf_after_all_have_signed(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(signed.signed("large", 4))
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, check=True)
    assert b"No syntax or stream encoding errors" in done.stdout


def test_a_field_is_signed_once() -> None:
    with pytest.raises(ValueError, match="signed already"):
        signed.sign_next(signed.signed("small", 1), signed.facts("small"), 1)


def test_a_field_that_was_not_prepared_is_not_invented() -> None:
    facts = example_facts.small()
    facts["signatories"][0]["field"] = "signature-9"
    with pytest.raises(ValueError, match="no signature field"):
        signed.sign_next(signed.unsigned("small"), facts, 1)


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ("Ng", "Auditor"),
        ("Þórhildur Ólafsdóttir-Βασιλείου", "Chair of the AI governance committee"),
        (
            "Professor Dame Wilhelmina " + "Featherstonehaugh-" * 6 + "Smythe",
            "Clinical safety officer, deputising " * 4,
        ),
    ],
)
def test_names_of_any_length_and_script_fit_their_box(person: str, role: str) -> None:
    at = signed.FIRST
    key, certificate = signed.AUTHORITY.issue(person, role, at)
    content = signing.sign(
        signed.unsigned("small"),
        field="signature-1",
        person=person,
        role_label=role,
        meaning="prepared the check",
        at=at,
        local="22 Nov 2026, 17:00 GMT",
        key=key,
        certificate=certificate,
        authority_certificate=signed.AUTHORITY.der,
    )
    with pikepdf.open(io.BytesIO(content)) as report:
        assert str(report.Root.AcroForm.Fields[0].V.Name) == person
    shown = re.sub(r"[\s-]", "", printed(content))  # a name may be broken into lines
    assert re.sub(r"[\s-]", "", person) in shown
    assert "22Nov2026,17:00GMT" in shown


@settings(max_examples=15, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), min_size=1, max_size=60),
    st.text(min_size=0, max_size=200),
)
def test_any_text_can_be_drawn_as_a_signature(person: str, meaning: str) -> None:
    drawn = pdf.stamp(person=person, role_label="Auditor", meaning=meaning, local="now", width=240, height=43)
    with pikepdf.open(io.BytesIO(drawn)) as page:
        assert len(page.pages) == 1
