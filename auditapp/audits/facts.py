"""What is frozen when an audit is handed over, as one dictionary. Pure: reads loaded rows and writes nothing.

The shape is schema 1 of the submission layer, described in docs/facts.md: no floats, UTC times ending in Z, local days
as ISO dates, stable codes instead of database keys. Canonical JSON (RFC 8785) of it is what is stored and hashed.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from auditapp import clock
from auditapp.deployments import profile as profiles

if TYPE_CHECKING:  # the models import this module
    from auditapp.accounts.models import User
    from auditapp.audits.models import Answer, AnswerRevision, Audit, Comment, StandingAnswer
    from auditapp.audits.models.suppliers import Put
    from auditapp.deployments.models import Profile
    from auditapp.evidence.models import Evidence
    from auditapp.questionnaires.models import Question, QuestionnaireVersion

SCHEMA = 1
ANSWER_FIELDS = ["verdict", "note", "evidence_note", "gap", "owner", "due", "control", "justification"]


def profile(profile: "Profile", *, version: "QuestionnaireVersion") -> dict[str, Any]:
    """The confirmed profile with both people and times, in the words of the questionnaire version in use."""
    facts = profiles.facts_in(version.content["applicability"]["profile_facts"])
    return {
        "n": profile.n,
        "facts": profiles.described(profile.facts, facts),
        "filled_by": profile.by.for_facts,
        "filled_at": clock.utc_text(profile.at),
        "confirmed_by": profile.confirmation.by.for_facts,
        "confirmed_at": clock.utc_text(profile.confirmation.at),
    }


def submission(
    audit: "Audit",
    answers: list["Answer"],
    *,
    by: "User",
    at: datetime,
    live: bool,
    scored: dict[str, Any],
    asked_of_suppliers: "Mapping[int, list[Put]]",
    comments: "Mapping[int, list[Comment]] | None" = None,
    second_reading: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The submission layer: every question, answer, note, evidence entry, exclusion, score and gap.

    `answers` come from `for_reading()`, in order; `scored` is what scoring made of exactly these answers, and
    `asked_of_suppliers` is what `put_to_suppliers` found for them. `comments` are those marked for the report, by the
    key of their answer; `second_reading` is what `SecondReading.for_facts` says of an audit that two people read apart.
    """
    beside = {a.pk: _beside(a, asked_of_suppliers, comments or {}, zone=audit.site.zone, at=at) for a in answers}
    zone = audit.site.zone
    findings = {f["check"]: f for f in scored["findings"]}
    return {
        "schema": SCHEMA,
        "layer": "submission",
        "audit": {
            "ref": audit.ref,
            "revision": audit.revision,
            "round": audit.round,
            "reason": audit.reason,
            "triggers": audit.triggers,
            "opened_by": audit.opened_by.for_facts,
            "opened_at": clock.utc_text(audit.opened_at),
        },
        "organisation": {"code": audit.organisation.code, "name": audit.organisation.name},
        "site": {"code": audit.site.code, "name": audit.site.name, "zone": zone},
        "deployment": _deployment(audit, live=live),
        "profile": audit.profile,
        "questionnaire": {
            "code": audit.version.questionnaire.code,
            "title": audit.version.questionnaire.title,
            "version": audit.version.number,
            "purpose": audit.version.about["purpose"],
            "sha256": audit.version.sha256,
        },
        "submitted": {
            "by": by.for_facts,
            "at": clock.utc_text(at),
            "local": clock.local_text(at, zone),
            "date": _date(clock.day(at, zone)),
        },
        "categories": _categories(audit, answers, scored["states"], beside),
        "excluded": [
            {
                "code": question.code,
                "text": question.text,
                "criticality": question.criticality,
                "category": question.category.code,
                "because": because,
            }
            for question, because in audit.excluded()
        ],
        "result": scored["result"],
        "findings": [
            {**finding, "gap": a.current.gap if a.current else "", "owner": a.current.owner if a.current else ""}
            for a in answers
            if (finding := findings.get(a.code))
        ],
        **({"second_reading": second_reading} if second_reading else {}),
    }


def _beside(
    answer: "Answer",
    asked_of_suppliers: "Mapping[int, list[Put]]",
    comments: "Mapping[int, list[Comment]]",
    *,
    zone: str,
    at: datetime,
) -> dict[str, Any]:
    """What stands below an answer, each only where there is any: all other facts stay as they were."""
    found = {
        "asked_of_suppliers": [_asked(row, zone, at=at) for row in asked_of_suppliers.get(answer.pk, [])],
        "comments": [_comment(row) for row in comments.get(answer.pk, [])],
    }
    return {name: rows for name, rows in found.items() if rows}


def _comment(comment: "Comment") -> dict[str, Any]:
    said = {"text": comment.text, "by": comment.by.for_facts, "at": clock.utc_text(comment.at)}
    if comment.resolved_by and comment.resolved_at:
        resolved = {"by": comment.resolved_by.for_facts, "at": clock.utc_text(comment.resolved_at)}
        return said | {"resolved": resolved}
    return said


def _deployment(audit: "Audit", *, live: bool) -> dict[str, Any]:
    deployment = audit.deployment
    return {
        "ref": deployment.ref,
        "name": deployment.name,
        "vendor": deployment.product.vendor.name,
        "product": deployment.product.name,
        "intended_use": deployment.intended_use,
        "owner": deployment.owner.for_facts,
        "status": deployment.status,
        "live": live,
        "model_version": {
            "name": audit.model_version.name,
            "from": _date(audit.model_version.starts),
            "to": _date(audit.model_version.ends),
        },
    }


