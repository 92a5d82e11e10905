"""What is expected of this reader on the page of a deployment, and the one button that leads there."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp.accounts.models import Role, User
from auditapp.deployments.models import KEEPERS, Deployment, Profile


@dataclass(frozen=True)
class Expected:
    """One line, a button if there is something to do, and which quieter acts are allowed."""

    line: str = ""
    button: str = ""
    href: str = ""
    may_keep: bool = False
    may_move: bool = False


def of(user: User, deployment: Deployment, profile: Profile) -> Expected:
    """The confirmation of the profile comes first: until then no audit can be opened."""
    ended = deployment.status == Deployment.Status.RETIRED
    allowed: dict[str, Any] = {
        "may_keep": user.holds(*KEEPERS, site=deployment.site) and not ended,
        "may_move": bool(deployment.moves_for(user)),
    }
    if ended:
        return Expected(**allowed)
    if profile.awaits(user):
        line = _("The profile waits for a second person. Read it, and confirm it if it is right.")
        return Expected(line, _("Read the profile"), reverse("tracking:profile", args=[deployment.ref]), **allowed)
    if not profile.is_confirmed:
        by_you = _("The profile that you filled in waits for a second person. Until then no audit can be opened.")
        by_other = _("The profile waits for a second person. Until then no audit can be opened.")
        return Expected(by_you if profile.by_id == user.pk else by_other, **allowed)
    if user.holds(Role.AUDITOR, site=deployment.site):
        return Expected("", _("Open an audit"), f"{reverse('audits:opening')}?deployment={deployment.ref}", **allowed)
    return Expected(**allowed)
