"""Board reports: made on the first of each month by the clock, listed, downloaded, and made now when asked."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from auditapp import clock, lists
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, Site, User
from auditapp.reports.board import BoardReport
from auditapp.tracking import board, board_facts

DAYS = 3  # of a new month in which a worker that slept catches up; later the figures would be of another time


@app.periodic(cron="5 * * * *")
@app.task(queue="upkeep", queueing_lock="plan_board_reports", name="upkeep.plan_board_reports")
def plan_board_reports(timestamp: int) -> None:
    """Every hour: where a month has ended by the calendar of the hospital, its report is made, once."""
    for organisation in scope.organisations():
        with scope.entered(organisation):
            plan(Organisation.objects.get(pk=organisation))


def plan(organisation: Organisation) -> None:
    """The reports of last month that are due and not there: of each hospital, and of the group where it has several."""
    sites = list(Site.objects.filter(organisation=organisation))
    wanted: list[Site | None] = [*sites] if len(sites) < 2 else [None, *sites]
    for site in wanted:
        local = clock.now().astimezone(ZoneInfo((site or sites[0]).zone)).date()
        month = board.shifted(local.replace(day=1), -1)
        known = BoardReport.objects.filter(organisation=organisation, site=site, month=month, complete=True)
        if local.day <= DAYS and not known.exists():
            make(organisation, sites, site, month, by=None)


def make(
    organisation: Organisation, sites: list[Site], site: Site | None, month: date, *, by: User | None
) -> BoardReport | None:
    """Count, freeze, and have it printed."""
    number = BoardReport.next_number(organisation, site, month)
    facts = board_facts.collect(organisation, sites, site, month, number=number)
    return BoardReport.keep(facts, organisation=organisation, site=site, by=by)


def make_now(user: User, code: str) -> BoardReport | None:
    """Of the month so far, for a hospital (its code) or for the group (""). Raises NotAllowed."""
    sites = list(Site.objects.in_reach_of(user))
    site = next((site for site in sites if site.code == code), None)
    if not sites or (code and site is None):
        return None
    BoardReport.must_let_make(user, site)
    month = clock.today((site or sites[0]).zone).replace(day=1)
    return make(user.organisation, sites, site, month, by=user)


def page(user: User, query: QueryDict) -> dict[str, Any]:
    """What the list shows, and of whom the person may have one made now."""
    sites = list(Site.objects.in_reach_of(user))
    rows = BoardReport.objects.visible_to(user).with_names()
    if site := lists.chosen(query, "site", [site.code for site in sites]):
        rows = rows.filter(site__code=site)
    shown = lists.page(rows, query)
    may: list[tuple[str, str]] = [(s.code, s.name) for s in sites if BoardReport.may_be_made_by(user, s)]
    if len(sites) > 1 and BoardReport.may_be_made_by(user, None):
        may.insert(0, ("", _("The whole group")))
    return {"page": shown, "rows": [(row, date_format(row.month, "F Y")) for row in shown], "may_make": may}
