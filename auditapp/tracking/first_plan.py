"""The plan by which tools that were live before anybody audited them get their first audit; the executive signs it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Self

import rfc8785
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import LocalDay, Placed, PlacedQuerySet, ReadInFullQuerySet, Role, Site, User
from auditapp.deployments.models import Deployment
from auditapp.refusals import Refused
from auditapp.trail.models import Event

SCHEMA = 1
# Who prepare a plan: those who do the audits, and those who answer for them. Only the executive signs it.
PLANNERS = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.GOVERNANCE_CHAIR, Role.EXECUTIVE)
MOST_A_WEEK = 200


class FirstPlanQuerySet(ReadInFullQuerySet["FirstPlan"]):
    def of(self, site: Site) -> Self:
        return self.filter(site=site).select_related("by", "signed_by").order_by("-n")

    def drafts(self) -> Self:
        return self.filter(signed_at=None)

    def signed(self) -> Self:
        return self.filter(signed_at__isnull=False)


class FirstPlan(Placed):
    """A list of deployments in use that nobody has audited, the riskiest first, each with the day by which it is.

    Until it is signed it can be proposed anew and its dates moved; what was signed stays as it is, and a plan that is
    signed later takes its place.
    """

    n = models.PositiveIntegerField()
    starts = models.DateField()
    per_week = models.PositiveSmallIntegerField()
    lines = models.JSONField()  # [{"ref", "name", "tier", "because", "on"}], the riskiest first
    by = models.ForeignKey(User, models.PROTECT, related_name="+")  # who last changed it
    at = models.DateTimeField()
    canonical = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    signed_at = models.DateTimeField(null=True)
    objects = FirstPlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "n"], name="one_first_plan_per_number"),
            models.UniqueConstraint(
                fields=["site"], condition=models.Q(signed_at=None), name="one_first_plan_is_being_prepared"
            ),
            models.CheckConstraint(
                condition=models.Q(signed_at=None, signed_by=None, canonical=None, sha256="")
                | models.Q(
                    signed_at__isnull=False, signed_by__isnull=False, canonical__isnull=False,
                    sha256__regex="^[0-9a-f]{64}$",
                ),
                name="a_signed_first_plan_is_frozen",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"first plan {self.n} of {self.site_id}"

    @property
    def trail_stream(self) -> str:
        return self.site.organisation.trail_stream

    @classmethod
    def must_let_prepare(cls, by: User, site: Site) -> None:
        """Refuse unless this person may prepare the plan of this hospital."""
        by.must_hold(*PLANNERS, site=site, to=_("prepare the first plan"))

    @classmethod
    @transaction.atomic
    def propose(
        cls, site: Site, *, by: User, starts: date, per_week: int, ranked: Iterable[Mapping[str, Any]]
    ) -> "FirstPlan":
        """Lay the audits out from a day on, so many a week, in the order given. Replaces what was being prepared."""
        cls.must_let_prepare(by, site)
        if not 1 <= per_week <= MOST_A_WEEK:
            raise Refused(_("Enter how many audits a week, from 1 to %(most)s.") % {"most": MOST_A_WEEK})
        lines = [
            dict(line) | {"on": laid_out(starts, per_week, place).isoformat()} for place, line in enumerate(ranked)
        ]
        if not lines:
            raise Refused(_("Nothing here is in use without an audit, so there is nothing to plan."))
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        about: dict[str, Any] = {"starts": starts, "per_week": per_week, "lines": lines, "by": by, "at": clock.now()}
        draft = cls.objects.of(site).drafts().first()
        if draft:
            cls.objects.filter(pk=draft.pk).update(**about)
        else:
            newest = cls.objects.of(site).first()
            cls.objects.create(**site.place, n=newest.n + 1 if newest else 1, **about)
        plan = cls.objects.of(site).drafts().get()
        Event.record(by, "plan.proposed", plan, site=site.code, n=plan.n, sha256=plan.digest)
        return plan

    @transaction.atomic
    def move(self, days: Mapping[str, date], *, by: User, shown_sha256: str) -> None:
        """Give deployments other days. `shown_sha256` names the plan that was on the page."""
        self.must_let_prepare(by, self.site)
        draft = self._as_shown(shown_sha256)
        for line in draft.lines:
            if line["ref"] in days:
                line["on"] = days[line["ref"]].isoformat()
        draft.by, draft.at = by, clock.now()
        draft.save(update_fields=["lines", "by", "at"])
        Event.record(by, "plan.moved", draft, site=self.site.code, n=self.n, sha256=draft.digest)

    @transaction.atomic
    def sign(self, *, by: User, shown_sha256: str) -> None:
        """The executive's word that this is the plan. From here on nothing of it changes."""
        self.must_let_sign(by, self.site)
        draft = self._as_shown(shown_sha256)
        if past := [line["name"] for line in draft.lines if line["on"] < clock.today(self.site.zone).isoformat()]:
            raise Refused(_("A plan has no dates in the past. Move these first."), [*past])
        signed = {"canonical": draft.as_bytes(), "sha256": draft.digest, "signed_by": by, "signed_at": clock.now()}
        FirstPlan.objects.filter(pk=self.pk).update(**signed)
        days = {line["ref"]: line["on"] for line in draft.lines}
        deployments = Deployment.objects.filter(site=self.site_id, ref__in=days)
        PlannedAudit.objects.bulk_create(
            PlannedAudit(**self.place, plan=self, deployment=deployment, on=date.fromisoformat(days[deployment.ref]))
            for deployment in deployments
        )
        Event.record(by, "plan.signed", draft, site=self.site.code, n=self.n, sha256=draft.digest, planned=days)

    @classmethod
    def must_let_sign(cls, by: User, site: Site) -> None:
        """Refuse unless this person signs plans of this hospital."""
        by.must_hold(Role.EXECUTIVE, site=site, to=_("sign the first plan"))

    @transaction.atomic
    def note_failed_signature(self, *, by: User, wrong: str) -> None:
        """Keep that somebody tried to sign and did not prove who they are."""
        Event.record(by, "plan.reauthentication_failed", self, site=self.site.code, n=self.n, wrong=wrong)

    def _as_shown(self, shown_sha256: str) -> "FirstPlan":
        """The plan as it stands, if it is still what the person saw."""
        draft = FirstPlan.objects.select_for_update(of=["self"]).select_related("site__organisation", "by").get(
            pk=self.pk
        )  # fmt: skip
        if draft.signed_at is not None:
            raise Refused(_("This plan is signed. A new one can take its place."))
        if draft.digest != shown_sha256:
            raise Refused(_("Somebody changed the plan after you opened the page. Read it again."))
        return draft

    def as_bytes(self) -> bytes:
        """What is signed: canonical JSON of everything that the plan says."""
        return rfc8785.dumps(
            {
                "schema": SCHEMA,
                "document": "first plan",
                "organisation": self.site.organisation.name,
                "site": {"code": self.site.code, "name": self.site.name, "zone": self.site.zone},
                "number": self.n,
                "starts": self.starts.isoformat(),
                "audits_per_week": self.per_week,
                "prepared_by": self.by.for_facts,
                "prepared_at": clock.utc_text(self.at),
                "audits": self.lines,
            }
        )

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.as_bytes()).hexdigest()

    @property
    def days(self) -> list[dict[str, Any]]:
        """The lines with their days as dates."""
        return [line | {"on": date.fromisoformat(line["on"])} for line in self.lines]


