"""The monthly board report: figures frozen once as canonical bytes, printed once, sealed by the organisation."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Self

import rfc8785
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Organisation, Role, Site, User
from auditapp.reports import board_jobs
from auditapp.trail.models import Event

# Who may have a report made before the month is over.
MAKERS = (Role.EXECUTIVE, Role.GOVERNANCE_CHAIR, Role.CLINICAL_SAFETY_OFFICER)


class BoardReportQuerySet(models.QuerySet["BoardReport"]):
    def visible_to(self, user: User) -> Self:
        """Of hospitals whose audits the person reads as a whole; of the group for those who read all of them."""
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if user.reading is None else rows.filter(site__in=user.reading)

    def with_names(self) -> Self:
        """For lists: without the frozen bytes, with whether the PDF is there."""
        made = BoardReportFile.objects.filter(report=models.OuterRef("pk"))
        rows = self.select_related("organisation", "site", "by").defer("canonical")
        return rows.annotate(is_printed=models.Exists(made)).order_by("-month", "-n", "site__name")


class BoardReport(models.Model):
    """The figures of one hospital, or (no site) of the whole group, for one month. Rows are only added.

    The clock makes one for each month that is over; a person may have one made of the month so far, any number.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    month = models.DateField()  # its first day
    n = models.PositiveSmallIntegerField()
    complete = models.BooleanField()  # made after the month was over
    canonical = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    objects = BoardReportQuerySet.as_manager()

    is_printed: bool  # set by with_names()

    class Meta:
        ordering = ["-month", "-n"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site", "month", "n"],
                name="one_board_report_per_number",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["organisation", "site", "month"],
                condition=models.Q(complete=True),
                name="one_board_report_of_a_complete_month",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="a_board_report_has_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"board report {self.month:%Y-%m} {self.n}"

    def get_absolute_url(self) -> str:
        return reverse("tracking:board_report", args=[self.pk])

    @property
    def trail_stream(self) -> str:
        return self.organisation.trail_stream

    @property
    def facts(self) -> dict[str, Any]:
        """The stored bytes, parsed."""
        return json.loads(bytes(self.canonical))

    @property
    def file_name(self) -> str:
        where = self.site.code if self.site else self.organisation.code
        return f"board-{where}-{self.month:%Y-%m}-{self.n}"

    @staticmethod
    def may_be_made_by(user: User, site: Site | None) -> bool:
        return user.holds(*MAKERS, site=site) if site else user.holds_everywhere(*MAKERS)

    @classmethod
    def must_let_make(cls, by: User, site: Site | None) -> None:
        """Refuse unless this person may have a report made, of a hospital or of the whole group."""
        if site is None:
            by.must_hold_everywhere(*MAKERS, to=_("have a board report of the group made"))
        else:
            by.must_hold(*MAKERS, site=site, to=_("have a board report made"))

    @classmethod
    def next_number(cls, organisation: Organisation, site: Site | None, month: date) -> int:
        rows = cls.objects.filter(organisation=organisation, site=site, month=month)
        return (rows.aggregate(last=models.Max("n"))["last"] or 0) + 1

    @classmethod
    @transaction.atomic
    def keep(
        cls, facts: Mapping[str, Any], *, organisation: Organisation, site: Site | None, by: User | None
    ) -> "BoardReport | None":
        """Freeze figures (docs/board.md) and have them printed. None when the complete month has its report already.

        Two processes that come at once keep one between them.
        """
        board, canonical = facts["board"], rfc8785.dumps(dict(facts))
        digest = hashlib.sha256(canonical).hexdigest()
        try:
            with transaction.atomic():
                made = cls.objects.create(
                    organisation=organisation,
                    site=site,
                    month=date.fromisoformat(board["from"]),
                    n=board["number"],
                    complete=board["complete"],
                    canonical=canonical,
                    sha256=digest,
                    by=by,
                    at=clock.now(),
                )
        except IntegrityError:
            return None
        about = {"month": board["month"], "n": made.n, "site": site.pk if site else None}
        Event.record(by, "board_report.made", made, **about, sha256=digest)
        board_jobs.render.defer(report=made.pk, organisation=organisation.pk)
        return made


class BoardReportFile(models.Model):
    """The PDF of a board report, sealed; made once."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    report = models.OneToOneField(BoardReport, models.PROTECT, related_name="file")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    printed_with = models.CharField(max_length=300)
    level = models.CharField(max_length=10)  # of the seal: PAdES baseline
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sha256__regex="^[0-9a-f]{64}$"), name="a_file_of_a_board_report_has_a_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"file of board report {self.report_id}"

    @classmethod
    @transaction.atomic
    def keep(cls, report: BoardReport, content: bytes, *, printed_with: str, level: str) -> None:
        """Keep the PDF, unless another worker was faster."""
        digest = hashlib.sha256(content).hexdigest()
        _file, new = cls.objects.get_or_create(
            report=report,
            defaults={
                "organisation_id": report.organisation_id,
                "site_id": report.site_id,
                "content": content,
                "sha256": digest,
                "printed_with": printed_with,
                "level": level,
                "at": clock.now(),
            },
        )
        if new:
            about = {"month": f"{report.month:%Y-%m}", "n": report.n, "site": report.site_id}
            Event.record(None, "board_report.sealed", report, **about, sha256=digest)
            if report.complete:
                board_jobs.tell.defer(report=report.pk, organisation=report.organisation_id)
