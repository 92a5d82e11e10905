"""What must hold at every moment, whatever was killed: every audit stands before an act or after it, never between.

All is read in one snapshot of the database, so it may be asked while web process and worker run.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pikepdf
import rfc8785
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp.accounts import checkpoints, scope
from auditapp.audits import facts
from auditapp.audits.models import Audit, Submission
from auditapp.findings.models import Finding
from auditapp.reports.models import Report
from auditapp.trail.models import Event

HANDED_OVER = {"submitted", "reviewed", "decided", "signing", "issued", "superseded", "retracted"}
REVIEWED = HANDED_OVER - {"submitted"}
DECIDED = REVIEWED - {"reviewed"}
OUT = {"issued", "superseded", "retracted"}


@contextmanager
def snapshot(organisation: int) -> Iterator[None]:
    """One moment of the database, seen from one organisation. Inside a transaction, that one's view."""
    begins = not connection.in_atomic_block
    with transaction.atomic():
        if begins:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        scope.enter(organisation)
        yield


def contradictions(organisation: int) -> list[str]:
    """Every way in which the rows do not say the same thing, in sentences; empty when all is well."""
    with snapshot(organisation):
        found = [f"{audit.ref}: {what}" for audit in Audit.objects.with_names() for what in _of_audit(audit)]
        found += [str(problem) for problem in checkpoints.problems()]
        scope.enter(organisation)
    return found


def _of_audit(audit: Audit) -> Iterator[str]:
    events = [event.verb for event in Event.objects.filter(stream=audit.trail_stream)]
    yield from _of_answers(audit, events)
    rounds = list(audit.submissions.order_by("round"))
    handed_over = audit.round if audit.state in HANDED_OVER else audit.round - 1
    if audit.state != "withdrawn" and [s.round for s in rounds] != list(range(1, handed_over + 1)):
        yield f"{audit.state} in round {audit.round}, with submissions {[s.round for s in rounds]}"
    if events.count("audit.submitted") != len(rounds):
        yield f"{len(rounds)} submissions, and {events.count('audit.submitted')} of them on the trail"
    for submission in rounds:
        yield from _of_submission(audit, submission)
    if not rounds:
        return
    last = rounds[-1]
    if hasattr(last, "review") != (audit.state in REVIEWED):
        yield f"{audit.state}, and the review is {'there' if hasattr(last, 'review') else 'not there'}"
    if hasattr(last, "decision") != (audit.state in DECIDED):
        yield f"{audit.state}, and the decision is {'there' if hasattr(last, 'decision') else 'not there'}"
    reports = list(audit.reports.order_by("pk"))
    if len(reports) != sum(hasattr(s, "decision") for s in rounds):
        yield f"{len(reports)} reports for the decisions of {len(rounds)} rounds"
    for report in reports:
        yield from _of_report(audit, report, events)


def _of_answers(audit: Audit, events: list[str]) -> Iterator[str]:
    """Every save is whole: the revision, the answer that points at it, the counters, the line on the trail."""
    taken = answered = critical_left = 0
    for answer in audit.answers.select_related("current").prefetch_related("revisions"):
        numbers = sorted(r.n for r in answer.revisions.all() if r.n)
        if numbers != list(range(1, answer.n + 1)) or (answer.current.n if answer.current else 0) != answer.n:
            yield f"{answer.code} stands at {answer.n}, its revisions are {numbers}"
        taken += len(numbers)
        given = bool(answer.current and answer.current.verdict)
        answered += given
        critical_left += answer.criticality == "critical" and not given
    counted = (audit.answered, audit.critical_left)
    if counted != (answered, critical_left):
        yield f"counts {counted} as answered and as critical left, not {(answered, critical_left)}"
    if events.count("answer.saved") != taken:
        yield f"{taken} saved revisions, and {events.count('answer.saved')} of them on the trail"


def _of_submission(audit: Audit, submission: Submission) -> Iterator[str]:
    frozen, about = bytes(submission.canonical), f"round {submission.round}"
    told = json.loads(frozen)
    if hashlib.sha256(frozen).hexdigest() != submission.sha256 or rfc8785.dumps(told) != frozen:
        yield f"{about} is not the canonical bytes of its digest"
    if (told["audit"]["ref"], told["audit"]["round"]) != (audit.ref, submission.round):
        yield f"{about} froze another audit or round"
    columns = facts.headline(told["result"])
    if {name: getattr(submission, name) for name in columns} != columns:
        yield f"{about} has another result in its columns than in its bytes"
    rows = {(row["part"], row["code"]): row for row in facts.score_rows(told["result"])}
    stored = {(s["part"], s["code"]): s for s in submission.scores.values(*next(iter(rows.values())))}
    if stored != rows:
        yield f"{about} has {len(stored)} scores of {len(rows)}"
    raised = sorted(submission.raised.values_list("answer__code", flat=True))
    if raised != sorted(finding["check"] for finding in told["findings"]):
        yield f"{about} raised findings on {raised}"


