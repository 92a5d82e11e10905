"""What a person is told by e-mail, and the link in each letter that switches it off without signing in."""

from typing import ClassVar, NamedTuple, Self

from django.core import signing
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, Role, Site, User
from auditapp.trail.models import Event

SALT = "auditapp.accounts.notifications"


class MailChoiceQuerySet(models.QuerySet["MailChoice"]):
    def visible_to(self, user: User) -> Self:
        """One's own and nobody else's."""
        return self.filter(user=user)


class MailChoice(models.Model):
    """What a person wants to be told. Who has said nothing about a kind of letter is told what their roles carry."""

    class Letter(models.TextChoices):
        DIGEST = "digest", gettext_lazy("The daily list of what waits for you")
        AT_ONCE = "at_once", gettext_lazy("Questions given to you, and comments that mention you")
        DUE = "due", gettext_lazy("Audits that come due")
        ESCALATION = "escalation", gettext_lazy("Audits and findings that are later than your hospital bears")
        STALE = "stale", gettext_lazy("Approvals that no longer hold")
        FINDINGS = "findings", gettext_lazy("Your findings and actions that become overdue")
        INCIDENTS = "incidents", gettext_lazy("Safety events and near misses")
        BOARD = "board", gettext_lazy("The monthly report for the board")

    # Whose duty a kind of letter is about: they get it until they say otherwise, and everybody else asks for it first.
    # What is not here is about the reader's own work: everybody gets it.
    DUTY: ClassVar[dict[str, tuple[str, ...]]] = {
        Letter.DUE: (Role.AUDITOR, Role.DEPLOYMENT_OWNER),
        Letter.ESCALATION: (Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR),
        Letter.STALE: (Role.CLINICAL_SAFETY_OFFICER, Role.DEPLOYMENT_OWNER),
        Letter.INCIDENTS: (Role.CLINICAL_SAFETY_OFFICER,),
        Letter.BOARD: (),
    }

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    user = models.OneToOneField(User, models.PROTECT, related_name="mail_choice")
    chosen = models.JSONField(default=dict)  # {letter: whether it is wanted}; what is not in it was not chosen
    objects = MailChoiceQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} {self.chosen}"

    @classmethod
    def of(cls, user: User) -> "MailChoice":
        """What the person has chosen; kept or not."""
        choice = cls.objects.filter(user=user).first() or cls(organisation_id=user.organisation_id)
        choice.user = user  # whose roles are read already
        return choice

    def wants(self, letter: str) -> bool:
        """As the person chose, else as their roles carry it."""
        if letter in self.chosen:
            return bool(self.chosen[letter])
        return letter not in self.DUTY or self.user.holds(*self.DUTY[letter])

    @classmethod
    def readers(cls, letter: str, site: Site | None, organisation: int) -> list[User]:
        """Who gets this kind of letter about everything at a hospital, or (None) about the whole group.

        Whose duty it is there and who has not declined; and of the others who may look there, who asked for it.
        Deployment owners are not among them where it is their duty: they are told of what they own.
        """
        people = User.objects.filter(organisation_id=organisation, is_active=True)
        here = models.Q(memberships__site=None) | models.Q(memberships__site=site)
        duty = models.Q(memberships__role__in=set(cls.DUTY[letter]) - {Role.DEPLOYMENT_OWNER})
        asked = models.Q(**{f"mail_choice__chosen__{letter}": True})
        if Role.DEPLOYMENT_OWNER in cls.DUTY[letter]:
            asked &= ~models.Q(memberships__role=Role.DEPLOYMENT_OWNER)
        declined = models.Q(**{f"mail_choice__chosen__{letter}": False})
        return list(people.filter(here, duty | asked).exclude(declined).distinct())

    @transaction.atomic
    def choose(self, **wanted: bool) -> None:
        """Keep what is wanted from now on."""
        self.chosen |= {self.Letter(letter).value: on for letter, on in wanted.items()}
        MailChoice.objects.update_or_create(
            user=self.user,
            defaults={"chosen": self.chosen},
            create_defaults={"organisation_id": self.organisation_id, "chosen": self.chosen},
        )
        Event.record(self.user, "account.mail_chosen", self.user, **self.chosen)


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
