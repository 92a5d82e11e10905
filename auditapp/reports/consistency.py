"""Whether what was frozen is what was answered: every submission recomputed, every report held against its bytes."""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pikepdf
import rfc8785
from django.db.models import Q

from auditapp import clock
from auditapp.audits import facts, scoring
from auditapp.audits.models import Answer, Audit, Submission
from auditapp.deployments.models import Deployment
from auditapp.findings.models import HazardRating
from auditapp.reports.models import Report

ATTACHMENT = "audit-facts.json"


def problems() -> Iterator[str]:
    """A sentence for each frozen layer of the scope that does not agree with the rows it was made from."""
    for submission in Submission.objects.select_related("audit").order_by("pk"):
        yield from _of_submission(submission)
    for report in Report.objects.with_names().order_by("pk"):
        yield from _of_report(report)


def _of_submission(submission: Submission) -> Iterator[str]:
    name = f"{submission.audit.ref}, round {submission.round}"
    canonical = bytes(submission.canonical)
    frozen = json.loads(canonical)
    if hashlib.sha256(canonical).hexdigest() != submission.sha256:
        yield f"{name}: the digest is not that of the bytes."
    if rfc8785.dumps(frozen) != canonical:
        yield f"{name}: the bytes are not canonical."
    audit = Audit.objects.with_names().get(pk=submission.audit_id)
    given, differing = _given_then(audit, frozen, submission.at)
    yield from (f"{name}: the frozen answer to {code} is not the one saved." for code in differing)
    again = scoring.score(
        audit.version.rules,
        audit.version.select(audit.profile_values, audit.triggers),
        given,
        triggers=audit.triggers,
        live=_was_live(audit.deployment, submission.at),
        hazard_levels=[h.level for h in _open_hazards(audit, submission.at)],
        submitted=clock.day(submission.at, audit.site.zone),
    )
    if again["result"] != frozen["result"]:
        yield f"{name}: the result computed again is another one."
    rows = [{key: f[key] for key in ("check", "answer", "priority", "due")} for f in frozen["findings"]]
    if sorted(map(str, again["findings"])) != sorted(map(str, rows)):
        yield f"{name}: the findings computed again are others."


def _given_then(audit: Audit, frozen: dict[str, Any], at: datetime) -> tuple[dict[str, scoring.Given], list[str]]:
    """The answers as they stood at an instant, from the revisions; and the codes whose frozen words differ."""
    asked = {q["code"]: q for category in frozen["categories"] for q in category["questions"]}
    given: dict[str, scoring.Given] = {}
    differing = sorted(set(asked) ^ set(audit.answers.values_list("code", flat=True)))
    for answer in audit.answers.select_related("question"):
        question = asked.get(answer.code)
        if question is None or question["answer"] is None:
            continue
        people = ("by", "approval__by", "standing__by", "standing__keeper")
        revision = answer.revisions.select_related(*people).get(n=question["answer"]["revision"])
        if revision.at > at or _words(question["answer"]) != _words(facts.revision(revision)):
            differing.append(answer.code)
        given[answer.code] = _given(answer, revision, at)
    return given, differing


def _words(answer: dict[str, Any]) -> dict[str, Any]:
    """A frozen answer without what came to it after it was saved."""
    return {key: value for key, value in answer.items() if key not in {"approval", "state"}}


def _given(answer: Answer, revision: Any, at: datetime) -> scoring.Given:
    attached = answer.attached.filter(Q(removed_at=None) | Q(removed_at__gt=at), added_at__lte=at).exists()
    has_evidence = attached or bool(revision.evidence_note)
    approval = getattr(revision, "approval", None)
    return scoring.Given(
        verdict=revision.verdict,
        has_evidence=has_evidence,
        justification=revision.justification,
        second_approval=approval is not None and approval.at <= at,
        backed_by_evidence=bool(answer.question.not_applicable_backed_by) and has_evidence,
    )


def _was_live(deployment: Deployment, at: datetime) -> bool:
    change = deployment.status_changes.filter(at__lte=at).order_by("at", "pk").last()
    return change is not None and change.after in Deployment.IN_USE


def _open_hazards(audit: Audit, at: datetime) -> Any:
    """Ratings given by then, and neither replaced, closed nor accepted to a day that had not passed by then."""
    given = HazardRating.objects.filter(deployment_id=audit.deployment_id, at__lte=at)
    given = given.exclude(replaced_by__at__lte=at).exclude(closure__at__lte=at).prefetch_related("acceptances")
    return [rating for rating in given if not _was_accepted(rating, at, zone=audit.site.zone)]


def _was_accepted(rating: HazardRating, at: datetime, *, zone: str) -> bool:
    known = [row for row in rating.acceptances.all() if row.at <= at]
    newest = max(known, key=lambda row: row.n, default=None)
    return newest is not None and newest.until >= clock.day(at, zone)


def _of_report(report: Report) -> Iterator[str]:
    name = f"report of {report.audit.ref}, round {report.decision.submission.round}"
    canonical = bytes(report.canonical)
    if hashlib.sha256(canonical).hexdigest() != report.sha256 or rfc8785.dumps(report.facts) != canonical:
        yield f"{name}: the bytes are not those of the digest, or not canonical."
    if rfc8785.dumps(report.facts["submission"]) != bytes(report.decision.submission.canonical):
        yield f"{name}: its submission is not the one stored."
    for file in report.files.all():
        content = bytes(file.content)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            yield f"{name}: the digest of file {file.step} is not that of its bytes."
        with pikepdf.open(io.BytesIO(content)) as pdf:
            attached = pdf.attachments[ATTACHMENT].get_file().read_bytes() if ATTACHMENT in pdf.attachments else b""
        if attached != canonical:
            yield f"{name}: the facts attached to file {file.step} are not those stored."
