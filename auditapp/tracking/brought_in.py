"""What comes into a draft by another way than its form, and waits: statements, copies from paper, readings apart."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp.accounts.models import Role, Site, User
from auditapp.audits.models import Audit, PaperEntry, ReadingFinish, SecondReading, SupplierQuestion
from auditapp.audits.models.paper import CHECKERS
from auditapp.tracking.tasks import Kind, Task, named

# What a group of rows is named by, from the audit on.
NAMES = ("deployment__name", "site__name", "ref", "version__questionnaire__title")


def statements(user: User) -> Iterator[Task]:
    """What suppliers state in answer to the person's requests or in their audits, until it is accepted or declined."""
    if not user.holds(Role.AUDITOR):
        return
    asked = SupplierQuestion.objects.visible_to(user).waiting_for_judgement()
    asked = asked.filter(site__in=Site.objects.where(user, Role.AUDITOR))
    asked = asked.filter(Q(request__by=user) | Q(request__audit__opened_by=user))
    names = _of("request__audit__")
    rows = asked.order_by().values(*names, "request__n", "site__zone")
    for row in rows.annotate(n=Count("pk"), since=Max("came_at")):
        verb = ngettext("Accept or decline %(n)s statement", "Accept or decline %(n)s statements", row["n"]) % row
        href = reverse("audits:supplier_request", args=[row["request__audit__ref"], row["request__n"]])
        yield _task(Kind.JUDGE, verb, href, row, names)


def copies(user: User) -> Iterator[Task]:
    """Answers that somebody else copied from paper, for a second person to hold against the scan."""
    if not user.holds(*CHECKERS):
        return
    entries = PaperEntry.objects.visible_to(user).unchecked().exclude(by=user)
    entries = entries.filter(site__in=Site.objects.where(user, *CHECKERS))
    names = _of("revision__answer__audit__")
    rows = entries.filter(revision__answer__audit__state=Audit.State.DRAFT).order_by().values(*names, "site__zone")
    for row in rows.annotate(n=Count("pk"), since=Min("at")):
        verb = ngettext("Check %(n)s answer against its paper", "Check %(n)s answers against their paper", row["n"])
        href = reverse("audits:paper_checks", args=[row["revision__answer__audit__ref"]])
        yield _task(Kind.CHECK, verb % row, href, row, names)


def readings(user: User) -> Iterator[Task]:
    """An audit to be read apart, for each reader who has not finished; then its settling, for who is none of them."""
    if not user.holds(Role.AUDITOR):
        return
    drafts = SecondReading.objects.visible_to(user).filter(audit__state=Audit.State.DRAFT)
    own = Q(first=user) | Q(second=user)
    has_finished = Exists(ReadingFinish.objects.filter(reading=OuterRef("pk"), reader=user))
    to_read = own & Q(opened_at=None) & ~Q(has_finished)
    to_settle = ~own & Q(opened_at__isnull=False, left__gt=0, site__in=Site.objects.where(user, Role.AUDITOR))
    names = _of("audit__")
    read = Count("answers__answer", distinct=True)
    settled = Count("settlements", distinct=True)
    rows = drafts.annotate(left=read - settled).filter(to_read | to_settle)
    for row in rows.order_by().values(*names, "site__zone", "at", "opened_at", "left"):
        href = reverse("audits:second_reading", args=[row["audit__ref"]])
        if row["opened_at"] is None:
            yield _task(Kind.ANSWER, _("Read the audit apart from the other reader"), href, row, names, since=row["at"])
        else:
            verb = ngettext(
                "Settle %(left)s question read by two", "Settle %(left)s questions read by two", row["left"]
            )
            yield _task(Kind.SETTLE, verb % row, href, row, names, since=row["opened_at"])


def _of(audit: str) -> tuple[str, ...]:
    return tuple(f"{audit}{name}" for name in NAMES)


def _task(kind: Kind, verb: str, href: str, row: dict[str, Any], names: tuple[str, ...], **when: Any) -> Task:
    what = named(*(row[name] for name in names))
    return Task(kind, verb, what, href, row["site__zone"], **({"since": row.get("since")} | when))
