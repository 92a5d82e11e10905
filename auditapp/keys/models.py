"""The authority of an organisation: public certificates here, private keys in the key store."""

from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection, models, transaction

from auditapp.keys import certificates
from auditapp.keys.store import SigningKey, key_store

SPARE = timedelta(days=10)  # before the end of a revocation list the next one is issued


class Authority(models.Model):
    """A certificate authority and a seal. Signatures made under it are advanced at best, never qualified.

    An organisation may have several, one after the other; what earlier ones certified stays trusted.
    """

    code = models.SlugField(max_length=60)  # the organisation's, or "installation"
    generation = models.PositiveSmallIntegerField(default=1, db_default=1)
    name = models.CharField(max_length=200)
    certificate = models.BinaryField()  # DER
    seal_certificate = models.BinaryField()  # DER
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["code", "generation"]
        constraints = [
            models.UniqueConstraint(fields=["code", "generation"], name="one_authority_per_generation"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.generation}"

    @classmethod
    def for_code(cls, code: str, name: str, *, at: datetime) -> Self:
        """The authority of an organisation at a time, the first one made on first use.

        A signature that was given before the newest began, and waited for its job, is certified by the one before.
        """
        known = list(cls.objects.filter(code=code).order_by("-generation"))
        begun = (authority for authority in known if authority.root.not_valid_before_utc <= at)
        return next(begun, None) or (known[-1] if known else cls._begin(code, name, 1, at=at))

    @classmethod
    def follow(cls, code: str, *, at: datetime) -> Self:
        """A new authority and a new seal, with new keys, for everything from now on."""
        newest = cls.objects.filter(code=code).latest("generation")
        return cls._begin(code, newest.name, newest.generation + 1, at=at)

    @classmethod
    @transaction.atomic
    def _begin(cls, code: str, name: str, generation: int, *, at: datetime) -> Self:
        """Two processes at once end with one. Keys come first and are never replaced, so a row always has its keys."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"authority {code}"])
        if made_meanwhile := cls.objects.filter(code=code, generation=generation).first():
            return made_meanwhile
        which = "" if generation == 1 else f" {generation}"
        store, here = key_store(), cls(code=code, generation=generation)
        key = store.make(here._key_name("authority"), ec.SECP384R1())
        seal = store.make(here._key_name("seal"), ec.SECP256R1())
        start = at if generation > 1 else at - certificates.WAITING
        subject = certificates.of_organisation(name, f"report signing{which}")
        root = certificates.authority(subject, key, start=start)
        sealing = certificates.leaf(
            certificates.of_organisation(name, f"seal{which}"),
            seal.public_key(),
            issuer=root,
            issuer_key=key,
            at=at,
            years=certificates.SEAL_YEARS,
        )
        made = cls(
            code=code,
            generation=generation,
            name=name,
            certificate=root.public_bytes(Encoding.DER),
            seal_certificate=sealing.public_bytes(Encoding.DER),
            created_at=at,
        )
        cls.objects.bulk_create([made], ignore_conflicts=True)
        return cls.objects.get(code=code, generation=generation)

    @property
    def root(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(bytes(self.certificate))

    def _key_name(self, purpose: str) -> str:
        return f"{self.code}-{purpose}" + ("" if self.generation == 1 else f"-{self.generation}")

    @property
    def seal_key(self) -> SigningKey:
        return key_store().read(self._key_name("seal"))

    def issue(self, *, person: str, role: str, at: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """A fresh key and its certificate for one signature by a person in a role; the key is nowhere kept.

        The certificate names both, and the organisation. `at` may lie in the past, but not before the
        authority began: that raises ValueError.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = certificates.leaf(
            certificates.name(self.name, person, role),
            key.public_key(),
            issuer=self.root,
            issuer_key=key_store().read(self._key_name("authority")),
            at=at,
            years=certificates.SIGNATURE_YEARS,
        )
        return key, certificate

    def seal(self, data: bytes) -> bytes:
        """A detached ECDSA signature (SHA-256) of the organisation's seal over the data."""
        return self.seal_key.sign(data, ec.ECDSA(hashes.SHA256()))

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

    def revoke(self, serial: int, *, reason: str, at: datetime) -> "Revocation":
        """One of its certificates is not to be trusted from now on; the next revocation list says so."""
        made, _new = Revocation.objects.get_or_create(
            authority=self, serial=f"{serial:x}", defaults={"reason": reason, "at": at}
        )
        return made

    def revocation_list(self, *, at: datetime, since: datetime | None = None) -> "RevocationList":
        """The list that holds at a time, issued anew when there is none, when it ends soon or is older than `since`.

        It is also issued anew when a certificate was revoked after it.
        """
        newest = self.lists.order_by("number").last()
        needed = max([*self.revocations.values_list("at", flat=True), *([since] if since else [])], default=None)
        if newest and at < newest.until - SPARE and (needed is None or newest.at >= needed):
            return newest
        return self._issue_list((newest.number if newest else 0) + 1, at=at)

    @transaction.atomic
    def _issue_list(self, number: int, *, at: datetime) -> "RevocationList":
        """Two processes at once end with one list of that number."""
        revoked = [(int(r.serial, 16), r.at) for r in self.revocations.order_by("pk")]
        made = certificates.revocation_list(
            revoked,
            number=number,
            issuer=self.root,
            issuer_key=key_store().read(self._key_name("authority")),
            at=at,
        )
        row = RevocationList(
            authority=self,
            number=number,
            content=made.public_bytes(Encoding.DER),
            at=at,
            until=made.next_update_utc or at,
        )
        RevocationList.objects.bulk_create([row], ignore_conflicts=True)
        return RevocationList.objects.get(authority=self, number=number)


class Revocation(models.Model):
    """A certificate is not to be trusted from a time on. There is no way back."""

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="revocations")
    serial = models.CharField(max_length=42)  # hexadecimal
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authority", "serial"], name="a_certificate_is_revoked_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_revocation_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.authority_id} {self.serial}"


class RevocationListQuerySet(models.QuerySet["RevocationList"]):
    def newest(self) -> "RevocationListQuerySet":
        """The last list of each authority."""
        return self.order_by("authority_id", "-number").distinct("authority_id")


class RevocationList(models.Model):
    """What an authority last said of its certificates: DER, to be put into reports and given to anyone."""

    authority = models.ForeignKey(Authority, models.PROTECT, related_name="lists")
    number = models.PositiveIntegerField()
    content = models.BinaryField()
    at = models.DateTimeField()
    until = models.DateTimeField()
    objects = RevocationListQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "number"], name="one_revocation_list_per_number")]

    def __str__(self) -> str:
        return f"{self.authority_id} {self.number}"
