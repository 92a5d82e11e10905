"""Whether what runs on a deployment has a valid signed audit on a day, and if not, why not. Derived, never stored.

`judge` is pure and says it for one deployment and any day; `ModelVersionQuerySet.with_validity` says the same for
lists in the database, for today. A test holds the two together. The rules and their sources: docs/validity.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Harm, Policy, Tier
from auditapp.deployments.models.approval import (
    CONTAINMENT_DAYS,
    FIRST_MONTHS,
    FOR_USE,
    FULL_REASONS,
    INTENSIVE_LEVEL,
    REPLACES,
)
from auditapp.deployments.models.policy import INTENSIVE, QUARTERLY, YEARLY
from auditapp.tracking import past_rows
from auditapp.tracking.past import Audited, Confirmed, History, Version

VALID, STALE, NONE, NOT_NEEDED = "valid", "stale", "none", "not_needed"
Reasons = Audit.Reason


class Proposal(NamedTuple):
    """The audit that would make it valid again: why it is made, and what led to it."""

    reason: str
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One reason why an approval does not hold: a code, the day since when, what it is about, and all in words."""

    code: str
    day: date | None
    about: tuple[str, ...] = ()
    words: str = field(default="", compare=False)


@dataclass(frozen=True)
class Validity:
    """The answer for one day. `audit` is the one that the approval rests on, valid or stale; "" without any."""

    state: str
    audit: str = ""
    since: date | None = None
    until: date | None = None
    reasons: tuple[Reason, ...] = ()
    reaudit: Proposal | None = None

    @property
    def is_valid(self) -> bool:
        return self.state == VALID

    @property
    def holds(self) -> bool:
        """Valid, or the hospital's rules ask for no audit."""
        return self.state in (VALID, NOT_NEEDED)


def of(deployment: Deployment, day: date | None = None) -> Validity:
    """For one deployment, today or on a day, as known now."""
    history = past_rows.read([deployment])[deployment.pk]
    return judge(history, day or clock.today(deployment.site.zone))


def of_each(deployments: Iterable[Deployment]) -> dict[int, Validity]:
    """For today; the same number of queries however many. Deployments come with their sites."""
    deployments = list(deployments)
    histories = past_rows.read(deployments)
    return {row.pk: judge(histories[row.pk], clock.today(row.site.zone)) for row in deployments}


def judge(history: History, day: date) -> Validity:
    """What was valid on a day, by everything that the history holds."""
    if history.status_on(day) == Deployment.Status.RETIRED:
        return Validity(NOT_NEEDED)
    version = history.version_on(day)
    if version is None:
        return Validity(NONE, reasons=(Reason("no_version", None, (), _("No version is entered for this day.")),))
    if tier_on(history, day) == Tier.REGISTRATION:
        return Validity(NOT_NEEDED)
    standing = history.standing_on(day)
    own = [audit for audit in standing if audit.version == version.pk]
    if not own:
        return _never(history, day, version, standing)
    newest = own[-1]
    since = history.day(newest.issued_at)
    if newest.decision not in FOR_USE:
        words = _("%(ref)s decided against use, issued %(day)s.") % {"ref": newest.ref, "day": said(since)}
        reason = Reason("decision_against_use", since, (newest.ref,), words)
        return Validity(NONE, newest.ref, since, None, (reason,), _after_refusal(history, day))
    case = _Case(history, day, version, newest, standing)
    reasons = tuple(case.reasons())
    state = STALE if reasons else VALID
    return Validity(state, newest.ref, since, case.until, reasons, case.proposal(reasons))


