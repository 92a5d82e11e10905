"""What a page shows of a question whatever was answered to it.

A question of a published version never changes (migration 0005), so a process reads it once and puts it into words
once per language and hospital group. Both memories are bounded; what is not in them is made again.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from auditapp.accounts.models import User
from auditapp.questionnaires import display
from auditapp.questionnaires.models import Framework, Question, QuestionnaireVersion
from auditapp.questionnaires.thresholds import Key

V = TypeVar("V")


class Memory(Generic[V]):
    """The newest of what was made, up to a number."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kept: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        return self.kept.get(key)

    def keep(self, key: Hashable, value: V) -> None:
        self.kept[key] = value
        while len(self.kept) > self.most:
            self.kept.popitem(last=False)


_questions: Memory[Question] = Memory(5000)
_words: Memory[SafeString] = Memory(5000)  # about 2 KB each


def questions(keys: Iterable[int]) -> dict[int, Question]:
    """The questions of published versions by their keys; one query when this process does not know them all."""
    found = {key: _questions.get(key) for key in keys}
    unknown = [key for key, question in found.items() if question is None]
    for question in Question.objects.filter(pk__in=unknown) if unknown else []:
        found[question.pk] = question
        _questions.keep(question.pk, question)
    return {key: question for key, question in found.items() if question is not None}


def in_words(
    asked: Sequence[Question],
    version: QuestionnaireVersion,
    frameworks: Sequence[Framework],
    *,
    reader: User,
    adopted: Mapping[Key, Any],
) -> dict[int, SafeString]:
    """Key of a question -> why it is asked, what counts as evidence and the related clauses, as HTML."""
    group = reader.organisation
    here = (get_language(), group.pk, group.name, group.jurisdiction)
    around = (here, tuple((f.code, f.name, f.jurisdiction, f.last_verified) for f in frameworks))
    numbers: dict[str, list[Any]] = {}
    for key, number in adopted.items():
        numbers.setdefault(key[0], []).append((key, number))
    keys = {q.pk: (q.pk, around, tuple(numbers.get(q.code, ()))) for q in asked}
    found = {pk: _words.get(key) for pk, key in keys.items()}
    unknown = [question for question in asked if found[question.pk] is None]
    if unknown:
        for shown in display.shown(unknown, version, frameworks, jurisdiction=group.jurisdiction, adopted=adopted):
            html = SafeString(render_to_string("audits/_why.html", {"shown": shown, "user": reader}))
            found[shown.question.pk] = html
            _words.keep(keys[shown.question.pk], html)
    return {pk: html for pk, html in found.items() if html is not None}
