"""One audit of the script, act by act: opened, filled, submitted, returned, reviewed, decided, signed, issued."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

from auditapp import clock
from auditapp.accounts.models import Role, User
from auditapp.audits.models import Answer, Audit
from auditapp.audits.scoring import hazard_level
from auditapp.demonstration import paper
from auditapp.demonstration.script import moment
from auditapp.evidence.models import Evidence
from auditapp.findings.models import HazardRating
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.reports import jobs
from auditapp.reports.models import Decision, Report

if TYPE_CHECKING:
    from auditapp.demonstration.play import Play

# How far an audit of the script goes, in order.
STATES = ["draft", "submitted", "reviewed", "decided", "signing", "issued"]
EVIDENCE_EVERY = 3  # every critical question, and every third other one, has an item attached besides its note


class AuditPlay:
    """Plays one audit. `about` is its entry in the script."""

    def __init__(self, play: "Play", about: dict[str, Any]) -> None:
        self.play = play
        self.about = about
        self.auditor = play.person(about["auditor"])
        self.keys = 0

    def goes_to(self, state: str) -> bool:
        """Whether the script takes this audit as far as a state."""
        wanted = {"returned": "draft", "withdrawn": "draft", "superseded": "issued"}.get(
            self.about["state"], self.about["state"]
        )
        return STATES.index(wanted) >= STATES.index(state)

    def acts(self) -> Iterator[datetime]:
        opened = moment(self.about["opened"])
        yield opened
        self._open()
        last_day = opened + timedelta(days=max(self.about.get("days_to_fill", 1), 1))
        yield from self._fill(opened, last_day)
        handed_over = last_day + timedelta(hours=1)
        if self.about["state"] == "withdrawn":
            yield handed_over
            self._fresh().withdraw(by=self.auditor, reason=self.about["withdraw_reason"])
            return
        if not (self.goes_to("submitted") or self.about["state"] == "returned"):
            return
        yield handed_over
        self._fresh().submit(by=self.auditor)
        yield from self._after_submission(handed_over)

    def _after_submission(self, then: datetime) -> Iterator[datetime]:
        for n, returns in enumerate(self._rounds_returned()):
            then += timedelta(days=2, hours=3 + n)
            yield then
            self._fresh().return_questions({r["check"]: r["reason"] for r in returns}, by=self._officer())
            if self.about["state"] == "returned":
                return
            then += timedelta(days=2, hours=1)
            yield then
            self._answer_returned(returns)
            self._fresh().submit(by=self.auditor)
        for rating in self.about.get("hazard_ratings", []):
            then += timedelta(hours=5)
            yield then
            self._rate(rating)
        if not self.goes_to("reviewed"):
            return
        then += timedelta(days=1, hours=2)
        yield then
        self._fresh().accept(by=self._officer(), note=self.about.get("review_note", ""))
        if self.goes_to("decided"):
            yield from self._decide_and_sign(then)

    def _decide_and_sign(self, then: datetime) -> Iterator[datetime]:
        then += timedelta(days=self.about.get("decision_gap_days", 3))
        yield then
        report = self._decide()
        if self.about["state"] == "decided":
            return
        self._run(jobs.render, report)
        refusal = self.about.get("refusal")
        limit = self.about.get("signatures", 99)
        for turn in report.signatories:
            then += timedelta(days=self.about.get("signed_gap_days", 1), minutes=37 * turn["order"])
            yield then
            signer = self._signer(report, turn["role"])
            if refusal and refusal["role"] == turn["role"]:
                report = Report.objects.get(pk=report.pk)
                report.refuse(by=signer, reason=refusal["reason"])
                self.about = self.about | {"refusal": None}
                yield from self._again(then)
                return
            if turn["order"] > limit:
                return
            self._sign(report, signer, turn)

    def _again(self, then: datetime) -> Iterator[datetime]:
        """After a refusal: the auditor looks again at what was named, and everything runs once more."""
        then += timedelta(days=3)
        yield then
        audit = self._fresh()
        for check, change in self.about.get("after_refusal", {}).items():
            self._answer(audit.answers.select_related("audit", "question").get(code=check), change)
        audit.submit(by=self.auditor)
        then += timedelta(days=1)
        yield then
        self._fresh().accept(by=self._officer(), note=self.about.get("review_note", ""))
        yield from self._decide_and_sign(then)

    def _fresh(self) -> Audit:
        return Audit.objects.with_names().get(pk=self.audit.pk)

    def _open(self) -> None:
        if earlier := self.about.get("revises"):
            self.audit = self.play.audits[earlier]._fresh().revise(
                by=self.auditor, reason=self.about["supersede_reason"]
            )
        else:
            deployment = self.play.deployments[self.about["deployment"]]
            deployment.refresh_from_db()
            self.audit = Audit.open(
                deployment,
                by=self.auditor,
                version=QuestionnaireVersion.objects.published().get(questionnaire__code=self.about["questionnaire"]),
                model_version=deployment.versions.get(name=self.about["version"]),
                reason=self.about["reason"],
                triggers=self.about.get("triggers", []),
            )
        self.play.audits[self.about["key"]] = self
        site, product = self.audit.deployment.site, self.audit.deployment.product
        self.names = {
            "product": product.name,
            "vendor": product.vendor.name,
            "version": self.about["version"],
            "site": site.name,
        }

    def _fill(self, opened: datetime, last: datetime) -> Iterator[datetime]:
        """The questions in order, in a dozen sittings spread over the days; a draft stops at its share."""
        answers = list(self.audit.answers.select_related("audit", "question"))
        if self.about.get("revises"):
            answers = [a for a in answers if a.code in self.about.get("exceptions", {})]
        answers = answers[: round(len(answers) * self.about.get("answered_share", 1))]
        if not answers:
            return
        sittings = min(12, len(answers))
        size = -(-len(answers) // sittings)
        for n in range(sittings):
            yield opened + (last - opened) * n / sittings + timedelta(minutes=25)
            for answer in answers[n * size : (n + 1) * size]:
                self._answer(answer, self.about.get("exceptions", {}).get(answer.code, {}))

    def _answer(self, answer: Answer, exception: dict[str, Any]) -> None:
        if exception.get("verdict") == "unanswered":
            return
        day = clock.today(answer.audit.deployment.site.zone)
        fields = self.play.script.answer(answer.code, exception, day=day, names=self.names)
        self.keys += 1
        answer.refresh_from_db()
        answer.save_revision(by=self.auditor, base=answer.n, key=f"{self.about['key']}-{self.keys}", **fields)
        answer.refresh_from_db()
        if fields["verdict"] == "not_applicable" and answer.criticality == "critical":
            approver = self.play.person(exception["approver"]) if exception.get("approver") else self._officer()
            answer.approve_not_applicable(by=approver, n=answer.n)
        if exception.get("verdict", "met") == "met" and not answer.attached.filter(removed_at=None).exists():
            self._attach(answer)

    def _attach(self, answer: Answer) -> None:
        if answer.criticality != "critical" and answer.position % EVIDENCE_EVERY:
            return
        site = self.audit.deployment.site
        item = self.play.script.evidence(answer.code, day=clock.today(site.zone), names=self.names)
        if item is None:
            return
        kind, url, filename = item.pop("kind"), item.pop("url"), item.pop("filename")
        if kind == "link":
            evidence = Evidence.keep_link(url, by=self.auditor, site=site, **item)
        else:
            lines = [f"{site.name}: {self.audit.deployment.name}", f"Dated {item['effective_date']}", "",
                     "A document of the demonstration. Hospitals, products and people are fictional."]  # fmt: skip
            content = ContentFile(paper.page(item["title"], lines), name=filename)
            about = {"filename": filename, "content_type": "application/pdf", **item}
            evidence = Evidence.keep_file(content, by=self.auditor, site=site, **about)
        answer.attach(evidence, by=self.auditor)

    def _rounds_returned(self) -> list[list[dict[str, str]]]:
        """The returned questions round by round (entries name their round; one round if none does)."""
        rounds: dict[int, list[dict[str, str]]] = {}
        for entry in self.about.get("returns", []):
            rounds.setdefault(entry.get("round", 1), []).append(entry)
        return [rounds[n] for n in sorted(rounds)]

    def _answer_returned(self, returns: list[dict[str, Any]]) -> None:
        for entry in returns:
            answer = self._fresh().answers.select_related("audit", "question").get(code=entry["check"])
            before = self.about.get("exceptions", {}).get(entry["check"], {})
            self._answer(answer, before | entry.get("answer", {}))

    def _rate(self, rating: dict[str, Any]) -> None:
        audit = self._fresh()
        finding = audit.deployment.findings.open().filter(check_code=rating.get("check", "-")).first()
        title = rating.get("title") or (finding.title if finding else rating["check"])
        HazardRating.rate(
            audit.deployment,
            by=self._officer(),
            finding=finding,
            title=title[:200],
            severity=rating["severity"],
            likelihood=rating["likelihood"],
            level=hazard_level(audit.version.rules, rating["severity"], rating["likelihood"]),
            reason=rating["reason"],
        )

    def _decide(self) -> Report:
        audit = self._fresh()
        chosen = self.about["decision"]
        today = clock.today(audit.site.zone)
        conditions = [
            {"text": c["text"], "owner": c["owner"], "due": today + timedelta(days=c["due_days"])}
            for c in chosen.get("conditions", [])
        ]
        decider = self._holder(audit.version.decision_role)
        Decision.record(
            audit, by=decider, code=chosen["id"], reasons=" ".join(chosen["reasons"].split()), conditions=conditions
        )
        return Report.objects.get(decision__submission=audit.submission)

    def _sign(self, report: Report, signer: User, turn: dict[str, Any]) -> None:
        report = Report.objects.get(pk=report.pk)
        report.note_shown(to=signer)
        report.sign(by=signer, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        self._run(jobs.sign, report, order=turn["order"])

    def _run(self, job: Any, report: Report, **more: Any) -> None:
        """Do a job now, at the script's time; the queued one will find its result there and do nothing."""
        job(report=report.pk, organisation=report.organisation_id, site=report.site_id, **more)

    def _signer(self, report: Report, role: str) -> User:
        if role == Role.AUDITOR:
            return self.play.people[report.decision.submission.by.email]
        return self._holder(role)

    def _officer(self) -> User:
        return self._holder(Role.CLINICAL_SAFETY_OFFICER)

    def _holder(self, role: str) -> User:
        """The person of the demonstration who holds a role at the audit's hospital."""
        holder = User.objects.holding(role, site=self.audit.deployment.site).order_by("pk").first()
        return self.play.people[holder.email]
