"""Takes over a newer list of frameworks and clauses between releases: `manage.py load_frameworks FILE`.

What a version published of a framework stays as it was frozen; the list is what is shown beside it and what the next
versions are written with. The newer of two lists wins, by the day on which its sources were read: that is how a list
of the hospital's own outlives the next start, which loads the one that we ship.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.questionnaires.canonical import digest
from auditapp.questionnaires.framework_proofreading import Proof, proofread
from auditapp.questionnaires.models import Clause, DraftQuestion, Framework, Question
from auditapp.questionnaires.reading import mapping
from auditapp.refusals import Refused
from auditapp.trail.models import Event

Row = dict[str, Any]


@dataclass
class Change:
    """What a list changed of one framework; clauses by their codes."""

    framework: Framework
    new: bool = False
    added: list[str] = field(default_factory=list)
    retitled: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # not in the list, but a questionnaire names them

    def in_words(self) -> str:
        """One line for whoever loaded it."""
        counts = [
            (self.added, ngettext("%(n)s clause added", "%(n)s clauses added", len(self.added))),
            (self.retitled, ngettext("%(n)s title corrected", "%(n)s titles corrected", len(self.retitled))),
            (self.removed, ngettext("%(n)s clause removed", "%(n)s clauses removed", len(self.removed))),
            (self.kept, _("%(n)s kept although not listed, because a questionnaire names them")),
        ]
        parts = [f"{words % {'n': len(codes)}} ({', '.join(codes)})" for codes, words in counts if codes]
        day = {"day": self.framework.last_verified.isoformat()}
        parts.append((_("new, last verified %(day)s") if self.new else _("last verified %(day)s")) % day)
        return f"{self.framework.code}: {'; '.join(parts)}."


def load_frameworks(path: Path) -> list[Change]:
    """Take over every framework of the file that is newer than ours; says what changed, also on the trail.

    Raises Refused, and changes nothing, when the file is not sound or is older than what is here. A framework that it
    does not list stays as it is. No clause that a questionnaire names is ever removed.
    """
    data = mapping(path)
    proof = proofread(path, data)
    if not proof.found:
        _be_newer(proof, data["frameworks"])
    if proof.found:
        raise Refused(_("The list of frameworks cannot be taken over as it is."), [*proof.found])
    sha256 = digest(path.read_bytes())
    with transaction.atomic():
        changes = [change for row in data["frameworks"] if (change := _take_over(row))]
        for change in changes:
            numbers = {key: len(getattr(change, key)) for key in ("added", "retitled", "removed", "kept")}
            day = change.framework.last_verified.isoformat()
            Event.record(None, "framework.updated", change.framework, sha256=sha256, last_verified=day, **numbers)
    return changes


def newer_here(rows: Iterable[Row]) -> set[str]:
    """The codes of the frameworks whose list here is newer than that of a content file: it is not undone."""
    ours = dict(Framework.objects.values_list("code", "last_verified"))
    return {row["id"] for row in rows if ours.get(row["id"], date.min) > date.fromisoformat(row["last_verified"])}


def _be_newer(proof: Proof, rows: list[Row]) -> None:
    """Complain about each framework that would go back in time, or change without a new day."""
    ours = {f.code: f for f in Framework.objects.prefetch_related("clauses")}
    for row in rows:
        known, day, place = ours.get(row["id"]), date.fromisoformat(row["last_verified"]), ("frameworks", row["id"])
        if day > clock.today("UTC"):
            proof.complain(
                (*place, "last_verified"), _("lies in the future; write the day on which you read the sources")
            )
        elif known and day < known.last_verified:
            words = {"day": known.last_verified.isoformat()}
            proof.complain(
                (*place, "last_verified"),
                _("is older than the list that is here (%(day)s); write the day on which you read the sources") % words,
            )
        elif known and day == known.last_verified and _differs(known, row):
            proof.complain(
                (*place, "last_verified"),
                _("is the day of the list here, which differs; write the later day on which you read the sources"),
            )


def about(row: Row) -> Row:
    """A framework of the file as its row has it, apart from its place in the order."""
    return {
        **{key: row[key] for key in ("name", "version", "publisher", "url", "verification")},
        **{key: row.get(key, "") for key in ("jurisdiction", "kind", "note")},
        "last_verified": date.fromisoformat(row["last_verified"]),
        "sources": source_texts(row["sources_read"]),
    }


def source_texts(sources: list[Any]) -> list[str]:
    """Sources as texts: YAML reads an unquoted "public copy: item list" as a mapping."""
    return [
        ", ".join(f"{key}: {value}" for key, value in source.items()) if isinstance(source, dict) else source
        for source in sources
    ]


def _differs(known: Framework, row: Row) -> bool:
    """Whether anything would change; a clause that is only here is kept or not, and counts as a difference."""
    stands = {key: getattr(known, key) for key in about(row)}
    clauses = [(clause.code, clause.title) for clause in known.clauses.all()]
    return stands != about(row) or clauses != [(clause["id"], clause["title"]) for clause in row["clauses"]]


def _take_over(row: Row) -> Change | None:
    known = Framework.objects.filter(code=row["id"]).first()
    if known and not _differs(known, row):
        return None
    if known is None:
        last = Framework.objects.aggregate(last=Max("position"))["last"]
        framework = Framework.objects.create(code=row["id"], position=0 if last is None else last + 1, **about(row))
    else:
        framework = known
        for key, value in about(row).items():
            setattr(framework, key, value)
        framework.save()
    change = Change(framework, new=known is None)
    _take_over_clauses(change, row["clauses"])
    return change


def _take_over_clauses(change: Change, listed: list[Row]) -> None:
    there = {clause.code: clause for clause in change.framework.clauses.all()}
    for position, entry in enumerate(listed):
        clause = there.pop(entry["id"], None)
        if clause is None:
            change.added.append(entry["id"])
            change.framework.clauses.create(code=entry["id"], title=entry["title"], position=position)
        elif (clause.title, clause.position) != (entry["title"], position):
            if clause.title != entry["title"]:
                change.retitled.append(clause.code)
            Clause.objects.filter(pk=clause.pk).update(title=entry["title"], position=position)
    named = _named(change.framework) if there else set()
    change.kept = [code for code in there if code in named]
    change.removed = [code for code in there if code not in named]
    for n, code in enumerate(change.kept):
        Clause.objects.filter(pk=there[code].pk).update(position=len(listed) + n)
    Clause.objects.filter(pk__in=[there[code].pk for code in change.removed]).delete()


def _named(framework: Framework) -> set[str]:
    """The clauses that a question of any version names, whether published, retired or still being written."""
    questions = [*Question.objects.values_list("clauses", flat=True)]
    questions += DraftQuestion.objects.values_list("clauses", flat=True)
    links = {link for clauses in questions for link in clauses}
    return {link.split(":", 1)[1] for link in links if link.startswith(f"{framework.code}:")}
