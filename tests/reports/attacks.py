"""The published classes of attack on signed PDFs, built from our own report.

Universal forgery, incremental saving and wrapping: Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019). Shadow
attacks: Mainka et al. (NDSS 2021). Certification attacks: Rohlmann et al. (IEEE S&P 2021).
"""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field

from auditapp import clock
from auditapp.reports import pdf, signing
from tests.reports import example_facts, signed

BYTE_RANGE = re.compile(rb"/ByteRange ?\[[0-9 ]+\]")
SECOND = signed.when(2)
CONTENTS = re.compile(rb"/Contents ?<[0-9a-fA-F]+>")


def updated(content: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The file with one more revision, in which every signed byte is where it was."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# Universal signature forgery: the last signature covers nothing, and a careless reader calls that valid.


def without_byte_range(content: bytes) -> bytes:
    return _blanked(content, BYTE_RANGE)


def with_byte_range(content: bytes, numbers: bytes) -> bytes:
    return _last(content, BYTE_RANGE, lambda old: (b"/ByteRange [" + numbers + b"]").ljust(len(old)))


def without_contents(content: bytes) -> bytes:
    return _blanked(content, CONTENTS)


def with_contents(content: bytes, value: bytes) -> bytes:
    return _last(content, CONTENTS, lambda old: (b"/Contents " + value).ljust(len(old)))


def _blanked(content: bytes, pattern: re.Pattern[bytes]) -> bytes:
    return _last(content, pattern, lambda old: b" " * len(old))


def _last(content: bytes, pattern: re.Pattern[bytes], change: Callable[[bytes], bytes]) -> bytes:
    found = list(pattern.finditer(content))[-1]
    changed = change(found[0])
    assert len(changed) == len(found[0])
    return content[: found.start()] + changed + content[found.end() :]


# Incremental saving: a body behind the signed one, with more or less of what an update needs.


def saved_with_another_page(content: bytes) -> bytes:
    return updated(content, _add_page)


def saved_without_cross_references(content: bytes) -> bytes:
    """New objects and no table that names them: some readers look for objects themselves."""
    page = PdfFileReader(io.BytesIO(content)).root["/Pages"]["/Kids"].raw_get(0).idnum
    return content + f"\n{page} 0 obj\n<</Type/Page/MediaBox[0 0 200 200]>>\nendobj\n".encode()


def saved_with_a_trailer_alone(content: bytes) -> bytes:
    root = PdfFileReader(io.BytesIO(content)).root_ref.idnum
    return content + f"\ntrailer\n<</Root {root} 0 R /Size 9999>>\n%%EOF\n".encode()


def saved_with_a_copied_signature(content: bytes) -> bytes:
    """The update brings the last signature along, so that it seems to be of the newest revision."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fields = [field.get_object() for field in writer.root["/AcroForm"]["/Fields"]]
        field = [field for field in fields if "/V" in field][-1]
        field["/V"] = writer.add_object(DictionaryObject(field["/V"]))
        writer.update_container(field)
        _add_page(writer)

    return updated(content, change)


def _add_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    page = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Page"),
            pdf_name("/Parent"): writer.root.raw_get("/Pages"),
            pdf_name("/MediaBox"): ArrayObject(map(NumberObject, (0, 0, 300, 300))),
        }
    )
    pages["/Kids"].append(writer.add_object(page))
    pages["/Count"] = NumberObject(int(pages["/Count"]) + 1)
    writer.update_container(pages)


# Wrapping: what was signed is moved away, and something else put where a reader looks.


def wrapped(content: bytes) -> bytes:
    """The second signed part stands once more at the end, where the numbers point; its own place is the attacker's."""
    found = list(BYTE_RANGE.finditer(content))[-1]
    start, before, after, rest = map(int, re.findall(rb"\d+", found[0]))
    numbers = b"/ByteRange [%d %d %d %d]" % (start, before, len(content), rest)
    moved = content + content[after:]
    return moved[: found.start()] + numbers.ljust(len(found[0])) + moved[found.end() :]


# Shadow attacks: what is shown changes by an update that looks harmless.


def shadow_hide(content: bytes) -> bytes:
    """The words on page 1 disappear, because what draws them is taken away."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = writer.root["/Pages"]["/Kids"][0]
        page["/Contents"] = writer.add_object(StreamObject(stream_data=b""))
        writer.update_container(page)

    return updated(content, change)


def shadow_replace(content: bytes) -> bytes:
    """Other letters for the same text: a font of page 1 is replaced."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fonts = _fonts_of_first_page(writer)
        font = fonts[next(iter(fonts))]
        font[pdf_name("/BaseFont")] = pdf_name("/Shadow")
        writer.update_container(font)

    return updated(content, change)


def _fonts_of_first_page(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]


def shadow_hide_and_replace(content: bytes) -> bytes:
    """A second document was there all the time, and an update of the table alone brings it forward."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        pages = DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Pages"),
                pdf_name("/Kids"): ArrayObject(),
                pdf_name("/Count"): NumberObject(0),
            }
        )
        writer.root[pdf_name("/Pages")] = writer.add_object(pages)
        writer.update_root()

    return updated(content, change)


# Certification attacks, on what a certified document may still receive.


def evil_annotation(content: bytes) -> bytes:
    """A note in front of the decision, which says something else."""
    return updated(content, lambda writer: _annotate(writer, "/FreeText"))


def evil_stamp(content: bytes) -> bytes:
    return updated(content, lambda writer: _annotate(writer, "/Stamp"))


def _annotate(writer: IncrementalPdfFileWriter, kind: str) -> None:
    note = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name(kind),
            pdf_name("/Rect"): ArrayObject(map(NumberObject, (50, 500, 400, 700))),
            pdf_name("/Contents"): TextStringObject("Approved"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])


def sneaky_signature(content: bytes) -> bytes:
    """A signature field nobody printed, large enough to hide page 1, signed by somebody of the hospital."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    append_signature_field(writer, SigFieldSpec("sneaky", on_page=0, box=(0, 0, 590, 800)))
    out = io.BytesIO()
    writer.write(out)
    return signature_of(out.getvalue(), "Asha Rao", field="sneaky")


# What is particular to a report: its facts, its signatories, its certificates.


def other_facts_attached(content: bytes) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        embedded = writer.root["/AF"][0]["/EF"]
        embedded["/F"] = writer.add_object(StreamObject(stream_data=example_facts.canonical(example_facts.large())))
        writer.update_container(embedded)

    return updated(content, change)


def printed_with_another_digest() -> bytes:
    """Made by the issuer: the pages carry the digest of other facts than those attached. Every signature is good."""
    facts = example_facts.small()
    other = example_facts.small()
    other["decision"]["reasons"] += " And more."
    printed = pdf.render(other, facts_bytes=example_facts.canonical(other))
    with pikepdf.open(io.BytesIO(printed)) as report:
        report.Root.AF[0].EF.F.write(example_facts.canonical(facts))
        out = io.BytesIO()
        report.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, fix_metadata_version=False)
    return signed_by_all(out.getvalue(), facts)


