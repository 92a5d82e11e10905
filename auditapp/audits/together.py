"""What a page that is open is told of what others do: changed answers, comments, evidence, and who is where now.

Everything comes from the database, so that it does not matter which web process answers. How far a page has read is
the place in the audit's own trail, which every act moves; who is where is told apart by a digest of its own.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.fill_page import texts
from auditapp.audits.models import Answer, AnswerEvidence, Assignment, Audit, Presence
from auditapp.templatetags.audit_marks import here_in_words
from auditapp.templatetags.moments import time_in_words
from auditapp.trail.models import Event

MOST = 200  # changed answers that are told one by one; who missed more reads the page anew


@dataclass(frozen=True)
class News:
    """What is new, and the tag with which the page asks next time."""

    tag: str
    body: dict[str, Any]
    is_nothing: bool


def title_of(audit: Audit, category: str) -> str:
    """A category's title in the words of the audit's version."""
    each = (c for domain in audit.version.content["domains"] for c in domain["categories"])
    return next(c["title"] for c in each if c["code"] == category)


def seen_so_far(audit: Audit) -> str:
    """The tag with which a page that is rendered now asks first; the audit comes `with_place()`, before all else."""
    return f'"{audit.place_in_trail}-"'


def beside(audit: Audit, category: str = "", *, reader: User) -> dict[str, Any]:
    """What the page of a category, or of all questions, says about people, in one query."""
    rows = audit.assignments.of_category(category) if category else audit.assignments.all()
    given = list(rows.with_names())
    single: dict[str, list[Assignment]] = {}
    for row in given:
        if not row.is_of_whole_category:
            single.setdefault(row.check_code, []).append(row)
    return {
        "seen": seen_so_far(audit),
        "given_to_me": _in_one_line(row for row in given if category and row.user_id == reader.pk),
        "given": single,
    }


def _in_one_line(rows: Iterable[Assignment]) -> list[dict[str, Any]]:
    """[{"by", "due", "message", "codes"}]: what was given in one act is said once; no codes for the whole category."""
    lines: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        said = (row.by, row.due, row.message, row.is_of_whole_category)
        line = lines.setdefault(said, {"by": row.by, "due": row.due, "message": row.message, "codes": []})
        line["codes"] += [row.check_code] if row.check_code else []
    return list(lines.values())


def news(audit: Audit, *, reader: User, seen: str) -> News:
    """What happened after `seen`, which is the tag of an earlier answer; the audit comes `with_place()`.

    At most three queries, whatever happened and however many look; one when nothing did.
    """
    since, there_before = _read(seen)
    there = _there(audit, reader)
    tag = f'"{audit.place_in_trail}-{_digest(there)}"'
    acts = _acts(audit, since) if since is not None and since < audit.place_in_trail else []
    changed = {code for event in acts if (code := json.loads(bytes(event["body"]))["facts"].get("check"))}
    if not acts and there_before == _digest(there):
        return News(tag, {}, is_nothing=True)
    too_many = len(changed) > MOST or len(acts) > 5 * MOST
    answers = [] if too_many else _answers(audit, reader, changed)
    body = {
        "state": audit.state,
        "round": audit.round,
        "presence": there,
        "answered": audit.counts_for(reader)["answered"],
        "answers": answers,
        "reload": too_many,
    }
    return News(tag, body, is_nothing=False)


def _read(tag: str) -> tuple[int | None, str]:
    """(place in the trail, digest of who was there) of a tag of ours; (None, "") for any other."""
    place, _dash, there = tag.removeprefix("W/").strip('"').partition("-")
    return (int(place), there) if place.isdecimal() and len(place) < 10 else (None, "")


def _acts(audit: Audit, since: int) -> list[Any]:
    """The acts on the audit after a place in its trail, without those that one of two readers does apart."""
    later = Event.objects.filter(stream=audit.trail_stream, seq__gt=since, seq__lte=audit.place_in_trail)
    later = later.exclude(verb="second_reading.saved")
    return list(later.order_by("seq").values("seq", "body")[: 5 * MOST + 1])


def _there(audit: Audit, reader: User) -> dict[str, str]:
    """Code of a question -> who else is there now, in words."""
    rows = Presence.objects.visible_to(reader).filter(audit=audit).now().of_others(reader).order_by("user__name")
    names: dict[str, list[str]] = {}
    for code, name in rows.values_list("answer__code", "user__name"):
        names.setdefault(code, []).append(name)
    return {code: here_in_words(each) for code, each in sorted(names.items())}


def _digest(there: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(there, sort_keys=True).encode()).hexdigest()[:16]


def _answers(audit: Audit, reader: User, codes: Iterable[str]) -> list[dict[str, Any]]:
    """The changed answers that the reader sees, as they stand now."""
    if not codes:
        return []
    items = AnswerEvidence.objects.filter(answer=OuterRef("pk"), removed_at=None).order_by()
    counted = Subquery(items.values("answer").annotate(n=Count("pk")).values("n"))
    rows = (
        Answer.objects.visible_to(reader)
        .filter(audit=audit, code__in=codes)
        .with_comments()
        .select_related("current__by")
        .annotate(items=Coalesce(counted, 0, output_field=IntegerField()))
    )
    return [_told(row, audit) for row in rows]


def _told(answer: Any, audit: Audit) -> dict[str, Any]:
    current = answer.current
    told = {
        "code": answer.code,
        "n": answer.n,
        "evidence": answer.items,
        "comments": answer.comments_now,
        "open": answer.comments_open,
    }
    if current is None:
        return told
    return told | {
        "values": texts(current),
        "by": current.by.name,
        "by_id": current.by_id,
        "at": time_in_words(current.at, audit.site.zone, now=clock.now()),
    }
