"""The slow work, as jobs on Postgres. Each can be run again at any moment: it inserts its result or finds it there."""

import logging
from typing import Any

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from auditapp import clock
from auditapp.accounts import scope

log = logging.getLogger(__name__)

AGAIN = RetryStrategy(max_attempts=8, exponential_wait=2)
SILENT_SECONDS = 10  # a worker that sent no heartbeat for this long is taken for dead; it sends one every two seconds


def pending() -> int:
    """How many report jobs are waiting or running."""
    unfinished = ["todo", "doing"]
    return ProcrastinateJob.objects.filter(queue_name="reports", status__in=unfinished).count()


@app.task(queue="reports", retry=AGAIN, name="reports.render")
def render(*, report: int, organisation: int, site: int) -> None:
    """Print the frozen facts of a report once, as the unsigned PDF with a field for each signatory."""
    from auditapp.reports import pdf  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.models import Report  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Report.objects.get(pk=report)
        if row.files.filter(step=0).exists() or row.is_void:
            return
        facts, canonical = row.facts, bytes(row.canonical)
    printed = pdf.printed(facts, facts_bytes=canonical)
    with scope.entered(organisation, [site]):
        row.keep_file(0, printed.content, printed_with=printed.with_)


@app.task(queue="reports", retry=AGAIN, name="reports.sign")
def sign(*, report: int, order: int, organisation: int, site: int) -> None:
    """Put the signature of one signatory into the PDF, with a fresh key and certificate that name person and role.

    After the last one the same job makes the seal, and what proves all of it: nobody waits for another worker.
    """
    from auditapp.reports import pdf_signature  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.models import Report  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Report.objects.with_names().get(pk=report)
        if row.is_void:
            return
        is_last = order == row.last_step
        before = None if row.files.filter(step=order).exists() else bytes(row.files.get(step=order - 1).content)
        signature = row.signatures.select_related("by").get(order=order)
    if before is not None:
        content = pdf_signature.signed(row, signature, before)
        to_be_sealed = is_last and pdf_signature.can_be_sealed(content)
        with scope.entered(organisation, [site]):
            row.keep_file(order, content, to_be_sealed=to_be_sealed)
    if is_last:
        finish(report=report, organisation=organisation, site=site)


@app.task(queue="reports", retry=AGAIN, name="reports.finish")
def finish(*, report: int, organisation: int, site: int) -> None:
    """Seal a report that all have signed, and raise it to its level; what is there already is left as it is."""
    seal(report=report, organisation=organisation, site=site)
    prove(report=report, organisation=organisation, site=site)


def seal(*, report: int, organisation: int, site: int) -> None:
    """The organisation's seal, which issues the report. One without a field for it was issued by its last signature."""
    from auditapp.reports import pdf_signature  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.models import Report  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Report.objects.with_names().get(pk=report)
        signed = row.newest_file
        if row.issued_at or signed is None or signed.step != row.last_step:
            return
        content = bytes(signed.content)
    made = pdf_signature.sealed(row, content)
    with scope.entered(organisation, [site]):
        row.keep_file(row.last_step + 1, made.content, level=made.level, wanted=made.wanted)


def prove(*, report: int, organisation: int, site: int, renewing: bool = False) -> None:
    """Raise a sealed report to the level that was wanted, or renew its archival timestamp.

    If a timestamp authority does not answer, the level stays lowered, which the report's page says, until
    `look_after_reports` comes by again.
    """
    from auditapp.reports import pdf_signature  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.models import Report  # noqa: PLC0415 - the models defer these jobs
    from auditapp.reports.timestamps import Unreachable  # noqa: PLC0415 - knows pyHanko

    with scope.entered(organisation, [site]):
        row = Report.objects.with_names().get(pk=report)
        newest = row.newest_file
        if newest is None or not newest.level or not (newest.is_lowered or renewing):
            return
        content = bytes(newest.content)
    try:
        made = (pdf_signature.renewed if renewing else pdf_signature.raised)(row, newest, content)
    except Unreachable as problem:
        log.warning("%s keeps level %s for now: %s", row, newest.level, problem)
        return
    if made is None:
        return
    proves = {"level": made.level, "wanted": made.wanted, "timestamp_ends": made.timestamp_ends}
    with scope.entered(organisation, [site]):
        row.keep_file(newest.step + 1, made.content, **proves)


@app.task(queue="reports", retry=AGAIN, name="reports.renew")
def renew(*, report: int, organisation: int, site: int) -> None:
    """A further archival timestamp over a report, before the certificate of the last one ends."""
    prove(report=report, organisation=organisation, site=site, renewing=True)


@app.periodic(cron="*/10 * * * *")
@app.task(queue="upkeep", queueing_lock="look_after_reports", name="upkeep.look_after_reports")
def look_after_reports(timestamp: int) -> None:
    """Every ten minutes: reports that wait for their seal or for a higher level are queued again, each once."""
    from auditapp.reports.models import Report  # noqa: PLC0415 - needs the models

    for organisation in scope.organisations():
        with scope.entered(organisation):
            for report in Report.objects.to_be_finished():
                if report.issued_at or report.newest_file.step == report.last_step:
                    _queue(finish, report)


@app.periodic(cron="40 3 * * *")
@app.task(queue="upkeep", queueing_lock="renew_proofs", name="upkeep.renew_proofs")
def renew_proofs(timestamp: int) -> None:
    """Every night: revocation lists that end soon are issued anew, archival timestamps that end soon are renewed."""
    from auditapp.keys.models import Authority  # noqa: PLC0415 - needs the models
    from auditapp.reports.models import Report  # noqa: PLC0415 - needs the models

    for authority in Authority.objects.all():
        authority.revocation_list(at=clock.now())
    for organisation in scope.organisations():
        with scope.entered(organisation):
            for report in Report.objects.to_be_renewed():
                _queue(renew, report)


def _queue(job: Any, report: Any) -> None:
    place = {"report": report.pk, "organisation": report.organisation_id, "site": report.site_id}
    try:
        with transaction.atomic():
            job.configure(queueing_lock=f"{job.name} {report.pk}").defer(**place)
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * * */10")
@app.task(queue="upkeep", queueing_lock="requeue_stalled", name="upkeep.requeue_stalled", pass_context=True)
async def requeue_stalled(context: object, timestamp: int) -> None:
    """Every ten seconds, give the jobs of a worker that died to another one.

    Its upkeep is forgotten: the clock brings it again, and a second one waiting would break the lock of the queue.
    """
    jobs = app.job_manager
    for queue in ("reports", "mail"):
        for job in await jobs.get_stalled_jobs(queue=queue, seconds_since_heartbeat=SILENT_SECONDS):
            await jobs.retry_job(job)
    for job in await jobs.get_stalled_jobs(queue="upkeep", seconds_since_heartbeat=SILENT_SECONDS):
        await jobs.finish_job(job, status=Status.FAILED, delete_job=True)


@app.periodic(cron="7 * * * *")
@app.task(queue="upkeep", queueing_lock="checkpoint", name="upkeep.checkpoint")
def checkpoint(timestamp: int) -> None:
    """Sign the heads of all trails every hour and write the checkpoint out as a file."""
    from auditapp.accounts import checkpoints  # noqa: PLC0415 - needs the models

    checkpoints.make_all()
