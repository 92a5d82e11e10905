"""Whether what runs has a valid signed audit: for one deployment, and as one filter; both say the same."""

from datetime import date, timedelta
from typing import Any

import pytest

from auditapp import clock
from auditapp.deployments.models import Deployment, ModelVersion, Policy, SupplierNotice
from auditapp.findings.models import Finding, Incident
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.tracking import validity
from tests.factories import Make
from tests.tracking.issued import issued


def judged(deployment: Deployment) -> Any:
    """The answer for one, which is held against the filter each time."""
    deployment = Deployment.objects.with_names().get(pk=deployment.pk)
    found = validity.of(deployment)
    listed = Deployment.objects.without_valid_audit().filter(pk=deployment.pk).exists()
    assert listed == (deployment.is_live and not found.holds)
    running = ModelVersion.objects.running().with_validity().filter(deployment=deployment).first()
    if running and deployment.status != "retired":
        assert running.is_covered == found.is_valid
        assert not running.lapse or running.lapse == "not_needed" or found.reasons
    return found


def codes(deployment: Deployment) -> list[str]:
    return [reason.code for reason in judged(deployment).reasons]


@pytest.fixture
def covered(make: Make) -> Deployment:
    """A predictive tool in use for long, examined today in full."""
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(kind="sepsis model", live=True)
    with make.at("2026-06-01T09:00"):
        issued(make, deployment=deployment, questionnaire="annual-review", reason="yearly")
    return deployment


def test_an_audit_of_the_running_version_that_decides_for_use_is_valid(make: Make, covered: Deployment) -> None:
    with make.at("2026-06-02T09:00"):
        found = judged(covered)
    assert (found.state, found.since, found.until) == ("valid", date(2026, 6, 1), date(2026, 8, 31))


def test_a_passed_date_makes_it_stale_and_the_shorter_check_is_proposed(make: Make, covered: Deployment) -> None:
    with make.at("2026-08-31T12:00"):
        assert judged(covered).is_valid
    with make.at("2026-09-01T12:00"):
        found = judged(covered)
    assert (found.state, [reason.code for reason in found.reasons]) == ("stale", ["period_passed"])
    assert found.reasons[0].words == "The next audit was due by 31 Aug 2026."
    assert found.reaudit == validity.Proposal("quarterly")


def test_a_quarterly_check_renews_it_until_the_year_is_over(make: Make, covered: Deployment) -> None:
    for day in ("2026-08-20", "2026-11-10", "2027-02-10", "2027-05-05"):
        with make.at(f"{day}T09:00"):
            issued(make, deployment=covered, questionnaire="quarterly-monitoring", reason="quarterly")
            assert judged(covered).is_valid
    with make.at("2027-06-02T09:00"):
        found = judged(covered)
    assert (found.until, found.reaudit) == (date(2027, 6, 1), validity.Proposal("yearly"))


