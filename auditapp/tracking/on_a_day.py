"""What was valid on a day: as recorded by the end of it, and as known now; and what was learnt in between."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from auditapp import clock
from auditapp.deployments.forms import day_input
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Cause
from auditapp.tracking import past_rows, past_trail, validity
from auditapp.tracking.past import History, Version
from auditapp.tracking.validity import Validity, said


@dataclass(frozen=True)
class Picture:
    """One day as one history has it."""

    status: str
    version: Version | None
    validity: Validity
    open_findings: int

    @property
    def tone(self) -> str:
        return {"valid": "good", "stale": "bad", "none": "attention"}.get(self.validity.state, "neutral")

    @property
    def sentence(self) -> str:
        """Whether a valid audit covered what ran."""
        words = {"ref": self.validity.audit, "since": said(self.validity.since), "until": said(self.validity.until)}
        if self.validity.is_valid and self.validity.until:
            return _("Valid: %(ref)s, issued %(since)s, until %(until)s.") % words
        if self.validity.is_valid:
            return _("Valid: %(ref)s, issued %(since)s.") % words
        if self.validity.state == validity.STALE:
            return _("Not valid: %(ref)s, issued %(since)s, did not hold.") % words
        if self.validity.state == validity.NOT_NEEDED:
            return _("No audit was needed.")
        return _("No valid audit.")


def picture(history: History, day: date) -> Picture:
    """Pure."""
    status = str(Deployment.Status(history.status_on(day)).label)
    judged, found = validity.judge(history, day), history.open_findings(day)
    return Picture(status, history.version_on(day), judged, len(found))


def learnt(history: History, day: date) -> Iterator[str]:
    """What was recorded after a day and concerns it, in words."""
    then = history.recorded_by(day)
    entered = {version.pk: version for version in then.versions}
    for version in history.versions:
        about = {"version": version.name, "day": said(history.day(version.entered_at))}
        if version.runs_on(day) and version.pk not in entered:
            yield _("Version %(version)s was entered on %(day)s.") % about
        elif version.pk in entered and version.runs_on(day) != entered[version.pk].runs_on(day):
            about["day"] = said(history.day(version.ends[-1][0]))
            yield _("On %(day)s another end of version %(version)s was entered.") % about
    for audit in history.audited:
        if audit.withdrawn_at and history.day(audit.issued_at) <= day < history.day(audit.withdrawn_at):
            about = {"ref": audit.ref, "day": said(history.day(audit.withdrawn_at))}
            yield _("The report of %(ref)s was withdrawn on %(day)s.") % about
    for incident in history.incidents:
        yield from _of_incident(history, incident, day)
    for notice in history.notices:
        if notice.on <= day < history.day(notice.at):
            about = {"on": said(notice.on), "day": said(history.day(notice.at))}
            yield _("A supplier’s notice of %(on)s was entered on %(day)s.") % about


def _of_incident(history: History, incident: Any, day: date) -> Iterator[str]:
    if incident.on > day:
        return
    reported, last = history.day(incident.reported_at), incident.judged[-1]
    about = {"ref": incident.ref, "on": said(incident.on), "day": said(reported)}
    if reported > day:
        yield _("Incident %(ref)s of %(on)s was reported on %(day)s.") % about
    if len(incident.judged) > 1 and history.day(last[0]) > day:
        about |= {"day": said(history.day(last[0])), "cause": str(Cause(last[2]).label)}
        yield _("Incident %(ref)s was reviewed on %(day)s: %(cause)s.") % about


class DayForm(forms.Form):
    """Which day."""

    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=day_input(),
        error_messages={
            "required": gettext_lazy("Enter a day."),
            "invalid": gettext_lazy("Enter a day, such as 2026-03-31."),
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"day": today}, **kwargs)
        self.today = today

    def clean_day(self) -> date:
        day = self.cleaned_data["day"]
        if day > self.today:
            raise forms.ValidationError(_("What will be valid on a day to come nobody knows. Enter a day up to today."))
        return day


@require_safe
def on_a_day(request: HttpRequest, ref: str) -> HttpResponse:
    """The page: choose a day, read what was valid on it."""
    mine = Deployment.objects.visible_to(request.user).in_full(request.user)
    deployment = get_object_or_404(mine.with_names(), ref=ref)
    form = DayForm(request.GET if "day" in request.GET else None, today=clock.today(deployment.site.zone))
    page = {"deployment": deployment, "form": form}
    if form.is_bound and form.is_valid():
        page |= _about(deployment, form.cleaned_data["day"])
    return render(request, "tracking/on_a_day.html", page)


def _about(deployment: Deployment, day: date) -> dict[str, Any]:
    history = past_rows.read([deployment])[deployment.pk]
    told = past_trail.replay(deployment)
    then, now = picture(history.recorded_by(day), day), picture(history, day)
    return {
        "day": day,
        "then": then,
        "now": now,
        "learnt": list(learnt(history, day)),
        "registered": clock.day(deployment.registered_at, deployment.site.zone) <= day,
        "differs": then != now,
        "replayed": told is not None,
        "trail_agrees": told is not None and told == history,
    }
