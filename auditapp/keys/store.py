"""Where private keys live: files that only the service may read, never the database, never a log."""

import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


class SigningKey(Protocol):
    """What signs: a private key at hand, or one that stays inside a device."""

    def public_key(self) -> ec.EllipticCurvePublicKey: ...

    def sign(self, data: bytes, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes: ...


class KeyStore:
    """A folder (0700) of unencrypted PKCS#8 files (0600), each written in whole or not at all."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Path(folder or settings.AUDITAPP_KEYS_DIR)

    def keep(self, name: str, key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
        """Keep a key under a new name, or return the one that another process kept there first."""
        path = self._path(name)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with tempfile.NamedTemporaryFile(dir=self.folder) as partial:  # made with mode 0600
            partial.write(content)
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
        """The key of that name. Raises FileNotFoundError when there is none."""
        key = serialization.load_pem_private_key(self._path(name).read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"The key “{name}” is not an elliptic-curve key.")
        return key

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ValueError(f"“{name}” cannot name a key.")
        return self.folder / f"{name}.pem"
