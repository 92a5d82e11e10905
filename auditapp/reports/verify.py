"""Who signed a PDF and whether it has changed since, from its bytes alone, read in a process of its own.

The file may come from anybody. The process that reads it has so much time and memory, can open nothing,
and is killed when its time is up; whatever goes wrong there can only mean that the file could not be read.
"""

import asyncio
import base64
import codecs
import hashlib
import importlib
import io
import json
import logging
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

LARGEST_FILE = 50 * 1024 * 1024  # bytes
LARGEST_FACTS = 20 * 1024 * 1024  # bytes
FACTS_NAME = "audit-facts.json"
WHOLE = {
    "ENTIRE_FILE",
    "ENTIRE_REVISION",
}  # coverages in which a signature leaves nothing before it uncovered


@dataclass(frozen=True)
class SignatureFound:
    """One signature in a file. It holds if it is intact and trusted and nothing was changed after it."""

    field: str
    person: str  # as the certificate names them
    role: str  # as the certificate names it
    meaning: str
    at: datetime | None  # as the signer said
    intact: bool  # the bytes it covers are those that were signed
    trusted: bool  # its certificate comes from one of the roots and was valid at the time of signing
    covers: str  # "entire_file", "entire_revision" (all that there was then), or less
    changed_after: bool  # something that signing does not need was changed later


@dataclass(frozen=True)
class Inspection:
    """What a file says of itself. JSON-able but for the times of signing, which str() turns into ISO 8601."""

    sha256: str
    readable: bool
    problem: str = ""  # a sentence, if it could not be read
    signatures: list[SignatureFound] = field(default_factory=list)
    trailing_bytes: bool = False  # there are bytes that no signature covers after the last signed revision
    facts: dict[str, Any] | None = None  # of the first signed revision, or of the file if none is signed
    facts_sha256: str = ""


def inspect(pdf: bytes, *, roots: list[bytes], seconds: int = 30, megabytes: int = 1024) -> Inspection:
    """Read a PDF that may come from anybody; `roots` are the certificates (DER) of the authorities we trust.

    Certificates are checked as of the time of signing. Takes a few seconds for a long report, because each
    later change is held against what signing allows; never longer than `seconds`. No file makes it raise.
    """
    sha256 = hashlib.sha256(pdf).hexdigest()
    if len(pdf) > LARGEST_FILE:
        return Inspection(sha256, False, _("The file is larger than 50 MB."))
    order = {
        "roots": [base64.b64encode(root).decode() for root in roots],
        "seconds": seconds,
        "megabytes": megabytes,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", __file__],
            input=json.dumps(order).encode() + b"\n" + pdf,
            capture_output=True,
            timeout=seconds,
            cwd="/",
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
            check=True,
        )
        found = json.loads(done.stdout)
        signatures = [_signature(row) for row in found["signatures"]]
        facts_bytes = base64.b64decode(found["facts"])
        trailing = bool(found["trailing_bytes"])
    except subprocess.TimeoutExpired:
        return Inspection(sha256, False, _("The file took too long to read."))
    except (subprocess.CalledProcessError, ValueError, KeyError, TypeError):
        return Inspection(sha256, False, _("The file could not be read as a PDF."))
    digest = hashlib.sha256(facts_bytes).hexdigest() if facts_bytes else ""
    return Inspection(sha256, True, "", signatures, trailing, _facts(facts_bytes), digest)


def _signature(row: dict[str, Any]) -> SignatureFound:
    return SignatureFound(
        field=str(row["field"]),
        person=str(row["person"]),
        role=str(row["role"]),
        meaning=str(row["meaning"]),
        at=datetime.fromisoformat(row["at"]) if row["at"] else None,
        intact=bool(row["intact"]),
        trusted=bool(row["trusted"]),
        covers=str(row["covers"]),
        changed_after=bool(row["changed_after"]),
    )


def _facts(content: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


# What follows runs in the confined process only, which imports PyHanko; the others need not.
# Modules and codecs that reading may ask for later, when no file can be opened any more:
AHEAD = [
    "cryptography.hazmat.backends.openssl.backend",
    "lxml.etree",
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
    "pyhanko.sign.validation",
]
CODECS = ["ascii", "cp1252", "idna", "latin-1", "utf-16-be", "utf-16-le", "utf-32-be"]


def _examine() -> None:
    """Read the order and the file from standard input, write what was found to standard output."""
    logging.disable(logging.CRITICAL)
    for name in AHEAD:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)
    order = json.loads(sys.stdin.buffer.readline())
    pdf = sys.stdin.buffer.read()
    with asyncio.Runner() as runner:
        runner.get_loop()
        _confine(order["seconds"], order["megabytes"])
        found = runner.run(_found(pdf, [base64.b64decode(root) for root in order["roots"]]))
        sys.stdout.write(json.dumps(found, default=str))
        sys.stdout.flush()


def _confine(seconds: int, megabytes: int) -> None:
    """From here on: no more time and memory than this, no file or socket opened, nothing written."""
    for limit, most in {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: megabytes * 1024 * 1024,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(limit, (most, most))


async def _found(pdf: bytes, roots: list[bytes]) -> dict[str, Any]:
    from asn1crypto.x509 import Certificate  # noqa: PLC0415
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415

    reader = PdfFileReader(io.BytesIO(pdf))
    signatures = reader.embedded_regular_signatures
    certificates = [Certificate.load(root) for root in roots]
    root = reader.get_historical_root(signatures[0].signed_revision) if signatures else reader.root
    ends = [int(s.byte_range[2]) + int(s.byte_range[3]) for s in reader.embedded_signatures]
    return {
        "facts": base64.b64encode(_attached(root)).decode(),
        "signatures": [await _validated(s, certificates) for s in signatures],
        "trailing_bytes": bool(ends) and max(ends) != len(pdf),
    }


async def _validated(signature: Any, roots: list[Any]) -> dict[str, Any]:
    """Validate one signature as of its own time: what it covers, its chain, and every later revision."""
    from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    at = signature.self_reported_timestamp
    named = signature.signer_cert.subject.native
    found = {
        "field": signature.field_name,
        "person": named.get("common_name", ""),
        "role": named.get("title", ""),
        "meaning": signature.sig_object.get("/Reason", ""),
        "at": at.isoformat() if at else None,
    }
    context = ValidationContext(trust_roots=roots, moment=at, allow_fetching=False)
    try:
        status: Any = await async_validate_pdf_signature(signature, signer_validation_context=context)
    except Exception:  # of many kinds, and all mean that nothing holds
        return found | {"intact": False, "trusted": False, "covers": "unclear", "changed_after": True}
    return found | {
        "intact": status.intact and status.valid and status.coverage.name in WHOLE,
        "trusted": status.trusted,
        "covers": status.coverage.name.lower(),
        "changed_after": not status.docmdp_ok,
    }


def _attached(root: Any) -> bytes:
    """The content of the attached facts, or nothing. Raises ValueError if they are too large."""
    for name, specification in _embedded(root):
        if name == FACTS_NAME:
            content: bytes = specification["/EF"]["/F"].data
            if len(content) > LARGEST_FACTS:
                raise ValueError("The attached facts are too large.")
            return content
    return b""


def _embedded(root: Any) -> Iterator[tuple[str, Any]]:
    """The files that the document names as its own (/AF), which PDF/A-3 asks of every attachment."""
    for specification in root.get("/AF", ()):
        specification = specification.get_object()
        yield str(specification.get("/UF", specification.get("/F", ""))), specification


if __name__ == "__main__":
    _examine()
