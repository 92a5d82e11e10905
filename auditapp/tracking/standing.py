"""The sentence that answers a deployment's main question: is what runs today covered by an audit?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.tracking.history import Examined


@dataclass(frozen=True)
class Answer:
    """One sentence in one of the five tones, and where it leads."""

    tone: str
    text: str
    href: str = ""
    link: str = ""


def answer(
    deployment: Deployment, versions: Sequence[ModelVersion], rows: Sequence[Examined], planned: date | None = None
) -> Answer:
    """`versions` come `with_audit()`, `rows` are the deployment's newest audits.

    `planned` is the day of its first audit by the signed first plan, where that has not passed.
    """
    today = clock.today(deployment.site.zone)
    if deployment.status == Deployment.Status.RETIRED:
        return Answer("neutral", _("This deployment is retired. Nothing of it runs here any more."))
    running = next((v for v in versions if v.starts <= today and (v.ends is None or v.ends > today)), None)
    if running is None:
        return _nothing_runs(versions, deployment)
    if running.audited_by is None:
        return _planned(running, rows, planned) if planned else _unaudited(deployment, running, rows)
    return _audited(running, rows, deployment.site.zone)


def _nothing_runs(versions: Sequence[ModelVersion], deployment: Deployment) -> Answer:
    today = clock.today(deployment.site.zone)
    planned = min((v for v in versions if v.starts > today), key=lambda v: v.starts, default=None)
    if planned:
        words = {"version": planned.name, "date": date_format(planned.starts, "j M Y")}
        return Answer("info", _("No version runs today. Version %(version)s is planned from %(date)s.") % words)
    tone = "bad" if deployment.is_live else "attention"
    return Answer(tone, _("No version is entered for today, so no audit can cover what runs."))


def _audited(running: ModelVersion, rows: Sequence[Examined], zone: str) -> Answer:
    row = next((row for row in rows if row.audit.ref == running.audited_by), None)
    words = {
        "version": running.name,
        "ref": running.audited_by,
        "date": date_format(clock.day(running.audited_at, zone), "j M Y") if running.audited_at else "",
        "title": row.audit.version.questionnaire.title if row else "",
        "decision": row.decided if row else "",
    }
    href, link = reverse("reports:report", args=[running.audited_by]), _("Read the report")
    if not running.is_covered:
        text = _("Version %(version)s was examined by %(ref)s, issued %(date)s, and the decision is: %(decision)s.")
        return Answer("bad", text % words, href, link)
    return Answer("good", _("Version %(version)s is covered by %(ref)s, issued %(date)s.") % words, href, link)


def _planned(running: ModelVersion, rows: Sequence[Examined], day: date) -> Answer:
    words = {"version": running.name, "date": date_format(day, "j M Y")}
    return _with_link(
        "info", _("Version %(version)s is live, not yet audited: planned for %(date)s.") % words, running, rows
    )


def _unaudited(deployment: Deployment, running: ModelVersion, rows: Sequence[Examined]) -> Answer:
    days = (clock.today(deployment.site.zone) - running.starts).days
    words = {"version": running.name, "days": days, "status": deployment.get_status_display().lower()}
    if not deployment.is_live:
        text = _("Version %(version)s has no issued audit. The tool is not in use with patients: %(status)s.")
        tone, text = "info", text % words
    elif days < 1:
        tone, text = "attention", _("Version %(version)s runs since today, without an issued audit.") % words
    else:
        text = ngettext(
            "Version %(version)s has run for %(days)s day without an issued audit.",
            "Version %(version)s has run for %(days)s days without an issued audit.",
            days,
        )
        tone, text = "bad", text % words
    return _with_link(tone, text, running, rows)


def _with_link(tone: str, text: str, running: ModelVersion, rows: Sequence[Examined]) -> Answer:
    """The sentence, and where it leads if an audit of this version is under way."""
    under_way = next(
        (row.audit for row in rows if row.audit.model_version_id == running.pk and row.audit.state not in Audit.ENDED),
        None,
    )
    if under_way is None:
        return Answer(tone, text)
    return Answer(tone, text, under_way.get_absolute_url(), _("%(ref)s is under way") % {"ref": under_way.ref})
