"""Evidence: a file or a link at a hospital, with the day it is true for, which is not the day it was uploaded."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Site, User
from auditapp.evidence.storage import sha256_of
from auditapp.refusals import Refused


class Evidence(Placed):
    """One item. It is never changed: a newer document is a newer item."""

    class Kind(models.TextChoices):
        FILE = "file", gettext_lazy("File")
        LINK = "link", gettext_lazy("Link")

    class Source(models.TextChoices):
        OURS = "ours", gettext_lazy("Ours")
        SUPPLIER = "supplier", gettext_lazy("The supplier's")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=1000, blank=True, default="")
    filename = models.CharField(max_length=200, blank=True, default="")
    content_type = models.CharField(max_length=100, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    size = models.PositiveBigIntegerField(null=True)
    effective_date = models.DateField()
    valid_until = models.DateField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.OURS)
    nondisclosure = models.BooleanField(default=False, db_default=False)  # under an agreement; its bytes stay inside
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PlacedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="file", url="", size__isnull=False, sha256__regex="^[0-9a-f]{64}$")
                | (models.Q(kind="link", sha256="", filename="", size=None) & ~models.Q(url="")),
                name="evidence_is_a_hashed_file_or_a_link",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gte=models.F("effective_date")),
                name="evidence_is_valid_until_its_date_or_later",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def storage_name(self) -> str:
        return f"{self.sha256[:2]}/{self.sha256}"

    @classmethod
    def keep_file(cls, content: File, *, by: User, site: Site, **about: Any) -> "Evidence":
        """Keep an uploaded file under its hash and return its row. Raises Refused when it is empty or too large."""
        if not content.size:
            raise Refused(_("The file is empty. Choose another file."))
        if content.size > settings.EVIDENCE_MAX_BYTES:
            raise Refused(
                _("The file is %(size)s. Files can be up to %(limit)s. Compress it or add a link instead.")
                % {"size": filesizeformat(content.size), "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES)}
            )
        digest = sha256_of(content)
        default_storage.save(digest, content)
        return cls.objects.create(
            **site.place, kind=cls.Kind.FILE, sha256=digest, size=content.size, by=by, at=clock.now(), **about
        )

    @classmethod
    def keep_link(cls, url: str, *, by: User, site: Site, title: str, effective_date: date, **about: Any) -> "Evidence":
        """Keep a link; what stands behind it is not ours and may change, which is why its date is kept with it."""
        return cls.objects.create(
            **site.place,
            kind=cls.Kind.LINK,
            url=url,
            title=title,
            effective_date=effective_date,
            by=by,
            at=clock.now(),
            **about,
        )
