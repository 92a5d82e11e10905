"""Random lives of a deployment, lived through the product's own verbs, for what must hold of every one of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import strategies as st

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, Harm, Policy, StatusProposal, SupplierNotice
from auditapp.deployments.models.policy import INTERVALS
from auditapp.findings.models import Finding, Incident
from auditapp.refusals import Refused
from auditapp.reports.models import Decision, Report
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.tracking import life, past_rows, validity
from auditapp.tracking.past import History
from tests.factories import Make
from tests.tracking.issued import sign_next

BEGINS = datetime(2026, 1, 5, 9, tzinfo=UTC)
FACTS = ["patient_facing", "ehr_write", "is_imaging"]
CONDITION = {"text": "Train the night team.", "owner": "Ward lead"}


class Undone(Exception):
    """Ends an example, so that the next one begins with an empty hospital."""


def undone(live: Callable[[], None]) -> None:
    """Live through something, and leave no row of it behind."""
    try:
        with transaction.atomic():
            live()
            raise Undone
    except Undone:
        pass


@dataclass
class Life:
    """A deployment whose clock goes on with each act. `answers` are what was said at the end of each day, then."""

    make: Make
    now: datetime = BEGINS
    answers: dict[date, Any] = field(default_factory=dict)
    audits: int = 0
    versions: int = 1

    def __post_init__(self) -> None:
        with clock.at(self.now):
            self.deployment = self.make.deployment(kind="sepsis model")
            self.note()

    def act(self, wait: timedelta, verb: str, *about: Any) -> None:
        """Wait, then do something; what the rules refuse is left out. A day that passes is answered for first."""
        for _day in range(wait.days):
            self.now += timedelta(days=1)
            with clock.at(self.now):
                self.note()
        self.now += wait - timedelta(days=wait.days)
        with clock.at(self.now):
            try:
                with transaction.atomic():
                    getattr(self, verb)(*about)
            except Refused:
                return
            finally:
                self.deployment.refresh_from_db()
            self.note()

    @property
    def history(self) -> History:
        deployment = Deployment.objects.with_names().get(pk=self.deployment.pk)
        return past_rows.read([deployment])[deployment.pk]

    @property
    def today(self) -> date:
        return clock.day(self.now, self.deployment.site.zone)

    def note(self) -> None:
        """What is said today, which no later day may change; and the filter has to say the same."""
        found = validity.judge(self.history, self.today)
        self.answers[self.today] = found
        listed = Deployment.objects.without_valid_audit().filter(pk=self.deployment.pk).exists()
        assert listed == (self.deployment.is_live and not found.holds), found

    def status(self, to: str) -> None:
        if isinstance(
            moved := life.move(self.deployment, to, by=self.make.people["ben"], reason="Agreed."), StatusProposal
        ):
            life.sign_off(moved, by=self.make.people["grace"])

    def version(self, days: int, lasts: int | None) -> None:
        self.versions += 1
        starts = self.today + timedelta(days=days)
        ends = starts + timedelta(days=lasts) if lasts else None
        self.deployment.add_version(by=self.make.people["omar"], name=f"{self.versions}.0", starts=starts, ends=ends)

    def profile(self, fact: str) -> None:
        facts = self.deployment.newest_profile.facts
        filled = self.deployment.fill_profile(facts | {fact: not facts[fact]}, by=self.make.people["omar"])
        filled.confirm(by=self.make.people["ben"])

    def audit(self, reason: str, code: str, due: int) -> None:
        """The short check, asked for whatever reason: what it asks does not matter here, and it is quickly answered."""
        if self.deployment.version_on(self.today) is None:
            return
        self._issue(self.make.submitted(deployment=self.deployment, reason=reason), code, due)

    def revision(self, code: str, due: int) -> None:
        issued = self.deployment.audits.issued().order_by("pk").last()
        if issued is None:
            return
        audit = issued.revise(by=self.make.people["asha"], reason="A mistake.")
        audit.submit(by=self.make.people["asha"])
        self._issue(Audit.objects.get(pk=audit.pk), code, due)

    def _issue(self, audit: Audit, code: str, due: int) -> None:
        audit.accept(by=self.make.people["ben"], note="Read in full.")
        conditions = [CONDITION | {"due": self.today + timedelta(days=due)}] if code.endswith("conditions") else []
        report = Decision.record(
            audit, by=self.make.people["ben"], code=code, reasons="Read.", conditions=conditions
        ).report
        report.keep_file(0, f"unsigned {audit.ref}".encode())
        for _turn in report.signatories:
            sign_next(self.make, report)

    def withdrawal(self) -> None:
        report = Report.objects.issued().filter(audit__deployment=self.deployment).order_by("pk").last()
        if report is None:
            return
        proposed = ReportWithdrawal.propose(report, by=self.make.people["ben"], reason="In error.")
        proposed.confirm(by=self.make.people["grace"])

    def incident(self, ago: int, harm: str) -> None:
        Incident.report(
            self.deployment, by=self.make.people["omar"], kind="event", harm=harm, summary="A wrong score.",
            happened_on=self.today - timedelta(days=ago),
        )  # fmt: skip

    def review(self, cause: str, harm: str) -> None:
        if incident := self.deployment.incidents.order_by("pk").last():
            incident.review(by=self.make.people["ben"], cause=cause, harm=harm, reason="Looked at.")

    def notice(self, ago: int, versions: list[str]) -> None:
        SupplierNotice.receive(
            self.deployment.product, by=self.make.people["ben"], kind="recall", title="T", text="T", questions=True,
            issued_on=self.today - timedelta(days=ago), versions=versions,
        )  # fmt: skip

    def closure(self) -> None:
        if finding := Finding.objects.open().filter(deployment=self.deployment).first():
            finding.verify(by=self.make.people["ben"], reason="Seen.")

    def reopening(self, due: int) -> None:
        if finding := Finding.objects.filter(deployment=self.deployment, state="closed").first():
            day = self.today + timedelta(days=due)
            finding.take_up_again(by=self.make.people["ben"], reason="Not so.", due=day)

    def due(self, days: int) -> None:
        if finding := Finding.objects.open().filter(deployment=self.deployment).first():
            finding.move_due(self.today + timedelta(days=days), by=self.make.people["ben"], reason="It can wait.")

    def policy(self, threshold: str, tier: str, days: int) -> None:
        site = self.deployment.site
        rules = [{"fact": "patient_facing", "is": "is", "value": True, "tier": tier}]
        intervals = INTERVALS | {"full": {"quarterly": days, "quarterly_intensive": None, "yearly": 365}}
        Policy.set(
            by=self.make.people["ben"], site=site, base=Policy.objects.filter(site=site).count(), gate_from=None,
            harm_threshold=threshold, tiers=rules, intervals=intervals, remind_days=[7], escalate_days=14,
        )  # fmt: skip


HARMS = st.sampled_from(Harm.values)
CODES = st.sampled_from(["continue", "continue", "continue_with_conditions", "restrict", "suspend"])
DUE = st.integers(1, 40)
ACTS = st.one_of(
    st.tuples(st.just("status"), st.sampled_from(["in_evaluation", "pilot", "live", "live", "suspended"])),
    st.tuples(st.just("version"), st.integers(-30, 20), st.sampled_from([None, None, 10])),
    st.tuples(st.just("profile"), st.sampled_from(FACTS)),
    st.tuples(st.just("audit"), st.sampled_from(Audit.Reason.values), CODES, DUE),
    st.tuples(st.just("audit"), st.sampled_from(Audit.Reason.values), CODES, DUE),
    st.tuples(st.just("revision"), CODES, DUE),
    st.tuples(st.just("withdrawal")),
    st.tuples(st.just("incident"), st.integers(0, 30), HARMS),
    st.tuples(st.just("review"), st.sampled_from(["suspected", "confirmed", "excluded"]), HARMS),
    st.tuples(st.just("notice"), st.integers(0, 30), st.sampled_from([[], ["1.0"], ["2.0"]])),
    st.tuples(st.just("closure")),
    st.tuples(st.just("reopening"), DUE),
    st.tuples(st.just("due"), st.integers(-20, 40)),
    st.tuples(
        st.just("policy"), HARMS, st.sampled_from(["full", "fast", "registration"]), st.sampled_from([14, 91])
    ),
)  # fmt: skip
WAITS = st.builds(timedelta, days=st.sampled_from([0, 0, 1, 3, 12, 40]), minutes=st.integers(1, 900))
LIVES = st.lists(st.tuples(WAITS, ACTS), min_size=3, max_size=12)
