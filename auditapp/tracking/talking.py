"""What is said to a person about questions: mentions they have not looked at, and open comments on their answers."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.translation import ngettext

from auditapp.accounts.models import User
from auditapp.audits.models import Comment
from auditapp.audits.models.comments import ENDED, is_unread_by
from auditapp.tracking.tasks import Kind, Task, named

NAMES = ("answer__audit__deployment__name", "site__name", "answer__audit__ref", "answer__code")


def waiting(user: User) -> Iterator[Task]:
    """One line for each question and kind; what mentions the person is not said a second time."""
    mentioned = is_unread_by(user)
    on_mine = Q(answer__current__by=user, answer__asked=True, resolved_at=None) & ~Q(answer__audit__state__in=ENDED)
    rows = Comment.objects.visible_to(user).filter(Q(mentioned) | on_mine & ~Q(by=user), withdrawn_at=None)
    rows = rows.order_by().annotate(mentioned=mentioned).values(*NAMES, "site__zone", "mentioned")
    for row in rows.annotate(n=Count("pk"), since=Min("at")):
        if row["mentioned"]:
            verb = ngettext("Read the comment that mentions you", "Read %(n)s comments that mention you", row["n"])
            yield _task(Kind.MENTIONED, verb % row, row)
        else:
            verb = ngettext("See to %(n)s comment on your answer", "See to %(n)s comments on your answer", row["n"])
            yield _task(Kind.COMMENTED, verb % row, row)


def _task(kind: Kind, verb: str, row: dict[str, Any]) -> Task:
    deployment, site, ref, code = (row[name] for name in NAMES)
    href = reverse("audits:comments", args=[ref, code])
    return Task(kind, verb, named(deployment, site, ref, code), href, row["site__zone"], since=row["since"])
