"""A hospital's own rules over time: from when the gate holds, which risk tier a tool is in, how often it is audited."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import clock
from auditapp.accounts.models import GOVERNORS, Organisation, Site, User
from auditapp.deployments import profile
from auditapp.refusals import Refused
from auditapp.trail.models import Event


class Tier(models.TextChoices):
    """How closely a deployment is looked at. Full review is what the content describes."""

    FULL = "full", gettext_lazy("Full review")
    FAST = "fast", gettext_lazy("Fast track")
    REGISTRATION = "registration", gettext_lazy("Registration only")


class Harm(models.TextChoices):
    """What an incident did to a patient, the least first: after the NHS’s “Learn from patient safety events”."""

    NONE = "none", gettext_lazy("No harm")
    LOW = "low", gettext_lazy("Low harm")
    MODERATE = "moderate", gettext_lazy("Moderate harm")
    SEVERE = "severe", gettext_lazy("Severe harm")
    DEATH = "death", gettext_lazy("Death")


class Comparison(models.TextChoices):
    """How a rule looks at a fact of the profile."""

    IS = "is", gettext_lazy("is")
    AT_LEAST = "at_least", gettext_lazy("is at least")
    AT_MOST = "at_most", gettext_lazy("is at most")


LOOKUPS = {Comparison.IS: "", Comparison.AT_LEAST: "__gte", Comparison.AT_MOST: "__lte"}

# What is asked again and again. `interval_days` and `interval_days_intensive` of the content's questionnaires
# (quarterly-monitoring, annual-review); the intensive one counts in the first three months of use, and from the
# autonomy level on that the content names.
QUARTERLY, INTENSIVE, YEARLY = "quarterly", "quarterly_intensive", "yearly"
KINDS = {
    QUARTERLY: gettext_lazy("Quarterly check"),
    INTENSIVE: gettext_lazy("Quarterly check, while it is asked more often"),
    YEARLY: gettext_lazy("Yearly review"),
}
# The content knows no tiers. Until a hospital says otherwise, fast track leaves out the monthly checks alone, and
# registration only asks nothing.
INTERVALS: dict[str, dict[str, int | None]] = {
    Tier.FULL: {QUARTERLY: 91, INTENSIVE: 30, YEARLY: 365},
    Tier.FAST: {QUARTERLY: 91, INTENSIVE: None, YEARLY: 365},
    Tier.REGISTRATION: {QUARTERLY: None, INTENSIVE: None, YEARLY: None},
}
REMIND_DAYS = [30, 7, 1]
ESCALATE_DAYS = 14
LONGEST = 1830  # days: nothing that is asked regularly is asked less than every five years


class PolicyQuerySet(models.QuerySet["Policy"]):
    def visible_to(self, user: User) -> Self:
        """Those of the whole group, and of the hospitals that the person's roles cover."""
        rows = self.filter(organisation_id=user.organisation_id)
        return rows if user.reach is None else rows.filter(Q(site=None) | Q(site__in=user.reach))

    def set_for(self, site: Site | None) -> Self:
        """Everything that was ever set for one hospital, or (None) for the whole group, the newest first."""
        return self.filter(site=site).select_related("by", "site").order_by("-n")

    def in_force(self, at: datetime | None = None) -> Self:
        """The newest row of the group and of each hospital: today, or as recorded up to an instant."""
        rows = self if at is None else self.filter(at__lte=at)
        return rows.order_by("organisation_id", "site_id", "-n").distinct("organisation_id", "site_id")