def test_before_use_no_period_runs(make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(kind="sepsis model")
        issued(
            make, deployment=deployment, questionnaire="predeploy-predictive-imaging", reason="pre_deployment",
            code="approve",
        )  # fmt: skip
    with make.at("2026-11-05T09:00"):
        found = judged(deployment)
    assert (found.state, found.until) == ("valid", None)


def test_never_audited_says_so_and_proposes_the_full_review(make: Make) -> None:
    live, proposed = make.deployment(live=True), make.deployment()
    assert (judged(live).state, codes(live)) == ("none", ["never_audited"])
    assert judged(live).reaudit == validity.Proposal("yearly")
    assert judged(proposed).reaudit == validity.Proposal("pre_deployment")


def test_a_new_version_makes_it_stale(make: Make, covered: Deployment) -> None:
    with make.at("2026-07-01T09:00"):
        covered.add_version(by=make.people["omar"], name="2.0", starts=date(2026, 7, 1))
        found = judged(covered)
    assert (found.state, [reason.code for reason in found.reasons]) == ("stale", ["new_version"])
    assert found.reaudit == validity.Proposal("re_audit", ("model_or_prompt_update",))


def test_a_changed_fact_is_named_once_a_second_person_has_confirmed_it(make: Make, covered: Deployment) -> None:
    facts = covered.newest_profile.facts | {"patient_facing": True}
    with make.at("2026-07-01T09:00"):
        filled = covered.fill_profile(facts, by=make.people["omar"])
        assert judged(covered).is_valid
        filled.confirm(by=make.people["ben"])
        (reason,) = judged(covered).reasons
    assert (reason.code, reason.about) == ("profile_changed", ("patient_facing",))
    with make.at("2026-07-02T09:00"):
        back = covered.fill_profile(covered.newest_profile.facts | {"patient_facing": False}, by=make.people["omar"])
        back.confirm(by=make.people["ben"])
        assert judged(covered).is_valid


def report(make: Make, deployment: Deployment, harm: str = "moderate") -> Incident:
    return Incident.report(
        deployment, by=make.people["omar"], kind="event", happened_on=clock.today(deployment.site.zone), harm=harm,
        summary="A wrong score.",
    )  # fmt: skip


def test_an_incident_questions_it_until_it_is_excluded_or_an_audit_lets_use_go_on(
    make: Make, covered: Deployment
) -> None:
    with make.at("2026-06-10T09:00"):
        report(make, covered, harm="low")
        assert judged(covered).is_valid
        grave = report(make, covered)
        found = judged(covered)
        assert [reason.code for reason in found.reasons] == ["incident"]
        assert found.reaudit == validity.Proposal("re_audit", ("unsafe_or_wrong_output",))
    with make.at("2026-06-11T09:00"):
        issued(make, deployment=covered, questionnaire="quarterly-monitoring", reason="quarterly")
        assert codes(covered) == ["incident"]
        grave.review(by=make.people["ben"], cause="excluded", harm="moderate", reason="A slip of the pen.")
        assert judged(covered).is_valid
        grave.review(by=make.people["ben"], cause="confirmed", harm="moderate", reason="Seen again.")
    with make.at("2026-06-12T09:00"):
        issued(make, deployment=covered)
        found = judged(covered)
        assert (found.state, found.until) == ("valid", date(2026, 6, 26))
    with make.at("2026-06-27T09:00"):
        assert judged(covered).reaudit == validity.Proposal("re_audit", ("unsafe_or_wrong_output",))


def test_a_suppliers_notice_questions_the_versions_that_it_names(make: Make, covered: Deployment) -> None:
    about = {"by": make.people["ben"], "kind": "vulnerability", "title": "T", "text": "T", "questions": True}
    with make.at("2026-06-10T09:00"):
        day = clock.today("UTC")
        SupplierNotice.receive(covered.product, issued_on=day, versions=["0.9"], **about)
        SupplierNotice.receive(covered.product, issued_on=day, **about | {"questions": False})
        assert judged(covered).is_valid
        SupplierNotice.receive(covered.product, issued_on=day, versions=["1.0"], **about)
        assert codes(covered) == ["notice"]


def test_a_condition_that_is_open_beyond_its_date_lets_the_decision_lapse(make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(kind="sepsis model", live=True)
    with make.at("2026-06-01T09:00"):
        condition = {"text": "Train the night team.", "owner": "Ward lead", "due": date(2026, 6, 20)}
        issued(
            make, deployment=deployment, questionnaire="annual-review", reason="yearly",
            code="continue_with_conditions", conditions=[condition],
        )  # fmt: skip
    with make.at("2026-06-20T09:00"):
        assert judged(deployment).is_valid
    with make.at("2026-06-21T09:00"):
        assert codes(deployment) == ["contingency_expired"]
        Finding.objects.get(origin="condition").verify(by=make.people["ben"], reason="The list of those trained.")
        assert judged(deployment).is_valid


def test_a_decision_against_use_and_a_withdrawn_report_are_no_approval(make: Make) -> None:
    suspended, withdrawn = make.deployment(live=True), make.deployment(live=True)
    issued(make, deployment=suspended, code="suspend")
    assert (judged(suspended).state, codes(suspended)) == ("none", ["decision_against_use"])
    report = issued(make, deployment=withdrawn)
    assert judged(withdrawn).is_valid
    ReportWithdrawal.propose(report, by=make.people["ben"], reason="Of another tool.").confirm(by=make.people["grace"])
    assert (judged(withdrawn).state, codes(withdrawn)) == ("none", ["report_withdrawn"])


def test_what_is_only_registered_by_the_hospitals_rules_needs_no_audit(make: Make, covered: Deployment) -> None:
    site, low = covered.site, make.deployment(kind="sepsis model", live=True)
    built_in = Policy.of(site)
    rule = {"fact": "autonomy_level", "is": "at_most", "value": 0, "tier": "registration"}
    Policy.set(
        by=make.people["ben"], site=None, base=0, gate_from=None, harm_threshold="moderate", tiers=[rule],
        intervals=built_in.intervals, remind_days=[7], escalate_days=14,
    )  # fmt: skip
    assert judged(low).state == "not_needed"
    assert judged(make.deployment(live=True)).state == "none"


def test_in_use_without_a_version_is_not_covered(make: Make) -> None:
    deployment = make.deployment(live=True)
    version = deployment.versions.get()
    version.end(clock.today(deployment.site.zone) - timedelta(days=1), by=make.people["omar"])
    assert codes(deployment) == ["no_version"]
