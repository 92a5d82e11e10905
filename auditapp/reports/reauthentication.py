"""What a signature rests on: the person opened this very file, and signed in again for this one act."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import authenticate
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, User
from auditapp.refusals import NotAllowed
from auditapp.trail.models import Event

if TYPE_CHECKING:
    from auditapp.reports.models import Report, ReportFile


@dataclass(frozen=True)
class Unproven:
    """Which field of the form is wrong, and the sentence that says why."""

    field: str
    sentence: str
    what: str = ""  # for the trail


def unproven(request: HttpRequest, *, address: str, password: str) -> Unproven | None:
    """What is wrong with address and password, given once more for one act; None when they are the person's own.

    A wrong password counts towards the same lock-out as one at sign-in, and a locked account signs nothing.
    """
    user: Any = request.user
    if address.strip().lower() != user.email.lower():
        sentence = _("This is not the address that you sign in with. Nobody signs for somebody else.")
        return Unproven("address", sentence, "address")
    if authenticate(request, username=user.email, password=password) == user:
        return None
    if getattr(request, "axes_locked_out", False):
        sentence = _("There were too many wrong passwords. Wait a quarter of an hour; nothing was signed.")
        return Unproven("password", sentence, "locked")
    return Unproven("password", _("This is not your password. Nothing was signed."), "password")


class Opening(Placed):
    """The person whose turn it is to sign opened the file, for the first time then."""

    report = models.ForeignKey("auditapp.Report", models.PROTECT, related_name="openings")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ReadInFullQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "by", "sha256"], name="a_file_is_opened_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} opened by {self.by_id}"

    @classmethod
    @transaction.atomic
    def note(cls, report: "Report", file: "ReportFile", *, by: User) -> None:
        """Keep that somebody whose turn it is to sign was sent this file; every other reader leaves no such line."""
        newest = report.newest_file
        if newest is None or file.pk != newest.pk or report.refusal_to(by):
            return
        _row, is_first = cls.objects.get_or_create(
            report=report, by=by, sha256=file.sha256, defaults={**report.place, "at": clock.now()}
        )
        if is_first:
            Event.record(by, "report.opened_for_signing", report.audit, file=file.sha256)


class Reauthentication(Placed):
    """Somebody gave address and password once more, for one meaning, over these two digests. It bears one signature."""

    report = models.ForeignKey("auditapp.Report", models.PROTECT, related_name="reauthentications")
    meaning = models.CharField(max_length=200)
    facts_sha256 = models.CharField(max_length=64)
    shown_sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ReadInFullQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.report_id} {self.by_id}"

    @classmethod
    def attempt(
        cls, report: "Report", request: HttpRequest, *, address: str, password: str, meaning: str, shown_sha256: str
    ) -> "Reauthentication | Unproven":
        """The re-authentication, or what is wrong and why. The attempt stays on the trail either way."""
        user: Any = request.user
        if refusal := report.refusal_to(user):
            raise NotAllowed(refusal)
        if not cls._has_opened(report, user, shown_sha256):
            return Unproven("read", _("Open the document first: your signature covers what you have been shown."))
        if wrong := unproven(request, address=address, password=password):
            cls._note_failure(report, user, wrong.what)
            return wrong
        return cls.objects.create(
            **report.place,
            report=report,
            by=user,
            meaning=meaning,
            facts_sha256=report.sha256,
            shown_sha256=shown_sha256,
            at=clock.now(),
        )

    @staticmethod
    def _has_opened(report: "Report", user: User, sha256: str) -> bool:
        return Opening.objects.filter(report=report, by=user, sha256=sha256).exists()

    @staticmethod
    def _note_failure(report: "Report", user: User, what: str) -> None:
        Event.record(user, "report.reauthentication_failed", report.audit, wrong=what)
