"""When which audit is due: the rule by itself, the same from rows, and the page on which all of it stands."""

import csv
import io
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from auditapp import clock
from auditapp.accounts.models import Site, User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment, Policy
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.tracking import schedule
from auditapp.tracking.schedule import Use, dues
from tests.deployments.test_policy import LITTLE, setting
from tests.factories import Make
from tests.tracking.issued import issued, sign_in

START = date(2025, 1, 1)
CHECK = {"questionnaire": "quarterly-monitoring", "reason": "quarterly"}
BUILT_IN = Policy.built_in(1)


def days(number: int) -> date:
    return START + timedelta(days=number)


def due(policy: Policy = BUILT_IN, **about: Any) -> list[tuple[str, int, str]]:
    """[(reason, days after the start, why)]"""
    use = Use(**{"since": START, "tier": "full", "issued": {"pre_deployment": START}} | about)
    return [(d.reason, (d.on - START).days, d.why) for d in dues(use, policy)]


def test_monthly_in_the_first_three_months_then_quarterly() -> None:
    assert due() == [("quarterly", 30, "first_months"), ("yearly", 365, "regular")]
    assert due(issued={"quarterly": days(60)})[0] == ("quarterly", 90, "first_months")
    assert due(issued={"quarterly": days(91)})[0] == ("quarterly", 182, "regular")


def test_monthly_for_ever_from_autonomy_level_two_on() -> None:
    assert due(autonomy=2, issued={"quarterly": days(200)})[0] == ("quarterly", 230, "autonomy")
    assert due(autonomy=1, issued={"quarterly": days(200)})[0] == ("quarterly", 291, "regular")


def test_the_yearly_review_stands_in_for_the_quarterly_check_of_the_same_thirty_days() -> None:
    last = {"pre_deployment": START, "quarterly": days(273)}
    assert due(issued=last) == [("quarterly", 364, "regular"), ("yearly", 365, "regular")][1:]
    assert [reason for reason, *_ in due(issued=last | {"quarterly": days(243)})] == ["quarterly", "yearly"]
    assert due(issued=last | {"yearly": days(360)}) == [("quarterly", 451, "regular"), ("yearly", 725, "regular")]


def test_after_a_containment_check_the_re_audit_is_due_in_a_fortnight_and_nothing_shorter() -> None:
    contained = {"pre_deployment": START, "quarterly": days(100), "containment": days(150)}
    assert due(issued=contained) == [("re_audit", 164, "contained"), ("yearly", 365, "regular")]
    close = {"pre_deployment": START, "containment": days(360)}
    assert due(issued=close) == [("yearly", 365, "regular"), ("re_audit", 374, "contained")]
    assert due(issued=contained | {"re_audit": days(150)})[0] == ("quarterly", 241, "regular")
    own = Policy(intervals={"full": {}})
    assert due(own, issued=contained) == [("re_audit", 164, "contained")]


def test_the_version_that_runs_gives_the_regular_clock_and_the_last_full_audit_the_yearly_one() -> None:
    issued = {"pre_deployment": START, "re_audit": days(200)}  # the newer one of a version that was taken back
    assert due(issued=issued, running={"pre_deployment": START})[0] == ("quarterly", 30, "first_months")
    never_in_full = {"quarterly": days(200)}
    assert due(issued=never_in_full, first=days(40)) == [("quarterly", 291, "regular"), ("yearly", 405, "regular")]


def test_what_was_audited_before_its_use_is_counted_from_the_beginning_of_use() -> None:
    assert due(issued={"pre_deployment": days(-40)}) == due()


def test_what_is_in_use_without_any_audit_is_due_since_its_first_day_or_as_planned() -> None:
    assert due(issued={}) == [("pre_deployment", 0, "never")]
    assert due(issued={}, planned=days(40)) == [("pre_deployment", 40, "planned")]
    assert due(planned=days(40)) == due()
    assert dues(Use(since=START, tier="full", begun={"quarterly": "A-1"}), BUILT_IN)[0].begun == "A-1"


def test_an_audit_under_way_counts_as_begun() -> None:
    found = dues(Use(START, "full", issued={"quarterly": START}, begun={"quarterly": "A-2025-001"}), BUILT_IN)
    assert [(d.reason, d.begun) for d in found] == [("quarterly", "A-2025-001"), ("yearly", "")]


def test_each_tier_has_its_own_intervals() -> None:
    assert due(tier="registration") == []
    assert due(tier="registration", issued={}) == []
    assert due(tier="fast")[0] == ("quarterly", 91, "regular")
    own = Policy(intervals={"full": {"quarterly": None, "quarterly_intensive": None, "yearly": 180}})
    assert due(own) == [("yearly", 180, "regular")]
    intensive = Policy(intervals={"full": {"quarterly_intensive": 10}})
    assert due(intensive) == [("quarterly", 10, "first_months")]
    assert due(intensive, issued={"quarterly": days(100)}) == []


def test_the_rule_knows_what_the_questionnaires_say(db: None) -> None:
    versions = QuestionnaireVersion.objects.published().select_related("questionnaire", "frozen")
    about = {version.questionnaire.code: version.about for version in versions}
    assert about["quarterly-monitoring"]["intensive_when"] == "the first three months of use, or autonomy_level>=2"
    assert "within the same 30 days" in about["annual-review"]["frequency"]


def coming(site: Site) -> list[tuple[str, str, date, str]]:
    rows = schedule.coming(Deployment.objects.all(), [site])
    return [(row.name, row.due.reason, row.due.on, row.due.begun) for row in rows]


