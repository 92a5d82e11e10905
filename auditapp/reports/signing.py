"""Signatures, seal and archival timestamps in a report's PDF: PAdES (ETSI EN 319 142-1), as incremental updates.

Advanced at best, never qualified: the certificate is the hospital's own. The bytes before it stay,
so that every earlier signature still covers what it covered.
"""

import asyncio
import io
from collections.abc import Iterable
from datetime import datetime

from asn1crypto.cms import SignedData
from asn1crypto.crl import CertificateList
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
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from auditapp.keys.store import SigningKey
from auditapp.reports import pdf as drawing
from auditapp.reports.timestamps import DIGEST, Offer, TimestampAuthority, offered

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
    key: SigningKey,
    certificate: x509.Certificate,
    authority_certificate: bytes,
    timestamps: TimestampAuthority | None = None,
) -> bytes:
    """The PDF with one signature more, in the empty field of that name; what returns begins with `pdf`.

    `at` is the only time that goes in (the clock is not asked), `local` is the same as read at the site,
    `authority_certificate` the issuer's, in DER. The first signature certifies the document: from then on
    only signing is allowed. With `timestamps` the signature carries a timestamp of its own (B-T), or none is
    made and Unreachable raised. Raises ValueError if the field does not exist or is signed already.
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
    signing = _SignerAt(about, signer, stamp_style=style, at=at, timestamper=timestamps)
    out: io.BytesIO = signing.sign_pdf(writer, existing_fields_only=True)
    return out.getvalue()


def add_proof(
    pdf: bytes,
    *,
    lists: Iterable[CertificateList] | None,
    timestamps: TimestampAuthority | None,
    roots: Iterable[Asn1Certificate] = (),
    field: str = "",
) -> bytes:
    """The PDF with one revision more, which proves what was signed before: nothing comes after its timestamp.

    `lists` are the revocation lists of those who certified the signers; with them, every certificate of the chains
    and the lists of the timestamp authorities go in as well (None: nothing of that). `timestamps` puts an archival
    timestamp over all of it, into that empty field. The chains of earlier timestamps end at `roots`.
    Raises Unreachable if an authority does not answer.
    """
    writer = _Writer(io.BytesIO(pdf))
    offer = timestamps.offer() if timestamps else Offer([])
    if lists is not None:
        inside = _offers_in(writer.prev, roots)
        certificates = {
            c.dump(): c for c in [*_certificates_in(writer.prev), *inside.certificates, *offer.certificates]
        }
        every = {item.dump(): item for item in [*lists, *inside.lists, *offer.lists]}
        DocumentSecurityStore.supply_dss_in_writer(
            writer, None, certs=list(certificates.values()), crls=list(every.values())
        )
    if timestamps is None:
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()
    _size(writer.prev, field)
    return asyncio.run(_timestamped(writer, field, timestamps))


async def _timestamped(writer: IncrementalPdfFileWriter, field: str, timestamps: TimestampAuthority) -> bytes:
    """PyHanko's own way of adding a document timestamp would make the field, which no tag would enclose."""
    example = await timestamps.async_dummy_response(DIGEST)
    reserved = 3 * len(example.dump())  # in hexadecimal, with half as much again for an answer that is longer
    embedding = PdfCMSEmbedder().write_cms(field_name=field, writer=writer, existing_fields_only=True)
    next(embedding)
    embedding.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=reserved + reserved % 2)))
    prepared, out = embedding.send(SigIOSetup(md_algorithm=DIGEST))
    embedding.send(await timestamps.async_timestamp(prepared.document_digest, DIGEST))
    content: bytes = out.getvalue()
    return content


def _certificates_in(reader: PdfFileReader) -> list[Asn1Certificate]:
    """Those that the signatures bring along."""
    return [choice.chosen for s in reader.embedded_signatures for choice in s.signed_data["certificates"]]


def _offers_in(reader: PdfFileReader, roots: Iterable[Asn1Certificate]) -> Offer:
    """The certificates of all timestamps that are in the file, and the lists that they name."""
    tokens = [token for s in reader.embedded_regular_signatures for token in _tokens_of(s)]
    tokens += [s.signed_data for s in reader.embedded_timestamp_signatures]
    offers = [offered(token, roots) for token in tokens]
    return Offer([c for o in offers for c in o.certificates], [item for o in offers for item in o.lists])


def _tokens_of(signature: EmbeddedPdfSignature) -> list[SignedData]:
    """The timestamps that one signature carries."""
    return [
        token["content"]
        for attribute in signature.signer_info["unsigned_attrs"] or ()
        if attribute["type"].native == "signature_time_stamp_token"
        for token in attribute["values"]
    ]


def fields(pdf: bytes) -> dict[str, bool]:
    """The signature fields of a file, and whether each is filled."""
    reader = PdfFileReader(io.BytesIO(pdf))
    return {name: value is not None for name, value, _reference in enumerate_sig_fields(reader)}


def certificate_in(pdf: bytes, field: str) -> bytes | None:
    """The certificate (DER) that the signature in a field was made with; None when there is none."""
    for signature in PdfFileReader(io.BytesIO(pdf)).embedded_signatures:
        if signature.field_name == field:
            certificate: bytes = signature.signer_cert.dump()
            return certificate
    return None


def all_have_a_timestamp(pdf: bytes) -> bool:
    """Whether each signature carries a timestamp of its own, or an archival one came after all of them."""
    reader = PdfFileReader(io.BytesIO(pdf))
    return bool(reader.embedded_timestamp_signatures) or all(map(_tokens_of, reader.embedded_regular_signatures))


def archival_timestamp_ends(pdf: bytes) -> datetime:
    """When the certificate of the newest archival timestamp ends: what follows must be there before."""
    newest = PdfFileReader(io.BytesIO(pdf)).embedded_timestamp_signatures[-1]
    ends: datetime = newest.signer_cert.not_valid_after
    return ends


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

    def __init__(
        self,
        about: PdfSignatureMetadata,
        signer: Signer,
        *,
        stamp_style: StaticStampStyle,
        at: datetime,
        timestamper: TimestampAuthority | None,
    ) -> None:
        super().__init__(about, signer, stamp_style=stamp_style, timestamper=timestamper)
        self.at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self.at
        return session


class _OneTimeSigner(Signer):
    """Signs with a key that stays where it is: it is never written out, not even for the library."""

    def __init__(self, key: SigningKey, certificate: x509.Certificate, authority: bytes) -> None:
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
