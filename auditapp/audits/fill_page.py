"""What the fill page shows of a category, or of the whole audit.

Neither the number of queries nor that of the cards on a page depends on the number of questions.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp.accounts.models import Role, User
from auditapp.audits import asked, carrying, filters, progress
from auditapp.audits.cards import Card
from auditapp.audits.models import Answer, AnswerRevision, Audit, Return
from auditapp.questionnaires.models import Framework
from auditapp.questionnaires.models.threshold import local_numbers

LABELS = {
    "verdict": _("Verdict"),
    "note": _("Note"),
    "evidence_note": _("Evidence note"),
    "gap": _("What is missing"),
    "owner": _("Who puts it right"),
    "due": _("By when"),
    "control": _("Control in place meanwhile"),
    "justification": _("Why it does not apply"),
    "deviation": _("Why this audit deviates from the hospital’s answer"),
}
PER_PAGE = 20  # cards: more than any seeded category has, and few enough for an old laptop
TEXTS = ("note", "evidence_note", "gap", "owner", "control", "justification", "deviation")


def category_page(audit: Audit, code: str, *, reader: User, query: QueryDict) -> dict[str, Any]:
    """Everything `audits/category.html` shows; no `cards` when the audit asks nothing in this category."""
    page = Questions(audit, reader, query)
    here = next((row for row in page.categories if row["category_code"] == code), None)
    if here is None:
        return {"cards": []}
    before, after = progress.neighbours(page.categories, code)
    shown = page.shown(page.answers.of_category(code), here)
    return shown | {
        "category": here,
        "about": next(c for d in audit.version.content["domains"] for c in d["categories"] if c["code"] == code),
        "before": before,
        "after": after,
        "left_here": here["left"] > shown["open_on_page"],
        "next_left": progress.next_left(page.categories, code),
        "elsewhere": page.elsewhere(here),
    }


def questions_page(audit: Audit, *, reader: User, query: QueryDict) -> dict[str, Any]:
    """Everything `audits/questions.html` shows: what a filter keeps of the whole audit, category by category."""
    page = Questions(audit, reader, query)
    shown = page.shown(page.answers, page.totals | {"category_code": ""})
    titles = {row["category_code"]: row["title"] for row in page.categories}
    before = ""
    for card in shown["cards"]:
        code = card.answer.category_code
        card.heading = titles[code] if code != before else ""
        before = code
    return shown | {"left_here": page.totals["left"] > shown["open_on_page"], "is_whole": True}


class Questions:
    """The questions of an audit as one reader finds them: counted by category and filter in one query."""

    def __init__(self, audit: Audit, reader: User, query: QueryDict) -> None:
        self.audit, self.reader, self.query = audit, reader, query
        reader.organisation = audit.organisation  # the same row: not to be asked for again
        self.filters = filters.offered(reader, since=audit.look_by(reader))
        self.chosen = filters.chosen(self.filters, query)
        self.answers = audit.answers.visible_to(reader)
        rows = self.answers.progress(**{f.word: f.rule for f in self.filters})
        self.domains = progress.by_domain(audit.version, rows)
        self.categories = progress.in_order(self.domains)
        self.totals = progress.totals(rows, *(f.word for f in self.filters))

    def shown(self, answers: Any, counted: Mapping[str, Any]) -> dict[str, Any]:
        """The page of cards that the address asks for, and what stands around it."""
        page = self._page(answers, counted)
        cards = cards_of(self.audit, page.object_list, reader=self.reader)
        open_here = [card.answer.code for card in cards if card.may_change and not card.values.get("verdict")]
        counts = {f.word: counted[f.word] for f in self.filters} | {"": counted["asked"]}
        return {
            "audit": self.audit,
            "answers_url": f"{self.audit.get_absolute_url()}answers/",
            "categories_url": f"{self.audit.get_absolute_url()}categories/",
            "domains": self.domains,
            "totals": self.totals,
            "page": page,
            "cards": cards,
            "filters": filters.links(self.filters, self.query, counts),
            "show": self.chosen.word if self.chosen else "",
            "next_here": open_here[0] if open_here else "",
            "open_on_page": len(open_here),
            "place": place_of(self.query, whole=not counted["category_code"]),
            "may_submit": self.audit.state == "draft" and self.reader.holds(Role.AUDITOR, site=self.audit.site),
            "may_change": any(card.may_change for card in cards),
        }

    def _page(self, answers: Any, counted: Mapping[str, Any]) -> "Page[Answer]":
        """What the filter keeps, a bounded number at a time; a card just saved stays where it is."""
        saved = self.query.get("saved", "")
        rows, count = answers, counted[self.chosen.word if self.chosen else "asked"]
        number = self.query.get("page", "1")
        if saved and self.chosen:
            rows = answers.filter(self.chosen.rule | Q(code=saved))
            count = rows.count()
            before = rows.filter(position__lt=answers.filter(code=saved).values("position")[:1]).count()
            number = str(before // PER_PAGE + 1)
        elif self.chosen:
            rows = answers.filter(self.chosen.rule)
        return Counted(rows.order_by("position"), PER_PAGE, count).get_page(number)

    def elsewhere(self, here: Mapping[str, Any]) -> int:
        """How many more the filter keeps in other categories."""
        return self.totals[self.chosen.word] - here[self.chosen.word] if self.chosen else 0


class Counted(Paginator):
    """A paginator that is told how many rows there are, where a query has counted them already."""

    def __init__(self, rows: Any, per_page: int, count: int) -> None:
        super().__init__(rows, per_page)
        self.count = count


def place_of(sent: QueryDict, *, whole: bool | None = None) -> dict[str, str]:
    """Where on the fill page somebody is, as its forms send it along: filter, page, and whether of the whole audit."""
    page = sent.get("page", "")
    place = {
        "show": sent.get("show", ""),
        "page": page if page.isdecimal() and page != "1" else "",
        "list": "all" if whole or (whole is None and sent.get("list") == "all") else "",
    }
    return {name: value for name, value in place.items() if value}


def page_with(answer: Answer) -> int:
    """The number of the page of its category on which the answer's card stands."""
    before = answer.audit.answers.of_category(answer.category_code).filter(position__lt=answer.position)
    return int(before.count() // PER_PAGE + 1)


def cards_of(audit: Audit, answers: Any, *, reader: User) -> list[Card]:
    """The cards of some answers of an audit, in order."""
    read = list(
        answers.for_cards()
        .with_assignment(reader)
        .with_local_numbers()
        .with_standing()
        .with_flag()
        .with_comments()
        .with_others(reader)
    )
    asked_here = asked.questions(answer.question_id for answer in read)
    for answer in read:
        answer.site, answer.audit = audit.site, audit  # the same for all of them: not to be asked for once per card
        answer.question = asked_here[answer.question_id]
    signed = carrying.last_signed(audit) if audit.state == "draft" else None
    # A draft whose tool has no signed audit has no earlier answers either.
    same: Any = audit.answers.filter(code__in=[answer.code for answer in read])
    last = {a.code: a for a in same.last_issued(audit)} if signed or audit.state != "draft" else {}
    returns: dict[int, list[Return]] = {}
    sent_back = Return.objects.filter(answer__in=read).select_related("submission", "by").order_by("pk")
    for row in sent_back if audit.round > 1 else []:  # a return begins a round
        returns.setdefault(row.answer_id, []).append(row)
    why = asked.in_words(
        list(asked_here.values()),
        audit.version,
        list(Framework.objects.visible_to(reader)),
        reader=reader,
        adopted=local_numbers([row for answer in read for row in answer.adopted]),
    )
    before = carrying.proposals(audit, read, signed)
    return [
        Card(
            answer,
            reader,
            why[answer.question_id],
            last=last.get(answer.code),
            said_before=before.get(answer.code),
            not_asked_in=signed.ref if signed and answer.code not in signed.questions else "",
            returns=returns.get(answer.pk, []),
        )
        for answer in read
    ]


def card_as_typed(answer: Answer, *, reader: User, typed: Mapping[str, Any], errors: dict[str, list[str]]) -> Card:
    """One card with what was typed and not taken, and why."""
    answers = answer.audit.answers.filter(pk=answer.pk)
    (card,) = cards_of(answer.audit, answers, reader=reader)
    card.typed, card.errors = typed, errors
    return card


def side_by_side(mine: AnswerRevision, theirs: AnswerRevision | None) -> list[dict[str, Any]]:
    """[{"name", "label", "mine", "theirs", "both"}] of each field in which two saves differ, or that either filled."""
    rows = []
    for name, label in LABELS.items():
        ours, others = as_text(mine, name), as_text(theirs, name)
        if ours or others:
            both = joined(ours, others) if name in TEXTS else ours or others
            rows.append({"name": name, "label": label, "mine": ours, "theirs": others, "both": both})
    return rows


def as_text(revision: AnswerRevision | None, name: str) -> str:
    """A field as a form holds it; days in ISO form."""
    value = getattr(revision, name) if revision else None
    return value.isoformat() if isinstance(value, date) else value or ""


def joined(mine: str, theirs: str) -> str:
    """Both texts, one below the other, each once."""
    return mine if mine == theirs else "\n\n".join(text for text in (mine, theirs) if text)


def texts(revision: AnswerRevision | None) -> dict[str, str]:
    """All fields as a form holds them."""
    return {name: as_text(revision, name) for name in LABELS}


def saves(answer: Answer) -> list[dict[str, Any]]:
    """[{"revision", "changes", "approval"}] of everything that was ever saved, the newest first."""
    revisions = list(
        answer.revisions.select_related("by", "approval__by", "standing__by").order_by("pk").prefetch_related("kept")
    )
    numbered = {revision.n: revision for revision in revisions if revision.n}
    return [
        {
            "revision": revision,
            "changes": changed_fields(revision, numbered.get(revision.based_on)),
            "approval": getattr(revision, "approval", None),
        }
        for revision in reversed(revisions)
    ]


def changed_fields(revision: AnswerRevision, before: AnswerRevision | None) -> list[dict[str, Any]]:
    """What a save changed: [{"label", "text", "before"}]; everything that was filled in, for the first one."""
    now, then = texts(revision), texts(before)
    return [
        {"name": name, "label": LABELS[name], "text": now[name], "before": then[name]}
        for name in LABELS
        if now[name] != then[name]
    ]
