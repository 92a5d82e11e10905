"""Playing the script: every act at its own time, in the order of time, through the verbs that people use.

Each deployment and each audit is a generator that yields the instant of its next act and then performs it with the
clock standing there. Trail, digests, signatures and PDFs are therefore true.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Organisation, Role, Site, User
from auditapp.demonstration.audit_play import AuditPlay
from auditapp.demonstration.once import Once
from auditapp.demonstration.script import Script, moment
from auditapp.deployments.models import Deployment, Product, StatusProposal
from auditapp.tracking import life

PASSWORD = "a quiet ward at night"  # the demonstration's alone; printed when it starts
Acts = Iterator[datetime]


class Play:
    """The world of the demonstration while it is being played."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.people: dict[str, User] = {}
        self.sites: dict[str, Site] = {}
        self.organisations: dict[str, Organisation] = {}
        self.deployments: dict[str, Deployment] = {}
        self.audits: dict[str, Any] = {}

    def perform(self) -> None:
        """Everything, in one transaction of the caller's: the demonstration is there as a whole or not at all."""
        with clock.at(self.script.begins):
            self._found()
        acts = [(self.organisation_of(d["site"]), self._deploy(d)) for d in self.script.deployments]
        for about in self.script.audits:
            site = self.script.by_key[about["deployment"]]["site"]
            acts.append((self.organisation_of(site), AuditPlay(self, about).acts()))
        acts += [(organisation, Once(self, organisation).acts()) for organisation in self.organisations.values()]
        self._in_order_of_time(acts)

    def organisation_of(self, site: str) -> Organisation:
        return self.organisations[self.sites[site].organisation.code]

    def _in_order_of_time(self, acts: list[tuple[Organisation, Acts]]) -> None:
        """The earliest next act of all, again and again, each in its organisation's scope."""
        tie = itertools.count()  # acts of one instant keep the order in which they came
        begun = ((next(act, None), organisation, act) for organisation, act in acts)
        waiting = [(first, next(tie), organisation, act) for first, organisation, act in begun if first]
        heapq.heapify(waiting)
        now = clock.now()
        while waiting:
            instant, _order, organisation, act = heapq.heappop(waiting)
            if instant > now:
                continue  # the script goes on after today
            scope.enter(organisation.pk)
            with clock.at(instant):
                following = next(act, None)
            if following:
                heapq.heappush(waiting, (max(following, instant), next(tie), organisation, act))

    def _found(self) -> None:
        for about in self.script.people["organisations"]:
            organisation = Organisation.found(
                code=about["code"], name=about["name"], jurisdiction=about["jurisdiction"], marking=about["marking"]
            )
            self.organisations[organisation.code] = organisation
            for site in about["sites"]:
                self.sites[site["code"]] = organisation.add_site(**site)
            self._people_of(organisation)
            for user in User.objects.visible_to(self.people[self._first_of(organisation)["email"]]):
                self.people[user.email] = user  # read again, with the roles they hold by now

    def _first_of(self, organisation: Organisation) -> dict[str, Any]:
        """The organisation's administrator; where nobody is one, the first person named."""
        return min(self._of(organisation), key=lambda p: all(r["role"] != "administrator" for r in p["roles"]))

    def _of(self, organisation: Organisation) -> list[dict[str, Any]]:
        return [p for p in self.script.people["people"] if p["organisation"] == organisation.code]

    def _people_of(self, organisation: Organisation) -> None:
        """The administrator first, who then adds everybody else."""
        first = self._first_of(organisation)
        administrator = organisation.add_first_administrator(
            name=first["name"], email=first["email"], title=first["title"], password=PASSWORD
        )
        self.people[first["email"]] = administrator
        for about in self._of(organisation):
            roles = list(about["roles"])
            user = self.people.get(about["email"])
            if user is None:
                role = roles.pop(0)
                user = self.people[about["email"]] = User.invite(
                    by=administrator,
                    name=about["name"],
                    email=about["email"],
                    title=about["title"],
                    password=PASSWORD,
                    role=role["role"],
                    site=self.sites.get(role["site"]),
                )
            for role in roles:
                if (user, role["role"]) != (administrator, "administrator"):
                    user.give_role(role["role"], site=self.sites.get(role["site"]), by=administrator)

    def person(self, email: str) -> User:
        return self.people[email]

    def _deploy(self, about: dict[str, Any]) -> Acts:
        """Register, have the profile confirmed, enter versions three weeks before they start, change the status."""
        registered = moment(about["registered"], 10)
        yield registered
        site = self.sites[about["site"]]
        deployment = self.deployments[about["key"]] = Deployment.register(
            by=self.person(about["filled_by"]),
            site=site,
            owner=self.person(about["owner"]),
            name=about["name"],
            intended_use=" ".join(about["intended_use"].split()),
            facts=about["profile"],
            product=Product.named(
                about["product"],
                vendor=about["vendor"],
                organisation=site.organisation,
                description=" ".join(about["product_description"].split()),
            ),
        )
        steps: list[tuple[datetime, Callable[[Deployment, Any], None], Any]] = (
            [(registered + timedelta(days=1), self._confirm, about)] if about.get("confirmed_by") else []
        )
        starts = {version["from"] for version in about["versions"]}
        for version in about["versions"]:
            version = version | {"to": None if version["to"] in starts else version["to"]}  # the next one will end it
            entered = max(registered + timedelta(minutes=20), self._known_from(about["key"], version))
            steps.append((entered, self._enter_version, version | {"by": about["owner"]}))
        for status in about["statuses"]:
            steps.append((moment(status["date"], 8, 30), self._change_status, status | {"owner": about["owner"]}))
        for instant, act, details in sorted(steps, key=lambda step: step[0]):
            yield instant
            act(deployment, details)

    def _known_from(self, deployment: str, version: dict[str, Any]) -> datetime:
        """Three weeks before a version starts, or earlier where an audit looks at it before that."""
        audited = [
            moment(audit["opened"]) - timedelta(days=2)
            for audit in self.script.audits
            if (audit["deployment"], audit["version"]) == (deployment, version["name"])
        ]
        return min([moment(version["from"]) - timedelta(days=21), *audited])

    def _confirm(self, deployment: Deployment, about: dict[str, Any]) -> None:
        deployment.newest_profile.confirm(by=self.person(about["confirmed_by"]))

    def _enter_version(self, deployment: Deployment, version: dict[str, Any]) -> None:
        deployment.add_version(
            by=self.person(version["by"]), name=version["name"], starts=version["from"], ends=version["to"]
        )

    def _change_status(self, deployment: Deployment, change: dict[str, Any]) -> None:
        """A step that two people take is signed off at once by a clinical safety officer who did not propose it."""
        deployment.refresh_from_db()
        by = self.person(change.get("by", change["owner"]))
        moved = life.move(deployment, change["to"], by=by, reason=change["reason"])
        if isinstance(moved, StatusProposal):
            officers = User.objects.holding(Role.CLINICAL_SAFETY_OFFICER, site=deployment.site).exclude(pk=by.pk)
            life.sign_off(moved, by=self.people[officers.order_by("pk").first().email])
