"""Keys inside a PKCS#11 token or HSM: they are made there, sign there, and cannot be read by anyone."""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from auditapp.keys.store import NAME, read_secret

_alone = threading.Lock()  # a token knows one login for a process, not one for a thread


@dataclass(frozen=True)
class DeviceKey:
    """A private key by its label; only its public half is known here."""

    name: str
    public: ec.EllipticCurvePublicKey

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.public

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """A signature in DER. The device gets the digest and returns two numbers of the same length."""
        digest = hashlib.new(signature_algorithm.algorithm.name, data).digest()  # type: ignore[union-attr]
        with _session() as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self.name)
            raw: bytes = key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


class Device:
    """The token that the settings name, as a store of keys."""

    def make(self, name: str, curve: ec.EllipticCurve) -> DeviceKey:
        """Who makes keys holds a lock in the database meanwhile: a token would keep two of one name."""
        if not NAME.fullmatch(name):
            raise ValueError(f"“{name}” cannot name a key.")
        with _session(writing=True) as session:
            if _public(session, name) is None:
                about = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(curve.name)}
                parameters = session.create_domain_parameters(pkcs11.KeyType.EC, about, local=True)
                parameters.generate_keypair(
                    store=True,
                    label=name,
                    id=name.encode(),
                    private_template={pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SENSITIVE: True},
                )
        return self.read(name)

    def read(self, name: str) -> DeviceKey:
        with _session() as session:
            public = _public(session, name)
        if public is None:
            raise FileNotFoundError(f"The token holds no key “{name}”.")
        return DeviceKey(name, public)


def _public(session: Any, name: str) -> ec.EllipticCurvePublicKey | None:
    try:
        found = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=name)
    except pkcs11.NoSuchKey:
        return None
    key = load_der_public_key(encode_ec_public_key(found))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(f"The key “{name}” is not an elliptic-curve key.")
    return key


@contextmanager
def _session(*, writing: bool = False) -> Iterator[Any]:
    """A login with the PIN of the settings, one at a time."""
    pin = read_secret(settings.KEY_STORE_SECRET).decode()
    with _alone:
        token = _library(os.getpid(), settings.PKCS11_MODULE).get_token(token_label=settings.PKCS11_TOKEN)
        with token.open(user_pin=pin, rw=writing) as session:
            yield session


@cache
def _library(process: int, path: str) -> Any:
    """The module, begun once in each process: what one has opened is of no use to another."""
    return pkcs11.lib(path)
