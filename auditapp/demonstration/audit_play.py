"""One audit of the script, act by act: opened, filled, submitted, returned, reviewed, decided, signed, issued."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from auditapp import clock
from auditapp.accounts.models import Role, User
from auditapp.audits.models import Audit
from auditapp.audits.scoring import hazard_level
from auditapp.demonstration.answering import Answering
from auditapp.demonstration.script import ZONE, moment
from auditapp.demonstration.talk import Talk
from auditapp.findings.models import HazardRating
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.reports import jobs
from auditapp.reports.models import Decision, Report
from auditapp.reports.withdrawal import ReportWithdrawal

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play

# How far an audit of the script goes, in order.
STATES = ["draft", "submitted", "reviewed", "decided", "signing", "issued"]
# Days between the steps, where the script names none; its head explains each.
DAYS = {"return": 4, "resubmit": 7, "review": 4, "decide": 6, "refuse": 2}


class AuditPlay:
    """Plays one audit. `about` is its entry in the script."""

    def __init__(self, play: "Play", about: dict[str, Any]) -> None:
        self.play = play
        self.about = about
        self.auditor = play.person(about["auditor"])
        self.later: list[tuple[datetime, Callable[[], object]]] = []  # closings to come

    def acts(self) -> Iterator[datetime]:
        opened = moment(self.about["opened"])
        yield opened
        self._open()
        days = self.about.get("days_to_fill", 10)
        yield from self.answering.fill(opened, timedelta(days=days))
        talk = Talk(self.play, self.about, self.audit)
        if talk.is_needed:
            yield _step(opened, days, 15)
            talk.take_place()
        if "withdrawal" in self.about:
            yield (then := _step(opened, days, 16))
            self._fresh().withdraw(by=self.auditor, reason=self.about["withdrawal"]["reason"])
        elif self._goes_to("submitted"):
            yield (then := _step(opened, days, 16, 20))
            self._fresh().submit(by=self.auditor)
            yield from self._after_submission(then)

    def _goes_to(self, state: str) -> bool:
        """Whether the script takes this audit as far as a state; a returned one was submitted before."""
        wanted = {"returned": "submitted", "retracted": "issued"}.get(self.about["state"], self.about["state"])
        return wanted in STATES and STATES.index(wanted) >= STATES.index(state)

    def _days(self, step: str) -> int:
        return self.about.get(f"days_to_{step}", DAYS[step])

    def _after_submission(self, then: datetime) -> Iterator[datetime]:
        if returns := self.about.get("returns"):
            yield (then := _step(then, self._days("return"), 11, 5))
            self._fresh().return_questions({r["check"]: r["reason"] for r in returns}, by=self._officer())
            if self.about["state"] == "returned":
                return
            yield (then := _step(then, self._days("resubmit"), 15, 40))
            self.answering.answer_again([r["check"] for r in returns], self._fresh())
            self._fresh().submit(by=self.auditor)
        yield from self._review(then)

    def _review(self, then: datetime) -> Iterator[datetime]:
        """The safety officer rates hazards and accepts; what is decided, signed and later put right follows."""
        if not self._goes_to("reviewed"):
            return
        yield (then := _step(then, self._days("review"), 10, 30))
        for rating in self.about.get("hazard_ratings", []):
            self._rate(rating)
        self.about = self.about | {"hazard_ratings": []}  # given once, also when a refusal brings the audit back
        self._fresh().accept(by=self._officer(), note=" ".join(self.about.get("review_note", "").split()))
        if self._goes_to("decided"):
            yield from self._decide_and_sign(then)
        for instant, close in sorted(self.later, key=lambda entry: entry[0]):
            yield instant
            close()
        self.later = []

    def _decide_and_sign(self, then: datetime) -> Iterator[datetime]:
        refusal = self.about.get("refusal")
        yield (then := _step(then, self._days("decide"), 14, 15))
        report = self._decide(refusal["decision"] if refusal else self.about["decision"])
        if self.about["state"] == "decided":
            return
        self._run(jobs.render, report)
        signatures = refusal["after_signatures"] if refusal else self.about.get("signatures", len(report.signatories))
        for turn in report.signatories[:signatures]:
            yield (then := _step(then, self.about.get("signed_gap_days", 1), 9 + turn["order"], 7 * turn["order"]))
            self._sign(report, turn)
        if refusal:
            yield (then := _step(then, self._days("refuse"), 17, 10))
            self._refuse(report, refusal)
            yield (then := _step(then, self._days("resubmit"), 12, 25))
            self.answering.answer_again(list(refusal["was"]), self._fresh())
            self._fresh().submit(by=self.auditor)
            yield from self._review(then)
        elif self._goes_to("issued"):
            self._plan_closings(then)
            self._plan_withdrawal(report, then)

    def _fresh(self) -> Audit:
        return Audit.objects.with_names().get(pk=self.audit.pk)

    def _open(self) -> None:
        if earlier := self.about.get("revises"):
            reason = " ".join(self.about["supersede_reason"].split())
            self.audit = self.play.audits[earlier]._fresh().revise(by=self.auditor, reason=reason)
        else:
            deployment = self.play.deployments[self.about["deployment"]]
            deployment.refresh_from_db()
            questionnaire = QuestionnaireVersion.objects.published()
            self.audit = Audit.open(
                deployment,
                by=self.auditor,
                version=questionnaire.get(questionnaire__code=self.about["questionnaire"]),
                model_version=deployment.versions.get(name=self.about["version"]),
                reason=self.about["reason"],
                triggers=self.about.get("triggers", []),
            )
        self.play.audits[self.about["key"]] = self
        for assignment in self.about.get("assignments", []):
            days = assignment.get("due_days")
            due = clock.today(self.audit.site.zone) + timedelta(days=days) if days else None
            about = {"due": due, "message": assignment.get("message", "")}
            self.audit.assign(assignment["category"], self.play.person(assignment["to"]), by=self.auditor, **about)
        self.answering = Answering(self.play, self.about, self._fresh())

    def _rate(self, rating: dict[str, Any]) -> None:
        """Rate a hazard, and plan when it is closed, if it is."""
        audit = self._fresh()
        finding = audit.deployment.findings.open().filter(check_code=rating.get("check", "-")).first()
        given = HazardRating.rate(
            audit.deployment,
            by=self._officer(),
            finding=finding,
            title=rating["title"],
            severity=rating["severity"],
            likelihood=rating["likelihood"],
            level=hazard_level(audit.version.rules, rating["severity"], rating["likelihood"]),
            reason=" ".join(rating["reason"].split()),
        )
        if "closed_on" in rating:
            close = partial(given.close, by=self._officer(), reason=rating["closed_reason"])
            self.later.append((moment(rating["closed_on"], 13), close))

    def _plan_closings(self, issued: datetime) -> None:
        """What was put right after the report was issued, checked by somebody else."""
        checks = {
            code: entry["closed"] for code, entry in self.about.get("exceptions", {}).items() if "closed" in entry
        }
        for code, closing in checks.items():
            self._plan_closing(issued, closing, {"origin": "check", "check_code": code})
        for condition in self.about["decision"].get("conditions", []):
            if "closed" in condition:
                self._plan_closing(issued, condition["closed"], {"origin": "condition", "title": condition["text"]})

    def _plan_closing(self, issued: datetime, closing: dict[str, Any], which: dict[str, str]) -> None:
        def close() -> None:
            finding = self._fresh().deployment.findings.open().filter(**which).first()
            if finding is not None:  # a later audit may have closed it first
                finding.verify(by=self.play.person(closing["by"]), reason=closing["note"])

        self.later.append((_step(issued, closing["after_days"], 11, 45), close))

    def _plan_withdrawal(self, report: Report, issued: datetime) -> None:
        """The report was issued in error, and two people take it back."""
        if (about := self.about.get("report_withdrawn")) is None:
            return
        reason = " ".join(about["reason"].split())

        def propose() -> None:
            ReportWithdrawal.propose(report, by=self.play.person(about["by"]), reason=reason)

        def confirm() -> None:
            standing = ReportWithdrawal.objects.standing_on(self.audit.ref).get()
            standing.confirm(by=self.play.person(about["confirmed_by"]))

        proposed = _step(issued, about["after_days"], 9, 50)
        self.later += [(proposed, propose), (_step(proposed, about["confirmed_after_days"], 13, 20), confirm)]

    def _decide(self, chosen: dict[str, Any]) -> Report:
        audit = self._fresh()
        today = clock.today(audit.site.zone)
        conditions = [
            {"text": c["text"], "owner": c["owner"], "due": today + timedelta(days=c["due_days"])}
            for c in chosen.get("conditions", [])
        ]
        reasons = " ".join(chosen["reasons"].split())
        decider = self._holder(audit.version.decision_role)
        return Decision.record(audit, by=decider, code=chosen["id"], reasons=reasons, conditions=conditions).report

    def _sign(self, report: Report, turn: dict[str, Any]) -> None:
        report = Report.objects.with_names().get(pk=report.pk)
        signer = self.auditor if turn["role"] == Role.AUDITOR else self._holder(turn["role"])
        report.note_shown(to=signer)
        shown = report.files.latest("step")
        report.sign(by=signer, meaning=turn["meaning"], shown_sha256=shown.sha256)
        self._run(jobs.sign, report, order=turn["order"])

    def _refuse(self, report: Report, refusal: dict[str, Any]) -> None:
        report = Report.objects.with_names().get(pk=report.pk)
        report.note_shown(to=self.play.person(refusal["by"]))
        report.refuse(by=self.play.person(refusal["by"]), reason=" ".join(refusal["reason"].split()))
        self.answering.settled()
        self.about = {key: value for key, value in self.about.items() if key != "refusal"}

    def _run(self, job: Any, report: Report, **more: Any) -> None:
        """Do a job now, at the script's time; the queued one will find its result there and do nothing."""
        job(report=report.pk, organisation=report.organisation_id, site=report.site_id, **more)

    def _officer(self) -> User:
        return self._holder(Role.CLINICAL_SAFETY_OFFICER)

    def _holder(self, role: str) -> User:
        """The person of the demonstration who holds a role at the audit's hospital."""
        holders = User.objects.holding(role, site=self.audit.deployment.site).order_by("pk")
        return self.play.people[holders[0].email]


def _step(then: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    """A later working day at an hour; with no days in between, at least an hour later."""
    day = then.astimezone(ZONE).date() + timedelta(days=days)
    day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    return max(moment(day, hour, minute), then + timedelta(hours=1))
