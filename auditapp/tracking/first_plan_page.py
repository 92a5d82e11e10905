"""What the pages on the first plan show: which live tools nobody has audited, and in which order they should be."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.accounts.models import Role, Site, User
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Profile, Tier
from auditapp.tracking import schedule
from auditapp.tracking.first_plan import PLANNERS, FirstPlan
from auditapp.tracking.schedule import FIRST, Coming

# Facts that put more people within reach of a mistake, or leave fewer to catch it. Ours; docs/schedule.md says why.
RAISING = (
    "patient_facing", "ehr_write", "conversational", "generates_clinical_text", "is_predictive", "is_imaging",
    "locally_adapted", "multilingual_population",
)  # fmt: skip
HIGHEST = 99  # nobody confirmed what it is, so it counts as the riskiest of its tier


class Unaudited(NamedTuple):
    """A deployment in use that nobody has audited, with what ranks it."""

    coming: Coming
    autonomy: int
    raising: int

    @property
    def rank(self) -> tuple[Any, ...]:
        """By tier, then autonomy level, then how many facts raise the risk; of equals what has run longest first."""
        tier = Tier.values.index(self.coming.tier)
        return (tier, -self.autonomy, -self.raising, self.coming.due.on, self.coming.name)

    @property
    def because(self) -> str:
        """Why it stands where it stands, in words."""
        tier = str(Tier(self.coming.tier).label)
        if self.autonomy == HIGHEST:
            return _("%(tier)s, no profile confirmed") % {"tier": tier}
        words = {"tier": tier, "level": self.autonomy, "n": self.raising}
        return ngettext(
            "%(tier)s, autonomy level %(level)s, %(n)s fact that raises the risk",
            "%(tier)s, autonomy level %(level)s, %(n)s facts that raise the risk",
            self.raising,
        ) % words  # fmt: skip

    @property
    def as_line(self) -> dict[str, Any]:
        """As a plan keeps it."""
        row = self.coming
        return {"ref": row.ref, "name": row.name, "tier": row.tier, "because": self.because}


def unaudited(user: User, site: Site) -> list[Unaudited]:
    """The riskiest first; the same number of queries however many there are."""
    rows = Deployment.objects.visible_to(user).filter(site=site)
    first = [row for row in schedule.coming(rows, [site]) if row.due.reason == FIRST]
    confirmed = Profile.objects.filter(deployment__in=[row.deployment for row in first], confirmation__isnull=False)
    newest = confirmed.order_by("deployment_id", "-n").distinct("deployment_id")
    facts = dict(newest.values_list("deployment", "facts"))
    return sorted((_ranked(row, facts.get(row.deployment)) for row in first), key=lambda row: row.rank)


def _ranked(row: Coming, facts: Mapping[str, Any] | None) -> Unaudited:
    if facts is None:
        return Unaudited(row, HIGHEST, HIGHEST)
    return Unaudited(row, int(facts.get("autonomy_level", 0)), sum(facts.get(name) is True for name in RAISING))


def raising_in_words() -> list[str]:
    """The facts that raise the risk, as profiles name them."""
    labels = {fact.id: fact.label for fact in profile.facts()}
    return [labels[name] for name in RAISING if name in labels]


def page(user: User, site: Site, sites: Sequence[Site]) -> dict[str, Any]:
    """What is unaudited, the plan that is being prepared, and the one that was signed."""
    plans = list(FirstPlan.objects.visible_to(user).of(site).defer("canonical"))
    draft = next((plan for plan in plans if plan.signed_at is None), None)
    signed = [plan for plan in plans if plan.signed_at is not None]
    waiting = unaudited(user, site)
    refs = {row.coming.ref for row in waiting}
    return {
        "site": site,
        "sites": sites,
        "waiting": waiting,
        "draft": draft,
        "missing": len(refs - {line["ref"] for line in draft.lines}) if draft else 0,
        "signed": signed[0] if signed else None,
        "earlier": signed[1:],
        "open_refs": refs,
        "today": clock.today(site.zone),
        "raising": raising_in_words(),
        "may_prepare": user.holds(*PLANNERS, site=site),
        "may_sign": user.holds(Role.EXECUTIVE, site=site),
    }


def next_monday(site: Site) -> date:
    """The first day that a plan is offered to begin on."""
    today = clock.today(site.zone)
    return today + timedelta(days=7 - today.weekday())
