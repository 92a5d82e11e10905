"""What a supplier tells of a product, entered once for the whole group, and what each owner did about it."""

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Organisation, Placed, PlacedQuerySet, Role, User
from auditapp.deployments.models.deployment import Deployment
from auditapp.deployments.models.product import Product
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event

# Who hear from suppliers and pass it on.
REPORTERS = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.ADMINISTRATOR)


def name_digest(version: str) -> str:
    """How the trail names a version that a notice concerns: it holds no names."""
    return hashlib.sha256(version.encode()).hexdigest()


class SupplierNoticeQuerySet(models.QuerySet["SupplierNotice"]):
    def visible_to(self, user: User) -> Self:
        """The notices about products of the person's organisation."""
        return self.filter(organisation_id=user.organisation_id)

    def with_names(self) -> Self:
        return self.select_related("product__vendor", "by")

    def questioning(self) -> Self:
        """Those that make approvals stale."""
        return self.filter(questions=True)


class SupplierNotice(models.Model):
    """A supplier announces a new version, recalls one or reports a vulnerability: of one product, at every hospital.

    Rows are only added. `versions` are the names of the model versions it concerns; none named means all of them.
    """

    class Kind(models.TextChoices):
        NEW_VERSION = "new_version", gettext_lazy("New version")
        RECALL = "recall", gettext_lazy("Recall")
        VULNERABILITY = "vulnerability", gettext_lazy("Vulnerability")
        OTHER = "other", gettext_lazy("Other notice")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    issued_on = models.DateField()  # by the supplier
    versions = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    questions = models.BooleanField(default=False)  # approvals of what it concerns no longer hold unexamined
    title = models.CharField(max_length=160)
    text = models.TextField()
    source = models.CharField(max_length=300, blank=True, default="")  # the supplier's own reference or address
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = SupplierNoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="a_notice_says_something"),
        ]
        indexes = [models.Index(fields=["product", "issued_on"], name="notices_of_a_product")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("tracking:notice", args=[self.pk])

    @classmethod
    @transaction.atomic
    def receive(
        cls,
        product: Product,
        *,
        by: User,
        kind: str,
        issued_on: date,
        title: str,
        text: str,
        questions: bool,
        versions: Iterable[str] = (),
        source: str = "",
    ) -> "SupplierNotice":
        """Enter what the supplier says, once, for every deployment of the product."""
        by.must_hold(*REPORTERS, site=None, to=_("enter a supplier’s notice"))
        title, text = clean(title), clean(text)
        if kind not in cls.Kind.values:
            raise Refused(_("Choose what kind of notice it is."))
        if not title or not text:
            raise Refused(_("A notice needs a title and what it says."))
        if issued_on > (clock.now() + timedelta(hours=14)).date():  # where the day begins first
            raise Refused(_("A notice cannot have been issued in the future. Check the date."))
        named = sorted({name for version in versions if (name := clean(version))})
        notice = cls.objects.create(
            organisation_id=product.organisation_id,
            product=product,
            kind=kind,
            issued_on=issued_on,
            versions=named,
            questions=questions,
            title=title,
            text=text,
            source=clean(source),
            by=by,
            at=clock.now(),
        )
        facts: dict[str, Any] = {"kind": kind, "issued_on": issued_on.isoformat(), "questions": questions}
        Event.record(
            by, "notice.received", product, notice=notice.pk, versions=[name_digest(name) for name in named], **facts
        )
        return notice

    def concerns(self, version: str) -> bool:
        """Whether a model version of this name is one it speaks of."""
        return not self.versions or version in self.versions


class NoticeAcknowledgement(Placed):
    """What was done on one deployment about a notice, in the words of whoever did it. Rows are only added."""

    notice = models.ForeignKey(SupplierNotice, models.PROTECT, related_name="acknowledgements")
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="acknowledgements")
    done = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(done=""), name="an_acknowledgement_says_what_was_done"),
        ]

    def __str__(self) -> str:
        return f"{self.deployment_id} notice {self.notice_id}"

    @classmethod
    @transaction.atomic
    def give(cls, notice: SupplierNotice, deployment: Deployment, *, by: User, done: str) -> "NoticeAcknowledgement":
        """Say what was done. Whoever owns the deployment answers; the clinical safety officer may stand in."""
        cls.must_be_open_to(by, notice, deployment)
        if not (done := clean(done)):
            raise Refused(_("Say what you did about it, or why nothing is needed."))
        said = cls.objects.create(
            **deployment.place, notice=notice, deployment=deployment, done=done, by=by, at=clock.now()
        )
        Event.record(by, "notice.acknowledged", deployment, notice=notice.pk)
        return said

    @classmethod
    def must_be_open_to(cls, by: User, notice: SupplierNotice, deployment: Deployment) -> None:
        """Refuse unless this person may acknowledge the notice for the deployment."""
        if deployment.product_id != notice.product_id:
            raise Refused(_("This notice is about another product."))
        if not cls.is_open_to(by, deployment):
            by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=deployment.site, to=_("acknowledge for its owner"))

    @staticmethod
    def is_open_to(by: User, deployment: Deployment) -> bool:
        return deployment.owner_id == by.pk or by.holds(Role.CLINICAL_SAFETY_OFFICER, site=deployment.site)
