"""What anyone holding a PDF is told: whether it is the file we issued, who signed it, and what has happened since."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.keys.models import Authority, RevocationList
from auditapp.reports import verify
from auditapp.reports.verify import Inspection, words


@dataclass(frozen=True)
class Record:
    """What our own register says of a file or of a public id; nothing more than the verification page shows."""

    ref: str
    organisation: str
    site: str
    zone: str
    public_id: UUID
    facts_sha256: str
    file_sha256: str
    step: int
    issued_at: datetime | None
    void: bool
    superseded_by: str | None
    superseded_at: datetime | None
    withdrawn_at: datetime | None
    signatures: int

    @property
    def issued(self) -> str:
        """When it was issued, as read at the hospital; empty if it was not."""
        return clock.local_text(self.issued_at, self.zone) if self.issued_at else ""

    @property
    def superseded(self) -> str:
        return clock.local_text(self.superseded_at, self.zone) if self.superseded_at else ""

    @property
    def withdrawn(self) -> str:
        return clock.local_text(self.withdrawn_at, self.zone) if self.withdrawn_at else ""

    def what_happened_since(self) -> list[str]:
        """Withdrawn, superseded, in sentences."""
        about = {"ref": self.superseded_by, "at": self.superseded, "organisation": self.organisation}
        since = []
        if self.withdrawn_at:
            since.append(
                _("Withdrawn on %(at)s by %(organisation)s: it was issued in error. Do not rely on it.")
                % (about | {"at": self.withdrawn})
            )
        if self.superseded_by:
            since.append(_("It was superseded by %(ref)s on %(at)s: read that one.") % about)
        return since


@dataclass(frozen=True)
class Verification:
    """The answer in one sentence, its reasons, and the detail. `ok` means: the issued file, unchanged."""

    ok: bool
    sentence: str
    reasons: list[str]
    inspection: Inspection
    record: Record | None = None
    disclaimer: str = field(default_factory=words.disclaimer)

    @property
    def tone(self) -> str:
        """How the answer looks: a file can be unchanged and still be no longer what the hospital stands behind."""
        if not self.ok:
            return "bad"
        return "attention" if self.record and self.record.what_happened_since() else "good"

    @property
    def signatures(self) -> list[dict[str, Any]]:
        """Each signature with its sentences, for the page."""
        return [
            {"found": s, "title": words.title_of(s), "lines": words.account_of(s, self.zone)}
            for s in self.inspection.signatures
        ]

    @property
    def about_document(self) -> list[str]:
        return words.about_document(self.inspection)

    @property
    def zone(self) -> str:
        """The hospital's zone, in which times are shown; UTC for a file we know nothing of."""
        return self.record.zone if self.record else "UTC"

    def for_machines(self) -> dict[str, Any]:
        """The same as JSON-ready data, for `verify_report --json`."""
        record = self.record and {
            "ref": self.record.ref,
            "organisation": self.record.organisation,
            "issued_at": self.record.issued_at and clock.utc_text(self.record.issued_at),
            "superseded_by": self.record.superseded_by,
            "withdrawn_at": self.record.withdrawn_at and clock.utc_text(self.record.withdrawn_at),
            "facts_sha256": self.record.facts_sha256,
        }
        signatures = [asdict(s) | {"level": words.level_of(s)} for s in self.inspection.signatures]
        return {"ok": self.ok, "sentence": self.sentence, "reasons": self.reasons} | {
            "sha256": self.inspection.sha256, "signatures": signatures, "record": record
        }  # fmt: skip


def _records(*, sha256: str | None = None, public_id: UUID | None = None) -> list[Record]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM auditapp_public_reports(%s, %s)", [sha256, public_id])
        return [Record(*row) for row in cursor.fetchall()]


def issued_under(public_id: UUID) -> Record | None:
    """The issued report with this public id, as its page without login states it."""
    return next((r for r in _records(public_id=public_id) if r.issued_at), None)


def verification_of(content: bytes) -> Verification:
    """Hold a file against our register and against its own signatures, with all that is known here of certificates."""
    inspection = verify.inspect(
        content,
        roots=[bytes(der) for der in Authority.objects.values_list("certificate", flat=True)],
        timestamp_roots=_timestamp_roots(),
        revocation_lists=[bytes(der) for der in RevocationList.objects.newest().values_list("content", flat=True)],
    )
    record = next(iter(_records(sha256=hashlib.sha256(content).hexdigest())), None)
    if record is None:
        return _unknown(inspection)
    if not _is_issued_file(record):
        return _ours_but_not_issued(record, inspection)
    return _issued(record, inspection)


def _timestamp_roots() -> list[bytes]:
    """Where the chain of a timestamp may end, in DER."""
    path = settings.TIMESTAMP_CERTIFICATES
    found = x509.load_pem_x509_certificates(path.read_bytes()) if path else []
    return [certificate.public_bytes(Encoding.DER) for certificate in found]


def _is_issued_file(record: Record) -> bool:
    """The newest file, or an earlier one that had its seal: what came after that only proves it for longer."""
    if record.void or record.issued_at is None:
        return False
    newest = issued_under(record.public_id)
    return record.step > record.signatures or (newest is not None and newest.file_sha256 == record.file_sha256)


def _issued(record: Record, inspection: Inspection) -> Verification:
    """Byte for byte an issued file; its signatures must say the same, or the record itself is not to be trusted."""
    reasons = words.faults(inspection)
    if inspection.facts_sha256 != record.facts_sha256:
        reasons.append(_("The attached facts are not those of our record."))
    if reasons:
        sentence = _("This is the file we recorded, but its signatures do not hold. Do not rely on it.")
        return Verification(False, sentence, reasons, inspection, record)
    about = {"ref": record.ref, "organisation": record.organisation, "at": record.issued}
    sentence = _("Unchanged: this is report %(ref)s as %(organisation)s issued it on %(at)s.") % about
    return Verification(True, sentence, record.what_happened_since(), inspection, record)


def _ours_but_not_issued(record: Record, inspection: Inspection) -> Verification:
    if record.void:
        sentence = _("This document of %(ref)s was never issued: a signatory did not sign it.") % {"ref": record.ref}
    else:
        sentence = _("This is a stage of %(ref)s before all had signed, not the issued report.") % {"ref": record.ref}
    return Verification(False, sentence, words.faults(inspection), inspection, record)


def _unknown(inspection: Inspection) -> Verification:
    """Not a file of ours, byte for byte: say whether it was made from one."""
    if not inspection.readable:
        sentence = _("This file cannot be read as a signed report, so it is not one that we issued.")
        return Verification(False, sentence, [inspection.problem] if inspection.problem else [], inspection)
    origin, reasons = _claimed(inspection), words.faults(inspection)
    if origin is None:
        sentence = _("This file was not issued here. Nothing can be said about where it comes from.")
        return Verification(False, sentence, reasons, inspection)
    sentence = _("Altered: this is not %(ref)s as we issued it.") % {"ref": origin.ref}
    reasons = reasons or [_("It differs from the issued file where no signature covers it.")]
    return Verification(False, sentence, reasons + origin.what_happened_since(), inspection, origin)


def _claimed(inspection: Inspection) -> Record | None:
    """The issued report that the file's own facts claim to be."""
    try:
        return issued_under(UUID(hex=inspection.facts["report"]["public_id"]))  # type: ignore[index]
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
