"""What a version would ask of a tool, before any audit is opened: how much, what not, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditapp.questionnaires import effort
from auditapp.questionnaires.asking import Asking
from auditapp.questionnaires.models.wording import Wording


@dataclass(frozen=True)
class Preview:
    """The questions asked and those that are not, in taxonomy order."""

    asked: list[Any]
    excluded: list[tuple[Any, list[str]]]  # each with the facts that keep it from being asked, in words
    untriggered: list[tuple[Any, list[str]]]  # each with the triggers of which one would ask it
    titles: Mapping[str, str]  # of the categories, as the version froze them

    @property
    def critical(self) -> int:
        return sum(question.criticality == Wording.Criticality.CRITICAL for question in self.asked)

    @property
    def possible(self) -> int:
        """All that the version could ask of any tool after any event."""
        return len(self.asked) + len(self.excluded) + len(self.untriggered)

    @property
    def effort(self) -> str:
        return effort.in_words(effort.minutes(self.asked))

    @property
    def asked_by_category(self) -> list[dict[str, Any]]:
        return self._by_category((question, []) for question in self.asked)

    @property
    def excluded_by_category(self) -> list[dict[str, Any]]:
        return self._by_category(self.excluded)

    @property
    def untriggered_by_category(self) -> list[dict[str, Any]]:
        return self._by_category(self.untriggered)

    def _by_category(self, rows: Iterable[tuple[Any, list[str]]]) -> list[dict[str, Any]]:
        """[{"code", "title", "rows": [(question, reasons)]}]."""
        groups: dict[str, list[tuple[Any, list[str]]]] = {}
        for question, reasons in rows:
            groups.setdefault(question.category.code, []).append((question, reasons))
        return [{"code": code, "title": self.titles[code], "rows": rows} for code, rows in groups.items()]


def preview(version: Asking[Any], facts: Mapping[str, Any], triggers: Iterable[str] = ()) -> Preview:
    """Of a version whose questions are fetched, or of what a draft proposes; no query."""
    profile, triggers = dict(facts), list(triggers)
    pool = {question.pk for question in version.pool(triggers)}
    return Preview(
        asked=version.select(profile, triggers),
        excluded=version.excluded(profile, triggers),
        untriggered=[(q, version.triggers_asking(q)) for q in version.all_questions if q.pk not in pool],
        titles={c["code"]: c["title"] for domain in version.content["domains"] for c in domain["categories"]},
    )
