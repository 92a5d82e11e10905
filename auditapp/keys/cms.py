"""A detached signature as CMS (RFC 5652), which openssl and most signing tools check without us."""

from asn1crypto import algos, cms, x509

from auditapp.keys.models import Authority


def detached(authority: Authority, data: bytes) -> bytes:
    """The organisation's seal over the data, with the seal's certificate and its authority's, in DER.

    There are no signed attributes: the signature is over the data itself, so that a key which stays inside a device
    makes it as well as one in a file. When it was made is said by the data.
    """
    seal = x509.Certificate.load(bytes(authority.seal_certificate))
    root = x509.Certificate.load(bytes(authority.certificate))
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber({"issuer": seal.issuer, "serial_number": seal.serial_number}),
            ),
            "digest_algorithm": sha256,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": authority.seal(data),
        }
    )
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [sha256],
            "encap_content_info": {"content_type": "data"},
            "certificates": [seal, root],
            "signer_infos": [signer],
        }
    )
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return made
