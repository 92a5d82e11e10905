"""Brings the database up to the content files: corrects the taxonomy, publishes new versions."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from auditapp.deployments.profile import SEED
from auditapp.questionnaires.canonical import canonical_bytes, digest
from auditapp.questionnaires.framework_lists import about, newer_here
from auditapp.questionnaires.freezing import first_difference, frozen
from auditapp.questionnaires.lines import Lines
from auditapp.questionnaires.models import (
    Category,
    Check,
    Clause,
    Domain,
    Framework,
    FrozenContent,
    Question,
    Questionnaire,
    QuestionnaireVersion,
)
from auditapp.questionnaires.proofreading import complaints
from auditapp.questionnaires.reading import Content, read
from auditapp.refusals import Refused


@dataclass
class Loaded:
    """What loading did: versions published now, and how many rows of the taxonomy were new or corrected."""

    published: list[str] = field(default_factory=list)
    rows: int = 0


def load(folder: Path = SEED.parent) -> Loaded:
    """Load everything; a second run does nothing, in a handful of queries.

    Raises Refused when the content is not sound, or differs from a version that is published.
    """
    content = read(folder)
    if wrong := complaints(content):
        raise Refused(_("The content files cannot be published as they are."), [*with_lines(wrong, folder)])
    with transaction.atomic():
        _one_at_a_time()
        new = _new_versions(content)
        loaded = Loaded(rows=_keep_taxonomy(content))
        for questionnaire, canonical in new:
            loaded.published.append(str(_publish(content, questionnaire, canonical)))
        return loaded


def with_lines(wrong: Iterable[str], folder: Path) -> Iterable[str]:
    """Complaints of the form "file: path: what" as "file:line: path: what", where the path leads anywhere."""
    files: dict[str, Lines] = {}
    for complaint in wrong:
        name, path, what = complaint.split(": ", 2)
        if name not in files:
            files[name] = Lines((folder / name).read_text(encoding="utf-8"))
        line = files[name].line(path)
        yield f"{name}:{line}: {path}: {what}" if line else complaint


def _one_at_a_time() -> None:
    """Several web processes may start at once: the second waits, and then finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('auditapp.load_questionnaires'))")


def _new_versions(content: Content) -> list[tuple[dict[str, Any], bytes]]:
    """The questionnaires whose version is not there yet. Refuses a changed text under a version that is."""
    rows = QuestionnaireVersion.objects.values_list("questionnaire__code", "number", "sha256")
    known = {(code, number): sha256 for code, number, sha256 in rows}
    new = []
    for questionnaire in content.checks["questionnaires"]:
        code, number = questionnaire["id"], questionnaire.get("version", 1)
        canonical = canonical_bytes(frozen(content, questionnaire))
        if (code, number) not in known:
            last = max((n for known_code, n in known if known_code == code), default=0)
            if number != last + 1:
                sentence = _("checks.yaml: questionnaires[%(code)s].version: is %(n)s; the next version is %(next)s.")
                raise Refused(sentence % {"code": code, "n": number, "next": last + 1})
            new.append((questionnaire, canonical))
        elif known[code, number] != digest(canonical):
            _refuse_change(code, number, canonical)
    return new


def _refuse_change(code: str, number: int, canonical: bytes) -> None:
    old = FrozenContent.objects.get(version__questionnaire__code=code, version__number=number)
    where = first_difference(json.loads(bytes(old.canonical)), json.loads(canonical))
    raise Refused(
        _(
            "The content files differ from version %(n)s of %(code)s, which is published and never changes, "
            "at %(where)s. Write version %(next)s: set “version: %(next)s” under questionnaires, %(code)s."
        )
        % {"n": number, "code": code, "where": where, "next": number + 1}
    )


def _keep_taxonomy(content: Content) -> int:
    """Frameworks, clauses, domains, categories and checks as the content has them; none is removed."""
    changed = _keep_frameworks(content)
    domains = [
        {"code": d["id"], "title": d["title"], "description": d["description"], "position": n}
        | {"review_place": d.get("review_body", "")}
        for n, d in enumerate(content.checks["domains"])
    ]
    kept_domains, n = _keep(Domain, domains, lambda row: row["code"])
    changed += n
    place = {c["id"]: kept_domains[d["id"]] for d in content.checks["domains"] for c in d["categories"]}
    categories = [_category_row(c, place[c["id"]], n) for n, c in enumerate(content.categories)]
    kept_categories, n = _keep(Category, categories, lambda row: row["code"])
    return changed + n + _keep_checks(content, kept_categories)


