"""Printing and sealing a board report: slow, so a job, which can be run again at any moment."""

from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import scope

AGAIN = RetryStrategy(max_attempts=8, exponential_wait=2)


@app.task(queue="reports", retry=AGAIN, name="reports.render_board")
def render(*, report: int, organisation: int) -> None:
    """Print the frozen figures once and put the organisation's seal into the PDF."""
    from auditapp.reports import pdf, pdf_signature  # noqa: PLC0415 - heavy, and only the worker needs it
    from auditapp.reports.board import BoardReport, BoardReportFile  # noqa: PLC0415 - the models defer this job

    with scope.entered(organisation):
        row = BoardReport.objects.select_related("organisation").get(pk=report)
        if hasattr(row, "file"):
            return
        facts, canonical = row.facts, bytes(row.canonical)
    printed = pdf.printed_board(facts, facts_bytes=canonical)
    made = pdf_signature.seal_of(
        row.organisation, printed.content, zone=facts["zone"], meaning=_("made from its attached figures")
    )
    with scope.entered(organisation):
        BoardReportFile.keep(row, made.content, printed_with=printed.with_, level=made.level)