def test_the_rows_give_what_the_rule_says(make: Make, royal: Site) -> None:
    with make.at("2026-01-05 09:00"):
        deployment = make.deployment(name="Scribe", live=True)
        make.deployment(name="Not in use")
        other = make.deployment(name="Elsewhere", site="general", live=True)
    with make.at("2026-01-20 09:00"):
        issued(make, deployment=deployment, **CHECK)
    with make.at("2026-02-10 09:00"):
        under_way = make.audit(deployment=deployment, **CHECK)
        expected = [
            ("Scribe", "quarterly", date(2026, 2, 19), under_way.ref),
            ("Scribe", "yearly", date(2027, 1, 20), ""),
        ]
        assert coming(royal) == expected
        assert coming(other.site) == [("Elsewhere", "pre_deployment", date(2026, 1, 5), "")]


def test_the_first_day_of_use_is_the_day_at_the_hospital(make: Make, royal: Site) -> None:
    with make.at("2026-06-30 23:30"):  # already the first of July in London
        make.deployment(name="Scribe", live=True)
        assert coming(royal) == [("Scribe", "pre_deployment", date(2026, 7, 1), "")]


def test_what_is_only_registered_suspended_or_retired_has_nothing_due(make: Make, royal: Site, grace: User) -> None:
    setting(grace, tiers=[LITTLE])
    make.deployment(kind="sepsis model", live=True)
    suspended = make.deployment(live=True)
    suspended.change_status("suspended", by=make.people["ben"], reason="Unsafe output.")
    assert coming(royal) == []


def test_the_schedule_takes_the_same_queries_for_one_deployment_and_for_three(make: Make, royal: Site) -> None:
    counts = []
    for _ in range(2):
        issued(make, deployment=make.deployment(live=True))
        with CaptureQueriesContext(connection) as captured:
            schedule.coming(Deployment.objects.all(), [royal])
        counts.append(len(captured))
        make.deployment(live=True)
    assert counts == [5, 5]


def rows_on(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/schedule/{query}")
    assert response.status_code == 200
    return [f"{row.name} {row.due.reason}" for row in response.context["page"]]


def test_the_page_shows_the_overdue_first_and_filters_by_address(client: Client, make: Make, asha: User) -> None:
    with make.at("2026-01-05 09:00"):
        late = make.deployment(name="Late", live=True)
    new = make.deployment(name="New", live=True)
    issued(make, deployment=new, **CHECK)
    make.deployment(name="Other site", site="general", live=True)
    sign_in(client, asha)
    assert rows_on(client) == ["Late pre_deployment", "New quarterly", "New yearly"]
    assert rows_on(client, "?state=overdue") == ["Late pre_deployment"]
    assert rows_on(client, "?state=soon") == ["New quarterly"]
    assert rows_on(client, "?reason=yearly") == ["New yearly"]
    assert rows_on(client, f"?owner={make.people['olga'].pk}") == []
    assert rows_on(client, f"?deployment={late.ref}") == ["Late pre_deployment"]
    assert rows_on(client, "?q=new+scribe&state=overdue") == []
    sign_in(client, make.people["grace"])
    assert rows_on(client, "?site=general") == ["Other site pre_deployment"]


def test_the_file_holds_what_the_page_shows(client: Client, make: Make, asha: User) -> None:
    make.deployment(name="Scribe", live=True)
    sign_in(client, asha)
    content = client.get("/schedule/?format=csv").content.decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(content))
    assert dict(zip(header, row, strict=True)) | {"Reference": ""} == {
        "Reference": "", "Name": "Scribe", "Hospital": "Royal Northshire Hospital", "Tier": "Full review",
        "Audit": "First audit", "Why on this day": "in use without any audit", "Due": str(clock.today("Europe/London")),
        "Days late": "", "Under way": "", "Owner": "Omar Haddad",
    }  # fmt: skip


def test_the_page_of_a_deployment_names_its_tier_with_the_rule_and_its_next_audits(
    client: Client, make: Make, asha: User, grace: User
) -> None:
    deployment = make.deployment(kind="sepsis model", live=True)
    sign_in(client, asha)
    address = deployment.get_absolute_url()
    assert [row.due.reason for row in client.get(address).context["next_audits"]] == ["pre_deployment"]
    setting(grace, tiers=[LITTLE])
    response = client.get(address)
    assert response.context["tier"].code == "registration"
    assert "at most 0" in response.content.decode()
    assert response.context["next_audits"] == []


def test_the_list_of_deployments_shows_and_filters_the_tier(
    client: Client, make: Make, asha: User, grace: User
) -> None:
    setting(grace, tiers=[LITTLE])
    make.deployment(name="Sepsis", kind="sepsis model")
    make.deployment(name="Scribe")
    sign_in(client, asha)
    response = client.get("/deployments/?tier=registration")
    assert [row.name for row in response.context["page"]] == ["Sepsis"]
    assert "Registration only" in response.content.decode()


def test_a_category_lead_is_not_led_to_an_audit_that_is_not_theirs(client: Client, make: Make, dora: User) -> None:
    audit: Audit = make.audit()
    sign_in(client, dora)
    assert audit.ref not in client.get("/schedule/").content.decode()


def test_nobody_is_reminded_in_the_first_half_of_an_interval(make: Make, royal: Site) -> None:
    with make.at("2026-01-05 09:00"):
        issued(make, deployment=make.deployment(live=True), **CHECK)
        monthly, yearly = schedule.coming(Deployment.objects.all(), [royal])
        assert (monthly.distances, yearly.distances) == ([7, 1], [30, 7, 1])
        assert not monthly.is_near
