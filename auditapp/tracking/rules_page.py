"""What the pages on a hospital's rules show: the rules in words, their history, and what a change would do."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F
from django.utils.translation import gettext as _

from auditapp.accounts.models import GOVERNORS, Site, User
from auditapp.deployments.models import Deployment, Policy, Tier
from auditapp.deployments.models.policy import KINDS, in_words


def page(user: User, site: Site | None, sites: Sequence[Site]) -> dict[str, Any]:
    """Of one hospital, or (None) of the whole group; the same number of queries however often they were changed."""
    history = list(Policy.objects.visible_to(user).set_for(site))
    policy = history[0] if history else inherited(user, site)
    return {
        "site": site,
        "sites": sites,
        "policy": policy,
        "rules": in_full(policy),
        "is_own": bool(history),
        "history": [(earlier, in_full(earlier)) for earlier in history],
        "may_set": may_set(user, site),
        "spread": spread(user, site, sites, policy, is_own=bool(history)),
    }


def inherited(user: User, site: Site | None) -> Policy:
    """What holds where nothing of its own was set."""
    return Policy.of(site) if site else Policy.built_in(user.organisation_id)


def own_or_inherited(user: User, site: Site | None) -> tuple[Policy, int]:
    """The rules in force, and the number of the place's own newest statement (0 without one)."""
    own = Policy.objects.visible_to(user).set_for(site).first()
    return (own, own.n) if own else (inherited(user, site), 0)


def may_set(user: User, site: Site | None) -> bool:
    return user.holds_everywhere(*GOVERNORS) if site is None else user.holds(*GOVERNORS, site=site)


def in_full(policy: Policy) -> dict[str, Any]:
    """A statement of rules as a page reads it."""
    return {
        "tiers": [(in_words(rule), Tier(rule["tier"])) for rule in policy.tiers],
        "intervals": [
            (label, [(tier.label, policy.interval(tier, kind)) for tier in (Tier.FULL, Tier.FAST)])
            for kind, label in KINDS.items()
        ],
        "remind_days": ", ".join(map(str, policy.remind_days)),
    }


def spread(
    user: User, site: Site | None, sites: Sequence[Site], policy: Policy, *, is_own: bool = True
) -> list[tuple[Tier, int]]:
    """How many deployments each tier has (or would have) by these rules, where they count.

    Rules of the whole group do not count at hospitals that have rules of their own.
    """
    if site is not None:
        counted: dict[int, Policy] = {site.pk: policy}
    else:
        own = Policy.objects.visible_to(user).in_force().filter(site__in=sites).values_list("site", flat=True)
        kept = {*own}
        counted = {place.pk: policy for place in sites if place.pk not in kept}
    rows = Deployment.objects.visible_to(user).exclude(status=Deployment.Status.RETIRED).filter(site__in=counted)
    found = dict(rows.with_tier(counted).order_by().values_list(F("tier_now")).annotate(Count("pk")))
    return [(tier, found.get(tier.value, 0)) for tier in Tier]


def compared(
    user: User, site: Site | None, sites: Sequence[Site], now: Policy, proposed: Policy
) -> list[tuple[Tier, int, int]]:
    """[(tier, how many are in it now, how many would be)]."""
    before, after = (dict(spread(user, site, sites, policy)) for policy in (now, proposed))
    return [(tier, before[tier], after[tier]) for tier in Tier]


def name_of(site: Site | None) -> str:
    return site.name if site else _("the whole group")
