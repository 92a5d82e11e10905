"""Questions that wait for a person's answer, and answers that wait for a second person's approval."""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.accounts.models import Role, Site, User
from auditapp.audits.models import Answer, Assignment, Audit
from auditapp.audits.models.answers import UNANSWERED
from auditapp.tracking.tasks import Kind, Task, named, on_audit

# What a group of answers is named by.
NAMES = ("audit__deployment__name", "site__name", "audit__ref", "audit__version__questionnaire__title")


def drafts(user: User) -> Iterator[Task]:
    """Drafts that the person opened: what is returned, what is unanswered, or the handing over.

    Not while two people read them apart: until both have finished nobody answers there.
    """
    returned = Answer.objects.still_returned().filter(audit=OuterRef("pk")).order_by().values("audit")
    mine: Any = Audit.objects.visible_to(user).filter(state=Audit.State.DRAFT, is_read_apart=False, opened_by=user)
    mine = mine.select_related("deployment__site", "version__questionnaire").annotate(
        returned=Coalesce(Subquery(returned.annotate(n=Count("pk")).values("n")), 0),
        returned_at=Max("submissions__returns__at"),
    )
    for audit in mine:
        left = audit.asked - audit.answered
        since = audit.returned_at or audit.opened_at
        if audit.returned:
            verb = ngettext("Answer %(n)s returned question", "Answer %(n)s returned questions", audit.returned)
            yield on_audit(audit, Kind.RETURNED, verb % {"n": audit.returned}, audit.get_absolute_url(), since=since)
        elif left:
            verb = ngettext("Answer %(n)s question", "Answer %(n)s questions", left) % {"n": left}
            yield on_audit(audit, Kind.ANSWER, verb, audit.get_absolute_url(), since=audit.opened_at)
        else:
            href = reverse("audits:submission", args=[audit.ref])
            yield on_audit(audit, Kind.ANSWER, _("Check and submit the audit"), href, since=since)


def assigned(user: User) -> Iterator[Task]:
    """Questions that were given to the person, singly or with their category, in drafts of others."""
    returned = Exists(Answer.objects.still_returned().filter(pk=OuterRef("pk")))
    mine = Assignment.objects.of_answer().filter(user=user)
    answers = (
        Answer.objects.visible_to(user)
        .given_to(user)
        .filter(UNANSWERED | Q(returned), audit__state=Audit.State.DRAFT, audit__is_read_apart=False)
        .filter(open_in_round=F("audit__round"))
        .annotate(
            given_due=Subquery(mine.order_by("due").values("due")[:1]),
            given_at=Subquery(mine.order_by("at").values("at")[:1]),
        )
    )
    rows = (
        answers.exclude(audit__opened_by=user)
        .order_by()
        .values(*NAMES, "site__zone")
        .annotate(
            n=Count("pk"),
            due=Min("given_due"),
            since=Min("given_at"),
            categories=ArrayAgg("category_code", order_by="position"),
        )
    )
    for row in rows:
        verb = ngettext("Answer %(n)s question of your part", "Answer %(n)s questions of your part", row["n"]) % row
        href = reverse("audits:category", args=[row["audit__ref"], row["categories"][0]]) + "?show=unanswered"
        what = named(*(row[name] for name in NAMES))
        late = row["due"] is not None and row["due"] < clock.today(row["site__zone"])
        kind = Kind.LATE if late else Kind.ANSWER
        yield Task(kind, verb, what, href, row["site__zone"], due=row["due"], since=row["since"])


def approvals(user: User) -> Iterator[Task]:
    """Critical questions that somebody else set to not applicable, with a justification."""
    roles = (Role.AUDITOR, Role.CLINICAL_SAFETY_OFFICER, Role.CATEGORY_LEAD)
    if not user.holds(*roles):
        return
    mine = Answer.objects.visible_to(user).filter(site__in=Site.objects.where(user, *roles))
    waiting = mine.awaiting_approval().exclude(current__by=user)
    rows = (
        waiting.order_by()
        .values(*NAMES, "site__zone")
        .annotate(
            n=Count("pk"),
            since=Min("current__at"),
            codes=ArrayAgg("code", order_by="position"),
            categories=ArrayAgg("category_code", order_by="position"),
        )
    )
    for row in rows:
        verb = ngettext("Approve %(n)s “not applicable”", "Approve %(n)s “not applicable”", row["n"])
        href = f"{reverse('audits:category', args=[row['audit__ref'], row['categories'][0]])}#{row['codes'][0]}"
        what = named(*(row[name] for name in NAMES))
        yield Task(Kind.APPROVE, verb % row, what, href, row["site__zone"], since=row["since"])