def _never(history: History, day: date, version: Version, standing: list[Audited]) -> Validity:
    """Nothing stands for the version: a report was withdrawn, another version was audited, or nothing ever."""
    used = history.status_on(day) in Deployment.IN_USE
    withdrawn = [a for a in history.audited if a.version == version.pk and a.withdrawn_at is not None]
    withdrawn = [a for a in withdrawn if history.day(a.issued_at) <= day]
    if withdrawn:
        last = withdrawn[-1]
        then = history.day(last.withdrawn_at) if last.withdrawn_at else None
        words = _("The report of %(ref)s was withdrawn on %(day)s.") % {"ref": last.ref, "day": said(then)}
        reason = Reason("report_withdrawn", then, (last.ref,), words)
        return Validity(NONE, "", None, None, (reason,), _again(last.reason))
    before = [audit for audit in standing if audit.decision in FOR_USE]
    if before:
        last = before[-1]
        words = _("Version %(version)s runs since %(day)s; %(ref)s examined the version before.")
        words = words % {"version": version.name, "day": said(version.starts), "ref": last.ref}
        reason = Reason("new_version", version.starts, (last.ref,), words)
        proposed = Proposal(Reasons.RE_AUDIT, ("model_or_prompt_update",)) if used else _again(Reasons.PRE_DEPLOYMENT)
        return Validity(STALE, last.ref, history.day(last.issued_at), version.starts, (reason,), proposed)
    words = _("Version %(version)s has no issued audit.") % {"version": version.name}
    reason = Reason("never_audited", version.starts, (), words)
    return Validity(NONE, "", None, None, (reason,), _again(Reasons.YEARLY if used else Reasons.PRE_DEPLOYMENT))


def _again(reason: str) -> Proposal:
    """A re-audit cannot be opened without a trigger."""
    return Proposal(reason, ("model_or_prompt_update",) if reason == Reasons.RE_AUDIT else ())


def _after_refusal(history: History, day: date) -> Proposal:
    """A re-audit is completed before a suspension is lifted (frequency of the re-audit); before use the full audit."""
    if history.first_use(day) is None:
        return Proposal(Reasons.PRE_DEPLOYMENT)
    return Proposal(Reasons.RE_AUDIT, ("unsafe_or_wrong_output",))


