"""Timestamps and the organisation's seal, as pyHanko makes them: which level each signature has reached, in words."""

from datetime import timedelta
from typing import Any

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from auditapp.keys import certificates
from auditapp.reports.verify import Inspection, inspect, words
from tests.reports import attacks, signed

STAMPS = signed.new_authority("Clock House")


def _der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def timestamper(at: Any) -> DummyTimeStamper:
    """An authority whose clock stands."""
    key = rsa.generate_private_key(65537, 2048)  # pyHanko's own knows no other kind
    builder = (
        x509.CertificateBuilder()
        .subject_name(certificates.name("Clock House", "Clock House timestamps"))
        .issuer_name(STAMPS.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(signed.FIRST - timedelta(days=30))
        .not_valid_after(signed.FIRST + timedelta(days=3000))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    certificate = builder.sign(STAMPS.key, hashes.SHA384())
    chain = SimpleCertificateStore()
    chain.register(Certificate.load(STAMPS.der))
    return DummyTimeStamper(
        tsa_cert=Certificate.load(certificate.public_bytes(Encoding.DER)),
        tsa_key=PrivateKeyInfo.load(_der(key)),
        certs_to_embed=chain,
        fixed_dt=at,
    )


def second_signature_with_a_timestamp(at: Any) -> bytes:
    """As the product signs, with a timestamp in the signature itself."""
    half = signed.signed("small", 1)
    own = signed.signing._SignerAt.__init__

    def with_timestamper(self: Any, *args: Any, **options: Any) -> None:
        own(self, *args, **options)
        self.default_timestamper = timestamper(at)

    signed.signing._SignerAt.__init__ = with_timestamper  # type: ignore[method-assign]
    try:
        return signed.sign_next(half, signed.facts("small"), 2)
    finally:
        signed.signing._SignerAt.__init__ = own  # type: ignore[method-assign]


def read(content: bytes) -> Inspection:
    return inspect(content, roots=[signed.AUTHORITY.der], timestamp_roots=[STAMPS.der])


def test_a_timestamp_in_a_signature_lifts_it_to_b_t() -> None:
    at = signed.when(2) + timedelta(seconds=9)
    first, second = read(second_signature_with_a_timestamp(at)).signatures
    assert (words.level_of(first), words.level_of(second)) == ("B-B", "B-T")
    assert second.timestamp
    assert (second.timestamp.at, second.timestamp.intact, second.timestamp.trusted) == (at, True, True)
    assert "It was there on 23 Nov 2026, 17:00 UTC, as Clock House timestamps confirms." in words.account_of(second)


def test_an_authority_that_nobody_named_is_not_believed() -> None:
    content = second_signature_with_a_timestamp(signed.when(2))
    found = inspect(content, roots=[signed.AUTHORITY.der]).signatures[1]
    assert found.timestamp
    assert (found.timestamp.intact, found.timestamp.trusted) == (True, False)
    assert any("an authority that was not named as trusted here" in line for line in words.account_of(found))


def test_with_the_lists_kept_inside_it_is_b_lt() -> None:
    content = second_signature_with_a_timestamp(signed.when(2))
    found = read(attacks.with_security_store(content, [_nobody_revoked()], [signed.AUTHORITY.der]))
    assert words.faults(found) == []
    assert [words.level_of(s) for s in found.signatures] == ["B-B", "B-LT"]
    assert [s.revocation.state for s in found.signatures] == ["good", "good"]


def test_a_revocation_after_the_timestamp_does_not_undo_a_signature() -> None:
    content = second_signature_with_a_timestamp(signed.when(2))
    listed = attacks.revocation_list(content, revoked_at=signed.when(40))
    found = inspect(
        content, roots=[signed.AUTHORITY.der], timestamp_roots=[STAMPS.der], revocation_lists=[listed]
    ).signatures[1]
    assert found.revocation.state == "revoked_later"
    assert found.holds
    untrusted = inspect(content, roots=[signed.AUTHORITY.der], revocation_lists=[listed]).signatures[1]
    assert untrusted.revocation.state == "revoked"
    assert not untrusted.holds


def _nobody_revoked() -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(signed.AUTHORITY.certificate.subject)
        .last_update(signed.when(3))
        .next_update(signed.when(30))
    )
    return builder.sign(signed.AUTHORITY.key, hashes.SHA384()).public_bytes(Encoding.DER)
