"""Taking back a report that was issued in error: two people, a reason, and no way back."""

from typing import Any, Self

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.audits.models import Audit
from auditapp.refusals import Refused
from auditapp.reports.models import Report
from auditapp.text import clean
from auditapp.trail.models import Event

# One of each side agrees: who answers for clinical safety, and who governs.
SIDES = ((Role.CLINICAL_SAFETY_OFFICER,), (Role.GOVERNANCE_CHAIR, Role.EXECUTIVE))
WITHDRAWERS = (*SIDES[0], *SIDES[1])


class WithdrawalQuerySet(ReadInFullQuerySet):
    def standing_on(self, ref: str) -> Self:
        """The withdrawal of an audit's report that was confirmed or waits for it; at most one row."""
        rows = self.filter(report__audit__ref=ref, dropped_at=None).defer("report__canonical")
        return rows.select_related("by", "confirmed_by", "report__audit__site", "report__audit__organisation")


class ReportWithdrawal(Placed):
    """One person says why an issued report must not be relied on; when one of the other side confirms it, it is so.

    Its PDF stays as it is and its signatures go on holding: what is withdrawn is the hospital's standing behind it.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="withdrawals")
    reason = models.TextField()
    role = models.CharField(max_length=30, choices=Role.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    confirmed_role = models.CharField(max_length=30, choices=Role.choices, blank=True, default="")
    confirmed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    confirmed_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    dropped_at = models.DateTimeField(null=True)
    objects = WithdrawalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_report_is_withdrawn_for_a_reason"),
            models.CheckConstraint(
                condition=~models.Q(confirmed_by=models.F("by")), name="two_people_withdraw_a_report"
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None) | models.Q(dropped_at=None),
                name="a_withdrawal_is_confirmed_or_dropped",
            ),
            models.UniqueConstraint(
                fields=["report"], condition=models.Q(dropped_at=None), name="one_withdrawal_of_a_report_stands"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {'withdrawn' if self.is_final else 'withdrawal proposed'}"

    @property
    def is_final(self) -> bool:
        return self.confirmed_at is not None

    def get_absolute_url(self) -> str:
        return reverse("reports:report", args=[self.report.audit.ref])

    @classmethod
    def standing_of(cls, report: Report) -> Self | None:
        """The withdrawal that was confirmed or waits for it."""
        return cls.objects.standing_on(report.audit.ref).first()

    @classmethod
    def about(cls, report: Report, user: User) -> dict[str, Any]:
        """What the report's page says of its withdrawal, and what this person may do about it."""
        site, standing = report.audit.site, cls.standing_of(report)
        may = user.holds(*WITHDRAWERS, site=site)
        if standing is None:
            return {"withdrawal": None, "may_withdraw": may}
        other = user != standing.by and user.holds(*standing.confirmers(), site=site)
        return {"withdrawal": standing, "may_confirm": other, "may_drop": may}

    @classmethod
    def must_be_open_to(cls, by: User, report: Report) -> None:
        """Refuse unless this person may propose to withdraw this report now."""
        by.must_hold(*WITHDRAWERS, site=report.audit.site, to=_("withdraw an issued report"))
        if report.issued_at is None:
            raise Refused(_("Only an issued report can be withdrawn."))
        if cls.standing_of(report) is not None:
            raise Refused(_("The withdrawal of this report has been proposed already."))

    @classmethod
    @transaction.atomic
    def propose(cls, report: Report, *, by: User, reason: str) -> Self:
        """Say why the report must not be relied on. Nothing changes until somebody of the other side confirms it."""
        report = Report.objects.select_for_update(of=["self"]).with_names().get(pk=report.pk)
        cls.must_be_open_to(by, report)
        if not clean(reason):
            raise Refused(_("Give the reason for withdrawing the report."))
        role = next(role for role in WITHDRAWERS if by.holds(role, site=report.audit.site))
        proposed = cls.objects.create(
            **report.audit.place, report=report, reason=clean(reason), role=role, by=by, at=clock.now()
        )
        Event.record(by, "report.withdrawal_proposed", report.audit, sha256=report.sha256)
        return proposed

    def confirmers(self) -> tuple[str, ...]:
        """The roles of the other side."""
        return SIDES[1] if self.role in SIDES[0] else SIDES[0]

    def must_be_confirmed_by(self, by: User) -> None:
        """Refuse unless this person may confirm now."""
        by.must_hold(*WITHDRAWERS, site=self.report.audit.site, to=_("withdraw an issued report"))
        if self.is_final:
            raise Refused(_("This report is withdrawn; that cannot be undone."))
        if by == self.by:
            raise Refused(_("You proposed it. Somebody else confirms the withdrawal."))
        by.must_hold(*self.confirmers(), site=self.report.audit.site, to=_("confirm this withdrawal"))

    @transaction.atomic
    def confirm(self, *, by: User) -> None:
        """Withdraw the report, for ever."""
        self.must_be_confirmed_by(by)
        role = next(role for role in self.confirmers() if by.holds(role, site=self.report.audit.site))
        self._end(confirmed_by=by, confirmed_at=clock.now(), confirmed_role=role)
        audit = Audit.objects.select_for_update(of=["self"]).get(pk=self.report.audit_id)
        if audit.state == Audit.State.ISSUED:  # from here on it covers no version; a revision may already do
            audit.move(Audit.State.RETRACTED, by=by, verb="report.withdrawn", sha256=self.report.sha256)
        else:
            Event.record(by, "report.withdrawn", audit, sha256=self.report.sha256)
        Event.record(by, "deployment.report_withdrawn", audit.deployment, audit=audit.ref)

    @transaction.atomic
    def drop(self, *, by: User) -> None:
        """Leave the report as it is: the proposer takes it back, or another who may withdraw does not agree."""
        by.must_hold(*WITHDRAWERS, site=self.report.audit.site, to=_("withdraw an issued report"))
        self._end(dropped_by=by, dropped_at=clock.now())
        Event.record(by, "report.withdrawal_dropped", self.report.audit, sha256=self.report.sha256)

    def _end(self, **values: object) -> None:
        open_ones = type(self).objects.filter(pk=self.pk, confirmed_at=None, dropped_at=None)
        if not open_ones.update(**values):
            raise Refused(_("Somebody has just confirmed or dropped this withdrawal."))
        for name, value in values.items():
            setattr(self, name, value)
