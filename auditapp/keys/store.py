"""Where private keys live: in files that only the service may read or in a device; never the database, never a log."""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


class SigningKey(Protocol):
    """What signs: a private key at hand, or one that stays inside a device."""

    def public_key(self) -> ec.EllipticCurvePublicKey: ...

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes: ...


class KeyStore(Protocol):
    """Keys by their names. A key is made once and never replaced."""

    def make(self, name: str, curve: ec.EllipticCurve) -> SigningKey:
        """A new key under a new name, or the one that another process made there first."""

    def read(self, name: str) -> SigningKey:
        """The key of that name. Raises FileNotFoundError when there is none."""


def key_store() -> KeyStore:
    """The one that the settings name."""
    if settings.KEY_STORE == "pkcs11":
        from auditapp.keys.device import Device  # noqa: PLC0415 - only there when it is installed

        return Device()
    return Pkcs12Folder() if settings.KEY_STORE == "pkcs12" else Folder()


class Folder:
    """A folder (0700) of unencrypted PKCS#8 files (0600), each written in whole or not at all."""

    suffix = "pem"

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder or settings.AUDITAPP_KEYS_DIR)

    def make(self, name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        return self.keep(name, ec.generate_private_key(curve))

    def keep(self, name: str, key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
        """Keep a key under a new name, or return the one that another process kept there first."""
        path = self._path(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder) as partial:  # made with mode 0600
            partial.write(self._written(name, key))
            partial.flush()
            os.fsync(partial.fileno())
            try:
                os.link(partial.name, path)  # unlike a rename, this never replaces a key
            except FileExistsError:
                return self.read(name)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return key

    def read(self, name: str) -> ec.EllipticCurvePrivateKey:
        key = self._key(self._path(name).read_bytes())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"The key “{name}” is not an elliptic-curve key.")
        return key

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(f"“{name}” cannot name a key.")
        return self.folder / f"{name}.{self.suffix}"

    def _written(self, name: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def _key(self, content: bytes) -> object:
        return serialization.load_pem_private_key(content, password=None)


class Pkcs12Folder(Folder):
    """The same folder with PKCS#12 files, encrypted with a passphrase that is kept elsewhere."""

    suffix = "p12"

    def __init__(self, folder: Path | None = None, *, passphrase: bytes | None = None) -> None:
        super().__init__(folder)
        self.passphrase = passphrase or read_secret(settings.KEY_STORE_SECRET)

    def _written(self, name: str, key: ec.EllipticCurvePrivateKey) -> bytes:
        encryption = serialization.BestAvailableEncryption(self.passphrase)
        return pkcs12.serialize_key_and_certificates(name.encode(), key, None, None, encryption)

    def _key(self, content: bytes) -> object:
        return pkcs12.load_key_and_certificates(content, self.passphrase)[0]


def read_secret(path: Path | None) -> bytes:
    """A passphrase or PIN, from a file: environments and command lines can be read by others."""
    if path is None or not (secret := path.read_bytes().strip()):
        raise ImproperlyConfigured("KEY_STORE_SECRET names the file that holds the passphrase or PIN.")
    return secret
