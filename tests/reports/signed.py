"""Real PDFs of the example, signed by real authorities; made once for a run, because making them is slow."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto.crl import CertificateList
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from auditapp import clock
from auditapp.keys import certificates
from auditapp.reports import pdf, signing
from auditapp.reports.timestamps import TimestampAuthority
from tests.reports import example_facts

HOSPITAL = "Northshire Hospitals Group"
PEOPLE = ["Asha Rao", "Ben Okafor", "Eve Lindqvist", "Grace Whitfield"]
FOUNDED = datetime(2025, 1, 1, tzinfo=UTC)
FIRST = datetime(2026, 11, 22, 17, 0, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Authority:
    """What the product's authority is made of, without its database."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def seal(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        return _seal_of(self)

    def revocation_list(self) -> bytes:
        about = {"number": 1, "issuer": self.certificate, "issuer_key": self.key, "at": datetime.now(UTC)}
        return certificates.revocation_list([], **about).public_bytes(Encoding.DER)

    def issue(self, person: str, role: str, at: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = certificates.name(HOSPITAL, person, role)
        about = {"issuer": self.certificate, "issuer_key": self.key, "at": at, "years": 12}
        return key, certificates.leaf(subject, key.public_key(), **about)


@cache
def _seal_of(authority: Authority) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = certificates.of_organisation(HOSPITAL, "seal")
    about = {"issuer": authority.certificate, "issuer_key": authority.key, "at": FOUNDED, "years": 25}
    return key, certificates.leaf(subject, key.public_key(), **about)


def new_authority(name: str = HOSPITAL) -> Authority:
    key = ec.generate_private_key(ec.SECP384R1())
    subject = certificates.of_organisation(name, "report signing")
    return Authority(key, certificates.authority(subject, key, start=FOUNDED))


AUTHORITY = new_authority()


@cache
def facts(name: str) -> dict[str, Any]:
    """Of the example of that name: small, large or longest."""
    examples = {"small": example_facts.small, "large": example_facts.large, "longest": example_facts.longest}
    return examples[name]()


@cache
def unsigned(name: str) -> bytes:
    return pdf.render(facts(name), facts_bytes=example_facts.canonical(facts(name)))


def when(order: int) -> datetime:
    """Signatory n signs n - 1 days after the first."""
    return FIRST + timedelta(days=order - 1)


@cache
def signed(name: str, signatures: int) -> bytes:
    """The example with its first n signatures."""
    if signatures == 0:
        return unsigned(name)
    return sign_next(signed(name, signatures - 1), facts(name), signatures)


def sign_next(
    content: bytes,
    of: dict[str, Any],
    order: int,
    *,
    authority: Authority = AUTHORITY,
    at: datetime | None = None,
    timestamps: TimestampAuthority | None = None,
) -> bytes:
    turn = of["signatories"][order - 1]
    at = at or when(order)
    key, certificate = authority.issue(PEOPLE[order - 1], turn["role_label"], at)
    return signing.sign(
        content,
        field=turn["field"],
        person=PEOPLE[order - 1],
        role_label=turn["role_label"],
        meaning=turn["meaning"],
        at=at,
        local=clock.local_text(at, "Europe/London"),
        key=key,
        certificate=certificate,
        authority_certificate=authority.der,
        timestamps=timestamps,
    )


def turned_page(content: bytes) -> bytes:
    """An attack: page 1 rotated by an incremental update, which leaves every signed byte where it was."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = NumberObject(90)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@cache
def sealed(name: str) -> bytes:
    """The example with all its signatures and the organisation's seal."""
    return seal(signed(name, len(facts(name)["signatories"])))


def sealed_now(name: str, timestamps: TimestampAuthority | None = None) -> bytes:
    """The same with all signatures given in this minute, as timestamps and revocation lists ask for."""
    content = unsigned(name)
    for turn in facts(name)["signatories"]:
        content = sign_next(content, facts(name), turn["order"], at=clock.now(), timestamps=timestamps)
    return seal(content, at=clock.now(), timestamps=timestamps)


def seal(
    content: bytes,
    *,
    authority: Authority = AUTHORITY,
    at: datetime | None = None,
    timestamps: TimestampAuthority | None = None,
) -> bytes:
    at = at or when(5)
    key, certificate = authority.seal
    return signing.sign(
        content,
        field="seal",
        person=HOSPITAL,
        role_label="Seal of the organisation",
        meaning="sealed after all had signed",
        at=at,
        local=clock.local_text(at, "Europe/London"),
        key=key,
        certificate=certificate,
        authority_certificate=authority.der,
        timestamps=timestamps,
    )


def archived(content: bytes, n: int, timestamps: TimestampAuthority, *, authority: Authority = AUTHORITY) -> bytes:
    """The n-th archival timestamp, over all that proves the signatures; with 0 only what proves them."""
    lists = [CertificateList.load(authority.revocation_list())]
    about = {"timestamps": timestamps, "field": f"timestamp-{n}"} if n else {"timestamps": None}
    return signing.add_proof(content, lists=lists, roots=timestamps.roots, **about)
