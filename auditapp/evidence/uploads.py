"""Large files that arrive in parts: what has arrived stays when the connection breaks, and the rest follows.

Modelled on the tus protocol: a file is announced, each part says at which byte it begins, and how far it has come can
be asked at any time (docs/evidence.md).
"""

import os
import shutil
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Self

from django.conf import settings
from django.core.files.base import File
from django.db import models, transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Site, User
from auditapp.evidence.intake import Taken, must_be_a_type, taken_in
from auditapp.evidence.names import clean_name
from auditapp.evidence.refusing import NotTaken, must_fit
from auditapp.refusals import Refused
from auditapp.trail.models import Event

PART = 2 * 1024 * 1024  # bytes at once
KEPT = timedelta(hours=48)  # without a new part
AT_ONCE = 20  # unfinished files of one person


class PartialUploadQuerySet(PlacedQuerySet["PartialUpload"]):
    def visible_to(self, user: User) -> Self:
        """One's own: nobody else sees what is still on its way."""
        return super().visible_to(user).filter(by=user.pk)

    def named(self, token: str) -> Self:
        """The row that a form names by its token; none for what is no token."""
        try:
            return self.filter(token=uuid.UUID(token))
        except ValueError:
            return self.none()

    def abandoned(self) -> Self:
        return self.filter(touched_at__lt=clock.now() - KEPT)


class PartialUpload(Placed):
    """A file on its way. `received` is how many of its bytes are certain; the parts stand in one file on the disk."""

    token = models.UUIDField(unique=True, default=uuid.uuid4)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    filename = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    modified = models.CharField(max_length=40, blank=True, default="")  # as the device says; tells two files apart
    received = models.PositiveBigIntegerField(default=0)
    begun_at = models.DateTimeField()
    touched_at = models.DateTimeField()
    objects = PartialUploadQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(received__lte=models.F("size")), name="no_more_arrives_than_was_announced"
            ),
            models.UniqueConstraint(
                fields=["by", "site", "filename", "size", "modified"], name="a_file_is_on_its_way_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename} {self.received}/{self.size}"

    @property
    def trail_stream(self) -> str:
        return f"account:{self.by_id}"

    @property
    def path(self) -> Path:
        return settings.AUDITAPP_UPLOADS_DIR / str(self.by_id) / str(self.token)

    @classmethod
    @transaction.atomic
    def begin(cls, name: str, *, size: int, modified: str, by: User, site: Site) -> "PartialUpload":
        """Announce a file, or find it where it broke off. Raises Refused before a byte is taken of what will not do."""
        filename = clean_name(name)
        must_be_a_type(filename)
        must_fit(size)
        mine = cls.objects.visible_to(by)
        about = {"filename": filename, "size": size, "modified": modified[:40]}
        if found := mine.filter(site=site.pk, **about).select_for_update().first():
            return found
        for old in mine.abandoned():
            old.drop()
        if mine.count() >= AT_ONCE:
            raise Refused(
                _("You have %(n)s unfinished uploads. Finish one of them, or wait two days until they are cleared.")
                % {"n": AT_ONCE}
            )
        now = clock.now()
        upload = cls.objects.create(**site.place, by=by, begun_at=now, touched_at=now, **about)
        Event.record(by, "upload.begun", upload, upload=str(upload.token), size=size)
        return upload

    @property
    def arrived(self) -> int:
        """How many bytes are here: what the row says, and no more than the disk holds."""
        try:
            return min(self.received, self.path.stat().st_size)
        except FileNotFoundError:
            return 0

    @transaction.atomic
    def append(self, part: bytes, *, offset: int) -> int:
        """Write a part and return how far the file has come; a part for another place changes nothing.

        On the disk before the row says so: a process killed between the two makes the part come again, to its place.
        """
        here = PartialUpload.objects.select_for_update().get(pk=self.pk)
        self.received = here.received
        if offset != here.arrived:
            return here.arrived
        if offset + len(part) > here.size:
            raise NotTaken("changed")
        self._write(part, offset)
        self.received = offset + len(part)
        PartialUpload.objects.filter(pk=self.pk).update(received=self.received, touched_at=clock.now())
        return self.received

    def _write(self, part: bytes, offset: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.seek(offset)
            file.write(part)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    def taken_in(self, *, sha256: str) -> Taken:
        """The whole file, as it can be kept. Raises NotTaken if it is not whole, or not the one that was chosen.

        `sha256` is what the device worked out; empty where a browser cannot.
        """
        if self.arrived < self.size:
            raise NotTaken("incomplete")
        with self.path.open("rb") as opened:
            taken = taken_in(File(opened), self.filename)
        if sha256 and sha256.lower() != taken.uploaded_sha256:
            raise NotTaken("changed")
        return taken

    @transaction.atomic
    def finish(self, *, by: User) -> None:
        """It is kept as evidence, or nobody wants it: the parts go with the row."""
        Event.record(by, "upload.ended", self, upload=str(self.token))
        self.drop()

    def drop(self) -> None:
        """The parts go once the row is gone for certain."""
        path = self.path
        self.delete()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


def sweep() -> None:
    """Drop what nobody goes on with, of the organisation in scope."""
    for upload in PartialUpload.objects.abandoned():
        Event.record(None, "upload.expired", upload, upload=str(upload.token))
        upload.drop()


def sweep_disk() -> None:
    """Remove what no row can name any more: files older than any row is kept, and what a killed process left."""
    oldest = time.time() - KEPT.total_seconds() - 3600
    for path in settings.AUDITAPP_UPLOADS_DIR.glob("*"):
        if path.name.startswith("work-") and path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)
    for path in settings.AUDITAPP_UPLOADS_DIR.glob("*/*"):
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