@dataclass(frozen=True)
class _Case:
    """An approval on a day, and everything that can speak against it."""

    history: History
    day: date
    version: Version
    audit: Audited
    standing: list[Audited]

    def reasons(self) -> Iterable[Reason]:
        """The gravest first."""
        yield from self._incidents()
        yield from self._notices()
        yield from self._profile()
        yield from self._contingencies()
        if self.until is not None and self.day > self.until:
            words = _("The next audit was due by %(day)s.") % {"day": said(self.until)}
            yield Reason("period_passed", self.until, (), words)

    def _answered_since(self, at: Any) -> bool:
        """Whether an audit that was opened after a question arose lets use go on; the quarterly check is too short."""
        return any(
            audit.opened_at >= at and audit.decision in FOR_USE and audit.reason != Reasons.QUARTERLY
            for audit in self.standing
        )

    def _incidents(self) -> Iterable[Reason]:
        rules = self.history.rules_on(self.day)
        least = Harm.values.index(rules.harm_threshold if rules else Harm.MODERATE)
        for incident in self.history.incidents:
            _at, harm, cause = incident.judged[-1]
            grave = Harm.values.index(harm) >= least and cause != "excluded"
            if grave and incident.on <= self.day and not self._answered_since(incident.reported_at):
                words = _("Incident %(ref)s of %(day)s, %(harm)s, has been followed by no audit that lets use go on.")
                about = {"ref": incident.ref, "day": said(incident.on), "harm": str(Harm(harm).label).lower()}
                yield Reason("incident", incident.on, (incident.ref,), words % about)

    def _notices(self) -> Iterable[Reason]:
        for notice in self.history.notices:
            concerns = not notice.versions or self.version.digest in notice.versions
            if concerns and notice.on <= self.day and not self._answered_since(notice.at):
                words = _("A notice of the supplier of %(day)s puts it in question.") % {"day": said(notice.on)}
                yield Reason("notice", notice.on, (str(notice.pk), notice.kind), words)

    def _profile(self) -> Iterable[Reason]:
        now, then = self.history.profile_on(self.day), self.history.profile(self.audit.profile)
        if now is None or then == dict(now.facts):
            return
        changed = changed_facts(then or {}, now)
        since = self.history.day(now.at)
        words = _("The profile has changed since (%(day)s): %(facts)s.")
        words = words % {"day": said(since), "facts": ", ".join(labels(changed))}
        yield Reason("profile_changed", since, tuple(changed), words)

    def _contingencies(self) -> Iterable[Reason]:
        for finding in self.history.open_findings(self.day):
            due = finding.due_on(self.day, self.history.zone)
            if finding.condition_of == self.audit.ref and due is not None and due < self.day:
                words = _("%(ref)s, a condition of the decision, was due by %(day)s and is open.")
                yield Reason("contingency_expired", due, (finding.ref,), words % {"ref": finding.ref, "day": said(due)})

    @property
    def until(self) -> date | None:
        """The last day of its period; None where none runs, which is so before the first use."""
        regular, yearly = self._regular_until(), self._yearly_until()
        if regular is None or yearly is None:
            return regular or yearly
        if self.audit.reason != Reasons.CONTAINMENT and abs((yearly - regular).days) <= REPLACES:
            return yearly  # the yearly review stands in for the quarterly check
        return min(regular, yearly)

    def _clock_starts(self, audit: Audited, first_use: date) -> date:
        """Regular checks ask about use, so their clock starts with the later of audit and first use."""
        return max(self.history.day(audit.issued_at), first_use)

    def _days(self, kind: str) -> int | None:
        rules = self.history.rules_on(self.day)
        intervals = rules.intervals if rules else Policy.built_in(0).intervals
        return intervals.get(tier_on(self.history, self.day), {}).get(kind)

    def _regular_until(self) -> date | None:
        first_use = self.history.first_use(self.day)
        if first_use is None:
            return None
        start = self._clock_starts(self.audit, first_use)
        if self.audit.reason == Reasons.CONTAINMENT:
            return start + timedelta(days=CONTAINMENT_DAYS)
        now = self.history.profile_on(self.day)
        level = dict(now.facts).get("autonomy_level") if now else None
        is_intensive = start < first_use + timedelta(days=FIRST_MONTHS) or (level or 0) >= INTENSIVE_LEVEL
        days = (self._days(INTENSIVE) if is_intensive else None) or self._days(QUARTERLY)
        return start + timedelta(days=days) if days else None

    def _yearly_until(self) -> date | None:
        first_use, days = self.history.first_use(self.day), self._days(YEARLY)
        if first_use is None or days is None:
            return None
        for_use = [audit for audit in self.standing if audit.decision in FOR_USE]
        full = [audit for audit in for_use if audit.reason in FULL_REASONS]
        return self._clock_starts((full or for_use[:1])[-1], first_use) + timedelta(days=days)

    def proposal(self, reasons: tuple[Reason, ...]) -> Proposal | None:
        """The audit that answers the gravest reason; it answers the lesser ones as well, or the next day tells."""
        if not reasons:
            return None
        first = reasons[0]
        if first.code == "incident":
            return self._after_event("unsafe_or_wrong_output")
        if first.code == "notice":
            return self._after_notice(first.about[1])
        if first.code == "profile_changed":
            return Proposal(Reasons.RE_AUDIT, ("new_site_population_or_use",))
        if self.history.first_use(self.day) is None:
            return Proposal(Reasons.PRE_DEPLOYMENT)
        if self.audit.reason == Reasons.CONTAINMENT and self.until == self._regular_until():
            return Proposal(Reasons.RE_AUDIT, ("unsafe_or_wrong_output",))
        yearly = self._yearly_until()
        return Proposal(Reasons.YEARLY if yearly and self.day > yearly else Reasons.QUARTERLY)

    def _after_event(self, trigger: str) -> Proposal:
        """The containment check comes first; the opening of the re-audit says so where it is still missing."""
        return Proposal(Reasons.RE_AUDIT, (trigger,))

    def _after_notice(self, kind: str) -> Proposal:
        triggers = {"new_version": "model_or_prompt_update", "vulnerability": "privacy_or_security_event"}
        return self._after_event(triggers.get(kind, "unsafe_or_wrong_output"))


def tier_on(history: History, day: date) -> str:
    """The risk tier by the rules and the confirmed profile of a day."""
    rules, confirmed = history.rules_on(day), history.profile_on(day)
    policy = Policy(tiers=rules.tiers if rules else [])
    return policy.tier(dict(confirmed.facts) if confirmed else None)


def changed_facts(then: dict[str, Any], now: Confirmed) -> list[str]:
    """The facts whose values differ, in the order of the profile."""
    after = dict(now.facts)
    return [name for name in {**then, **after} if then.get(name) != after.get(name)]


def labels(facts: Iterable[str]) -> list[str]:
    """What profile facts are called."""
    known = {fact.id: fact.label for fact in profile.facts()}
    return [f"“{known.get(name, name)}”" for name in facts]


def said(day: date | None) -> str:
    return date_format(day, "j M Y") if day else ""
