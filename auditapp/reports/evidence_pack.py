"""The evidence of a signed audit as one zip: the files as stored, and a manifest of their digests under the seal.

All of it follows from the frozen facts. The files come straight from their store, piece by piece, so that a large pack
needs neither memory nor a database connection while it is sent.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.keys.models import Authority
from auditapp.refusals import Refused
from auditapp.trail.models import Event

if TYPE_CHECKING:
    from auditapp.reports.models import Report

PIECE = 1024 * 1024
SAFE = re.compile(r"[^\w.\- ]+")
LONGEST = 80  # characters of a file's own name in the pack
CHECKING = """How to check this pack, with openssl 1.1 or newer and nothing of ours
=====================================================================

1. The seal over the list of files belongs to {organisation}:

   openssl verify -CAfile authority.pem seal.pem
   openssl x509 -in seal.pem -pubkey -noout > seal.pub
   openssl dgst -sha256 -verify seal.pub -signature manifest.json.sig manifest.json

   "OK", then "Verified OK". Compare the authority's certificate with the one that {organisation} gave you by another
   way: whoever packs a zip can put any certificate into it.

   openssl x509 -in authority.pem -noout -fingerprint -sha256

2. Each file is the one that is listed:

   sha256sum --check SHA256SUMS

   The lines in SHA256SUMS are those of manifest.json, which is what the seal covers.

3. audit-facts.json holds the facts that the report was printed from; its SHA-256 is printed on every page of
   {ref}: {sha256}

What is missing is listed in manifest.json under "left_out", with the reason: files under non-disclosure stay with the
hospital, links are addresses and no files. Unchanged since packing does not confirm that the contents are right or
that the tool is safe. The seal is an advanced electronic seal at best, and no qualified one.
"""


@dataclass(frozen=True)
class Pack:
    """What goes into the zip: small parts as bytes, in their order, then names in the pack and in the store."""

    parts: dict[str, bytes]
    files: dict[str, str]
    at: datetime

    def pieces(self) -> Iterator[bytes]:
        """The zip, piece by piece; nothing is compressed, since evidence rarely gets smaller."""
        pipe = _Pipe()
        with zipfile.ZipFile(cast(Any, pipe), "w", zipfile.ZIP_STORED) as out:
            for name, content in self.parts.items():
                out.writestr(self._entry(name), content)
                yield pipe.taken()
            for name, stored in self.files.items():
                with default_storage.open(stored) as file, out.open(self._entry(name), "w", force_zip64=True) as entry:
                    while piece := file.read(PIECE):
                        entry.write(piece)
                        yield pipe.taken()
                yield pipe.taken()
        yield pipe.taken()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self.at.timetuple()[:6])
        entry.external_attr = 0o644 << 16
        return entry


class _Pipe:
    """Takes what a zip writes and hands it on; a zip that cannot go back says sizes after each file."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is kept anywhere."""

    def taken(self) -> bytes:
        data, self.waiting = b"".join(self.waiting), []
        return data


@transaction.atomic
def pack(report: "Report", *, by: User) -> Pack:
    """The pack of an issued report. Reads the facts, the newest PDF and the seal; looks which files are there."""
    if report.issued_at is None:
        raise Refused(_("Only the evidence of an issued report is packed."))
    facts, canonical = report.facts, bytes(report.canonical)
    pdf = report.files.order_by("step").last()
    own = {"audit-facts.json": canonical} | ({f"{report.audit.ref}.pdf": bytes(pdf.content)} if pdf else {})
    listed, left_out, files = sorted_out(facts)
    listed = [_listed(name, content) for name, content in own.items()] + listed
    organisation = facts["submission"]["organisation"]
    manifest = {
        "schema": 1,
        "audit": report.audit.ref,
        "organisation": organisation,
        "facts_sha256": report.sha256,
        "issued_at": clock.utc_text(report.issued_at),
        "files": listed,
        "left_out": left_out,
    }
    sealed = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    authority = Authority.for_code(organisation["code"], organisation["name"], at=clock.now())
    readme = CHECKING.format(organisation=organisation["name"], ref=report.audit.ref, sha256=report.sha256)
    Event.record(by, "report.evidence_packed", report.audit, manifest=hashlib.sha256(sealed).hexdigest())
    parts = {
        "README.txt": readme.encode(),
        "manifest.json": sealed,
        "manifest.json.sig": authority.seal(sealed),
        "seal.pem": pem(bytes(authority.seal_certificate)),
        "authority.pem": pem(bytes(authority.certificate)),
        "SHA256SUMS": "".join(f"{row['sha256']}  {row['name']}\n" for row in listed).encode(),
    }
    return Pack(parts | own, files, at=datetime.fromisoformat(facts["report"]["prepared_at"]))


def sorted_out(
    facts: dict[str, Any], secret: Collection[str] = ()
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, str]]:
    """Each file once, with the questions that rest on it: what is in the pack, what is not and why, where it is.

    `secret` are digests of files that are known to be under non-disclosure from elsewhere.
    """
    listed: dict[str, dict[str, Any]] = {}
    left_out: dict[tuple[str, str], dict[str, Any]] = {}
    files: dict[str, str] = {}
    items = [
        (question["code"], item)
        for category in facts["submission"]["categories"]
        for question in category["questions"]
        for item in question["evidence"]
    ]
    secret = {*secret, *(item["sha256"] for _code, item in items if item.get("nondisclosure"))}
    for code, item in items:
        digest = item["sha256"]
        if why := _left_out(item, secret):
            about = {"title": item["title"], "why": why, "sha256": digest, "url": item["url"], "questions": []}
            left_out.setdefault((digest or item["url"], item["title"]), about)["questions"].append(code)
            continue
        name = f"evidence/{digest[:12]}-{SAFE.sub('_', item['filename'])[-LONGEST:].strip(' .') or 'file'}"
        row = {"name": name, "sha256": digest, "size": item["size"], "title": item["title"], "questions": []}
        listed.setdefault(digest, row)["questions"].append(code)
        files.setdefault(listed[digest]["name"], stored(digest))
    return list(listed.values()), list(left_out.values()), files


def _left_out(item: dict[str, Any], secret: Collection[str]) -> str:
    """Why a piece of evidence is not in the pack; empty when it is. A file that is secret once is secret everywhere."""
    if item["kind"] == "link":
        return _("a link: an address, and no file")
    if item["sha256"] in secret:
        return _("under non-disclosure: kept by the hospital")
    return "" if default_storage.exists(stored(item["sha256"])) else _("not found where files are kept")


def stored(digest: str) -> str:
    """The name under which the store keeps a file."""
    return f"{digest[:2]}/{digest}"


def _listed(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def pem(certificate: bytes) -> bytes:
    """A certificate as the text that openssl reads."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
