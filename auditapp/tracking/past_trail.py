"""What has happened to a deployment, told again from the trail's events alone: no other row is read.

Three streams are read: the deployment's own, that of its product (suppliers' notices) and that of the organisation
(the hospital's rules). Names and words are not on the trail, so what is told has none.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from auditapp.deployments.models import Deployment
from auditapp.tracking.past import Audited, Confirmed, Found, Happened, History, Noticed, Rules, Step, Version
from auditapp.trail.models import Event

Facts = dict[str, Any]


def replay(deployment: Deployment) -> History | None:
    """None where the trail began before it held the codes: what was registered earlier cannot be replayed."""
    streams = [deployment.trail_stream, deployment.product.trail_stream, deployment.organisation.trail_stream]
    events = Event.objects.filter(stream__in=streams, organisation=deployment.organisation_id).order_by("pk")
    told = _Telling(deployment.site.code)
    for event in events:
        told.hear(event.verb, event.at, json.loads(bytes(event.body))["facts"])
    return told.history(deployment.site.zone) if told.is_whole else None


@dataclass
class _Telling:
    """Listens to one event after the other, and keeps what each says."""

    site: str
    is_whole: bool = False
    versions: dict[int, Version] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    confirmed: list[Confirmed] = field(default_factory=list)
    audited: dict[str, Audited] = field(default_factory=dict)
    incidents: dict[str, Happened] = field(default_factory=dict)
    notices: list[Noticed] = field(default_factory=list)
    findings: dict[str, Found] = field(default_factory=dict)
    rules: list[Rules] = field(default_factory=list)

    def hear(self, verb: str, at: datetime, facts: Facts) -> None:
        if verb in HEARD:
            HEARD[verb](self, at, facts)

    def history(self, zone: str) -> History:
        return History(
            zone=zone,
            versions=tuple(self.versions.values()),
            steps=tuple(self.steps),
            confirmed=tuple(self.confirmed),
            audited=tuple(self.audited.values()),
            incidents=tuple(self.incidents.values()),
            notices=tuple(self.notices),
            findings=tuple(self.findings.values()),
            rules=tuple(self.rules),
        )

    def _registered(self, at: datetime, facts: Facts) -> None:
        self.is_whole = "codes" in facts

    def _version_entered(self, at: datetime, facts: Facts) -> None:
        key = facts["version"]
        self.versions[key] = Version(key, date.fromisoformat(facts["starts"]), at, facts.get("name", ""))

    def _version_ended(self, at: datetime, facts: Facts) -> None:
        version = self.versions[facts["version"]]
        ends = (*version.ends, (at, date.fromisoformat(facts["ends"])))
        self.versions[version.pk] = replace(version, ends=ends)

    def _status(self, at: datetime, facts: Facts) -> None:
        self.steps.append(Step(at, facts["after"]))

    def _profile_confirmed(self, at: datetime, facts: Facts) -> None:
        self.confirmed.append(Confirmed(facts["n"], at, tuple(sorted(facts.get("facts", {}).items()))))

    def _audited(self, at: datetime, facts: Facts) -> None:
        self.audited[facts["audit"]] = Audited(
            pk=facts["key"],
            ref=facts["audit"],
            version=facts["version"],
            reason=facts["reason"],
            decision=facts["decision"],
            profile=facts["profile"],
            opened_at=datetime.fromisoformat(facts["opened_at"]),
            issued_at=at,
        )
        if earlier := facts["supersedes"]:
            self.audited[earlier] = replace(self.audited[earlier], superseded_at=at)

    def _withdrawn(self, at: datetime, facts: Facts) -> None:
        self.audited[facts["audit"]] = replace(self.audited[facts["audit"]], withdrawn_at=at)

    def _incident(self, at: datetime, facts: Facts) -> None:
        on, judged = date.fromisoformat(facts["happened_on"]), (at, facts["harm"], "suspected")
        self.incidents[facts["ref"]] = Happened(facts["ref"], on, (judged,))

    def _reviewed(self, at: datetime, facts: Facts) -> None:
        incident = self.incidents[facts["ref"]]
        judged = (*incident.judged, (at, facts["harm"], facts["cause"]))
        self.incidents[incident.ref] = replace(incident, judged=judged)

    def _notice(self, at: datetime, facts: Facts) -> None:
        if facts["questions"]:
            on, versions = date.fromisoformat(facts["issued_on"]), frozenset(facts["versions"])
            self.notices.append(Noticed(facts["notice"], facts["kind"], on, at, versions))

    def _finding_opened(self, at: datetime, facts: Facts) -> None:
        about: tuple[Any, ...] = ()
        if facts.get("origin") == "condition":
            about = (facts["source"], ((at, _day(facts["due"])),))
        self.findings[facts["ref"]] = Found(facts["ref"], ((at, True),), *about)

    def _finding_closed(self, at: datetime, facts: Facts) -> None:
        finding = self.findings[facts["ref"]]
        self.findings[finding.ref] = replace(finding, turns=(*finding.turns, (at, False)))

    def _finding_reopened(self, at: datetime, facts: Facts) -> None:
        finding = self.findings[facts["ref"]]
        self.findings[finding.ref] = replace(finding, turns=(*finding.turns, (at, True)))
        self._due_on(at, finding.ref, facts["due"])

    def _due_changed(self, at: datetime, facts: Facts) -> None:
        self._due_on(at, facts["ref"], facts["after"])

    def _due_on(self, at: datetime, ref: str, due: str | None) -> None:
        finding = self.findings[ref]
        if finding.condition_of:
            self.findings[ref] = replace(finding, dues=(*finding.dues, (at, _day(due))))

    def _policy(self, at: datetime, facts: Facts) -> None:
        if facts["site"] in (None, self.site):
            own = facts["site"] is not None
            self.rules.append(Rules(at, own, facts["harm_threshold"], facts["tiers"], facts["intervals"]))


HEARD: dict[str, Callable[[_Telling, datetime, Facts], None]] = {
    "deployment.registered": _Telling._registered,
    "version.entered": _Telling._version_entered,
    "version.ended": _Telling._version_ended,
    "deployment.status": _Telling._status,
    "profile.confirmed": _Telling._profile_confirmed,
    "deployment.audited": _Telling._audited,
    "deployment.report_withdrawn": _Telling._withdrawn,
    "incident.reported": _Telling._incident,
    "incident.reviewed": _Telling._reviewed,
    "notice.received": _Telling._notice,
    "finding.opened": _Telling._finding_opened,
    "finding.closed": _Telling._finding_closed,
    "finding.reopened": _Telling._finding_reopened,
    "finding.due_changed": _Telling._due_changed,
    "policy.set": _Telling._policy,
}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
