"""Who signed a PDF and whether it has changed since, from its bytes alone, read in a process of its own.

The file may come from anybody. The process that reads it has so much time and memory, can open nothing,
and is killed when its time is up; whatever goes wrong there can only mean that the file could not be read.

Needs no database and no settings: `python -m auditapp.reports.verify` is all of it on anybody's machine.
"""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import datetime
from pathlib import Path
from typing import Any

from auditapp.reports.verify.language import _

LARGEST_FILE = 50 * 1024 * 1024  # bytes
READER = Path(__file__).with_name("confined.py")


@dataclass(frozen=True)
class Timestamp:
    """That an authority saw something at a time. `trusted` if it comes from one of the authorities we were given."""

    at: datetime | None
    authority: str
    intact: bool
    trusted: bool
    field: str = ""  # a document timestamp's own
    changed_after: bool = False
    keeps_proof: bool = False  # it covers the revocation lists that the file keeps


@dataclass(frozen=True)
class Revocation:
    """What the authority's revocation lists say: good, revoked, revoked_later (than it provably signed), unknown."""

    state: str = "unknown"
    at: datetime | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class SignatureFound:
    """One signature in a file. It holds if it is intact and trusted and nothing was changed after it."""

    field: str
    person: str  # as the certificate names them
    role: str  # as the certificate names it; empty for the organisation's seal
    meaning: str
    at: datetime | None  # as the signer said
    intact: bool  # the bytes it covers are those that were signed
    trusted: bool  # its certificate comes from one of the roots and was valid at the time of signing
    covers: str  # "entire_file", "entire_revision" (all that there was then), or less
    changed_after: bool  # something that signing does not need was changed later
    problem: str = ""  # why it is no signature at all, as a code
    organisation: str = ""
    name: str = ""  # as the signature writes it: a certificate cuts long names
    shown: str = ""  # the text in its box on the page
    appearance_is_text: bool = True
    timestamp: Timestamp | None = None
    revocation: Revocation = made_by(default_factory=Revocation)
    issuer: str = ""
    serial: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    later_timestamps: tuple[Timestamp, ...] = ()  # of the document, which cover this signature too
    keeps_proof: bool = False  # the file keeps certificates and revocation lists for checking it later

    @property
    def is_seal(self) -> bool:
        return self.field == "seal"

    @property
    def holds(self) -> bool:
        return (
            self.intact
            and self.trusted
            and not self.changed_after
            and self.revocation.state != "revoked"
            and self.appearance_is_text
        )


@dataclass(frozen=True)
class Inspection:
    """What a file says of itself. JSON-able but for the times, which str() turns into ISO 8601."""

    sha256: str
    readable: bool
    problem: str = ""  # a sentence, if it could not be read
    signatures: list[SignatureFound] = made_by(default_factory=list)
    timestamps: list[Timestamp] = made_by(default_factory=list)
    changes: list[str] = made_by(default_factory=list)  # kinds of things changed after signing
    trailing_bytes: bool = False  # there are bytes that no signature covers after the last signed revision
    facts: dict[str, Any] | None = None  # of the first signed revision, or of the file if none is signed
    facts_sha256: str = ""
    facts_attached: int = 0
    pages: int = 0
    pages_without_digest: list[int] = made_by(default_factory=list)
    other_digests: list[str] = made_by(default_factory=list)
    digest_in_full: bool = False


def inspect(
    pdf: bytes,
    *,
    roots: Sequence[bytes],
    timestamp_roots: Sequence[bytes] = (),
    revocation_lists: Sequence[bytes] = (),
    seconds: int = 30,
    megabytes: int = 1024,
) -> Inspection:
    """Read a PDF that may come from anybody; `roots` are the certificates (DER) of the authorities we trust.

    Certificates are checked as of the time of signing, and against the revocation lists given here or kept in the
    file. Takes a second or two for a long report; never longer than `seconds`. No file makes it raise.
    """
    sha256 = hashlib.sha256(pdf).hexdigest()
    if len(pdf) > LARGEST_FILE:
        return Inspection(sha256, False, _("The file is larger than 50 MB."))
    order = order_for(roots, timestamp_roots, revocation_lists, seconds, megabytes)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", str(READER)],
            input=json.dumps(order).encode() + b"\n" + pdf,
            capture_output=True,
            timeout=seconds,
            cwd="/",
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Inspection(sha256, False, _("The file took too long to read."))
    except subprocess.CalledProcessError:
        return unreadable(sha256)
    return inspection_of(done.stdout, sha256)


