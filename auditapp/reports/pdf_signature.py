"""From rows to what stands in the PDF: signatures, the seal, and what proves them for the time after."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from asn1crypto.crl import CertificateList
from cryptography import x509
from django.conf import settings
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.keys.models import Authority
from auditapp.reports import signing, timestamps
from auditapp.reports.fields import SEAL, TIMESTAMPS
from auditapp.reports.timestamps import TimestampAuthority, Unreachable

if TYPE_CHECKING:
    from auditapp.accounts.models import Organisation
    from auditapp.reports.models import Report, ReportFile, Signature

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")  # PAdES baseline: each proves what the one before does, and more
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A file with what it proves."""

    content: bytes
    level: str
    wanted: str
    timestamp_ends: datetime | None = None


def signed(report: "Report", signature: "Signature", content: bytes) -> bytes:
    """The PDF with one signature more, as an incremental update. The key exists inside this call only."""
    organisation = report.audit.organisation
    turn = report.signatories[signature.order - 1]
    authority = Authority.for_code(organisation.code, organisation.name, at=signature.at)
    key, certificate = authority.issue(person=signature.by.name, role=turn["role_label"], at=signature.at)

    def sign(authority_of_time: TimestampAuthority | None) -> bytes:
        return signing.sign(
            content,
            field=turn["field"],
            person=signature.by.name,
            role_label=turn["role_label"],
            meaning=signature.meaning,
            at=signature.at,
            local=clock.local_text(signature.at, report.audit.site.zone),
            key=key,
            certificate=certificate,
            authority_certificate=bytes(authority.certificate),
            timestamps=authority_of_time,
        )

    return _with_timestamp_if_possible(sign)


def can_be_sealed(content: bytes) -> bool:
    """Whether the file has an empty field for the seal: reports that were printed earlier have none."""
    return signing.fields(content).get(SEAL) is False


def sealed(report: "Report", content: bytes) -> Made:
    """The PDF with the organisation's seal, after all signatures."""
    return seal_of(
        report.audit.organisation, content, zone=report.audit.site.zone, meaning=_("sealed after all had signed")
    )


def seal_of(organisation: "Organisation", content: bytes, *, zone: str, meaning: str) -> Made:
    """The PDF with the organisation's seal, saying what it means."""
    at = clock.now()
    authority = Authority.for_code(organisation.code, organisation.name, at=at)

    def seal(authority_of_time: TimestampAuthority | None) -> bytes:
        return signing.sign(
            content,
            field=SEAL,
            person=organisation.name,
            role_label=_("Seal of the organisation"),
            meaning=meaning,
            at=at,
            local=clock.local_text(at, zone),
            key=authority.seal_key,
            certificate=x509.load_der_x509_certificate(bytes(authority.seal_certificate)),
            authority_certificate=bytes(authority.certificate),
            timestamps=authority_of_time,
        )

    made = _with_timestamp_if_possible(seal)
    level = "B-B" if settings.SIGNATURE_LEVEL == "B-B" or not signing.all_have_a_timestamp(made) else "B-T"
    return Made(made, level, settings.SIGNATURE_LEVEL)


def raised(report: "Report", file: "ReportFile", content: bytes) -> Made | None:
    """The PDF at the level that was wanted; None when nothing is to do.

    Raises Unreachable when it cannot be done now.
    """
    wanted, authority_of_time = file.wanted, timestamps.configured()
    if LEVELS.index(file.level) >= LEVELS.index(wanted) or authority_of_time is None:
        return None
    stamping = wanted == "B-LTA" or not signing.all_have_a_timestamp(content)
    lists = _revocation_lists(report) if wanted in ("B-LT", "B-LTA") else None
    return _proven(content, wanted, wanted, lists, authority_of_time, stamping=stamping)


def renewed(report: "Report", file: "ReportFile", content: bytes) -> Made | None:
    """The PDF with a further archival timestamp, if that holds longer; None when it would not, or no field is left.

    Raises Unreachable when it cannot be done now.
    """
    authority_of_time = timestamps.configured()
    if authority_of_time is None or file.timestamp_ends is None:
        return None
    if not _free_timestamp_field(content):
        log.warning("%s has no place for a further archival timestamp; the last ends %s", report, file.timestamp_ends)
        return None
    if authority_of_time.offer().holds_until <= file.timestamp_ends:
        return None
    return _proven(content, file.level, file.wanted, _revocation_lists(report), authority_of_time, stamping=True)


def _proven(
    content: bytes,
    level: str,
    wanted: str,
    lists: list[CertificateList] | None,
    authority_of_time: TimestampAuthority,
    *,
    stamping: bool,
) -> Made | None:
    field = _free_timestamp_field(content) if stamping else ""
    if stamping and not field:
        return None
    made = signing.add_proof(
        content,
        lists=lists,
        field=field,
        timestamps=authority_of_time if stamping else None,
        roots=authority_of_time.roots,
    )
    return Made(made, level, wanted, signing.archival_timestamp_ends(made) if stamping else None)


def _free_timestamp_field(content: bytes) -> str:
    filled = signing.fields(content)
    return next((field for field in TIMESTAMPS if filled.get(field) is False), "")


def _revocation_lists(report: "Report") -> list[CertificateList]:
    """What the organisation's authorities say of their certificates, later than the newest signature."""
    code, at = report.audit.organisation.code, clock.now()
    since = report.issued_at
    return [
        CertificateList.load(bytes(authority.revocation_list(at=at, since=since).content))
        for authority in Authority.objects.filter(code=code)
    ]


def _with_timestamp_if_possible(sign: Callable[[TimestampAuthority | None], bytes]) -> bytes:
    """With a timestamp of its own if that is wanted and to be had: signing does not fail because of it."""
    authority_of_time = timestamps.configured() if settings.SIGNATURE_LEVEL != "B-B" else None
    if authority_of_time is not None:
        try:
            return sign(authority_of_time)
        except Unreachable as problem:
            log.warning("Signed without a timestamp, which a job adds later: %s", problem)
    return sign(None)
