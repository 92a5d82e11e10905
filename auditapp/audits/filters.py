"""What `?show=` keeps on the fill page: the word in the address, its label, and its rule in SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.audits.models import AnswerEvidence, Flag, Return
from auditapp.audits.models.answers import UNANSWERED
from auditapp.audits.models.assignments import is_given_to


class Filter(NamedTuple):
    """One choice of the filter."""

    word: str
    label: Any
    rule: Q
    is_always_offered: bool = True  # otherwise only where it keeps something


def offered(reader: User, *, since: datetime | None) -> list[Filter]:
    """The filters for one reader, who last looked then; on a first visit nothing has changed since."""
    filters = [
        Filter("mine", _("Mine"), Q(is_given_to(reader)), False),
        Filter("unanswered", _("Unanswered"), UNANSWERED),
        Filter("critical", _("Critical"), Q(criticality="critical")),
        Filter("not_met", _("Not or partly met"), Q(current__verdict__in=["partial", "not_met"])),
        Filter("flagged", _("Flagged"), Q(_exists(Flag, lifted_at=None))),
        Filter("returned", _("Returned"), Q(_exists(Return, submission__round=OuterRef("audit__round") - 1)), False),
    ]
    if since:
        filters.append(Filter("changed", _("Changed since you last looked"), changed(since, reader), False))
    return filters


def changed(since: datetime, reader: User) -> Q:
    """What others answered, and the evidence they added, since then."""
    answered = Q(current__at__gt=since) & ~Q(current__by=reader)
    added = AnswerEvidence.objects.filter(answer=OuterRef("pk"), added_at__gt=since).exclude(added_by=reader)
    return answered | Q(Exists(added))


def _exists(model: Any, **about: Any) -> Exists:
    return Exists(model.objects.filter(answer=OuterRef("pk"), **about))


def chosen(filters: list[Filter], query: QueryDict) -> Filter | None:
    """The one that the address names; None shows all."""
    return next((each for each in filters if each.word == query.get("show")), None)


def links(filters: list[Filter], query: QueryDict, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """As `_components/filters.html` draws them; one that keeps nothing is left out, unless it is chosen."""
    shown = [f for f in filters if f.is_always_offered or counts[f.word] or f.word == query.get("show")]
    cleared = query.copy()
    cleared.pop("saved", None)
    return lists.links(cleared, "show", [("", _("All")), *((f.word, f.label) for f in shown)], counts)
