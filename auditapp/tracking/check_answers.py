"""How one check was last answered on each deployment that a person may see: as frozen at submission, never live."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from auditapp import clock, lists
from auditapp.accounts.models import User
from auditapp.audits.models import Submission
from auditapp.templatetags import signs

WORST_FIRST = ("not_met", "unanswered", "partial", "unevidenced", "met", "not_applicable")
ORDERS = {
    "answer": ["rank", "audit__deployment__name"],
    "deployment": ["audit__deployment__name"],
    "site": ["site__name", "audit__deployment__name"],
    "submitted": ["at"],
}


def counts(user: User, code: str) -> dict[str, int]:
    """Answer -> on how many deployments it is the last one."""
    last = Submission.objects.visible_to(user).last_answering(code).order_by()
    return dict(last.values_list(_answer(code)).annotate(n=Count("pk")))


def _answer(code: str) -> KeyTextTransform:
    return KeyTextTransform(code, "states")


def found(user: User, code: str, query: QueryDict) -> QuerySet[Any]:
    """The last submissions that answer the check, those with the answer that the address asks for, in its order."""
    last = Submission.objects.visible_to(user).last_answering(code)
    rows: QuerySet[Any] = last.annotate(answer=_answer(code))
    if answer := lists.chosen(query, "answer", WORST_FIRST):
        rows = rows.filter(answer=answer)
    ranks = [When(answer=answer, then=Value(rank)) for rank, answer in enumerate(WORST_FIRST)]
    rows = rows.annotate(rank=Case(*ranks, output_field=IntegerField()))
    rows = rows.select_related("site", "audit__deployment", "audit__version__questionnaire").defer("canonical")
    return lists.ordered(rows, query, ORDERS, "answer")


def page(user: User, code: str, query: QueryDict) -> dict[str, Any]:
    """What the page shows, in three queries whatever the number of deployments."""
    each = counts(user, code)
    return {
        "page": lists.page(found(user, code, query), query),
        "answers": answers(query, each),
        "total": sum(each.values()),
    }


def answers(query: QueryDict, each: Mapping[str, int]) -> list[dict[str, Any]]:
    """The answers given, as links with how many; one that nobody gave only where it is chosen."""
    chosen = query.get("answer", "")
    given = [(answer, signs.VERDICTS[answer].word) for answer in WORST_FIRST if each.get(answer) or answer == chosen]
    return lists.links(query, "answer", [("", _("All")), *given], {**each, "": sum(each.values())})


def as_csv(user: User, code: str, query: QueryDict) -> HttpResponse:
    """All that is found, not only the page."""
    header = [
        _("Check"), _("Answer"), _("Deployment"), _("Name"), _("Hospital"), _("Audit"), _("State"), _("Submitted on"),
        _("Questionnaire"), _("Version"),
    ]  # fmt: skip
    return lists.csv_file(f"{code}-answers", header, (_cells(code, row) for row in found(user, code, query)))


def _cells(code: str, row: Any) -> list[Any]:
    audit, deployment = row.audit, row.audit.deployment
    return [
        code, signs.VERDICTS[row.answer].word, deployment.ref, deployment.name, row.site.name, audit.ref,
        audit.get_state_display(), clock.day(row.at, row.site.zone), audit.version.questionnaire.title,
        audit.version.number,
    ]  # fmt: skip
