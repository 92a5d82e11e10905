"""One signature in a report's PDF: PAdES baseline B (ETSI EN 319 142-1), as an incremental update.

Advanced at best, never qualified: the certificate is the hospital's own. The bytes before it stay,
so that every earlier signature still covers what it covered.
"""

import io
from datetime import datetime

from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from auditapp.reports import pdf as drawing

DIGEST = "sha256"
LARGEST_ECDSA_P256 = 72  # bytes of a DER signature, for reserving room


def sign(
    pdf: bytes,
    *,
    field: str,
    person: str,
    role_label: str,
    meaning: str,
    at: datetime,
    local: str,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    authority_certificate: bytes,
) -> bytes:
    """The PDF with one signature more, in the empty field of that name; what returns begins with `pdf`.

    `at` is the only time that goes in (the clock is not asked), `local` is the same as read at the site,
    `authority_certificate` the issuer's, in DER. The first signature certifies the document: from then on
    only signing is allowed. Raises ValueError if the field does not exist or is signed already.
    """
    writer = _Writer(io.BytesIO(pdf))
    width, height = _size(writer.prev, field)
    look = drawing.stamp(person=person, role_label=role_label, meaning=meaning, local=local, width=width, height=height)
    about = PdfSignatureMetadata(
        field_name=field,
        name=person,
        reason=meaning,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=not writer.prev.embedded_signatures,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    signer = _OneTimeSigner(key, certificate, bytes(authority_certificate))
    style = StaticStampStyle(background=_Drawn(look), background_layout=_AS_DRAWN, border_width=0)
    out: io.BytesIO = _SignerAt(about, signer, stamp_style=style, at=at).sign_pdf(writer, existing_fields_only=True)
    return out.getvalue()


def _size(reader: PdfFileReader, field: str) -> tuple[float, float]:
    """Width and height of an empty signature field, in points."""
    for name, value, reference in enumerate_sig_fields(reader):
        if name == field:
            if value is not None:
                raise ValueError(f"The field “{field}” is signed already.")
            left, bottom, right, top = map(float, reference.get_object()["/Rect"])
            return right - left, top - bottom
    raise ValueError(f"The report has no signature field “{field}”.")


_AS_DRAWN = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MIN,
    y_align=AxisAlignment.ALIGN_MIN,
    margins=Margins.uniform(0),
    inner_content_scaling=InnerScaling.NO_SCALING,
)


class _Writer(IncrementalPdfFileWriter):
    """Adds a signature and nothing else: the document's own dates and metadata stay as they were printed."""

    def _update_meta(self) -> None:
        """PyHanko would write the present time into the metadata here."""


class _SignerAt(PdfSigner):
    """Signs at a given time: PAdES keeps it in the signature dictionary's /M, and forbids it elsewhere."""

    def __init__(self, about: PdfSignatureMetadata, signer: Signer, *, stamp_style: StaticStampStyle, at: datetime):
        super().__init__(about, signer, stamp_style=stamp_style)
        self.at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self.at
        return session


class _OneTimeSigner(Signer):
    """Signs with a key that stays where it is: it is never written out, not even for the library."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, authority: bytes) -> None:
        chain = SimpleCertificateStore()
        chain.register(Asn1Certificate.load(authority))
        own = Asn1Certificate.load(certificate.public_bytes(Encoding.DER))
        super().__init__(signing_cert=own, cert_registry=chain)
        self.key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        assert digest_algorithm == DIGEST
        return bytes(LARGEST_ECDSA_P256) if dry_run else self.key.sign(data, ec.ECDSA(hashes.SHA256()))


class _Drawn(PdfContent):
    """The page that shows the signature, as it was drawn."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.page = page

    def render(self) -> bytes:
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self.page)))
        self.resources.xobject[pdf_name("/Drawn")] = drawn
        left, bottom, right, top = map(float, drawn.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/Drawn Do"
