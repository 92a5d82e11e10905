"""Reading a PDF that may come from anybody: changes are found, and nothing in a file does harm or raises."""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from auditapp.reports import verify
from auditapp.reports.verify import Inspection, inspect
from tests.reports import example_facts, signed

ROOTS = [signed.AUTHORITY.der]


def holds(found: Inspection) -> bool:
    """What a page would call unchanged."""
    return (
        found.readable
        and bool(found.signatures)
        and all(s.intact and s.trusted and not s.changed_after for s in found.signatures)
        and not found.trailing_bytes
    )


def test_a_signed_report_holds_and_says_who_signed_as_what_for_what_and_when() -> None:
    content = signed.signed("large", 4)
    found = inspect(content, roots=ROOTS)
    assert holds(found)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    turns = signed.facts("large")["signatories"]
    assert [(s.field, s.person, s.role, s.meaning, s.at) for s in found.signatures] == [
        (t["field"], signed.PEOPLE[n], t["role_label"], t["meaning"], signed.when(n + 1)) for n, t in enumerate(turns)
    ]
    assert [s.covers for s in found.signatures] == ["entire_revision"] * 3 + ["entire_file"]


def test_the_facts_come_back_as_they_were_frozen() -> None:
    found = inspect(signed.signed("small", 2), roots=ROOTS)
    canonical = example_facts.canonical(signed.facts("small"))
    assert found.facts == signed.facts("small")
    assert found.facts_sha256 == hashlib.sha256(canonical).hexdigest()


def test_the_answer_can_be_kept_as_json() -> None:
    kept = json.loads(json.dumps(asdict(inspect(signed.signed("small", 1), roots=ROOTS)), default=str))
    assert kept["signatures"][0]["at"] == "2026-11-22 17:00:05+00:00"


def test_a_report_that_nobody_signed_yet_is_readable_and_has_no_signature() -> None:
    found = inspect(signed.unsigned("small"), roots=ROOTS)
    assert (found.readable, found.signatures, found.trailing_bytes) == (True, [], False)
    assert found.facts == signed.facts("small")


def test_a_full_check_of_a_long_report_stays_far_below_its_limit() -> None:
    start = time.process_time(), os.times().children_user
    inspect(signed.signed("large", 4), roots=ROOTS)
    assert os.times().children_user - start[1] < 10


def test_a_signature_of_another_authority_is_intact_and_not_trusted() -> None:
    stranger = signed.new_authority()  # of the very same name
    content = signed.sign_next(signed.unsigned("small"), signed.facts("small"), 1, authority=stranger)
    (found,) = inspect(content, roots=ROOTS).signatures
    assert (found.intact, found.trusted) == (True, False)
    (found,) = inspect(content, roots=[]).signatures
    assert (found.intact, found.trusted) == (True, False)
    assert inspect(content, roots=[*ROOTS, stranger.der]).signatures[0].trusted


def test_certificates_are_checked_as_of_the_time_of_signing() -> None:
    """A signature dated before its certificate was made is not trusted, though the certificate is valid today."""
    old = signed.new_authority()
    key, certificate = old.issue("Asha Rao", "Auditor", datetime(2025, 1, 2, tzinfo=UTC))
    before_it_began = signed.signing.sign(
        signed.unsigned("small"),
        field="signature-1",
        person="Asha Rao",
        role_label="Auditor",
        meaning="prepared the check",
        at=datetime(2024, 12, 1, tzinfo=UTC),
        local="1 Dec 2024, 00:00 GMT",
        key=key,
        certificate=certificate,
        authority_certificate=old.der,
    )
    (found,) = inspect(before_it_began, roots=[old.der]).signatures
    assert (found.intact, found.trusted) == (True, False)


def test_a_page_turned_by_an_update_is_found_although_every_signed_byte_is_there() -> None:
    content = signed.turned_page(signed.signed("small", 2))
    assert content.startswith(signed.signed("small", 2))
    found = inspect(content, roots=ROOTS)
    assert not holds(found)
    assert found.changes == ["metadata", "page"]
    assert all(s.intact and s.changed_after for s in found.signatures)


def test_other_facts_attached_by_an_update_are_found_and_the_signed_ones_are_reported() -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(signed.signed("small", 2)))
    embedded = writer.root["/AF"][0]["/EF"]
    embedded["/F"] = writer.add_object(StreamObject(stream_data=b'{"report": {"public_id": "00"}}'))
    writer.update_container(embedded)
    out = io.BytesIO()
    writer.write(out)
    found = inspect(out.getvalue(), roots=ROOTS)
    assert not holds(found)
    assert all(s.changed_after for s in found.signatures)
    assert found.facts == signed.facts("small")


