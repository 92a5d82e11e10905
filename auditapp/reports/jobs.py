"""The slow work, as jobs on Postgres. Each can be run again at any moment: it inserts its result or finds it there."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from auditapp.accounts import scope

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
    """Put the signature of one signatory into the PDF, with a fresh key and certificate that name person and role."""
    from auditapp.reports import pdf_signature  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.models import Report  # noqa: PLC0415 - the models defer these jobs

    with scope.entered(organisation, [site]):
        row = Report.objects.with_names().get(pk=report)
        if row.files.filter(step=order).exists() or row.is_void:
            return
        signature = row.signatures.select_related("by").get(order=order)
        content = pdf_signature.signed(row, signature, bytes(row.files.get(step=order - 1).content))
    with scope.entered(organisation, [site]):
        row.keep_file(order, content)


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