def _categories(
    audit: "Audit",
    answers: list["Answer"],
    states: dict[str, str],
    beside: dict[int, dict[str, Any]],
) -> list[dict[str, Any]]:
    """The asked questions under their categories, in taxonomy order."""
    questions = {q.pk: q for q in audit.version.all_questions}  # with category and domain, read once
    categories: dict[str, dict[str, Any]] = {}
    for answer in answers:
        question = questions[answer.question_id]
        category = question.category
        entry = categories.setdefault(
            category.code,
            {
                "code": category.code,
                "title": category.title,
                "definition": category.definition,
                "domain": category.domain.code,
                "domain_title": category.domain.title,
                "questions": [],
            },
        )
        entry["questions"].append(_question(question, answer, states[answer.code]) | beside[answer.pk])
    return list(categories.values())


def _asked(row: "Put", zone: str, *, at: datetime) -> dict[str, Any]:
    """What a supplier was asked, and whether anything came: days at the hospital, and no name of the contact.

    Silence is stated up to the due date, or up to the day of the submission where that is earlier.
    """
    supplied = row.supplied_at
    return {
        "requested": _date(clock.day(row.at, zone)),
        "due": _date(row.due),
        "supplied": _date(clock.day(supplied, zone)) if supplied else None,
        "not_supplied_by": None if supplied else _date(min(row.due, clock.day(at, zone))),
        "accepted": bool(row.accepted),
        **{name: text for name, text in row.words.items() if text},
    }


def _question(question: "Question", answer: "Answer", state: str) -> dict[str, Any]:
    return {
        "code": question.code,
        "text": question.text,
        "criticality": question.criticality,
        "scope": question.scope,
        "guidance": question.guidance,
        "expected_evidence": question.expected_evidence,
        "clauses": question.clauses,
        "answer": revision(answer.current) | {"state": state} if answer.current else None,
        "evidence": [
            {
                "title": link.evidence.title,
                "kind": link.evidence.kind,
                "url": link.evidence.url,
                "filename": link.evidence.filename,
                "sha256": link.evidence.sha256,
                "size": link.evidence.size,
                "effective_date": _date(link.evidence.effective_date),
                "valid_until": _date(link.evidence.valid_until),
                "source": link.evidence.source,
                "added_by": link.added_by.for_facts,
                "added_at": clock.utc_text(link.added_at),
                **_described(link.evidence),
                **({"nondisclosure": True} if link.evidence.nondisclosure else {}),
            }
            for link in answer.evidence_now
        ],
    }


def _described(item: "Evidence") -> dict[str, str]:
    """What is there only where somebody said it, so that all other facts stay as they were."""
    said = {"document": item.document, "version": item.version}
    if item.is_altered:
        said["uploaded_sha256"] = item.uploaded_sha256
    return {name: value for name, value in said.items() if value}


def revision(revision: "AnswerRevision") -> dict[str, Any]:
    """One answer as given: its words, who gave them when, and the second person's approval, if any.

    `carried_from` is there only when it was taken over from a signed audit, so that all other facts stay as they were.
    """
    approval = getattr(revision, "approval", None)
    return {field: getattr(revision, field) for field in ANSWER_FIELDS if field != "due"} | {
        "due": _date(revision.due),
        "by": revision.by.for_facts,
        "at": clock.utc_text(revision.at),
        "revision": revision.n,
        "approval": {"by": approval.by.for_facts, "at": clock.utc_text(approval.at)} if approval else None,
        **({"carried_from": revision.carried_from} if revision.carried_from else {}),
        **_standing(revision),
        **_paper(revision),
    }


def _paper(revision: "AnswerRevision") -> dict[str, Any]:
    """Who copied an answer from paper, and who held it against the scan."""
    entry = getattr(revision, "paper_entry", None)
    if entry is None:
        return {}
    check = getattr(entry, "check_made", None)
    checked = {"checked_by": check.by.for_facts, "checked_at": clock.utc_text(check.at)} if check else {}
    return {"from_paper": {"by": entry.by.for_facts, "at": clock.utc_text(entry.at), **checked}}


def _standing(revision: "AnswerRevision") -> dict[str, Any]:
    """Where an answer comes from that is given once for the whole hospital, or why this audit answers otherwise."""
    if revision.inherited and revision.standing:
        return {"inherited": _stood(revision.standing)}
    if revision.deviation:
        return {"deviation": {"reason": revision.deviation, "from": revision.standing and _stood(revision.standing)}}
    return {}


def _stood(standing: "StandingAnswer") -> dict[str, Any]:
    return {
        "number": standing.n,
        "verdict": standing.verdict,
        "by": standing.by.for_facts,
        "at": clock.utc_text(standing.at),
        "keeper": standing.keeper.for_facts,
        "valid_until": _date(standing.valid_until),
    }


def headline(result: dict[str, Any]) -> dict[str, Any]:
    """The columns of a submission that lists show without opening the frozen bytes."""
    lowest = result["lowest_counted_part"]
    return {
        "gate": result["gate"],
        "calculated_result": result["calculated_result"],
        "numerator": result["overall"]["numerator"],
        "denominator": result["overall"]["denominator"],
        "lowest_title": lowest["title"] if lowest else "",
        "lowest_numerator": lowest["score"]["numerator"] if lowest else None,
        "lowest_denominator": lowest["score"]["denominator"] if lowest else None,
    }


def score_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per category and domain with an applicable check."""
    counted = {part["code"] for part in result["counted_parts"]}
    return [
        {
            "part": part,
            "code": entry["code"],
            "applicable": entry["applicable"],
            "numerator": entry["score"]["numerator"],
            "denominator": entry["score"]["denominator"],
            "counted": part == result["counted_by"] and entry["code"] in counted,
        }
        for part, entries in (("category", result["categories"]), ("domain", result["domains"]))
        for entry in entries
        if entry["score"]
    ]


def _date(day: date | None) -> str | None:
    return day.isoformat() if day else None
