"""From what somebody sends to what is kept: named, scanned, looked into, and rid of what is not evidence."""

import hashlib
import json
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path

from django.conf import settings
from django.core.files.base import File

from auditapp.evidence import kinds, scanning
from auditapp.evidence.names import clean_name
from auditapp.evidence.refusing import NotTaken, must_fit
from auditapp.evidence.storage import CHUNK, sha256_of

FIRST = 8192
PATIENCE = 120  # seconds on the clock; the inspection has fewer of the processor


class Taken:
    """A file that can be kept. `content` is what is kept, `uploaded_sha256` the digest of what was sent."""

    def __init__(self, content: File, *, filename: str, uploaded_sha256: str) -> None:
        self.content, self.filename, self.uploaded_sha256 = content, filename, uploaded_sha256
        self.sha256 = sha256_of(content)

    @property
    def content_type(self) -> str:
        return kinds.media_type(kinds.ending_of(self.filename))


def taken_in(file: File, name: str = "") -> Taken:
    """The file as it can be kept. Raises NotTaken with the reason when it cannot; nothing of it is kept then."""
    filename = clean_name(name or file.name or "")
    ending = must_be_a_type(filename)
    must_fit(file.size)
    file.seek(0)
    if not kinds.agrees(ending, file.read(FIRST)):
        raise NotTaken("disguised", ending=ending.upper())
    settings.AUDITAPP_UPLOADS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.AUDITAPP_UPLOADS_DIR, prefix="work-") as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        digest = _copied(file, source, plain=kinds.is_plain(ending))
        with source.open("rb") as copy:
            scanning.must_be_clean(copy)
        if not kinds.is_plain(ending):
            _must_pass_inspection(ending, source, target)
        kept = (target if target.exists() else source).open("rb")  # stays readable when the folder is gone
        content = File(kept)
        weakref.finalize(content, kept.close)
    return Taken(content, filename=filename, uploaded_sha256=digest)


def must_be_a_type(filename: str) -> str:
    """The ending of a file's name. Raises NotTaken when no such file is kept."""
    ending = kinds.ending_of(filename)
    if not kinds.media_type(ending):
        raise NotTaken("type")
    return ending


def _copied(file: File, source: Path, *, plain: bool) -> str:
    """Hex SHA-256 of the file, which is written to `source` meanwhile. Text holds no NUL anywhere."""
    digest = hashlib.sha256()
    file.seek(0)
    with source.open("wb") as copy:
        for piece in file.chunks(CHUNK):
            if plain and b"\x00" in piece:
                raise NotTaken("disguised", ending="TXT")
            digest.update(piece)
            copy.write(piece)
    return digest.hexdigest()


def _must_pass_inspection(ending: str, source: Path, target: Path) -> None:
    """Looks into the file in a process that knows no secret and is ended when the file makes it misbehave."""
    command = [sys.executable, "-m", "auditapp.evidence.inspection", ending, str(source), str(target)]
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, timeout=PATIENCE, check=False
        )
        said = json.loads(run.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as broken:
        raise NotTaken("unreadable") from broken
    if not said["fit"]:
        raise NotTaken(said["why"], ending=ending.upper())
