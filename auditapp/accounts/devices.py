"""The keys under which answers wait on a person's device while the server cannot be reached.

A page keeps its key in memory alone. What is stored on the device is therefore read again only after the same person
has signed in on the same device, whoever else uses it meanwhile.
"""

import hashlib
import re
import secrets
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models, transaction

from auditapp import clock
from auditapp.accounts.models import Organisation, User
from auditapp.trail.models import Event

COOKIE = "device"
COOKIE_AGE = 400 * 24 * 3600  # seconds; browsers keep no cookie for longer
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
NONCE = 12  # bytes, as AES-GCM takes them


def device_token(cookie: str) -> str:
    """What names a device: the cookie that it sent, or a new one."""
    return cookie if TOKEN.fullmatch(cookie) else secrets.token_urlsafe(32)


class DeviceKeyQuerySet(models.QuerySet["DeviceKey"]):
    def visible_to(self, user: User) -> Self:
        """One's own: nobody else's key is anybody's business. Row-level security holds the same line."""
        return self.filter(organisation_id=user.organisation_id, user=user)


class DeviceKey(models.Model):
    """The key of one person on one device, sealed under the installation's secret.

    `device` is the SHA-256 of the device's cookie, `sealed_under` names the secret: when the installation gets another
    one, a new key is made, and what waits under the old one stays unreadable.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    device = models.CharField(max_length=64)
    sealed = models.BinaryField()
    sealed_under = models.CharField(max_length=16)
    made_at = models.DateTimeField()
    objects = DeviceKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "device", "sealed_under"], name="one_key_per_person_device_and_secret"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.device[:8]}"

    @staticmethod
    @transaction.atomic
    def issue(*, by: User, token: str) -> bytes:
        """The 32 bytes of this person's key on the device with this token; made when they first ask for it there."""
        device = hashlib.sha256(token.encode()).hexdigest()
        sealing, secret = _sealing_key(), _name_of_secret()
        mine = DeviceKey.objects.visible_to(by).filter(device=device, sealed_under=secret)
        if (kept := mine.first()) is None:
            nonce = secrets.token_bytes(NONCE)
            sealed = nonce + sealing.encrypt(nonce, secrets.token_bytes(32), _about(by, device))
            row = DeviceKey(organisation_id=by.organisation_id, user=by, device=device, sealed=sealed)
            row.sealed_under, row.made_at = secret, clock.now()
            DeviceKey.objects.bulk_create([row], ignore_conflicts=True)  # another tab may ask in the same moment
            kept = mine.get()
            if bytes(kept.sealed) == sealed:
                Event.record(by, "account.device_key_made", by, device=device)
        return kept.opened(by)

    def opened(self, by: User) -> bytes:
        """The key itself. Raises InvalidTag when it was sealed for somebody else, for another device, or damaged."""
        sealed = bytes(self.sealed)
        if self.user_id != by.pk:
            raise InvalidTag
        return _sealing_key().decrypt(sealed[:NONCE], sealed[NONCE:], _about(by, self.device))


def _about(user: User, device: str) -> bytes:
    """What a sealed key is bound to: moved to another row it does not open."""
    return f"{user.pk} {device}".encode()


def _derived(purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(settings.SECRET_KEY.encode())


def _sealing_key() -> AESGCM:
    return AESGCM(_derived(b"auditapp: seals the keys of devices"))


def _name_of_secret() -> str:
    return _derived(b"auditapp: names the secret that sealed").hex()[:16]
