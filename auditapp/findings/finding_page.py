"""Everything that the page of one finding shows, and what each person may do from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from auditapp.accounts.models import Role, User
from auditapp.deployments.models import KEEPERS
from auditapp.findings.models import Action, Finding, FindingChange
from auditapp.findings.models.finding import ANSWERERS


@dataclass(frozen=True)
class Line:
    """One thing that happened to the finding."""

    at: datetime
    what: str
    by: str
    reason: str = ""


def page(finding: Finding, user: User) -> dict[str, Any]:
    """The same number of queries however often it was found, changed and closed."""
    raised = finding.raised_by.select_related("submission__audit").defer("submission__canonical")
    actions = list(finding.actions.with_steps())
    causes = list(finding.root_causes.select_related("by", "released__by").order_by("-n"))
    hazards = finding.hazard_ratings.select_related("by", "closure", "replaced_by", "site")
    return {
        "finding": finding,
        "raised": raised.order_by("submission__at"),
        "hazards": list(hazards.prefetch_related("acceptances__by", "acceptances__rating__site")),
        "actions": [(action, _acts_on(action, user, finding)) for action in actions],
        "open_actions": sum(action.is_open for action in actions),
        "causes": causes,
        "history": _history(finding),
        "acts": _acts(finding, user),
    }


def _acts(finding: Finding, user: User) -> dict[str, bool]:
    """What this person may do to the finding now."""
    keeps, answers = user.holds(*KEEPERS, site=finding.site), user.holds(*ANSWERERS, site=finding.site)
    officer = user.holds(Role.CLINICAL_SAFETY_OFFICER, site=finding.site)
    is_open = finding.is_open
    return {
        "change": is_open and answers,
        "hand_over": is_open and keeps,
        "plan": is_open and keeps,
        "close": is_open and answers and not finding.is_owned_by(user),
        "reopen": not is_open and answers,
        "explain": keeps,
        "release": officer,
        "rate": officer and is_open,
        "rate_again": officer,
    }


def _acts_on(action: Action, user: User, finding: Finding) -> dict[str, bool]:
    """The same of an action, from what is at hand."""
    keeps, answers = user.holds(*KEEPERS, site=finding.site), user.holds(*ANSWERERS, site=finding.site)
    reported = [step.by_id for step in action.steps.all() if step.kind == "done"]
    return {
        "complete": action.state == Action.State.TO_DO and (keeps or action.owner_id == user.pk),
        "judge": action.state == Action.State.DONE and answers and user.pk not in {action.owner_id, *reported[-1:]},
        "drop": action.is_open and user.holds(Role.CLINICAL_SAFETY_OFFICER, site=finding.site),
    }


def _history(finding: Finding) -> list[Line]:
    """From opening to closing and again, the latest first."""
    lines = [_changed(change) for change in finding.changes.select_related("by")]
    for again in finding.reopenings.select_related("by"):
        lines.append(Line(again.at, _("Opened again"), again.by.name, again.reason))
    for closure in finding.closures.select_related("by"):
        lines.append(Line(closure.at, _("Closed"), closure.by.name, closure.reason))
    lines.sort(key=lambda line: line.at, reverse=True)
    opened_by = finding.opened_by.name if finding.opened_by else ""
    return [*lines, Line(finding.opened_at, _("Opened"), opened_by, str(finding.get_origin_display()))]


def _changed(change: FindingChange) -> Line:
    before, after = _shown(change.before, change.what), _shown(change.after, change.what)
    words = _("%(what)s: %(after)s, before %(before)s") % {
        "what": change.get_what_display(),
        "before": before,
        "after": after,
    }
    return Line(change.at, words, change.by.name, change.reason)


def _shown(value: str, what: str) -> str:
    if what != FindingChange.What.DUE:
        return value
    return date_format(datetime.fromisoformat(value), "j M Y") if value else _("before go-live")
