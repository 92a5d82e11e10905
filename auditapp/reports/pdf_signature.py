"""From a signature's row to a signature in the PDF: the certificate it is made with, and what it shows."""

from typing import TYPE_CHECKING

from auditapp import clock
from auditapp.keys.models import Authority
from auditapp.reports.signing import sign

if TYPE_CHECKING:
    from auditapp.reports.models import Report, Signature


def signed(report: "Report", signature: "Signature", content: bytes) -> bytes:
    """The PDF with one signature more, as an incremental update. The key exists inside this call only."""
    organisation = report.audit.organisation
    turn = report.signatories[signature.order - 1]
    authority = Authority.for_code(organisation.code, organisation.name, at=signature.at)
    key, certificate = authority.issue(person=signature.by.name, role=turn["role_label"], at=signature.at)
    return sign(
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
    )
