"""Which audit of what is in use is due when. The rule is pure; what it reads takes a fixed number of queries.

Every interval and its source is in docs/schedule.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Max, Min, OuterRef, Subquery
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy, pgettext_lazy

from auditapp import clock
from auditapp.accounts.models import Site
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, Policy, StatusChange, Tier
from auditapp.deployments.models.deployment import DeploymentQuerySet
from auditapp.deployments.models.policy import INTENSIVE, QUARTERLY, YEARLY
from auditapp.tracking.first_plan import PlannedAudit

FIRST, RE_AUDIT = Audit.Reason.PRE_DEPLOYMENT.value, Audit.Reason.RE_AUDIT.value
# quarterly-monitoring, intensive_when: "the first three months of use, or autonomy_level>=2"
FIRST_MONTHS = timedelta(days=91)
INTENSIVE_AUTONOMY = 2
# annual-review, frequency: "it replaces the quarterly check that falls due within the same 30 days"
REPLACES = timedelta(days=30)

REASONS = {
    FIRST: gettext_lazy("First audit"),
    QUARTERLY: gettext_lazy("Quarterly check"),
    YEARLY: gettext_lazy("Yearly review"),
}


class Why:
    """Why an audit is due on its day, as a code; WHY says it in words."""

    NEVER, PLANNED, REGULAR, FIRST_MONTHS, AUTONOMY = "never", "planned", "regular", "first_months", "autonomy"


WHY = {
    Why.NEVER: gettext_lazy("in use without any audit"),
    Why.PLANNED: gettext_lazy("by the signed first plan"),
    Why.REGULAR: pgettext_lazy("interval", "regular"),
    Why.FIRST_MONTHS: gettext_lazy("more often in the first three months of use"),
    Why.AUTONOMY: gettext_lazy("more often from autonomy level 2 on"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """What the rule looks at of one deployment in use. Days are those of its hospital."""

    since: date  # the first day of use, a pilot included
    tier: str
    autonomy: int = 0
    issued: Mapping[str, date] = field(default_factory=dict)  # reason -> the day its last audit was issued
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
    found = [due for due in (_yearly(use, policy), _quarterly(use, policy)) if due]
    if len(found) == 2 and abs(found[0].on - found[1].on) <= REPLACES:
        found.pop()  # the yearly review stands in for this quarterly check
    return sorted(found, key=lambda due: (due.on, due.reason))


def _last(use: Use, *reasons: str) -> date:
    """The day from which an interval runs: the last of these audits, or the beginning of use after it."""
    return max([use.since, *(use.issued[reason] for reason in reasons if reason in use.issued)])


def _yearly(use: Use, policy: Policy) -> Due | None:
    days = policy.interval(use.tier, YEARLY)
    if days is None:
        return None
    due = _last(use, FIRST, YEARLY) + timedelta(days=days)
    return Due(YEARLY, due, Why.REGULAR, use.begun.get(YEARLY, ""), days)


def _quarterly(use: Use, policy: Policy) -> Due | None:
    """Counted from the last quarterly, fuller or re-audit; more often after one in the first months of use."""
    last = _last(use, FIRST, QUARTERLY, YEARLY, RE_AUDIT)
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
            issued={reason: clock.day(at, zone) for reason, at in issued.get(pk, ())},
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


def _issued(deployments: Any) -> dict[int, list[tuple[str, datetime]]]:
    rows = Audit.objects.issued().filter(deployment__in=deployments).order_by()
    found: dict[int, list[tuple[str, datetime]]] = {}
    for deployment, reason, at in rows.values_list("deployment", "reason").annotate(last=Max("issued_at")):
        found.setdefault(deployment, []).append((reason, at))
    return found


def _begun(deployments: Any) -> dict[int, dict[str, str]]:
    rows = Audit.objects.under_way().filter(deployment__in=deployments).order_by("opened_at")
    found: dict[int, dict[str, str]] = {}
    for deployment, reason, ref in rows.values_list("deployment", "reason", "ref"):
        found.setdefault(deployment, {})[reason] = ref
    return found
