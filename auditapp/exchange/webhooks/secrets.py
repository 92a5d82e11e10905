"""The secret that a webhook and its receiver share, and the signature made with it. Pure: no database.

A secret is derived from the installation's own key and a nonce, so that neither the database nor its copies hold one.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from django.utils.crypto import salted_hmac

SALT = "auditapp.exchange.webhooks"
PREFIX = "whsec_"


def key_of(nonce: str) -> bytes:
    return salted_hmac(SALT, nonce, algorithm="sha256").digest()


def shown(nonce: str) -> str:
    """As the receiver is given it (standardwebhooks.com)."""
    return PREFIX + base64.b64encode(key_of(nonce)).decode()


def signature(nonces: Iterable[str], *, id: str, timestamp: int, body: bytes) -> str:
    """The header's value: one signature for each secret in force, so that a receiver has time to change over."""
    content = f"{id}.{timestamp}.".encode() + body
    made = (hmac.new(key_of(nonce), content, hashlib.sha256).digest() for nonce in nonces)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in made)
