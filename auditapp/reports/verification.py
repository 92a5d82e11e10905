"""What anyone holding a PDF is told: whether it is the file we issued, who signed it, and what has happened since."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.keys.models import Authority
from auditapp.reports import verify
from auditapp.reports.verify import Inspection


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
    last_step: bool = True

    @property
    def issued(self) -> str:
        """When it was issued, as read at the hospital; empty if it was not."""
        return clock.local_text(self.issued_at, self.zone) if self.issued_at else ""

    @property
    def superseded(self) -> str:
        return clock.local_text(self.superseded_at, self.zone) if self.superseded_at else ""


@dataclass(frozen=True)
class Verification:
    """The answer in one sentence, its reasons, and the detail. `ok` means: the issued file, unchanged."""

    ok: bool
    sentence: str
    reasons: list[str]
    inspection: Inspection
    record: Record | None = None
    disclaimer: str = field(
        default_factory=lambda: _(
            "Unchanged since signing does not confirm that its contents are right or that the tool is safe. "
            "The signatures are advanced at best, never qualified."
        )
    )

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
            "facts_sha256": self.record.facts_sha256,
        }
        signatures = [asdict(s) for s in self.inspection.signatures]
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
    """Hold a file against our register and against its own signatures."""
    roots = [bytes(der) for der in Authority.objects.values_list("certificate", flat=True)]
    inspection = verify.inspect(content, roots=roots)
    record = next(iter(_records(sha256=hashlib.sha256(content).hexdigest())), None)
    if record is None:
        return _unknown(inspection)
    issued = issued_under(record.public_id)
    if record.void or issued is None or not _is_issued_file(record, issued, inspection):
        return _ours_but_not_issued(record, inspection)
    return _issued(issued, inspection)


def _is_issued_file(record: Record, issued: Record, inspection: Inspection) -> bool:
    """The newest file, or an earlier one that had its seal: what came after that only proves it for longer."""
    if record.file_sha256 == issued.file_sha256:
        return True
    signatories = (inspection.facts or {}).get("signatories", ())
    return record.facts_sha256 == issued.facts_sha256 == inspection.facts_sha256 and record.step > len(signatories) > 0


def _issued(record: Record, inspection: Inspection) -> Verification:
    """Byte for byte the issued file; its signatures must say the same, or the record itself is not to be trusted."""
    if not inspection.readable or not inspection.signatures or not all(map(_holds, inspection.signatures)):
        sentence = _("This is the file we recorded, but its signatures do not hold. Do not rely on it.")
        return Verification(False, sentence, _signature_reasons(inspection), inspection, record)
    about = {"ref": record.ref, "organisation": record.organisation, "at": record.issued}
    sentence = _("Unchanged: this is report %(ref)s as %(organisation)s issued it on %(at)s.") % about
    reasons = []
    if record.superseded_by:
        reasons.append(
            _("It was superseded by %(ref)s on %(at)s: read that one.")
            % {"ref": record.superseded_by, "at": record.superseded}
        )
    return Verification(True, sentence, reasons, inspection, record)


def _ours_but_not_issued(record: Record, inspection: Inspection) -> Verification:
    if record.void:
        sentence = _("This document of %(ref)s was never issued: a signatory did not sign it.") % {"ref": record.ref}
    else:
        sentence = _("This is a stage of %(ref)s before all had signed, not the issued report.") % {"ref": record.ref}
    return Verification(False, sentence, _signature_reasons(inspection), inspection, record)


def _unknown(inspection: Inspection) -> Verification:
    """Not a file of ours, byte for byte: say whether it was made from one."""
    if not inspection.readable:
        sentence = _("This file cannot be read as a signed report, so it is not one that we issued.")
        return Verification(False, sentence, [inspection.problem] if inspection.problem else [], inspection)
    origin = _claimed(inspection)
    if origin is None:
        sentence = _("This file was not issued here. Nothing can be said about where it comes from.")
    else:
        sentence = _("Altered: this is not %(ref)s as we issued it.") % {"ref": origin.ref}
    return Verification(False, sentence, _signature_reasons(inspection), inspection, origin)


def _claimed(inspection: Inspection) -> Record | None:
    """The issued report that the file's own facts claim to be."""
    try:
        return issued_under(UUID(hex=inspection.facts["report"]["public_id"]))  # type: ignore[index]
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _holds(signature: verify.SignatureFound) -> bool:
    return signature.intact and signature.trusted and not signature.changed_after


def _signature_reasons(inspection: Inspection) -> list[str]:
    reasons = []
    for s in inspection.signatures:
        if not s.intact:
            reasons.append(_("The document was changed under the signature of %(person)s.") % {"person": s.person})
        elif s.changed_after:
            reasons.append(_("The document was changed after %(person)s signed.") % {"person": s.person})
        elif not s.trusted:
            reasons.append(_("The certificate of %(person)s was not issued here.") % {"person": s.person})
    if inspection.trailing_bytes:
        reasons.append(_("There are bytes after the end of the signed document."))
    if inspection.readable and not inspection.signatures:
        reasons.append(_("It carries no signature."))
    return reasons