class Policy(models.Model):
    """One statement of all the rules at once. Rows are only added; the newest counts.

    For a hospital its own newest row counts, else the newest of the whole group, else what is built in.
    """

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    n = models.PositiveIntegerField(default=0)
    gate_from = models.DateField(null=True)  # none: the gate does not hold yet
    harm_threshold = models.CharField(max_length=10, choices=Harm.choices, default=Harm.MODERATE)
    tiers = models.JSONField(default=list)  # [{"fact", "is", "value", "tier"}]: the first that matches wins
    intervals = models.JSONField(default=dict)  # {tier: {kind: days or null}}
    remind_days = models.JSONField(default=list)  # days before an audit is due
    escalate_days = models.PositiveSmallIntegerField(default=ESCALATE_DAYS)  # days after
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "site", "n"], name="one_policy_per_number", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(harm_threshold__in=Harm.values), name="a_harm_is_one_of_the_known"),
            models.CheckConstraint(condition=Q(n__gte=1), name="a_policy_that_is_kept_has_a_number"),
        ]

    def __str__(self) -> str:
        return f"policy {self.n} of {self.site_id or 'the whole group'}"

    @classmethod
    def built_in(cls, organisation_id: int) -> Self:
        """What holds where nothing was set: nothing gated, everything in full review at the content's intervals."""
        return cls(organisation_id=organisation_id, intervals=INTERVALS, remind_days=REMIND_DAYS)

    @classmethod
    def of(cls, site: Site, *, at: datetime | None = None) -> Self:
        """The rules in force at a hospital: today, or as recorded up to an instant. Not saved when none was set."""
        return cls.by_site([site], at=at)[site.pk]

    @classmethod
    def by_site(cls, sites: Iterable[Site], *, at: datetime | None = None) -> dict[int, Self]:
        """The rules in force at each of these hospitals; one query."""
        sites = list(sites)
        rows = cls.objects.filter(organisation__in={site.organisation_id for site in sites}).in_force(at)
        found = {(row.organisation_id, row.site_id): row for row in rows}
        return {
            site.pk: found.get((site.organisation_id, site.pk))
            or found.get((site.organisation_id, None))
            or cls.built_in(site.organisation_id)
            for site in sites
        }

    @property
    def is_built_in(self) -> bool:
        return self.pk is None

    def gates(self, day: date) -> bool:
        """Whether pilot and live need a valid decision on this day."""
        return self.gate_from is not None and self.gate_from <= day

    def questions(self, harm: str) -> bool:
        """Whether an incident of this harm makes an approval stale."""
        return Harm.values.index(harm) >= Harm.values.index(self.harm_threshold)

    def rule_for(self, facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The first rule that matches a confirmed profile; None without one, and where none matches."""
        return None if facts is None else next((rule for rule in self.tiers if matches(rule, facts)), None)

    def tier(self, facts: Mapping[str, Any] | None) -> str:
        """Of a deployment with these confirmed facts. A profile that nobody confirmed (None) gets the full review."""
        rule = self.rule_for(facts)
        return Tier(rule["tier"]) if rule else Tier.FULL

    def interval(self, tier: str, reason: str) -> int | None:
        """Days from one audit of this reason to the next; None where it is not asked regularly in this tier."""
        return self.intervals.get(tier, {}).get(reason)

    @staticmethod
    def tier_in_database(policies: Mapping[int, "Policy"], facts: str) -> Case:
        """The same as `tier`, for an annotation: `facts` names the confirmed profile's facts, NULL without one."""
        sites: dict[int, list[int]] = {}
        rules = {id(policy.tiers): policy.tiers for policy in policies.values()}
        for site, policy in policies.items():
            sites.setdefault(id(policy.tiers), []).append(site)
        whens = [
            When(Q(site_id__in=sites[key]) & _condition(rule, facts), then=Value(rule["tier"]))
            for key, ordered in rules.items()
            for rule in ordered
        ]
        return Case(*whens, default=Value(Tier.FULL.value), output_field=models.CharField())

    @classmethod
    def must_let_set(cls, by: User, site: Site | None) -> None:
        """Refuse unless this person may say by what rules a hospital, or (None) the whole group, goes."""
        what = _("set the rules over time")
        if site is None:
            by.must_hold_everywhere(*GOVERNORS, to=what)
        else:
            by.must_hold(*GOVERNORS, site=site, to=what)

    @classmethod
    @transaction.atomic
    def set(
        cls,
        *,
        by: User,
        site: Site | None,
        base: int,
        gate_from: date | None,
        harm_threshold: str,
        tiers: list[dict[str, Any]],
        intervals: Mapping[str, Mapping[str, int | None]],
        remind_days: Iterable[int],
        escalate_days: int,
    ) -> Self:
        """State all the rules anew. `base` is how many statements for this place the person had before them."""
        cls.must_let_set(by, site)
        Organisation.objects.select_for_update(no_key=True).get(pk=by.organisation_id)
        before = cls.objects.visible_to(by).set_for(site).first()
        n = before.n if before else 0
        if base != n:
            raise Refused(_("Somebody changed these rules after you opened the page. Read them again."))
        if harm_threshold not in Harm.values:
            raise Refused(_("Choose the least harm from those listed."))
        if not 0 <= escalate_days <= LONGEST:
            raise Refused(_("Days must be between 0 and %(most)s.") % {"most": LONGEST})
        values = {
            "gate_from": gate_from and gate_from.isoformat(),
            "harm_threshold": harm_threshold,
            "tiers": [cleaned_rule(rule) for rule in tiers],
            "intervals": cleaned_intervals(intervals),
            "remind_days": cleaned_distances(remind_days),
            "escalate_days": escalate_days,
        }
        policy = cls.objects.create(
            organisation_id=by.organisation_id, site=site, n=n + 1, by=by, at=clock.now(),
            **values | {"gate_from": gate_from},
        )  # fmt: skip
        Event.record(by, "policy.set", by.organisation, site=site and site.code, n=n + 1, **values)
        return policy


def matches(rule: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether one rule matches a profile; a fact that the profile does not know matches nothing."""
    value: Any = facts.get(rule["fact"])
    if type(value) is not type(rule["value"]):
        return False
    if rule["is"] == Comparison.AT_LEAST:
        return bool(value >= rule["value"])
    if rule["is"] == Comparison.AT_MOST:
        return bool(value <= rule["value"])
    return bool(value == rule["value"])


def _condition(rule: Mapping[str, Any], facts: str) -> Q:
    return Q(**{f"{facts}__{rule['fact']}{LOOKUPS[Comparison(rule['is'])]}": rule["value"]})


def cleaned_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as it is stored. Raises Refused for a fact, a comparison, a value or a tier that there is not."""
    fact = next((fact for fact in profile.facts() if fact.id == rule["fact"]), None)
    if fact is None:
        raise Refused(_("“%(fact)s” is not a fact of the profile.") % {"fact": rule["fact"]})
    if rule["is"] not in Comparison.values or (not fact.is_level and rule["is"] != Comparison.IS):
        raise Refused(_("“%(fact)s” is a yes or a no: a rule can only ask which.") % {"fact": fact.label})
    if rule["value"] not in fact.values or type(rule["value"]) is not type(fact.values[0]):
        raise Refused(_("“%(fact)s” has no such value.") % {"fact": fact.label})
    return {"fact": fact.id, "is": str(rule["is"]), "value": rule["value"], "tier": Tier(rule["tier"]).value}


def cleaned_intervals(intervals: Mapping[str, Mapping[str, int | None]]) -> dict[str, dict[str, int | None]]:
    """Every tier with every kind. Raises Refused for days that cannot be."""
    found = {tier: {kind: intervals.get(tier, {}).get(kind) for kind in KINDS} for tier in Tier.values}
    if any(days is not None and not 1 <= days <= LONGEST for kinds in found.values() for days in kinds.values()):
        raise Refused(_("An interval is from 1 to %(most)s days.") % {"most": LONGEST})
    return found


def cleaned_distances(days: Iterable[int]) -> list[int]:
    """Each distance once, the longest first."""
    found = sorted({*days}, reverse=True)
    if any(not 0 <= day <= LONGEST for day in found):
        raise Refused(_("Days must be between 0 and %(most)s.") % {"most": LONGEST})
    return found


def in_words(rule: Mapping[str, Any]) -> str:
    """Why a deployment is in its tier, such as “Patient-facing” is Yes."""
    fact = next((fact for fact in profile.facts() if fact.id == rule["fact"]), None)
    said = {
        "fact": fact.label if fact else rule["fact"],
        "value": fact.in_words(rule["value"]) if fact else rule["value"],
    }
    if rule["is"] == Comparison.AT_LEAST:
        return _("“%(fact)s” is at least %(value)s") % said
    if rule["is"] == Comparison.AT_MOST:
        return _("“%(fact)s” is at most %(value)s") % said
    return _("“%(fact)s” is %(value)s") % said
