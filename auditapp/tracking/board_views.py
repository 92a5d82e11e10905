"""The portfolio in numbers, what a number counts, and the monthly reports made of them."""

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from auditapp.reports.board import BoardReport
from auditapp.tracking import board_page
from auditapp.tracking import board_reports as reporting


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The whole portfolio in numbers, as a board reads it."""
    sites = board_page.read_at(request.user)
    return render(request, "tracking/board.html", board_page.page(board_page.asked(request.GET, sites), sites))


@require_safe
def board_audits(request: HttpRequest) -> HttpResponse:
    """The audits that a number of the board's page counts."""
    wanted = board_page.asked(request.GET, board_page.read_at(request.user))
    if request.GET.get("format") == "csv":
        return board_page.audits_as_csv(wanted, request.GET)
    return render(request, "tracking/board_audits.html", board_page.audits_page(wanted, request.GET))


@require_http_methods(["GET", "HEAD", "POST"])
def board_reports(request: HttpRequest) -> HttpResponse:
    """The reports that were made, and having one made of the month so far."""
    if request.method == "POST":
        made = reporting.make_now(request.user, request.POST.get("site", ""))
        if made is None:
            raise Http404
        messages.success(request, _("The figures are frozen. The PDF is being printed and sealed."))
        return redirect(made)
    return render(request, "tracking/board_reports.html", reporting.page(request.user, request.GET))


@require_safe
def board_report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report, in view."""
    found = get_object_or_404(BoardReport.objects.visible_to(request.user).with_names(), pk=pk)
    file = getattr(found, "file", None) if found.is_printed else None
    return render(request, "tracking/board_report.html", {"report": found, "file": file, "facts": found.facts})


@require_safe
@csp_exempt()  # the browser's own PDF viewer draws with styles that our policy for pages would refuse
def board_report_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The sealed PDF."""
    found = get_object_or_404(BoardReport.objects.visible_to(request.user).with_names(), pk=pk)
    if not found.is_printed:
        raise Http404
    return _file(bytes(found.file.content), "application/pdf", f"{found.file_name}.pdf")


@require_safe
def board_report_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """The frozen figures, byte by byte."""
    found = get_object_or_404(
        BoardReport.objects.visible_to(request.user).select_related("site", "organisation"), pk=pk
    )
    return _file(bytes(found.canonical), "application/json", f"{found.file_name}.json")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'inline; filename="{name}"'})
