"""In which risk tier a deployment is, and by which of the hospital's rules."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from auditapp.deployments.models import Policy, Tier
from auditapp.deployments.models.policy import in_words


class Placement(NamedTuple):
    """The tier, and the rule that gave it, in words."""

    code: str
    because: str

    @property
    def label(self) -> str:
        return str(Tier(self.code).label)


def placed(policy: Policy, facts: Mapping[str, Any] | None) -> Placement:
    """`facts` are those of the confirmed profile; None without one."""
    rule = policy.rule_for(facts)
    if rule:
        return Placement(rule["tier"], in_words(rule))
    if facts is None:
        return Placement(Tier.FULL.value, _("no profile is confirmed"))
    if not policy.tiers:
        return Placement(Tier.FULL.value, _("the hospital has no rule for another tier"))
    return Placement(Tier.FULL.value, _("no rule matches"))
