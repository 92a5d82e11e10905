"""A list of AI tools that somebody brings along, kept from its upload until nobody needs it any more."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.deployments.models import KEEPERS, Deployment, Product
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

if TYPE_CHECKING:
    from auditapp.exchange.inventory.rows import Row

KEPT = timedelta(days=14)  # what nobody goes on with need not be kept


def must_bring(by: User) -> None:
    by.must_hold(*KEEPERS, site=None, to=_("bring an inventory along"))


class InventoryQuerySet(models.QuerySet["InventoryUpload"]):
    def visible_to(self, user: User) -> Self:
        """What the person brought along: a list may speak of hospitals that colleagues do not see."""
        return self.filter(organisation_id=user.organisation_id, by=user)


class InventoryUpload(models.Model):
    """`parsed` is what was read from the file: [sheet, ...]. `choices` are what a person said that it means:
    {"sheet", "header", "columns", "words"}.

    It stays after rows were taken in: those are shown as being there already, and the others can still be mended.
    """

    organisation = models.ForeignKey("auditapp.Organisation", models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    parsed = models.JSONField()
    choices = models.JSONField(default=dict)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = InventoryQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        step = "rows" if "columns" in self.choices else "columns"
        return reverse(f"exchange:inventory_{step}", args=[self.pk])

    @property
    def trail_stream(self) -> str:
        return f"inventory:{self.pk}"

    @classmethod
    @transaction.atomic
    def keep(cls, *, by: User, name: str, data: bytes, parsed: Any) -> Self:
        """Keep what was read from a file; older leftovers of the same person go."""
        must_bring(by)
        cls.objects.visible_to(by).filter(at__lt=clock.now() - KEPT).delete()
        digest = hashlib.sha256(data).hexdigest()
        kept = cls.objects.create(
            organisation_id=by.organisation_id, name=clean(name)[-200:], sha256=digest, parsed=parsed, by=by,
            at=clock.now(),
        )  # fmt: skip
        Event.record(by, "inventory.uploaded", kept, sha256=digest)
        return kept

    @transaction.atomic
    def explain(self, *, by: User, **choices: Any) -> None:
        """Say what it means: the sheet, the columns, the words."""
        must_bring(by)
        self.choices = self.choices | choices
        type(self).objects.filter(pk=self.pk).update(choices=self.choices)
        Event.record(by, "inventory.explained", self, what=sorted(choices))

    @transaction.atomic
    def take_in(self, rows: "Sequence[Row]", *, by: User) -> list[Deployment]:
        """Enter the rows, all of them or none. One whose name stands at the hospital meanwhile is passed over."""
        self.hold(by)
        entered = [deployment for row in rows if (deployment := self._enter(row, by))]
        Event.record(by, "inventory.taken_in", self, refs=[deployment.ref for deployment in entered])
        return entered

    def _enter(self, row: "Row", by: User) -> Deployment | None:
        if row.site is None or row.owner is None or row.problems:
            raise Refused(_("Row %(row)s is not understood yet.") % {"row": row.number})
        if Deployment.objects.named(clean(row.name), site=row.site).exists():
            return None
        product = Product.named(row.product, vendor=row.cells["vendor"], organisation=by.organisation)
        deployment = Deployment.register(
            by=by, site=row.site, product=product, facts=row.facts, assumed=row.assumed, owner=row.owner, name=row.name,
            intended_use=row.cells["intended_use"],
        )  # fmt: skip
        source = _("Imported from “%(file)s”, row %(row)s.") % {"file": self.name, "row": row.number}
        if version := row.cells.get("version", ""):
            untold = "" if row.starts else " " + _("Since when it ran is not told there.")
            starts = row.starts or clock.today(row.site.zone)
            deployment.add_version(by=by, name=version, starts=starts, note=source + untold)
        if row.status != deployment.status:
            deployment.bring_in(row.status, by=by, reason=source, source=self.sha256)
        return deployment

    @transaction.atomic
    def give_up(self, *, by: User) -> None:
        """Do away with what was read; the deployments that were entered from it stay."""
        self.hold(by)
        Event.record(by, "inventory.given_up", self)
        self.delete()

    def hold(self, by: User) -> None:
        """Two tabs enter each row once: the second waits here, and finds it there."""
        must_bring(by)
        if not type(self).objects.select_for_update().filter(pk=self.pk).exists():
            raise Refused(_("This list was given up meanwhile."))
