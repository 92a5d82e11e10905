"""What happens beside audits: rules that are set, incidents, suppliers' notices, what is done about findings."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from auditapp import clock
from auditapp.accounts.models import Organisation, User
from auditapp.demonstration.script import moment
from auditapp.deployments.models import Policy, Product, SupplierNotice
from auditapp.deployments.models.notice import NoticeAcknowledgement
from auditapp.deployments.models.policy import ESCALATE_DAYS, INTERVALS, REMIND_DAYS
from auditapp.findings.models import Action, HazardRating, Incident

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play

Acts = Iterator[datetime]


class OverTime:
    """The stories of one organisation; each yields the instant of its next act and then performs it."""

    def __init__(self, play: "Play", organisation: Organisation) -> None:
        self.play, self.organisation = play, organisation

    def acts(self) -> Iterator[Acts]:
        told = self.play.script.over_time
        stories = {"policies": self._rules, "notices": self._notice, "actions": self._action, "accepted": self._accept}
        for name, story in stories.items():
            yield from (story(about) for about in told[name] if self._is_ours(about))
        for deployment in self.play.script.deployments:
            incidents = deployment.get("incidents", [])
            yield from (self._incident(deployment["key"], about) for about in incidents if self._is_ours(about))

    def _is_ours(self, about: dict[str, Any]) -> bool:
        return self.play.person(about["by"]).organisation_id == self.organisation.pk

    def _rules(self, about: dict[str, Any]) -> Acts:
        yield moment(about["at"])
        Policy.set(
            by=self.play.person(about["by"]),
            site=None,
            base=0,
            gate_from=about["gate_from"],
            harm_threshold=about["harm_threshold"],
            tiers=about["tiers"],
            intervals=INTERVALS,
            remind_days=REMIND_DAYS,
            escalate_days=ESCALATE_DAYS,
        )

    def _notice(self, about: dict[str, Any]) -> Acts:
        yield moment(about["at"])
        product = Product.objects.get(
            organisation=self.organisation, vendor__name=about["vendor"], name=about["product"]
        )
        what = {name: about[name] for name in ("kind", "issued_on", "versions", "questions", "title", "source")}
        notice = SupplierNotice.receive(
            product, by=self.play.person(about["by"]), text=" ".join(about["text"].split()), **what
        )
        for said in about["acknowledged"]:
            yield moment(said["at"])
            deployment = self.play.deployments[said["deployment"]]
            NoticeAcknowledgement.give(notice, deployment, by=self.play.person(said["by"]), done=said["done"])

    def _action(self, about: dict[str, Any]) -> Acts:
        yield moment(about["at"])
        finding = self._fresh(about).findings.open().get(check_code=about["check"])
        action = Action.plan(
            finding,
            by=self.play.person(about["by"]),
            what=about["what"],
            owner=self._reread(about["owner"]),
            due=about["due"],
        )
        if done := about.get("done"):
            yield moment(done["at"])
            action.complete(by=self._reread(done["by"]), note=done["note"], done_on=clock.today(finding.site.zone))

    def _accept(self, about: dict[str, Any]) -> Acts:
        yield moment(about["at"])
        rating = HazardRating.objects.open().get(deployment=self._fresh(about), title=about["title"])
        rating.accept(by=self.play.person(about["by"]), until=about["until"], reason=about["reason"])

    def _incident(self, deployment: str, about: dict[str, Any]) -> Acts:
        yield moment(about["reported"])
        incident = Incident.report(
            self._fresh({"deployment": deployment}),
            by=self.play.person(about["by"]),
            kind=about["kind"],
            happened_on=about["date"],
            harm=about["grade"],
            summary=f"{about['title']}. {' '.join(about['happened'].split())} Harm: {about['harm']}.",
            checks=about["checks"],
        )
        review = about["review"]
        yield moment(review["at"])
        incident.review(
            by=self.play.person(review["by"]), cause=review["cause"], harm=review["grade"], reason=review["reason"]
        )

    def _fresh(self, about: dict[str, Any]) -> Any:
        deployment = self.play.deployments[about["deployment"]]
        deployment.refresh_from_db()
        return deployment

    def _reread(self, email: str) -> User:
        """The person with the roles that they hold by now."""
        return User.objects.get(pk=self.play.person(email).pk)