def _keep_frameworks(content: Content) -> int:
    """A list that is newer here than in the content stays, but for clauses that checks name and that it lacks."""
    listed = content.frameworks["frameworks"]
    newer = newer_here(listed)
    rows = [{"code": f["id"], "position": n, **about(f)} for n, f in enumerate(listed) if f["id"] not in newer]
    ids, changed = _keep(Framework, rows, lambda row: row["code"])
    ids = ids or dict(Framework.objects.values_list("code", "pk"))  # where every list here is newer
    there = set(Clause.objects.filter(framework__code__in=newer).values_list("framework", "code")) if newer else set()
    named = {link for check in content.all_checks for link in check["maps_to"]}
    clauses = [
        {"framework_id": ids[f["id"]], "code": c["id"], "title": c["title"], "position": n}
        for f in listed
        for n, c in enumerate(f["clauses"])
        if f["id"] not in newer or (f"{f['id']}:{c['id']}" in named and (ids[f["id"]], c["id"]) not in there)
    ]
    return changed + _keep(Clause, clauses, lambda row: (row["framework_id"], row["code"]))[1]


def _category_row(category: dict[str, Any], domain_id: int, position: int) -> dict[str, Any]:
    same = (
        "prefix",
        "title",
        "definition",
        "review_source",
        "ai_types",
        "lifecycle_stages",
        "typical_hazards",
    )
    about = {"code": category["id"], "domain_id": domain_id, "position": position}
    return {**about, "suggested_lead": category["suggested_lead"], **{key: category[key] for key in same}}


def _keep_checks(content: Content, categories: Mapping[Any, int]) -> int:
    """Every check that is asked or retired; a code that vanished without being retired is refused."""
    rows = [
        {"code": check["id"], "category_id": categories[category["id"]], "position": n}
        for n, (category, check) in enumerate((c, x) for c in content.categories for x in c["checks"])
    ]
    listed = {row["code"] for row in rows} | {row["id"] for row in content.checks["retired_checks"]}
    seeded = Check.objects.filter(organisation=None)
    if lost := sorted(set(seeded.values_list("code", flat=True)) - listed):
        sentence = _("checks.yaml: %(code)s is gone. A check is retired under retired_checks, never removed.")
        raise Refused(sentence % {"code": lost[0]})
    ids, changed = _keep(Check, rows, lambda row: row["code"])
    prefixes = {category["prefix"]: categories[category["id"]] for category in content.categories}
    retired = [
        {"code": row["id"], "category_id": prefixes[row["id"].split("-")[0]], "position": len(rows) + n}
        | {"retired": date.fromisoformat(row["retired"]), "retired_reason": row["reason"]}
        | {"replaced_by_id": ids[row["replaced_by"]]}
        for n, row in enumerate(content.checks["retired_checks"])
    ]
    return changed + _keep(Check, retired, lambda row: row["code"])[1]


def _keep(
    model: type[models.Model], rows: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], Any]
) -> tuple[dict[Any, int], int]:
    """Insert new rows and correct those that differ. Returns key -> primary key, and how many."""
    rows = list(rows)
    fields = list(rows[0]) if rows else []
    there = {key(row): row for row in model._default_manager.values("pk", *fields)} if rows else {}
    new = [model(**row) for row in rows if key(row) not in there]
    differing = [row for row in rows if key(row) in there and row != _without_pk(there[key(row)])]
    model._default_manager.bulk_create(new)
    for row in differing:
        model._default_manager.filter(pk=there[key(row)]["pk"]).update(**row)
    ids = {key(row): row["pk"] for row in there.values()}
    ids |= {key({name: getattr(row, name) for name in fields}): row.pk for row in new}
    return ids, len(new) + len(differing)


def _without_pk(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "pk"}


def _publish(content: Content, about: dict[str, Any], canonical: bytes) -> QuestionnaireVersion:
    """Write the next version of a questionnaire with its questions, as a draft, and publish it."""
    position = content.checks["questionnaires"].index(about)
    questionnaire, _created = Questionnaire.objects.update_or_create(
        code=about["id"], defaults={"title": about["title"], "position": position, "organisation": None}
    )
    version = QuestionnaireVersion.objects.create(
        questionnaire=questionnaire, number=about.get("version", 1), sha256=digest(canonical)
    )
    FrozenContent.objects.create(version=version, canonical=canonical)
    categories = dict(Category.objects.values_list("code", "pk"))
    checks = dict(Check.objects.values_list("code", "pk"))
    asked = [(c, q) for d in version.content["domains"] for c in d["categories"] for q in c["questions"]]
    Question.objects.bulk_create(
        Question(
            version=version,
            safety_check_id=checks[question["code"]],
            category_id=categories[category["code"]],
            position=position,
            **question,
        )
        for position, (category, question) in enumerate(asked)
    )
    version.publish(by=None)
    return version