def laid_out(starts: date, per_week: int, place: int) -> date:
    """By when the audit at this place of the list is done: by the end of its week, counted from the first day."""
    return starts + timedelta(days=7 * (place // per_week) + 6)


class PlannedAuditQuerySet(PlacedQuerySet["PlannedAudit"]):
    def standing(self) -> Self:
        """Of the plan that was signed last at each hospital."""
        newer = FirstPlan.objects.signed().filter(site=OuterRef("plan__site"), n__gt=OuterRef("plan__n"))
        return self.filter(~Exists(newer))

    def in_force(self, deployments: Any) -> Any:
        """[(deployment, day)] of these deployments; one query."""
        return self.standing().filter(deployment__in=deployments).order_by().values_list("deployment", "on")

    def ahead(self) -> Self:
        """Those whose day has not passed, by the calendar of the hospital."""
        return self.standing().filter(on__gte=LocalDay("site__zone"))


class PlannedAudit(Placed):
    """The day by which a deployment has its first audit, as the executive signed it."""

    plan = models.ForeignKey(FirstPlan, models.PROTECT, related_name="planned")
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="planned_audits")
    on = models.DateField()
    objects = PlannedAuditQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "deployment"], name="a_plan_names_a_deployment_once")]

    def __str__(self) -> str:
        return f"{self.deployment_id} planned for {self.on}"
