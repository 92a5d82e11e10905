"""Writes the zip of a bundle piece by piece, and keeps the list of what is in it."""

import hashlib
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

PIECE = 1024 * 1024
PACKED = {".json", ".jsonl", ".html", ".css", ".txt", ".py", ".pem"}  # evidence and PDFs rarely get smaller


class Writer:
    """A zip on the disk. `files` are its entries as the manifest lists them: path, size, sha256, what."""

    def __init__(self, path: Path, at: datetime) -> None:
        self.zip = zipfile.ZipFile(path, "w")
        self.at = at
        self.files: list[dict[str, Any]] = []

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_about: object) -> None:
        self.zip.close()

    def put(self, path: str, content: bytes, what: str) -> None:
        self.put_pieces(path, [content], what)

    def put_file(self, path: str, file: IO[bytes], what: str, **more: Any) -> None:
        self.put_pieces(path, iter(lambda: file.read(PIECE), b""), what, **more)

    def put_pieces(self, path: str, pieces: Iterable[bytes], what: str, **more: Any) -> None:
        """Write an entry without ever holding more than a piece of it."""
        digest, size = hashlib.sha256(), 0
        with self.zip.open(self._entry(path), "w", force_zip64=True) as entry:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                entry.write(piece)
        self.files.append({"path": path, "size": size, "sha256": digest.hexdigest(), "what": what, **more})

    def close_with(self, unlisted: dict[str, bytes]) -> None:
        """The last entries, which cannot list themselves: the manifest and its signature."""
        for path, content in unlisted.items():
            self.zip.writestr(self._entry(path), content)

    def _entry(self, path: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(path, self.at.timetuple()[:6])
        entry.external_attr = 0o644 << 16
        packed = Path(path).suffix in PACKED
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        return entry