def _of_report(audit: Audit, report: Report, events: list[str]) -> Iterator[str]:
    frozen = bytes(report.canonical)
    told = report.facts
    if hashlib.sha256(frozen).hexdigest() != report.sha256 or rfc8785.dumps(told) != frozen:
        yield "the report is not the canonical bytes of its digest"
    if told["submission_sha256"] != report.decision.submission.sha256:
        yield "the report names another submission"
    if len(told["decision"]["conditions"]) != report.decision.conditions.count():
        yield "conditions are missing"
    signatures = list(report.signatures.order_by("order").values_list("order", "facts_sha256", "shown_sha256"))
    files = list(report.files.order_by("step"))
    steps, orders = [f.step for f in files], [order for order, _facts, _shown in signatures]
    if steps != list(range(len(files))) or orders != list(range(1, len(orders) + 1)):
        yield f"files of steps {steps} with signatures {orders}"
    if events.count("report.file") != len(files) or events.count("report.signed") != len(signatures):
        yield "files or signatures are not on the trail"
    for order, facts_sha256, shown_sha256 in signatures:
        if facts_sha256 != report.sha256 or order > len(files) or shown_sha256 != files[order - 1].sha256:
            yield f"signature {order} is over something else than what there was"
    waiting = _steps_to_come(report)
    if not files and 0 not in waiting:
        yield "nobody prints the report"
    if files and len(orders) == len(files) and len(orders) not in waiting:
        yield f"nobody puts signature {len(orders)} into the file"
    if len(files) == len(report.signatories) + 1 and len(orders) not in waiting:
        yield "nobody seals the report"
    sealed = len(files) - 1 - len(report.signatories)  # the seal, and what follows it
    if len(orders) not in (len(files) - 1, len(files)) and sealed < 1:
        yield f"{len(orders)} signatures for {len(files)} files"
    yield from _of_state(audit, report, len(files), len(signatures))
    yield from _of_files(report, files, told["signatories"])


def _steps_to_come(report: Report) -> set[int]:
    """The steps that somebody will still make, or makes, by a job of this report."""
    jobs = ProcrastinateJob.objects.filter(queue_name="reports", status__in=["todo", "doing"], args__report=report.pk)
    return {job.args.get("order", 0) for job in jobs}


def _of_state(audit: Audit, report: Report, files: int, signatures: int) -> Iterator[str]:
    void, whole = report.is_void, files > len(report.signatories) + 1
    if whole != bool(report.issued_at):
        yield f"{files} files, and the report is {'issued' if report.issued_at else 'not issued'}"
    if void:
        return
    if audit.issued_at != report.issued_at:
        yield f"issued at {audit.issued_at}, its report at {report.issued_at}"
    expected = {"decided"} if not files else OUT if whole else {"signing"}
    if audit.state not in expected:
        yield f"{audit.state}, with {files} files and {signatures} signatures"
    raised = Finding.objects.filter(deployment=audit.deployment_id, origin="condition").count()
    if whole and raised < report.decision.conditions.count():
        yield "issued without the findings that its conditions are"


def _of_files(report: Report, files: list[Any], signatories: list[dict[str, Any]]) -> Iterator[str]:
    """Each file is whole, is the bytes of its digest, and continues the one before by one signature."""
    before = b""
    for file in files:
        content = bytes(file.content)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            yield f"file {file.step} is not the bytes of its digest"
            return
        if not content.startswith(before):
            yield f"file {file.step} does not continue the file before it"
        signed = signed_fields(content)
        beyond = FURTHER[: max(0, file.step - len(signatories))]
        if signed != {s["field"] for s in signatories[: file.step]} | set(beyond):
            yield f"file {file.step} is signed in {sorted(signed)}"
        before = content


FURTHER = ["seal", "timestamp-1", "timestamp-2", "timestamp-3", "timestamp-4"]


def signed_fields(content: bytes) -> set[str]:
    """The names of the fields of a PDF that hold a signature."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return {str(field.T) for field in pdf.Root.AcroForm.Fields if "/V" in field}
