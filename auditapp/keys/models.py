"""The authority of an organisation: public certificates here, private keys in the key store."""

from datetime import datetime
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import models

from auditapp.keys import certificates
from auditapp.keys.store import KeyStore


class Authority(models.Model):
    """A certificate authority and a seal. Signatures made under it are advanced at best, never qualified."""

    code = models.SlugField(max_length=60, unique=True)  # the organisation's, or "installation"
    name = models.CharField(max_length=200)
    certificate = models.BinaryField()  # DER
    seal_certificate = models.BinaryField()  # DER
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code

    @classmethod
    def for_code(cls, code: str, name: str, *, at: datetime) -> Self:
        """The authority of an organisation, made on first use. Two processes at once end with one.

        Keys come first and are never replaced, so that a row always has its keys.
        """
        if found := cls.objects.filter(code=code).first():
            return found
        store = KeyStore()
        key = store.keep(f"{code}-authority", ec.generate_private_key(ec.SECP384R1()))
        seal = store.keep(f"{code}-seal", ec.generate_private_key(ec.SECP256R1()))
        root = certificates.authority(certificates.of_organisation(name, "report signing"), key, at=at)
        sealing = certificates.leaf(
            certificates.of_organisation(name, "seal"),
            seal.public_key(),
            issuer=root,
            issuer_key=key,
            at=at,
            years=certificates.SEAL_YEARS,
        )
        made = cls(
            code=code,
            name=name,
            certificate=root.public_bytes(Encoding.DER),
            seal_certificate=sealing.public_bytes(Encoding.DER),
            created_at=at,
        )
        cls.objects.bulk_create([made], ignore_conflicts=True)
        return cls.objects.get(code=code)

    def issue(self, *, person: str, role: str, at: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """A fresh key and its certificate for one signature by a person in a role; the key is nowhere kept.

        The certificate names both, and the organisation. `at` may lie in the past, but not before the
        authority began: that raises ValueError.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        root = x509.load_der_x509_certificate(bytes(self.certificate))
        certificate = certificates.leaf(
            certificates.name(self.name, person, role),
            key.public_key(),
            issuer=root,
            issuer_key=KeyStore().read(f"{self.code}-authority"),
            at=at,
            years=certificates.SIGNATURE_YEARS,
        )
        return key, certificate

    def seal(self, data: bytes) -> bytes:
        """A detached ECDSA signature (SHA-256) of the organisation's seal over the data."""
        return KeyStore().read(f"{self.code}-seal").sign(data, ec.ECDSA(hashes.SHA256()))

    def check_seal(self, data: bytes, signature: bytes) -> bool:
        """Whether the organisation's seal signed exactly this data."""
        public = x509.load_der_x509_certificate(bytes(self.seal_certificate)).public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey):
            return False
        try:
            public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True
