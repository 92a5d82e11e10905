"""What the fill page shows of one category, in a number of queries that does not depend on the number of questions."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp import lists
from auditapp.accounts.models import Role, User
from auditapp.audits import cards, carrying, progress, supplier_page
from auditapp.audits.cards import Card
from auditapp.audits.models import Answer, AnswerRevision, Audit, Return
from auditapp.audits.models.suppliers import with_suppliers
from auditapp.questionnaires import display
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
TEXTS = ("note", "evidence_note", "gap", "owner", "control", "justification", "deviation")


def category_page(audit: Audit, code: str, *, reader: User, query: QueryDict) -> dict[str, Any]:
    """Everything `audits/category.html` shows; no `cards` when the audit asks nothing in this category."""
    domains = progress.by_domain(audit.version, audit.answers.progress())
    categories = progress.in_order(domains)
    here = next((category for category in categories if category["category_code"] == code), None)
    if here is None:
        return {"cards": []}
    answers = audit.answers.of_category(code)
    everything = cards_of(audit, answers, reader=reader)
    before, after = progress.neighbours(categories, code)
    counts = cards.counts(everything)
    options = [(word, label) for word, label, _test in cards.FILTERS if word != "returned" or counts[word]]
    open_here = (card.answer.code for card in everything if card.may_change and not card.values.get("verdict"))
    return {
        "audit": audit,
        "category": here,
        "about": next(c for d in audit.version.content["domains"] for c in d["categories"] if c["code"] == code),
        "domains": domains,
        "totals": progress.totals(categories),
        "cards": everything,
        "shown": cards.kept(everything, query.get("show", ""), also=query.get("saved", "")),
        "filters": lists.links(query, "show", options, counts),
        "before": before,
        "after": after,
        "next_here": next(open_here, ""),
        "next_left": progress.next_left(categories, code),
        "may_submit": audit.state == "draft" and reader.holds(Role.AUDITOR, site=audit.site),
        "may_change": any(card.may_change for card in everything),
    }


def cards_of(audit: Audit, answers: Any, *, reader: User) -> list[Card]:
    """The cards of some answers of an audit, in order."""
    shown = answers.for_reading().with_assignment(reader).with_local_numbers().with_standing()
    read = list(with_suppliers(shown))
    for answer in read:
        answer.site = audit.site  # the same for all of them: not to be asked for once per card
    last = {answer.code: answer for answer in answers.last_issued(audit)}
    returns: dict[int, list[Return]] = {}
    sent_back = Return.objects.filter(answer__in=read).select_related("submission", "by").order_by("pk")
    for row in sent_back if audit.round > 1 else []:  # a return begins a round
        returns.setdefault(row.answer_id, []).append(row)
    frameworks = list(Framework.objects.visible_to(reader))
    jurisdiction = reader.organisation.jurisdiction
    about = display.shown(
        [a.question for a in read],
        audit.version,
        frameworks,
        jurisdiction=jurisdiction,
        adopted=local_numbers([row for answer in read for row in answer.adopted]),
    )
    signed = carrying.last_signed(audit) if audit.state == "draft" else None
    before = carrying.proposals(audit, read, signed)
    return [
        Card(
            answer,
            reader,
            shown,
            last=last.get(answer.code),
            said_before=before.get(answer.code),
            not_asked_in=signed.ref if signed and answer.code not in signed.questions else "",
            returns=returns.get(answer.pk, []),
            supplier=supplier_page.lines(answer.put, audit.site.zone),
        )
        for answer, shown in zip(read, about, strict=True)
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
    revisions = list(answer.revisions.select_related("by", "approval__by", "standing__by").order_by("pk"))
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
