"""Files kept under the SHA-256 of their bytes: on the disk before the transaction that names them commits."""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

CHUNK = 1024 * 1024


def sha256_of(content: File) -> str:
    """Hex SHA-256 of a file, read in pieces; the position is put back to the start."""
    digest = hashlib.sha256()
    content.seek(0)
    for piece in content.chunks(CHUNK):
        digest.update(piece)
    content.seek(0)
    return digest.hexdigest()


@deconstructible(path="auditapp.evidence.storage.ContentAddressedStorage")
class ContentAddressedStorage(FileSystemStorage):
    """A folder of files named by their content, so one file is kept once and can never change under its name.

    A process killed between rename and commit leaves a file that no row names; that is harmless and can be swept. The
    other way round, a row without its file, cannot happen.
    """

    def __init__(self) -> None:
        super().__init__(location=settings.AUDITAPP_EVIDENCE_DIR)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File) -> str:
        digest = sha256_of(content)
        name = f"{digest[:2]}/{digest}"
        target = Path(self.path(name))
        if target.exists():
            return name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as partial:
            for piece in content.chunks(CHUNK):
                partial.write(piece)
            partial.flush()
            os.fsync(partial.fileno())
        os.replace(partial.name, target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return name
