"""Evidence: a file or a link at a hospital, with the day it is true for, which is not the day it was uploaded."""

from datetime import date
from typing import Any, Self

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import Placed, PlacedQuerySet, Site, User
from auditapp.evidence.intake import Taken, taken_in
from auditapp.text import clean


class EvidenceQuerySet(PlacedQuerySet["Evidence"]):
    def at(self, site: Site) -> Self:
        return self.filter(site=site.pk)

    def named(self, keys: list[str]) -> Self:
        """The rows that a form names by their keys; none for what is no key."""
        return self.filter(pk__in=[int(key) for key in keys if key.isdecimal() and len(key) < 19])

    def holding(self, taken: Taken) -> Self:
        """Where the very bytes are kept already, as they were sent or as they were kept; the newest first."""
        same = [taken.uploaded_sha256, taken.sha256]
        rows = self.filter(Q(sha256__in=same) | Q(uploaded_sha256__in=same), kind=Evidence.Kind.FILE)
        return rows.select_related("by").order_by("-pk")


class Evidence(Placed):
    """One item. It is never changed: a newer document is a newer item."""

    class Kind(models.TextChoices):
        FILE = "file", gettext_lazy("File")
        LINK = "link", gettext_lazy("Link")

    class Source(models.TextChoices):
        OURS = "ours", gettext_lazy("Ours")
        SUPPLIER = "supplier", gettext_lazy("The supplier's")

    class Document(models.TextChoices):
        """What it is. The questionnaires describe the evidence they expect in words, so this list is ours."""

        POLICY = "policy", gettext_lazy("Policy or procedure")
        TEST_REPORT = "test_report", gettext_lazy("Test or evaluation report")
        CERTIFICATE = "certificate", gettext_lazy("Certificate or declaration")
        RISK = "risk", gettext_lazy("Risk assessment or hazard log")
        CONTRACT = "contract", gettext_lazy("Contract or supplier’s statement")
        MINUTES = "minutes", gettext_lazy("Minutes or decision")
        TRAINING = "training", gettext_lazy("Training record")
        LOG = "log", gettext_lazy("Log, sample or extract")
        PICTURE = "picture", gettext_lazy("Screenshot or photograph")
        OTHER = "other", gettext_lazy("Something else")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    document = models.CharField(max_length=20, choices=Document.choices, blank=True, default="", db_default="")
    title = models.CharField(max_length=200)
    url = models.URLField(max_length=1000, blank=True, default="")
    filename = models.CharField(max_length=200, blank=True, default="")
    content_type = models.CharField(max_length=100, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")  # of what is kept
    uploaded_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")  # of what was sent
    version = models.CharField(max_length=60, blank=True, default="", db_default="")  # as the document says it
    size = models.PositiveBigIntegerField(null=True)
    effective_date = models.DateField()
    valid_until = models.DateField(null=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.OURS)
    nondisclosure = models.BooleanField(default=False, db_default=False)  # under an agreement; its bytes stay inside
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = EvidenceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["site", "sha256"], name="evidence_by_its_bytes"),
            models.Index(fields=["site", "uploaded_sha256"], name="evidence_by_what_was_sent"),
        ]
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

    @property
    def is_altered(self) -> bool:
        """Whether less is kept than was sent: a picture without the place and time that the camera wrote into it."""
        return bool(self.uploaded_sha256) and self.uploaded_sha256 != self.sha256

    @classmethod
    def keep_file(cls, content: File | Taken, *, by: User, site: Site, filename: str = "", **about: Any) -> "Evidence":
        """Keep an uploaded file under its hash and return its row. Raises NotTaken for what cannot be evidence."""
        taken = content if isinstance(content, Taken) else taken_in(content, filename)
        default_storage.save(taken.sha256, taken.content)
        return cls._keep(
            by=by,
            **site.place,
            kind=cls.Kind.FILE,
            filename=taken.filename,
            content_type=taken.content_type,
            sha256=taken.sha256,
            uploaded_sha256=taken.uploaded_sha256,
            size=taken.content.size,
            **about,
        )

    def keep_again(self, *, by: User, **about: Any) -> "Evidence":
        """Another item of the same bytes, with a title and dates of its own."""
        same = ("kind", "filename", "content_type", "sha256", "uploaded_sha256", "size", "nondisclosure")
        return self._keep(by=by, **self.place, **{name: getattr(self, name) for name in same}, **about)

    @classmethod
    def keep_link(cls, url: str, *, by: User, site: Site, title: str, effective_date: date, **about: Any) -> "Evidence":
        """Keep a link; what stands behind it is not ours and may change, which is why its date is kept with it."""
        about |= {"title": title, "effective_date": effective_date}
        return cls._keep(by=by, **site.place, kind=cls.Kind.LINK, url=url, **about)

    @classmethod
    def _keep(cls, *, by: User, **about: Any) -> "Evidence":
        words = {name: clean(about[name]) for name in ("title", "version") if name in about}
        return cls.objects.create(by=by, at=clock.now(), **about | words)