@pytest.mark.parametrize("tail", [b"\n", b"%% junk\n", b"\0" * 2000, b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"])
def test_bytes_after_the_end_are_found(tail: bytes) -> None:
    found = inspect(signed.signed("small", 2) + tail, roots=ROOTS)
    assert not holds(found)
    assert found.trailing_bytes or not found.readable


def test_an_earlier_step_of_a_report_holds_with_the_signatures_it_has() -> None:
    """It is the register's digest, and not the file, that tells it from the issued report."""
    found = inspect(signed.signed("large", 2), roots=ROOTS)
    assert holds(found)
    assert len(found.signatures) == 2


def test_a_signature_moved_to_another_document_does_not_hold() -> None:
    other = example_facts.small()
    other["decision"]["label"] = "Suspend"
    forged = signed.pdf.render(other, facts_bytes=example_facts.canonical(other))
    added = signed.signed("small", 1)[len(signed.unsigned("small")) :]
    assert not holds(inspect(forged + added, roots=ROOTS))


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_any_changed_added_or_cut_byte_changes_the_digest_and_is_never_called_unchanged(data: st.DataObject) -> None:
    _damaged_and_found(data)


@pytest.mark.campaign
@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_no_damage_to_a_report_goes_unfound(data: st.DataObject) -> None:
    _damaged_and_found(data)


def _damaged_and_found(data: st.DataObject) -> None:
    content = signed.signed("small", 2)
    at = data.draw(st.integers(0, len(content) - 1))
    kind = data.draw(st.sampled_from(["change", "add", "cut"]))
    if kind == "change":
        other = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    elif kind == "add":
        other = content[:at] + data.draw(st.binary(min_size=1, max_size=9)) + content[at:]
    else:
        other = content[:at]
    found = inspect(other, roots=ROOTS)
    assert found.sha256 != hashlib.sha256(content).hexdigest()
    assert not holds(found) or _only_unused_bytes_differ(content, other)


def _only_unused_bytes_differ(content: bytes, other: bytes) -> bool:
    """Room reserved for a signature and not needed carries nothing; no signature can cover itself."""
    if len(content) != len(other):
        return False
    (changed,) = (n for n, (a, b) in enumerate(zip(content, other, strict=True)) if a != b)
    start = content.rindex(b"<", 0, changed)
    return content[start:].startswith((b"<30", b"<3082")) and set(content[changed - 40 : changed]) == {ord("0")}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        b"not a PDF at all",
        os.urandom(10_000),
        b"%PDF-1.7\n" + b"[" * 200_000,
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/AF 1 0 R>>\nendobj\n"
        b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
        b"trailer\n<</Root 1 0 R/Size 2>>\nstartxref\n56\n%%EOF\n",
    ],
)
def test_what_is_no_report_can_only_be_unreadable(content: bytes) -> None:
    found = inspect(content, roots=ROOTS)
    assert not found.readable
    assert found.problem
    assert (found.signatures, found.facts) == ([], None)


def test_a_file_cut_anywhere_is_unreadable_or_does_not_hold() -> None:
    content = signed.signed("small", 2)
    for part in (2, 4, 7):
        assert not holds(inspect(content[: len(content) * part // 8], roots=ROOTS))


def test_a_file_that_takes_too_long_is_given_up() -> None:
    start = time.perf_counter()
    found = inspect(signed.signed("large", 4), roots=ROOTS, seconds=1)
    assert not found.readable
    assert time.perf_counter() - start < 5


def test_a_file_that_wants_too_much_memory_is_given_up() -> None:
    found = inspect(signed.signed("small", 2), roots=ROOTS, megabytes=64)
    assert not found.readable


def test_a_file_larger_than_allowed_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "LARGEST_FILE", 1000)
    found = inspect(signed.unsigned("small"), roots=ROOTS)
    assert (found.readable, found.problem) == (False, "The file is larger than 50 MB.")


def test_the_reading_process_can_open_no_file_and_no_connection() -> None:
    script = f"""
import runpy, socket, subprocess
confine = runpy.run_path({str(verify.READER)!r}, run_name="elsewhere")["confine"]
confine(30, 1024)
for act in (lambda: open("/etc/hostname"), socket.socket, lambda: subprocess.run(["true"])):
    try:
        act()
        print("done")
    except OSError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split() == ["refused"] * 3


def test_nothing_of_ours_reaches_the_reading_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the file and the public certificates; not the environment, where secrets may be."""
    seen = {}
    run = subprocess.run

    def watched(*args: object, **options: object) -> object:
        seen.update(options)
        return run(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watched)
    monkeypatch.setenv("SECRET_KEY", "must not leak")
    assert inspect(signed.signed("small", 1), roots=ROOTS).readable
    assert set(seen["env"]) == {"LANG"}
    assert seen["cwd"] == "/"
    assert Path(verify.__file__).is_file()