def signed_by_all(content: bytes, facts: dict[str, Any], authority: signed.Authority = signed.AUTHORITY) -> bytes:
    for order in range(1, len(facts["signatories"]) + 1):
        content = signed.sign_next(content, facts, order, authority=authority)
    return content


def signature_of(
    content: bytes,
    person: str,
    *,
    field: str = "signature-2",
    role: str = "Clinical safety officer",
    meaning: str = "reviewed the check and records the immediate decision",
    shown: str = "",
    at: datetime = SECOND,
    authority: signed.Authority = signed.AUTHORITY,
    certificate: x509.Certificate | None = None,
) -> bytes:
    """A signature with a certificate that is in order, and with whatever words in its box."""
    key, own = authority.issue(person, role, at)
    drawn = pdf.stamp

    def drawing(**words: Any) -> bytes:
        return drawn(**(words | ({"person": shown} if shown else {})))

    signing.drawing.stamp = drawing  # type: ignore[assignment]
    try:
        return signing.sign(
            content,
            field=field,
            person=person,
            role_label=role,
            meaning=meaning,
            at=at,
            local=clock.local_text(at, "Europe/London"),
            key=key,
            certificate=certificate or own,
            authority_certificate=authority.der,
        )
    finally:
        signing.drawing.stamp = drawn


def revocation_list(
    content: bytes, *, revoked_at: datetime, field: int = -1, authority: signed.Authority = signed.AUTHORITY
) -> bytes:
    """The authority's list, on which the certificate of one signature of the file stands."""
    serial = PdfFileReader(io.BytesIO(content)).embedded_regular_signatures[field].signer_cert.serial_number
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(revoked_at)
        .next_update(revoked_at + timedelta(days=30))
    )
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at).build()
    return builder.add_revoked_certificate(entry).sign(authority.key, hashes.SHA384()).public_bytes(Encoding.DER)


def with_security_store(content: bytes, lists: list[bytes], certificates: list[bytes]) -> bytes:
    """The file with certificates and revocation lists kept in it (a DSS), as a revision of its own."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        def kept(items: list[bytes]) -> ArrayObject:
            return ArrayObject([writer.add_object(StreamObject(stream_data=item)) for item in items])

        store = DictionaryObject({pdf_name("/CRLs"): kept(lists), pdf_name("/Certs"): kept(certificates)})
        writer.root[pdf_name("/DSS")] = writer.add_object(store)
        writer.update_root()

    writer = _Unstamped(io.BytesIO(content))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


class _Unstamped(IncrementalPdfFileWriter):
    """As ours writes: the document's own dates stay."""

    def _update_meta(self) -> None:
        pass


def signature_of_another_report(content: bytes) -> bytes:
    """The container of a good signature of another report, pasted over the last one."""
    other = list(CONTENTS.finditer(signed.signed("large", 2)))[-1][0]
    value = other[other.index(b"<") + 1 : -1].rstrip(b"0")

    def pasted(old: bytes) -> bytes:
        start = old.index(b"<") + 1
        return old[:start] + value.ljust(len(old) - start - 1, b"0") + b">"

    return _last(content, CONTENTS, pasted)


def picture_for_a_signature(content: bytes) -> bytes:
    """Signed by the one who had to, with a picture in the box that may say anything."""
    with pikepdf.open(
        io.BytesIO(pdf.stamp(person="x", role_label="x", meaning="x", local="x", width=239, height=48))
    ) as page:
        image = page.make_stream(b"\xff", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=1, Height=1)
        image.ColorSpace, image.BitsPerComponent = pikepdf.Name.DeviceGray, 8
        page.pages[0].Resources["/XObject"] = pikepdf.Dictionary(Face=image)
        page.pages[0].contents_add(b"q 200 0 0 40 0 0 cm /Face Do Q")
        out = io.BytesIO()
        page.save(out)
    drawn = pdf.stamp
    signing.drawing.stamp = lambda **_words: out.getvalue()  # type: ignore[assignment]
    try:
        return signed.sign_next(content, signed.facts("small"), 2)
    finally:
        signing.drawing.stamp = drawn
