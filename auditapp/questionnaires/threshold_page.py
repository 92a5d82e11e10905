"""What the pages on local thresholds show: every number of the published questionnaires, and what was made of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.http import Http404, QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp import lists
from auditapp.accounts.models import GOVERNORS, User
from auditapp.questionnaires.models import QuestionnaireVersion, ThresholdAdoption
from auditapp.questionnaires.thresholds import Key, Threshold, thresholds_in


class Row(NamedTuple):
    """A number, with the adoption in force, if there is one."""

    threshold: Threshold
    adopted: ThresholdAdoption | None

    @property
    def limit(self) -> str:
        return self.threshold.limit(self.adopted.value if self.adopted else self.threshold.default)

    @property
    def is_changed(self) -> bool:
        return self.adopted is not None and self.adopted.value != self.threshold.default


# What `?show=` keeps: the word in the address, its label, and which rows stay.
FILTERS: list[tuple[str, Any, Callable[[Row], bool]]] = [
    ("", _("All"), lambda row: True),
    ("default", _("Not adopted yet"), lambda row: row.adopted is None),
    ("adopted", _("Adopted"), lambda row: row.adopted is not None),
    ("changed", _("Other than the default"), lambda row: row.is_changed),
]


def numbers(reader: User) -> list[Threshold]:
    """The numbers of all published questionnaires; where two differ in the default, the newest version counts."""
    versions = QuestionnaireVersion.objects.visible_to(reader).published().order_by("-published_at", "-pk")
    return thresholds_in(version.content for version in versions.with_content())


def number(reader: User, code: str) -> Threshold:
    """The number that an address names. Raises Http404 when no published questionnaire has it."""
    found = next((threshold for threshold in numbers(reader) if threshold.code == code), None)
    if found is None:
        raise Http404
    return found


def listed(reader: User, query: QueryDict, adopted: Mapping[Key, ThresholdAdoption]) -> dict[str, Any]:
    """{"rows", "filters", "total", "adopted_count", "may_adopt"}: two queries at most, whatever the number of rows."""
    rows = [Row(threshold, adopted.get(threshold.key)) for threshold in numbers(reader)]
    return {
        "rows": _kept(rows, query.get("show", "")),
        "filters": lists.links(
            query,
            "show",
            [(word, label) for word, label, _test in FILTERS],
            {w: sum(map(t, rows)) for w, _l, t in FILTERS},
        ),
        "total": len(rows),
        "adopted_count": sum(row.adopted is not None for row in rows),
        "may_adopt": may_adopt(reader),
    }


def may_adopt(reader: User) -> bool:
    return reader.holds_everywhere(*GOVERNORS)


def _kept(rows: Iterable[Row], show: str) -> list[Row]:
    keeps = next((test for word, _label, test in FILTERS if word == show), FILTERS[0][2])
    return [row for row in rows if keeps(row)]
