"""Printing and sealing a board report: slow, so a job, which can be run again at any moment."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from auditapp.accounts import letters, scope
from auditapp.accounts.notifications import MailChoice

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


@app.task(queue="mail", retry=AGAIN, name="mail.board_report")
def tell(*, report: int, organisation: int) -> None:
    """A letter for each person who asked for them, once a report of a month can be opened."""
    from auditapp.reports.board import BoardReport  # noqa: PLC0415 - the models defer this job

    with scope.entered(organisation):
        row = BoardReport.objects.select_related("site").get(pk=report)
        for person in MailChoice.readers(MailChoice.Letter.BOARD, row.site, organisation):
            job = tell_one.configure(lock=f"mail.board_report {report} {person.pk}")
            job.defer(report=report, user=person.pk, organisation=organisation)


@app.task(queue="mail", retry=AGAIN, name="mail.board_report_to_one")
def tell_one(*, report: int, user: int, organisation: int) -> None:
    """One person's letter. Who sees the whole group is told of its report alone, not of every hospital's as well."""
    from auditapp.accounts.models import Site, User  # noqa: PLC0415 - the models defer this job
    from auditapp.reports.board import BoardReport  # noqa: PLC0415

    with scope.entered(organisation):
        person = User.objects.get(pk=user)
        row = BoardReport.objects.visible_to(person).with_names().filter(pk=report).first()
        if row is None or (row.site and person.reach is None and Site.objects.count() > 1):
            return
        title = _("Board report of %(month)s, %(about)s") % {
            "month": date_format(row.month, "F Y"),
            "about": row.site.name if row.site else row.organisation.name,
        }
        letters.send(person, MailChoice.Letter.BOARD, subject=title, lines=[(title, row.get_absolute_url())])
