"""Why something was missing: for those who mend it, and for nobody outside until it is released."""

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.deployments.models import KEEPERS
from auditapp.findings.models.finding import Finding
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event


class RootCauseQuerySet(ReadInFullQuerySet["RootCause"]):
    def released(self) -> "RootCauseQuerySet":
        """The only ones that may stand in anything that leaves the hospital: reports, exports, bundles."""
        return self.filter(released__isnull=False)


class RootCause(Placed):
    """One statement of the root cause. A later one replaces it; both stay. Internal unless it was released."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="root_causes")
    n = models.PositiveSmallIntegerField()
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = RootCauseQuerySet.as_manager()

    class Meta:
        ordering = ["n"]
        constraints = [
            models.UniqueConstraint(fields=["finding", "n"], name="one_root_cause_per_number"),
            models.CheckConstraint(condition=~Q(text=""), name="a_root_cause_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} root cause {self.n}"

    @classmethod
    @transaction.atomic
    def state(cls, finding: Finding, *, by: User, text: str, base: int) -> "RootCause":
        """Say why it was missing; `base` is the number of the statement that the person saw (0: none)."""
        by.must_hold(*KEEPERS, site=finding.site, to=_("state a root cause"))
        if not (text := clean(text)):
            raise Refused(_("Say why it was missing."))
        Finding.objects.select_for_update(of=["self"]).get(pk=finding.pk)
        if (n := finding.root_causes.count()) != base:
            raise Refused(_("Somebody has just stated another root cause. Read it, and state yours after it."))
        stated = cls.objects.create(**finding.place, finding=finding, n=n + 1, text=text, by=by, at=clock.now())
        Event.record(by, "root_cause.stated", finding, ref=finding.ref, n=stated.n)
        return stated

    @transaction.atomic
    def release(self, *, by: User) -> "RootCauseRelease":
        """Let this very statement stand in what leaves the hospital; a later one is internal again."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=self.site, to=_("release a root cause"))
        if RootCauseRelease.objects.filter(root_cause=self).exists():
            raise Refused(_("This root cause is released already."))
        released = RootCauseRelease.objects.create(**self.place, root_cause=self, by=by, at=clock.now())
        Event.record(by, "root_cause.released", self.finding, ref=self.finding.ref, n=self.n)
        return released


class RootCauseRelease(Placed):
    """Who let a root cause out of the hospital, and when. Others read `root_causes.released()`."""

    root_cause = models.OneToOneField(RootCause, models.PROTECT, related_name="released")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.root_cause_id} released"
