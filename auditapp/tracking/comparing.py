"""Two audits on one page: which may be held against each other, and how what differs is shown and downloaded."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.audits.carrying import WORDS
from auditapp.audits.models import Submission
from auditapp.questionnaires.models import Check
from auditapp.refusals import Refused
from auditapp.templatetags import signs
from auditapp.tracking.comparison import Asked, Comparison, Moved, Side, compare
from auditapp.tracking.history import WITHOUT_RESULT

FIRST_CAUSES = 10  # that stand on the page; the others are folded
CAUSES = {
    "verdict": gettext_lazy("the answer"),
    "weight": gettext_lazy("its weight"),
    "new": gettext_lazy("new"),
    "dropped": gettext_lazy("dropped"),
    "moved": gettext_lazy("moved here or away"),
    "split": gettext_lazy("split or replaced"),
}


def handed_over(user: User) -> QuerySet[Any]:
    """The newest round of each audit that counts; a draft's earlier rounds do not, nor does what was withdrawn."""
    later = Submission.objects.filter(audit=OuterRef("audit"), round__gt=OuterRef("round"))
    rows = Submission.objects.visible_to(user).exclude(audit__state__in=WITHOUT_RESULT).filter(~Exists(later))
    return rows.select_related(
        "audit__deployment__product__vendor",
        "audit__model_version",
        "audit__version__questionnaire",
        "site",
    )


# The chooser.


def comparable(submission: Any, user: User, query: QueryDict) -> QuerySet[Any]:
    """What an audit can be compared with: others of its deployment, and of the same product at any hospital."""
    audit = submission.audit
    rows = handed_over(user).exclude(audit=audit).defer("canonical")
    if query.get("of") == "product":
        rows = rows.filter(audit__deployment__product=audit.deployment.product_id)
        rows = rows.exclude(audit__deployment=audit.deployment_id)
    else:
        rows = rows.filter(audit__deployment=audit.deployment_id)
    return rows.order_by("-at", "-pk")


def chooser(submission: Any, user: User, query: QueryDict) -> dict[str, Any]:
    """What the page shows on which one chooses."""
    shown = lists.page(comparable(submission, user, query), query)
    options = [("", _("Audits of this deployment")), ("product", _("Of the same product elsewhere"))]
    return {
        "audit": submission.audit,
        "submission": submission,
        "page": shown,
        "rows": [(row, _address(submission, row)) for row in shown],
        "places": lists.links(query, "of", options),
    }


def _address(one: Any, other: Any) -> str:
    """The comparison of two, the earlier first."""
    first, second = sorted([one, other], key=lambda row: (row.at, row.pk))
    return reverse("tracking:comparison", args=[first.audit.ref, second.audit.ref])


# The comparison.


def compared(before: Any, after: Any) -> Comparison:
    """From the frozen bytes of both, and the frozen rules of their versions."""
    if before.audit.deployment.product_id != after.audit.deployment.product_id:
        raise Refused(_("These audits are about different products. Compare audits of one product."))
    return compare(_side(before), _side(after), Check.objects.successors())


def _side(submission: Any) -> Side:
    canonical = bytes(submission.canonical)
    if hashlib.sha256(canonical).hexdigest() != submission.sha256:
        raise Refused(_("What is stored of %(ref)s is not what was handed over.") % {"ref": submission.audit.ref})
    return Side(submission.facts, submission.audit.version.rules["scoring"])


@dataclass(frozen=True)
class Row:
    """A check, or one and those that it became, with what it did to the score."""

    found: Any
    share: Fraction
    words: list[tuple[Any, str, str]]  # label, before and after, of each part that is worded otherwise

    @property
    def points(self) -> str:
        return points(self.share) if self.share else ""


def page(before: Any, after: Any) -> dict[str, Any]:
    """What the page of a comparison shows."""
    found = compared(before, after)
    split = _split(found)
    assert found.overall is not None
    return {
        "sides": [(before, found.before), (after, found.after)],
        "comparison": found,
        "same_deployment": before.audit.deployment_id == after.audit.deployment_id,
        "scores": [_score_row(moved, split) for moved in (found.overall, *found.domains)],
        "changed": _rows(found, found.changed),
        "reworded": _rows(found, found.reworded),
        "split": [Row(row, found.shares(row.code, *(heir.code for heir in row.after)), []) for row in found.split],
        "new": _rows(found, found.new),
        "dropped": _rows(found, found.dropped),
        "unchanged": found.unchanged,
        "the_other_way": reverse("tracking:comparison", args=[after.audit.ref, before.audit.ref]),
    }


