"""What the pages of evidence show: the items that are here already, and files that are kept already."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from auditapp import lists
from auditapp.accounts.models import User
from auditapp.audits.forms.evidence import EvidenceForm
from auditapp.audits.models import Answer, AnswerEvidence
from auditapp.audits.models.attachments import evidence_shown_to
from auditapp.evidence.models import Evidence


@dataclass
class Row:
    """An item that can be chosen, and where it is named."""

    item: Evidence
    uses: list[AnswerEvidence] = field(default_factory=list)

    @property
    def places(self) -> list[str]:
        """Checks and audits, the newest first: "mon-02 · A-2026-014"."""
        return list(dict.fromkeys(f"{use.answer.code} · {use.answer.audit.ref}" for use in self.uses))

    @property
    def more(self) -> int:
        return self.uses[0].times - len(self.uses)


def rows_of(items: Iterable[Evidence], *, reader: User) -> list[Row]:
    """With where each is named; one query for all of them."""
    items = list(items)
    uses = AnswerEvidence.objects.visible_to(reader).uses(items)
    return [Row(item, uses[item.pk]) for item in items if item.pk in uses]


def choice(answer: Answer, query: QueryDict, *, reader: User) -> dict[str, Any]:
    """What `audits/evidence_choice.html` shows: this deployment's evidence first, then the rest of the hospital's."""
    here = AnswerEvidence.objects.filter(evidence=OuterRef("pk"))
    of_deployment = here.filter(answer__audit__deployment=answer.audit.deployment_id)
    rows = (
        evidence_shown_to(reader)
        .at(answer.site)
        .filter(Exists(here))
        .exclude(Exists(here.filter(answer=answer.pk, removed_at=None)))
        .annotate(near=Exists(of_deployment))
        .select_related("by")
    )
    words = lists.typed(query, "q")
    for word in words.split():
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(filename__icontains=word)
            | Q(url__icontains=word)
            | Q(version__icontains=word)
            | Q(sha256__startswith=word.lower())
        )
    document = lists.chosen(query, "document", Evidence.Document.values)
    where = lists.chosen(query, "where", ["deployment"])
    rows = rows.filter(document=document) if document else rows
    rows = rows.filter(near=True) if where else rows
    page = lists.page(rows.order_by(models.F("near").desc(), "-at", "-pk"), query)
    menus = [
        lists.menu(query, "document", _("Kind of evidence"), [("", _("All")), *Evidence.Document.choices]),
        lists.menu(query, "where", _("From"), [("", _("This hospital")), ("deployment", _("This deployment"))]),
    ]
    search = {"label": _("Title, file or link"), "words": words, "menus": menus, "kept": []}
    found = rows_of(page.object_list, reader=reader)
    return {"page": page, "rows": found, "search": search, "searched": bool(words or document or where)}


@transaction.atomic
def add(answer: Answer, form: EvidenceForm, *, by: User) -> tuple[list[AnswerEvidence], list[Evidence]]:
    """Keep what a valid form brings; returns what was named, and the items whose bytes came once more.

    A file that is kept already is not kept again unless the person says so, which `again` does.
    """
    named, known = [], []
    for item in form.items:
        content = item.get("content")
        same = evidence_shown_to(by).at(answer.site).holding(content).first() if content else None
        if same is None:
            named.append(answer.add_evidence(by=by, **item))
        elif same not in known:
            known.append(same)
    for upload in form.arrived:
        upload.finish(by=by)
    return named, known


def known_page(answer: Answer, form: EvidenceForm, known: list[Evidence], *, reader: User) -> dict[str, Any]:
    """What `audits/evidence_known.html` shows of files that are kept already."""
    there = set(answer.attached.filter(removed_at=None).values_list("evidence_id", flat=True))
    uses = AnswerEvidence.objects.visible_to(reader).uses(known)
    return {
        "known": [(item, item.pk in there, next(iter(uses.get(item.pk, ())), None)) for item in known],
        "hidden": form.as_hidden,
    }
