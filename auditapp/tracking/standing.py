"""The sentence that answers a deployment's main question: does a valid signed audit cover what runs today?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from auditapp import clock
from auditapp.accounts.models import Role, User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, ModelVersion
from auditapp.tracking.history import Examined
from auditapp.tracking.validity import NOT_NEEDED, STALE, Proposal, Reason, Validity, said


@dataclass(frozen=True)
class Answer:
    """One sentence in one of the five tones, and where it leads; below it each reason why an approval is stale."""

    tone: str
    text: str
    href: str = ""
    link: str = ""
    reasons: tuple[Reason, ...] = ()


def answer(
    deployment: Deployment,
    versions: Sequence[ModelVersion],
    rows: Sequence[Examined],
    validity: Validity,
    planned: date | None = None,
) -> Answer:
    """`rows` are the deployment's newest audits.

    `planned` is the day of its first audit by the signed first plan, where that has not passed.
    """
    today = clock.today(deployment.site.zone)
    if deployment.status == Deployment.Status.RETIRED:
        return Answer("neutral", _("This deployment is retired. Nothing of it runs here any more."))
    running = next((v for v in versions if v.starts <= today and (v.ends is None or v.ends > today)), None)
    if running is None:
        return _nothing_runs(versions, deployment)
    if validity.state == NOT_NEEDED:
        words = {"version": running.name}
        text = _("Version %(version)s needs no audit: by the rules of this hospital such a tool is only registered.")
        return Answer("info", text % words)
    if validity.is_valid:
        return _covered(running, validity)
    if validity.state == STALE and deployment.is_live:
        return _stale(deployment, running, validity)
    if running.audited_by is None:
        return _planned(running, rows, planned) if planned else _unaudited(deployment, running, rows)
    return _lapsed(running, rows, validity)


def reopening(deployment: Deployment, proposed: Proposal | None, user: User) -> str:
    """The address where an auditor opens the proposed audit, with its reason and triggers chosen; else ""."""
    if proposed is None or not user.holds(Role.AUDITOR, site=deployment.site):
        return ""
    wanted = [("deployment", deployment.ref), ("for", proposed.reason), *(("trigger", t) for t in proposed.triggers)]
    return f"{reverse('audits:opening')}?{urlencode(wanted)}"


def _nothing_runs(versions: Sequence[ModelVersion], deployment: Deployment) -> Answer:
    today = clock.today(deployment.site.zone)
    planned = min((v for v in versions if v.starts > today), key=lambda v: v.starts, default=None)
    if planned:
        words = {"version": planned.name, "date": date_format(planned.starts, "j M Y")}
        return Answer("info", _("No version runs today. Version %(version)s is planned from %(date)s.") % words)
    tone = "bad" if deployment.is_live else "attention"
    return Answer(tone, _("No version is entered for today, so no audit can cover what runs."))


def _covered(running: ModelVersion, validity: Validity) -> Answer:
    words = {
        "version": running.name,
        "ref": validity.audit,
        "date": said(validity.since),
        "until": said(validity.until),
    }
    text = _("Version %(version)s is covered by %(ref)s, issued %(date)s.")
    if validity.until:
        text = _("Version %(version)s is covered by %(ref)s, issued %(date)s, until %(until)s.")
    return Answer("good", text % words, *_report(validity.audit))


def _stale(deployment: Deployment, running: ModelVersion, validity: Validity) -> Answer:
    words = {"version": running.name, "ref": validity.audit, "date": said(validity.since)}
    text = _("Version %(version)s runs without a valid audit: %(ref)s, issued %(date)s, does not hold any more.")
    if validity.reasons[0].code == "new_version":
        text = _("Version %(version)s runs without a valid audit: %(ref)s, issued %(date)s, is of another version.")
    return Answer("bad", text % words, *_report(validity.audit), validity.reasons)


def _lapsed(running: ModelVersion, rows: Sequence[Examined], validity: Validity) -> Answer:
    """Decided against, or stale while nobody uses it."""
    row = next((row for row in rows if row.audit.ref == running.audited_by), None)
    words = {
        "version": running.name,
        "ref": running.audited_by,
        "date": said(validity.since),
        "decision": row.decided if row else "",
    }
    if validity.state == STALE:
        text = _("Version %(version)s was examined by %(ref)s, issued %(date)s, which does not hold any more.")
        return Answer("attention", text % words, *_report(validity.audit), validity.reasons)
    text = _("Version %(version)s was examined by %(ref)s, issued %(date)s, and the decision is: %(decision)s.")
    return Answer("bad", text % words, *_report(validity.audit))


def _report(ref: str) -> tuple[str, str]:
    return reverse("reports:report", args=[ref]), _("Read the report")


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
