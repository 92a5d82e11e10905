"""A person's calendar feed: an address that only they know, of which only the digest is stored."""

import hashlib
import secrets
from typing import Self

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, User
from auditapp.refusals import Refused
from auditapp.trail.models import Event


def digest_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


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
    only_mine = models.BooleanField(default=False, db_default=False)  # what the person owns, not all that they see
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)  # the last day, in UTC, on which somebody asked for it
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
    def make(cls, *, by: User, only_mine: bool = False) -> str:
        """A new address, in place of the one before. The token is returned and stored nowhere."""
        if not by.held:
            raise Refused(_("You hold no role yet, so there is nothing that a calendar could show."))
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        cls._end(by)
        token = secrets.token_urlsafe(32)
        about = {"only_mine": only_mine, "token_sha256": digest_of(token), "at": clock.now()}
        cls.objects.create(organisation_id=by.organisation_id, user=by, **about)
        Event.record(by, "calendar.made", by, only_mine=only_mine)
        return token

    @classmethod
    @transaction.atomic
    def revoke(cls, *, by: User) -> None:
        """From now on the address leads nowhere."""
        if cls._end(by):
            Event.record(by, "calendar.revoked", by)

    @classmethod
    def _end(cls, user: User) -> int:
        return cls.objects.visible_to(user).in_force().update(revoked_at=clock.now())

    @classmethod
    def behind(cls, token: str) -> "CalendarFeed | None":
        """The feed that an address leads to, if it is in force and its person has a role; the scope becomes theirs.

        The database function is the only door before any scope is set, and says no more than whose address it is.
        """
        digest = digest_of(token)
        with connection.cursor() as cursor:
            cursor.execute("SELECT organisation_id, user_id FROM auditapp_calendar_door(%s)", [digest])
            found = cursor.fetchone()
        if found is None:
            return None
        organisation, key = found
        scope.enter(organisation, [])
        person = User.objects.get(pk=key)
        scope.enter_as(person)
        if not person.held:
            return None
        feed = cls.objects.visible_to(person).in_force().filter(token_sha256=digest).first()
        if feed:
            feed.user = person  # whose roles are read already
        return feed

    def note_use(self) -> None:
        """Keep the day, so that its person sees whether anybody still asks; written once a day."""
        today = clock.today("UTC")
        if self.used_on != today:
            CalendarFeed.objects.filter(pk=self.pk).update(used_on=today)
