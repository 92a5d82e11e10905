"""Letters: what is sent by e-mail holds titles and links, never what somebody answered or wrote."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.accounts.notifications import MailChoice, OffLink

Line = tuple[str, str]  # a title, and the address on this site that it leads to


def send(user: User, letter: str, *, subject: str, lines: Iterable[Line]) -> bool:
    """Send a letter to a person who wants it; says whether it was sent."""
    if not user.is_active or not MailChoice.of(user).wants(letter):
        return False
    off = absolute(OffLink.address(user, letter))
    parts = [f"{title}\n{absolute(href)}" for title, href in lines]
    parts.append("-- \n" + _("This message holds titles and links only. Switch these messages off:") + f"\n{off}")
    headers = {"List-Unsubscribe": f"<{off}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMessage(
        subject, "\n\n".join(parts), to=[user.email], headers=headers | {"Auto-Submitted": "auto-generated"}
    )
    return bool(message.send())


def absolute(href: str) -> str:
    return f"{settings.PUBLIC_URL}{href}"
