"""Whether model versions have a valid signed audit today, in the database: the same rules as tracking/validity.py.

For lists, in one query. Rooms above are read through reverse relations alone.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy

from auditapp.accounts.models import LocalDay, Site
from auditapp.deployments.models.policy import INTENSIVE, QUARTERLY, YEARLY, Harm, Policy, Tier
from auditapp.deployments.models.profile import Profile

if TYPE_CHECKING:
    from auditapp.deployments.models.version import ModelVersionQuerySet

# Decisions after which use starts or goes on, be it under conditions (content, decisions.meaning).
FOR_USE = {"approve", "approve_with_contingencies", "continue", "continue_with_conditions", "restrict"}
# Audits that ask every check that can be asked then (content, questionnaires: before deployment, annual-review).
FULL_REASONS = {"pre_deployment", "yearly"}
# interim_continuation.max_days: the content's one number for use that goes on before the full decision. Local default.
CONTAINMENT_DAYS = 14
# quarterly-monitoring, intensive_when: the first three months of use, or from this level of autonomy on.
FIRST_MONTHS, INTENSIVE_LEVEL = 91, 2
# annual-review, frequency: it replaces the quarterly check that falls due within the same 30 days.
REPLACES = 30
LAPSES = {  # tone, words and shape, as lists show them
    "": ("good", gettext_lazy("Covered"), "tick"),
    "not_needed": ("neutral", gettext_lazy("No audit needed"), "dot"),
    "never_audited": ("attention", gettext_lazy("No audit"), "triangle"),
    "new_version": ("bad", gettext_lazy("Stale: new version"), "triangle"),
    "decision_against_use": ("bad", gettext_lazy("Decided against use"), "barred"),
    "incident": ("bad", gettext_lazy("Stale: incident"), "triangle"),
    "notice": ("bad", gettext_lazy("Stale: supplier’s notice"), "triangle"),
    "profile_changed": ("bad", gettext_lazy("Stale: profile changed"), "triangle"),
    "contingency_expired": ("bad", gettext_lazy("Stale: condition overdue"), "clock"),
    "period_passed": ("bad", gettext_lazy("Stale: next audit overdue"), "clock"),
}
STALE = tuple(code for code in LAPSES if code not in ("", "not_needed", "never_audited", "decision_against_use"))
HOLDS = ("", "not_needed")  # lapses that leave nothing to do


class DayOf(Func):
    """The calendar day of an instant at a hospital: DayOf("site__zone", instant)."""

    function = "TIMEZONE"
    template = "(%(function)s(%(expressions)s))::date"
    output_field = DateField()


class DaysLater(Func):
    """A day and a number of days after it."""

    template = "(%(expressions)s)"
    arg_joiner = " + "
    output_field = DateField()


def issued(manager: Any, **of: Any) -> Any:
    """Issued audits, the newest first."""
    return manager.filter(state="issued", **of).order_by("-issued_at", "-pk")


def for_use(rows: Any) -> Any:
    return rows.filter(reports__issued_at__isnull=False, reports__decision__code__in=FOR_USE)


def judged(rows: "ModelVersionQuerySet", audits: Any) -> "ModelVersionQuerySet":
    """With `lapse`: "" for a version whose approval holds, "not_needed", or the code of what is against it.

    And with `until`, the last day of the period; none runs before the first use.
    """
    policies = Policy.by_site(Site.objects.all())
    deployment: Any = rows.model._meta.get_field("deployment").related_model
    rows = _with_facts(rows, deployment, audits)
    rows = rows.annotate(
        tier_now=Policy.tier_in_database(policies, "facts_now"),
        today=LocalDay("site__zone"),
        use_on=DayOf("site__zone", "first_use"),
    )
    rows = rows.annotate(starts_on=_since("audited_at"))
    rows = rows.annotate(regular_until=_regular(policies), yearly_until=_yearly(policies)).annotate(until=_until())
    against = [
        When(tier_now=Tier.REGISTRATION, then=Value("not_needed")),
        When(decided=None, full_at__isnull=False, then=Value("new_version")),
        When(decided=None, then=Value("never_audited")),
        When(~Q(decided__in=FOR_USE), then=Value("decision_against_use")),
        When(_questioned_by_incident(deployment, audits, policies), then=Value("incident")),
        When(_questioned_by_notice(deployment, audits), then=Value("notice")),
        When(~Q(facts_now=F("facts_then")), then=Value("profile_changed")),
        When(_expired_contingency(deployment), then=Value("contingency_expired")),
        When(use_on__isnull=False, until__lt=F("today"), then=Value("period_passed")),
    ]
    return rows.annotate(lapse=Case(*against, default=Value(""), output_field=CharField()))


def _with_facts(rows: "ModelVersionQuerySet", deployment: Any, audits: Any) -> "ModelVersionQuerySet":
    """What the newest audit rests on, and what there is today: profile, first use, last full audit."""
    newest = issued(audits, model_version=OuterRef("pk"))
    confirmed = Profile.objects.filter(deployment=OuterRef("deployment"), confirmation__isnull=False).order_by("-n")
    steps = deployment.status_changes.rel.related_model.objects.filter(deployment=OuterRef("deployment"))
    whole = for_use(issued(audits, deployment=OuterRef("deployment")))
    rows = rows.annotate(
        audited_reason=Subquery(newest.values("reason")[:1]),
        audited_profile=Subquery(newest.values("profile__n")[:1]),
        facts_now=Subquery(confirmed.values("facts")[:1]),
        first_use=Subquery(steps.filter(after__in=deployment.IN_USE).order_by("at").values("at")[:1]),
        full_at=Coalesce(
            Subquery(whole.filter(reason__in=FULL_REASONS).values("issued_at")[:1]),
            Subquery(whole.order_by("issued_at", "pk").values("issued_at")[:1]),
        ),
    )
    number = Cast("audited_profile", IntegerField())
    then = Profile.objects.filter(deployment=OuterRef("deployment"), n=OuterRef("profile_number"))
    return rows.annotate(profile_number=number).annotate(facts_then=Subquery(then.values("facts")[:1]))


def _answering(audits: Any, deployment: Any) -> Exists:
    """An audit opened after the question arose lets use go on; the quarterly check is too short for that."""
    later = issued(audits, deployment=deployment, opened_at__gte=OuterRef("at")).order_by()
    return Exists(for_use(later).exclude(reason="quarterly"))


def _questioned_by_incident(deployment: Any, audits: Any, policies: Mapping[int, Policy]) -> Exists:
    grave = Q(pk__in=[])
    for threshold in Harm.values:
        if sites := [site for site, policy in policies.items() if policy.harm_threshold == threshold]:
            grave |= Q(site_id__in=sites, harm__in=[harm for harm in Harm.values if _reaches(harm, threshold)])
    rows = deployment.incidents.rel.related_model.objects.filter(
        grave, deployment=OuterRef("deployment"), happened_on__lte=OuterRef("today")
    )
    return Exists(rows.exclude(cause="excluded").filter(~_answering(audits, OuterRef("deployment"))))


def _questioned_by_notice(deployment: Any, audits: Any) -> Exists:
    product: Any = deployment._meta.get_field("product").related_model
    rows = product.notices.rel.related_model.objects.filter(
        Q(versions=[]) | Q(versions__contains=[OuterRef("name")]),
        product=OuterRef("deployment__product"),
        questions=True,
        issued_on__lte=OuterRef("today"),
    )
    return Exists(rows.filter(~_answering(audits, OuterRef(OuterRef("deployment")))))


def _expired_contingency(deployment: Any) -> Exists:
    """A condition of the very decision, open beyond its date."""
    rows = deployment.findings.rel.related_model.objects.filter(
        deployment=OuterRef("deployment"), due__lt=OuterRef("today"), source=OuterRef("audited_by"), origin="condition"
    )
    return Exists(rows.open())


def _since(instant: str) -> Greatest:
    """Regular checks ask about use, so their clock starts with the later of audit and first use."""
    return Greatest(DayOf("site__zone", instant), F("use_on"))


def _reaches(harm: str, threshold: str) -> bool:
    return Harm.values.index(harm) >= Harm.values.index(threshold)


def _days(policies: Mapping[int, Policy], kind: str) -> Case:
    """The interval of a kind by the rules of the hospital and the tier; NULL where it is not asked."""
    alike: dict[tuple[str, int], list[int]] = {}
    for site, policy in policies.items():
        for tier in Tier.values:
            if days := policy.interval(tier, kind):
                alike.setdefault((tier, days), []).append(site)
    whens = [When(site_id__in=sites, tier_now=tier, then=Value(days)) for (tier, days), sites in alike.items()]
    return Case(*whens, default=Value(None), output_field=IntegerField())


def _regular(policies: Mapping[int, Policy]) -> Case:
    quarterly, intensive = _days(policies, QUARTERLY), _days(policies, INTENSIVE)
    start = F("starts_on")
    begins = Q(starts_on__lt=DaysLater(F("use_on"), Value(FIRST_MONTHS)))
    return Case(
        When(audited_reason="containment", then=DaysLater(start, Value(CONTAINMENT_DAYS))),
        When(
            begins | Q(facts_now__autonomy_level__gte=INTENSIVE_LEVEL),
            then=DaysLater(start, Coalesce(intensive, quarterly)),
        ),
        default=DaysLater(start, quarterly),
        output_field=DateField(),
    )


def _yearly(policies: Mapping[int, Policy]) -> DaysLater:
    return DaysLater(_since("full_at"), _days(policies, YEARLY))


def _until() -> Case:
    """The earlier of the two, but where they fall together the yearly review stands in for the quarterly check."""
    together = ~Q(audited_reason="containment") & Q(
        regular_until__gte=DaysLater(F("yearly_until"), Value(-REPLACES)),
        regular_until__lte=DaysLater(F("yearly_until"), Value(REPLACES)),
    )
    earlier = Least(F("regular_until"), F("yearly_until"))
    return Case(When(together, then=F("yearly_until")), default=earlier, output_field=DateField())
