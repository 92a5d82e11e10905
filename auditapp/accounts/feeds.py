"""A person's calendar feed: an address that only they know, of which only the digest is stored."""

import hashlib
import secrets
from typing import NamedTuple, Self

from django.db import connection, models, transaction

from auditapp import clock
from auditapp.accounts.models import Organisation, User
from auditapp.trail.models import Event


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Door(NamedTuple):
    """Whose calendar an address leads to. Nothing of what is in it."""

    organisation: int
    user: int


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: User) -> Self:
        """One's own: nobody else's address is anybody's business. Row-level security holds the same line."""
        return self.filter(organisation_id=user.organisation_id, user=user)

    def in_force(self) -> Self:
        return self.filter(revoked_at=None)


class CalendarFeed(models.Model):
    """One address, from the moment it was made until it was revoked. A person has one in force at most."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    token_sha256 = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(revoked_at=None), name="one_calendar_address_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(token_sha256__regex="^[0-9a-f]{64}$"),
                name="a_calendar_address_is_kept_as_its_digest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at}"

    @classmethod
    @transaction.atomic
    def make(cls, *, by: User) -> str:
        """A new address, in place of the one before. The token is returned and stored nowhere."""
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        cls._end(by)
        token = secrets.token_urlsafe(32)
        cls.objects.create(organisation_id=by.organisation_id, user=by, token_sha256=digest_of(token), at=clock.now())
        Event.record(by, "account.calendar_made", by)
        return token

    @classmethod
    @transaction.atomic
    def revoke(cls, *, by: User) -> None:
        """From now on the address leads nowhere."""
        if cls._end(by):
            Event.record(by, "account.calendar_revoked", by)

    @classmethod
    def _end(cls, user: User) -> int:
        return cls.objects.visible_to(user).in_force().update(revoked_at=clock.now())

    @staticmethod
    def door(token: str) -> Door | None:
        """Where an address leads, asked before any scope is set; None for one that is not in force."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT organisation_id, user_id FROM auditapp_calendar_door(%s)", [digest_of(token)])
            row = cursor.fetchone()
        return Door(*row) if row else None
