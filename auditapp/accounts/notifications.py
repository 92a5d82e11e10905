"""What a person is told by e-mail, and the link in each letter that switches it off without signing in."""

from typing import Any, NamedTuple, Self

from django.core import signing
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, User
from auditapp.trail.models import Event

SALT = "auditapp.accounts.notifications"


class MailChoiceQuerySet(models.QuerySet["MailChoice"]):
    def visible_to(self, user: User) -> Self:
        """One's own and nobody else's."""
        return self.filter(user=user)


class MailChoice(models.Model):
    """What a person wants to be told. Who has chosen nothing is told everything."""

    class Letter(models.TextChoices):
        DIGEST = "digest", gettext_lazy("The daily list of what waits for you")
        AT_ONCE = "at_once", gettext_lazy("Questions given to you, and comments that mention you")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.OneToOneField(User, models.PROTECT, related_name="mail_choice")
    digest = models.BooleanField(default=True)
    at_once = models.BooleanField(default=True)
    objects = MailChoiceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} digest {self.digest} at once {self.at_once}"

    @classmethod
    def of(cls, user: User) -> "MailChoice":
        """What the person has chosen; kept or not."""
        return cls.objects.filter(user=user).first() or cls(organisation_id=user.organisation_id, user=user)

    def wants(self, letter: str) -> bool:
        return bool(getattr(self, letter))

    @transaction.atomic
    def choose(self, **wanted: bool) -> None:
        """Keep what is wanted from now on."""
        for letter, on in wanted.items():
            setattr(self, self.Letter(letter), on)
        kept: dict[str, Any] = {"digest": self.digest, "at_once": self.at_once}
        MailChoice.objects.update_or_create(
            user=self.user, defaults=kept, create_defaults={"organisation_id": self.organisation_id, **kept}
        )
        Event.record(self.user, "account.mail_chosen", self.user, **kept)


class Digest(models.Model):
    """A person's list of one day, written down before it is sent: never two on one day, whatever restarts."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    day = models.DateField()
    tasks = models.PositiveIntegerField(null=True)  # how much waited; nothing was sent when it was nothing
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_digest_a_day")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"

    @transaction.atomic
    def finish(self, tasks: int) -> None:
        Digest.objects.filter(pk=self.pk).update(tasks=tasks, done_at=clock.now())


class OffLink(NamedTuple):
    """What the link at the end of a letter names: whose letters, and which."""

    organisation: int
    user: int
    letter: str

    @classmethod
    def address(cls, user: User, letter: str) -> str:
        token = signing.dumps([user.organisation_id, user.pk, letter], salt=SALT)
        return reverse("accounts:mail_off", args=[token])

    @classmethod
    def read(cls, token: str) -> "OffLink | None":
        """None for a token that we did not sign."""
        try:
            organisation, user, letter = signing.loads(token, salt=SALT)
        except signing.BadSignature:
            return None
        return cls(organisation, user, letter)

    def use(self) -> None:
        """Send the person no more of these letters. The signature stands in for signing in, for this alone."""
        with scope.lent(self.organisation):
            if person := User.objects.filter(pk=self.user).first():
                MailChoice.of(person).choose(**{self.letter: False})
