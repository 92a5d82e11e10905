"""The trail's rows, written by one database function alone: the web role may neither insert nor change them."""

import hashlib
from datetime import datetime
from typing import Any

import rfc8785
from django.conf import settings
from django.db import connection, models

from auditapp import clock

BEGINNING = bytes(32)  # what the first event of a stream names as the hash before it


def chained(prev: bytes, seq: int, body: bytes) -> bytes:
    """SHA-256 over the previous hash, the sequence number (8 bytes, big-endian) and the canonical body.

    The database function `auditapp_trail_append` computes the same; a test holds the two together.
    """
    return hashlib.sha256(prev + seq.to_bytes(8, "big") + body).digest()


class Event(models.Model):
    """One act by a person (or the system) on one root object. Ids, codes, dates and digests, never free text."""

    stream = models.CharField(max_length=120)
    seq = models.PositiveIntegerField()
    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    at = models.DateTimeField()
    body = models.BinaryField()
    prev = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="one_event_per_place_in_a_stream")]
        indexes = [models.Index(fields=["organisation", "-at"], name="events_of_an_organisation")]

    def __str__(self) -> str:
        return f"{self.stream} {self.seq} {self.verb}"

    @staticmethod
    def record(by: Any, verb: str, subject: Any, **facts: Any) -> None:
        """Append one event in the running transaction, in one statement that also moves the stream's head.

        `subject` names its root object's chain as `trail_stream` and its organisation as `organisation_id`.
        `facts` hold codes, references, dates and digests only: what a person wrote stays in its own row.
        """
        at: datetime = clock.now()
        actor = by.pk if by is not None else None
        stream, organisation = subject.trail_stream, subject.organisation_id
        body = rfc8785.dumps(
            {"stream": stream, "organisation": organisation, "actor": actor, "verb": verb}
            | {"at": clock.utc_text(at), "facts": facts}
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT auditapp_trail_append(%s, %s, %s, %s, %s, %s)", [stream, organisation, actor, verb, at, body]
            )


class Head(models.Model):
    """The last place of a stream, locked while an event is appended: streams never wait for each other."""

    stream = models.CharField(max_length=120, primary_key=True)
    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, null=True, related_name="+")
    seq = models.PositiveIntegerField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.stream} {self.seq}"


class Checkpoint(models.Model):
    """A signed list of all heads of one organisation (or of what belongs to none), also written out as a file.

    It fixes everything before it: a chain rewritten from the start no longer meets its checkpoint. What lies after
    the newest checkpoint that somebody else holds a copy of is a stated limit (docs/trail.md).
    """

    number = models.PositiveIntegerField()
    authority = models.CharField(max_length=60)
    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    body = models.BinaryField()
    seal = models.BinaryField()

    class Meta:
        ordering = ["authority", "number"]
        constraints = [models.UniqueConstraint(fields=["authority", "number"], name="one_checkpoint_per_number")]

    def __str__(self) -> str:
        return f"{self.authority} {self.number}"
