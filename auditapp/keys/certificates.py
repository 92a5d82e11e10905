"""X.509 certificates (RFC 5280): the authority's own, the seal's, and one for each signature."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# A report stands for ten years, and is checked without us.
AUTHORITY_YEARS, SEAL_YEARS, SIGNATURE_YEARS = 30, 25, 12
LONGEST = 64  # characters of a part of a name (RFC 5280, appendix A)
WAITING = timedelta(days=1)  # so long a signature may wait for its job, and then be the first to need this
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


def authority(subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, at: datetime) -> x509.Certificate:
    """A self-signed root that signs certificates and revocation lists only, and no further authority."""
    end = at + timedelta(days=365 * AUTHORITY_YEARS)
    builder = _builder(subject, subject, key.public_key(), start=at - WAITING, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return _signed(builder.add_extension(_usage(certificates=True), critical=True), key.public_key(), key)


def leaf(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    *,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
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


def _signed(
    builder: x509.CertificateBuilder,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(identifier, critical=False).sign(issuer_key, hashes.SHA384())
