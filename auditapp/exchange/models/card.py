"""A supplier's model card: kept as it came, from its upload on, and with the deployment that was registered from it."""

import hashlib
from typing import Self

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.deployments.models import KEEPERS, Deployment
from auditapp.evidence.names import clean_name
from auditapp.exchange.card import reading
from auditapp.refusals import Refused
from auditapp.trail.models import Event


def must_register(by: User) -> None:
    by.must_hold(*KEEPERS, site=None, to=_("register a deployment"))


class ModelCardQuerySet(models.QuerySet["ModelCard"]):
    def visible_to(self, user: User) -> Self:
        """With a deployment, whoever sees that; before, who brought it along."""
        seen = Q(deployment__in=Deployment.objects.visible_to(user)) | Q(deployment=None, by=user)
        return self.filter(seen, organisation_id=user.organisation_id)

    def waiting(self) -> Self:
        return self.filter(deployment=None)


class ModelCard(models.Model):
    """The file, byte by byte. It is evidence of what the supplier said, and never of how the tool performs here."""

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    filename = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    deployment = models.ForeignKey(Deployment, models.PROTECT, null=True, related_name="model_cards")
    kept_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ModelCardQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(deployment=None, kept_at=None) | Q(deployment__isnull=False, kept_at__isnull=False),
                name="a_card_is_kept_with_a_deployment_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("exchange:card", args=[self.pk])

    @property
    def trail_stream(self) -> str:
        return f"model_card:{self.pk}"

    @property
    def read(self) -> reading.Card:
        return reading.read(bytes(self.content))

    @classmethod
    @transaction.atomic
    def bring(cls, *, by: User, name: str, data: bytes) -> Self:
        """Keep a card that could be read. Raises Refused for anything else, and keeps nothing of it."""
        must_register(by)
        reading.read(data)
        digest = hashlib.sha256(data).hexdigest()
        card = cls.objects.create(
            organisation_id=by.organisation_id, filename=clean_name(name) or "card.xml", content=data, sha256=digest,
            by=by, at=clock.now(),
        )  # fmt: skip
        Event.record(by, "model_card.brought", card, sha256=digest)
        return card

    @transaction.atomic
    def keep_with(self, deployment: Deployment, *, by: User) -> None:
        """From here on it belongs to the deployment that was registered from it; once."""
        kept = type(self).objects.filter(pk=self.pk, deployment=None)
        if not kept.update(deployment=deployment, kept_at=clock.now()):
            raise Refused(_("A deployment was registered from this card already. Bring it along again for another."))
        Event.record(by, "model_card.kept", deployment, sha256=self.sha256)

    @transaction.atomic
    def give_up(self, *, by: User) -> None:
        must_register(by)
        Event.record(by, "model_card.given_up", self)
        if not type(self).objects.filter(pk=self.pk, deployment=None).delete()[0]:
            raise Refused(_("This card belongs to a deployment by now and stays with it."))
