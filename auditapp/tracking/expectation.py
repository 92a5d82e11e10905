"""What is expected of this reader on the page of a deployment, and the one button that leads there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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


def of(user: User, deployment: Deployment, profile: Profile, *, overdue: int, under_way: Sequence[str]) -> Expected:
    """The confirmation of the profile comes first: until then no audit can be opened. Then what is overdue.

    `overdue` counts findings, `under_way` names audits.
    """
    retired = deployment.status == Deployment.Status.RETIRED
    keeps, moves = user.holds(*KEEPERS, site=deployment.site), bool(deployment.moves_for(user))
    line, button, href = _nothing(under_way), "", ""
    if not retired and profile.awaits(user):
        line = _("The profile waits for a second person. Read it, and confirm it if it is right.")
        button, href = _("Read the profile"), reverse("tracking:profile", args=[deployment.ref])
    elif not retired and not profile.is_confirmed:
        line = _unconfirmed(profile, user)
    elif not retired and overdue and deployment.owner_id == user.pk:
        line = ngettext("%(n)s finding is overdue.", "%(n)s findings are overdue.", overdue) % {"n": overdue}
        address = f"{reverse('findings:list')}?state=overdue&deployment={deployment.ref}"
        button, href = _("See what is overdue"), address
    elif not retired and user.holds(Role.AUDITOR, site=deployment.site):
        button, href = _("Open an audit"), f"{reverse('audits:opening')}?deployment={deployment.ref}"
    return Expected(line, button, href, may_keep=keeps and not retired, may_move=moves)


def _nothing(under_way: Sequence[str]) -> str:
    if not under_way:
        return _("Nothing waits for you here.")
    sentence = ngettext("%(refs)s is under way.", "%(refs)s are under way.", len(under_way))
    return sentence % {"refs": ", ".join(under_way)}


def _unconfirmed(profile: Profile, user: User) -> str:
    if profile.by_id == user.pk:
        return _("The profile that you filled in waits for a second person. Until then no audit can be opened.")
    return _("The profile waits for a second person. Until then no audit can be opened.")
