"""Which audit of what is in use is due when. The rule is pure; what it reads takes a fixed number of queries.

Every interval and its source is in docs/schedule.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Max, Min, OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy, pgettext_lazy

from auditapp import clock
from auditapp.accounts.models import Site
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, ModelVersion, Policy, StatusChange, Tier
from auditapp.deployments.models.approval import CONTAINMENT_DAYS, FOR_USE
from auditapp.deployments.models.deployment import DeploymentQuerySet
from auditapp.deployments.models.policy import INTENSIVE, QUARTERLY, YEARLY
from auditapp.tracking.first_plan import PlannedAudit

FIRST, CONTAINMENT = Audit.Reason.PRE_DEPLOYMENT.value, Audit.Reason.CONTAINMENT.value
RE_AUDIT = Audit.Reason.RE_AUDIT.value
# quarterly-monitoring, intensive_when: "the first three months of use, or autonomy_level>=2"
FIRST_MONTHS = timedelta(days=91)
INTENSIVE_AUTONOMY = 2
# annual-review, frequency: "it replaces the quarterly check that falls due within the same 30 days"
REPLACES = timedelta(days=30)

REASONS = {
    FIRST: gettext_lazy("First audit"),
    QUARTERLY: gettext_lazy("Quarterly check"),
    YEARLY: gettext_lazy("Yearly review"),
    RE_AUDIT: gettext_lazy("Re-audit"),
}


class Why:
    """Why an audit is due on its day, as a code; WHY says it in words."""

    NEVER, PLANNED, REGULAR, FIRST_MONTHS, AUTONOMY = "never", "planned", "regular", "first_months", "autonomy"
    CONTAINED = "contained"


WHY = {
    Why.NEVER: gettext_lazy("in use without any audit"),
    Why.PLANNED: gettext_lazy("by the signed first plan"),
    Why.REGULAR: pgettext_lazy("interval", "regular"),
    Why.FIRST_MONTHS: gettext_lazy("more often in the first three months of use"),
    Why.AUTONOMY: gettext_lazy("more often from autonomy level 2 on"),
    Why.CONTAINED: gettext_lazy("use goes on by the containment check alone"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """What the rule looks at of one deployment in use. Days are those of its hospital."""

    since: date  # the first day of use, a pilot included
    tier: str
    autonomy: int = 0
    issued: Mapping[str, date] = field(default_factory=dict)  # reason -> the day its last audit was issued
    running: Mapping[str, date] = field(default_factory=dict)  # the same of the version that runs, where it has any
    first: date | None = None  # the day its very first audit was issued
    begun: Mapping[str, str] = field(default_factory=dict)  # reason -> the audit under way
    planned: date | None = None  # of its first audit, by the plan that the executive signed


@dataclass(frozen=True, slots=True)
class Due:
    """One audit that has to be done: of which reason, by when, and the audit that has begun it ("" without one).

    `every` is the interval in days; None for what is asked once.
    """

    reason: str
    on: date
    why: str
    begun: str = ""
    every: int | None = None

    @property
    def label(self) -> str:
        return str(REASONS[self.reason])

    @property
    def because(self) -> str:
        return str(WHY[self.why])


def dues(use: Use, policy: Policy) -> list[Due]:
    """The next audit of each kind, the earliest first; nothing for what is only registered."""
    if use.tier == Tier.REGISTRATION:
        return []
    if not use.issued:
        begun = next(iter(use.begun.values()), "")
        if use.planned:
            return [Due(FIRST, use.planned, Why.PLANNED, begun)]
        return [Due(FIRST, use.since, Why.NEVER, begun)]
    yearly, regular = _yearly(use, policy), _regular(use, policy)
    if yearly and regular and regular.reason == QUARTERLY and abs(yearly.on - regular.on) <= REPLACES:
        regular = None  # the yearly review stands in for this quarterly check
    return sorted((due for due in (yearly, regular) if due), key=lambda due: (due.on, due.reason))


def _yearly(use: Use, policy: Policy) -> Due | None:
    """Counted from the last audit that asked everything; from the first of all where there was none."""
    days = policy.interval(use.tier, YEARLY)
    if days is None:
        return None
    full = [use.issued[reason] for reason in (FIRST, YEARLY) if reason in use.issued]
    last = max(full, default=use.first or min(use.issued.values()))
    return Due(YEARLY, max(use.since, last) + timedelta(days=days), Why.REGULAR, use.begun.get(YEARLY, ""), days)


def _regular(use: Use, policy: Policy) -> Due | None:
    """Counted from the last audit of whatever reason; more often after one in the first months of use.

    A containment check lets use go on for few days alone: what is due after it is the re-audit.
    """
    issued = use.running or use.issued
    newest = max(issued, key=lambda reason: (issued[reason], reason != CONTAINMENT))
    last = max(use.since, issued[newest])
    if newest == CONTAINMENT:
        on = last + timedelta(days=CONTAINMENT_DAYS)
        return Due(RE_AUDIT, on, Why.CONTAINED, use.begun.get(RE_AUDIT, ""), CONTAINMENT_DAYS)
    intensive, days = policy.interval(use.tier, INTENSIVE), policy.interval(use.tier, QUARTERLY)
    why = Why.REGULAR
    if intensive is not None and use.autonomy >= INTENSIVE_AUTONOMY:
        days, why = intensive, Why.AUTONOMY
    elif intensive is not None and last < use.since + FIRST_MONTHS:
        days, why = intensive, Why.FIRST_MONTHS
    if days is None:
        return None
    return Due(QUARTERLY, last + timedelta(days=days), why, use.begun.get(QUARTERLY, ""), days)


@dataclass(frozen=True, slots=True)
class Coming:
    """One due audit of a deployment, as lists, letters and calendars show it."""

    deployment: int
    ref: str
    name: str
    site: Site
    owner: int
    owner_name: str
    tier: str
    due: Due
    today: date
    policy: Policy

    @property
    def late(self) -> int:
        """Days past the due day; negative before it."""
        return (self.today - self.due.on).days

    @property
    def is_overdue(self) -> bool:
        return self.late > 0

    @property
    def is_planned(self) -> bool:
        """A first audit with a date that the executive signed and that has not passed: no reason for alarm."""
        return self.due.why == Why.PLANNED and not self.is_overdue

    @property
    def is_escalated(self) -> bool:
        """Later than the hospital bears; an audit that was begun and not issued is so as well."""
        return self.late > self.policy.escalate_days

    @property
    def distances(self) -> list[int]:
        """Days before it is due on which it is reminded of: not in the first half of its interval."""
        every = self.due.every
        return [days for days in self.policy.remind_days if every is None or 2 * days <= every]

    @property
    def is_near(self) -> bool:
        """Within the longest reminder, or late, and nobody has begun it."""
        return not self.due.begun and -self.late <= max(self.distances, default=0)


def coming(
    rows: DeploymentQuerySet, sites: Iterable[Site], policies: Mapping[int, Policy] | None = None
) -> list[Coming]:
    """What is due of these deployments at these hospitals, the earliest first: five queries, however many there are.

    `policies` are the rules of the hospitals, where they were read already.
    """
    places = {site.pk: site for site in sites}
    policies = policies or Policy.by_site(places.values())
    todays = {pk: clock.today(site.zone) for pk, site in places.items()}
    rows = rows.in_use().filter(site__in=places).order_by()
    deployments = _deployments(rows, policies)
    keys = rows.values("pk")
    issued, begun, planned = _issued(keys), _begun(keys), dict(PlannedAudit.objects.in_force(keys))
    found = []
    for pk, ref, name, site, owner, owner_name, tier, autonomy, used_from, registered in deployments:
        zone = places[site].zone
        use = Use(
            since=clock.day(used_from or registered, zone),
            tier=tier,
            autonomy=int(autonomy or 0),
            **_days(issued.get(pk, []), zone),
            begun=begun.get(pk, {}),
            planned=planned.get(pk),
        )
        policy, today = policies[site], todays[site]
        found += [
            Coming(pk, ref, name, places[site], owner, owner_name, tier, due, today, policy)
            for due in dues(use, policy)
        ]
    return sorted(found, key=lambda row: (row.due.on, row.name, row.due.reason))


def _deployments(rows: DeploymentQuerySet, policies: Mapping[int, Policy]) -> Sequence[tuple[Any, ...]]:
    began = StatusChange.objects.filter(deployment=OuterRef("pk"), after__in=Deployment.IN_USE).order_by()
    first = began.values("deployment").annotate(first=Min("at")).values("first")
    rows = rows.with_tier(policies).annotate(used_from=Subquery(first), autonomy=KT("facts_now__autonomy_level"))
    return list(
        rows.values_list(
            "pk", "ref", "name", "site_id", "owner_id", F("owner__name"), "tier_now", "autonomy", "used_from",
            "registered_at",
        )
    )  # fmt: skip


class _Issued(NamedTuple):
    """The audits of one reason that were issued for one deployment; those for use decide that it begins or goes on."""

    deployment: int
    reason: str
    last: datetime
    for_use: datetime | None  # the last of them
    first_for_use: datetime | None
    running: datetime | None  # the last for use of the version that runs


def _issued(deployments: Any) -> dict[int, list[_Issued]]:
    running = ModelVersion.objects.running().filter(deployment__in=deployments).order_by().values("pk")
    for_use = Q(reports__issued_at__isnull=False, reports__decision__code__in=FOR_USE)
    rows = Audit.objects.issued().filter(deployment__in=deployments).order_by().values("deployment", "reason")
    rows = rows.annotate(
        last=Max("issued_at"),
        for_use=Max("issued_at", filter=for_use),
        first_for_use=Min("issued_at", filter=for_use),
        running=Max("issued_at", filter=for_use & Q(model_version__in=running)),
    )
    found: dict[int, list[_Issued]] = {}
    for row in map(_Issued._make, rows.values_list(*_Issued._fields)):
        found.setdefault(row.deployment, []).append(row)
    return found


def _days(rows: Sequence[_Issued], zone: str) -> dict[str, Any]:
    """What the rule takes of them. Decisions against use start no clock, unless there was no other."""
    last = {row.reason: row.for_use for row in rows if row.for_use} or {row.reason: row.last for row in rows}
    first = min((row.first_for_use for row in rows if row.first_for_use), default=None)
    return {
        "issued": {reason: clock.day(at, zone) for reason, at in last.items()},
        "running": {row.reason: clock.day(row.running, zone) for row in rows if row.running},
        "first": first and clock.day(first, zone),
    }


def _begun(deployments: Any) -> dict[int, dict[str, str]]:
    rows = Audit.objects.under_way().filter(deployment__in=deployments).order_by("opened_at")
    found: dict[int, dict[str, str]] = {}
    for deployment, reason, ref in rows.values_list("deployment", "reason", "ref"):
        found.setdefault(deployment, {})[reason] = ref
    return found
