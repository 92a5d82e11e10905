"""X.509 certificates (RFC 5280): the authority's own, the seal's, and one for each signature."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from auditapp.keys.store import SigningKey

# A report stands for ten years, and is checked without us.
AUTHORITY_YEARS, SEAL_YEARS, SIGNATURE_YEARS = 30, 25, 12
LONGEST = 64  # characters of a part of a name (RFC 5280, appendix A)
WAITING = timedelta(days=1)  # so long a signature may wait for its job, and then be the first to need this
LIST_DAYS = 30  # a revocation list is followed by the next before it ends
EARLIER = timedelta(minutes=5)  # clocks of readers differ a little


def name(organisation: str, common_name: str, role: str = "") -> x509.Name:
    """Who a certificate speaks of; X.520 allows 64 characters for each part."""
    parts = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name)]
    if role:
        parts.insert(1, (NameOID.TITLE, role))
    return x509.Name([x509.NameAttribute(oid, text[:LONGEST]) for oid, text in parts])


def of_organisation(organisation: str, purpose: str) -> x509.Name:
    """The authority's or the seal's name: the purpose stays whole, so that the two never have one name."""
    return name(organisation, f"{organisation[: LONGEST - len(purpose) - 1]} {purpose}")


def authority(subject: x509.Name, key: SigningKey, *, start: datetime) -> x509.Certificate:
    """A self-signed root that signs certificates and revocation lists only, and no further authority."""
    end = start + timedelta(days=365 * AUTHORITY_YEARS)
    builder = _builder(subject, subject, key.public_key(), start=start, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _signed(builder.add_extension(_usage(certificates=True), critical=True), key.public_key(), key)


def leaf(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    issuer: x509.Certificate,
    issuer_key: SigningKey,
    at: datetime,
    years: int,
) -> x509.Certificate:
    """A certificate for signing documents. It ends no later than its issuer's.

    Raises ValueError if the issuer's is not valid at that time: nobody could trust what this one signs.
    """
    if not issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc:
        raise ValueError(f"The authority's certificate is not valid on {at:%Y-%m-%d}.")
    end = min(at + timedelta(days=365 * years), issuer.not_valid_after_utc)
    builder = _builder(
        subject, issuer.subject, public_key, start=max(at - EARLIER, issuer.not_valid_before_utc), end=end
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return _signed(builder.add_extension(_usage(certificates=False), critical=True), public_key, issuer_key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def revocation_list(
    revoked: Iterable[tuple[int, datetime]],
    *,
    number: int,
    issuer: x509.Certificate,
    issuer_key: SigningKey,
    at: datetime,
) -> x509.CertificateRevocationList:
    """Which certificates of the issuer are no longer to be trusted: serial numbers, each with its time."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(at)
        .next_update(at + timedelta(days=LIST_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for serial, when in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
        builder = builder.add_revoked_certificate(entry)
    if isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        return builder.sign(issuer_key, hashes.SHA384())
    drafted = builder.sign(_stand_in(issuer_key), hashes.SHA384())
    return x509.load_der_x509_crl(_signed_again(drafted.public_bytes(Encoding.DER), issuer_key))


def _signed(
    builder: x509.CertificateBuilder, public_key: ec.EllipticCurvePublicKey, issuer_key: SigningKey
) -> x509.Certificate:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        return builder.sign(issuer_key, hashes.SHA384())
    drafted = builder.sign(_stand_in(issuer_key), hashes.SHA384())
    return x509.load_der_x509_certificate(_signed_again(drafted.public_bytes(Encoding.DER), issuer_key))


def _stand_in(key: SigningKey) -> ec.EllipticCurvePrivateKey:
    """A key of the same kind: `cryptography` signs only with one in memory, and a device gives none away."""
    return ec.generate_private_key(key.public_key().curve)


class _Signed(core.Sequence):
    """What a certificate and a revocation list have in common: what is signed, how, and the signature."""

    _fields = [("body", core.Any), ("algorithm", core.Any), ("signature", core.OctetBitString)]


def _signed_again(drafted: bytes, key: SigningKey) -> bytes:
    """The same body, signed by the key itself: the body names only the kind of signature."""
    whole = _Signed.load(drafted)
    signature = key.sign(whole["body"].dump(), ec.ECDSA(hashes.SHA384()))
    parts = {"body": whole["body"], "algorithm": whole["algorithm"]}
    made: bytes = _Signed(parts | {"signature": core.OctetBitString(signature)}).dump()
    return made