def order_for(
    roots: Sequence[bytes],
    timestamp_roots: Sequence[bytes],
    revocation_lists: Sequence[bytes],
    seconds: int,
    megabytes: int,
) -> dict[str, Any]:
    """What the reading process is told."""
    return {
        "roots": _base64(roots),
        "timestamp_roots": _base64(timestamp_roots),
        "revocation_lists": _base64(revocation_lists),
        "seconds": seconds,
        "megabytes": megabytes,
    }


def unreadable(sha256: str) -> Inspection:
    return Inspection(sha256, False, _("The file could not be read as a PDF."))


def inspection_of(answer: bytes, sha256: str) -> Inspection:
    """The reading process's answer, taken as no more than a claim about a stranger's file."""
    try:
        found = json.loads(answer)
        facts_bytes = base64.b64decode(found["facts"])
        timestamps = [(int(row["revision"]), _timestamp(row)) for row in found["timestamps"]]
        return Inspection(
            sha256,
            True,
            signatures=[_signature(row, found, timestamps) for row in found["signatures"]],
            timestamps=[timestamp for _revision, timestamp in timestamps],
            changes=sorted({str(what) for change in found["changes"] for what in change["what"]}),
            trailing_bytes=bool(found["trailing_bytes"]),
            facts=_facts(facts_bytes),
            facts_sha256=hashlib.sha256(facts_bytes).hexdigest() if facts_bytes else "",
            facts_attached=int(found["facts_attached"]),
            pages=int(found["pages"]),
            pages_without_digest=[int(n) for n in found["pages_without_digest"]],
            other_digests=[str(digest) for digest in found["other_digests"]],
            digest_in_full=bool(found["digest_in_full"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return unreadable(sha256)


def _base64(items: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(item).decode() for item in items]


def _signature(row: dict[str, Any], found: dict[str, Any], timestamps: list[tuple[int, Timestamp]]) -> SignatureFound:
    revocation = row["revocation"]
    return SignatureFound(
        field=str(row["field"]),
        person=str(row["person"]),
        role=str(row["role"]),
        meaning=str(row["meaning"]),
        at=_time(row["at"]),
        intact=bool(row["intact"]),
        trusted=bool(row["trusted"]),
        covers=str(row["covers"]),
        changed_after=bool(row["changed_after"]),
        problem=str(row["problem"]),
        organisation=str(row["organisation"]),
        name=str(row["name"]),
        shown=str(found["shown"].get(row["field"], "")),
        appearance_is_text=bool(row["appearance_is_text"]),
        timestamp=_timestamp(row["timestamp"]) if row["timestamp"] else None,
        revocation=Revocation(str(revocation["state"]), _time(revocation["at"]), _time(revocation["as_of"])),
        issuer=str(row["issuer"]),
        serial=str(row["serial"]),
        valid_from=_time(row["valid_from"]),
        valid_until=_time(row["valid_until"]),
        later_timestamps=tuple(t for revision, t in timestamps if revision > row["revision"]),
        keeps_proof=bool(found["security_store"]),
    )


def _timestamp(row: dict[str, Any]) -> Timestamp:
    return Timestamp(
        _time(row["at"]),
        str(row["authority"]),
        bool(row["intact"]),
        bool(row["trusted"]),
        str(row.get("field", "")),
        bool(row.get("changed_after", False)),
        bool(row.get("keeps_proof", False)),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _facts(content: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None
