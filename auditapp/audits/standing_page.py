"""What the pages on answers for the whole hospital show: each check that is asked once, and how it stands."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp import clock, lists
from auditapp.accounts.models import User
from auditapp.audits.models import StandingAnswer
from auditapp.audits.models.standing import SOON
from auditapp.questionnaires.models import Question


class Row(NamedTuple):
    """A check that is asked once, with the newest answer to it, if there is one."""

    question: Question
    newest: StandingAnswer | None

    @property
    def state(self) -> str:
        """unanswered, expired, soon or answered."""
        if self.newest is None:
            return "unanswered"
        left = self.newest.valid_until - clock.now().date()
        return "expired" if left.days < 0 else "soon" if left <= SOON else "answered"


# What `?show=` keeps: the word in the address, its label, and which rows stay.
FILTERS: list[tuple[str, Any, Callable[[Row], bool]]] = [
    ("", _("All"), lambda row: True),
    ("open", _("Unanswered or expired"), lambda row: row.state in {"unanswered", "expired"}),
    ("soon", _("Expires within 30 days"), lambda row: row.state == "soon"),
    ("answered", _("Answered"), lambda row: row.state in {"answered", "soon"}),
]


def asked_once(questions: Any) -> "QuerySet[Question]":
    """The checks of organisation scope among what a person may see, in their newest published wording."""
    once = questions.current_wording().filter(scope=Question.Scope.ORGANISATION)
    return once.select_related("category").order_by("safety_check__position")


def listed(questions: Iterable[Question], newest: Iterable[StandingAnswer], query: QueryDict) -> dict[str, Any]:
    """{"rows", "filters", "total", "answered_count"}."""
    stands: Mapping[str, StandingAnswer] = {answer.check_code: answer for answer in newest}
    rows = [Row(question, stands.get(question.code)) for question in questions]
    counts = {word: sum(map(test, rows)) for word, _label, test in FILTERS}
    keeps = next((test for word, _label, test in FILTERS if word == query.get("show", "")), FILTERS[0][2])
    return {
        "rows": [row for row in rows if keeps(row)],
        "filters": lists.links(query, "show", [(word, label) for word, label, _test in FILTERS], counts),
        "total": len(rows),
        "answered_count": counts["answered"],
    }


def page(question: Question, history: list[StandingAnswer], *, reader: User) -> dict[str, Any]:
    """What is shown of one check beside the form."""
    newest = history[0] if history else None
    return {
        "row": Row(question, newest),
        "question": question,
        "history": history,
        "may_answer": StandingAnswer.is_open_to(reader, newest),
        "choices": [{"code": code} for code in ("met", "partial", "not_met", "not_applicable")],
    }