def _rows(found: Comparison, rows: Iterable[Any]) -> list[Row]:
    return [Row(row, found.shares(row.code), _words(row)) for row in rows]


def _words(row: Any) -> list[tuple[Any, str, str]]:
    parts = getattr(row, "reworded", [])
    return [(WORDS[part], *_worded(part, row.before, row.after)) for part in parts]


def _worded(part: str, *sides: Asked) -> list[str]:
    values = [side.question[part] for side in sides]
    return [str(signs.CRITICALITIES[value].word) for value in values] if part == "criticality" else values


def _split(found: Comparison) -> set[str]:
    """Codes of checks that were split or replaced, and of those that came instead."""
    return {code for row in found.split for code in (row.code, *(heir.code for heir in row.after))}


def _score_row(moved: Moved, split: set[str]) -> dict[str, Any]:
    causes = [
        {"code": cause.code, "why": CAUSES["split" if _by_split(cause, split) else cause.kind], "share": cause.share}
        for cause in moved.causes
    ]
    return {
        "title": moved.title or _("Overall"),
        "is_overall": not moved.code,
        "before": percent(moved.before.share),
        "after": percent(moved.after.share),
        "difference": None if moved.difference is None else points(moved.difference, digits=1),
        "direction": _direction(moved.difference),
        "causes": [cause | {"points": points(cause["share"]), "up": cause["share"] > 0} for cause in causes],
        "first": FIRST_CAUSES,
    }


def _by_split(cause: Any, split: set[str]) -> bool:
    return cause.code in split and cause.kind in {"new", "dropped"}


def _direction(difference: Fraction | None) -> str:
    if not difference:
        return ""
    return "better" if difference > 0 else "worse"


def percent(share: Fraction | None) -> str | None:
    """A share of one in per cent, to one decimal, halves up (content, scoring.rounding)."""
    return None if share is None else _rounded(100 * share, 1)


def points(share: Fraction, digits: int = 2) -> str:
    """A difference of scores in percentage points, with its sign: "+2.50", "−0.75"."""
    shown = _rounded(100 * abs(share), digits)
    sign = "" if not share else "+" if share > 0 else "−"
    return f"{sign}{shown}"


def _rounded(value: Fraction, digits: int) -> str:
    """Halves up, for what is not negative."""
    scale = 10**digits
    whole = (2 * value.numerator * scale + value.denominator) // (2 * value.denominator)
    return f"{whole // scale}.{whole % scale:0{digits}d}"


# The same as a table.

GROUPS = {
    "changed": gettext_lazy("Answered otherwise"),
    "reworded": gettext_lazy("Worded otherwise"),
    "split": gettext_lazy("Split or replaced"),
    "new": gettext_lazy("New"),
    "dropped": gettext_lazy("Dropped"),
    "unchanged": gettext_lazy("Unchanged"),
}


def as_csv(before: Any, after: Any) -> HttpResponse:
    """Every check of both, with its share of the difference as an exact fraction of one."""
    found = compared(before, after)
    one, other = before.audit.ref, after.audit.ref
    header = [
        _("What"), _("Check"), _("Category"),
        *(_("%(part)s in %(ref)s") % {"part": part, "ref": ref}
          for part in (_("Answer"), _("Criticality"), _("Question")) for ref in (one, other)),
        _("Share of the difference, in percentage points"), _("As a fraction of one"),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for row in (*found.changed, *found.reworded):
        group = "changed" if row.is_changed else "reworded"
        rows.append(_cells(found, group, row.before, row.after))
    for followed in found.split:
        rows.append(_cells(found, "split", followed.before, None))
        rows += [_cells(found, "split", None, heir) for heir in followed.after]
    rows += [_cells(found, "new", None, row.asked) for row in found.new]
    rows += [_cells(found, "dropped", row.asked, None) for row in found.dropped]
    rows += [_cells(found, "unchanged", row.before, row.after) for row in found.unchanged]
    return lists.csv_file(f"{one}-and-{other}", header, rows)


def _cells(found: Comparison, group: str, before: Asked | None, after: Asked | None) -> list[Any]:
    named = after or before
    assert named is not None
    share = found.shares(named.code)
    pairs = [
        (before and value(before), after and value(after))
        for value in (
            lambda row: signs.VERDICTS[row.state].word,
            lambda row: signs.CRITICALITIES[row.criticality].word,
            lambda row: row.text,
        )
    ]
    exact = f"{share.numerator}/{share.denominator}"
    return [GROUPS[group], named.code, named.category, *(cell for pair in pairs for cell in pair), points(share), exact]
