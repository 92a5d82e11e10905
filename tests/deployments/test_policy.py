"""A hospital's own rules over time: who sets them, which ones are in force, and which tier they give."""

from datetime import date
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from auditapp.accounts.models import Site, User
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Policy
from auditapp.deployments.models.policy import INTERVALS, in_words
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.factories import Make

IMAGES = {"fact": "is_imaging", "is": "is", "value": True, "tier": "full"}
LITTLE = {"fact": "autonomy_level", "is": "at_most", "value": 0, "tier": "registration"}
SOME = {"fact": "autonomy_level", "is": "at_least", "value": 1, "tier": "fast"}


def setting(by: User, site: Site | None = None, base: int = 0, **changed: Any) -> Policy:
    rules: dict[str, Any] = {
        "gate_from": None, "harm_threshold": "moderate", "tiers": [], "intervals": INTERVALS, "remind_days": [30, 7],
        "escalate_days": 14,
    }  # fmt: skip
    return Policy.set(by=by, site=site, base=base, **rules | changed)


def test_nothing_set_means_full_review_at_the_intervals_of_the_content(royal: Site) -> None:
    policy = Policy.of(royal)
    assert policy.is_built_in
    assert policy.tier({f.id: False for f in profile.facts()}) == "full"
    assert not policy.gates(date(2999, 1, 1))
    versions = QuestionnaireVersion.objects.published().select_related("frozen")
    content = {version.questionnaire.code: version.about for version in versions.select_related("questionnaire")}
    quarterly, yearly = content["quarterly-monitoring"], content["annual-review"]
    assert policy.interval("full", "quarterly") == quarterly["interval_days"]
    assert policy.interval("full", "quarterly_intensive") == quarterly["interval_days_intensive"]
    assert policy.interval("full", "yearly") == yearly["interval_days"]
    assert policy.interval("registration", "yearly") is None
    assert policy.interval("full", "containment") is None


def test_a_hospital_goes_by_its_own_rules_and_else_by_those_of_the_group(make: Make, royal: Site, grace: User) -> None:
    general = make.sites["general"]
    group = setting(grace, gate_from=date(2026, 1, 1))
    assert Policy.by_site([royal, general]) == {royal.pk: group, general.pk: group}
    own = setting(grace, royal, harm_threshold="severe")
    assert Policy.by_site([royal, general]) == {royal.pk: own, general.pk: group}
    assert (own.questions("moderate"), own.questions("death")) == (False, True)
    assert group.gates(date(2026, 1, 1))
    assert not group.gates(date(2025, 12, 31))


def test_what_was_in_force_on_an_earlier_day_can_be_asked(make: Make, royal: Site, grace: User) -> None:
    with make.at("2026-03-01 12:00"):
        first = setting(grace, escalate_days=3)
    with make.at("2026-04-01 12:00"):
        second = setting(grace, base=1, escalate_days=5)
    assert Policy.of(royal) == second
    assert Policy.of(royal, at=first.at) == first


@pytest.mark.parametrize("name", ["asha", "eve", "omar", "vera", "dora"])
def test_only_those_who_speak_for_clinical_safety_set_the_rules(make: Make, royal: Site, name: str) -> None:
    for site in (None, royal):
        with pytest.raises(NotAllowed):
            setting(make.people[name], site)


def test_a_role_at_one_hospital_sets_no_rules_for_the_group(make: Make, royal: Site, vera: User, ada: User) -> None:
    vera.give_role("governance_chair", site=royal, by=ada)
    chair = User.objects.get(pk=vera.pk)
    assert setting(chair, royal).n == 1
    with pytest.raises(NotAllowed):
        setting(chair)
    with pytest.raises(NotAllowed):
        setting(chair, make.sites["general"])


def test_two_tabs_cannot_both_change_the_rules(grace: User, ben: User) -> None:
    setting(grace)
    with pytest.raises(Refused, match="Somebody changed these rules"):
        setting(ben)
    assert setting(ben, base=1).n == 2


def test_the_rules_stay_on_the_trail_as_codes_alone(royal: Site, grace: User) -> None:
    setting(grace, royal, gate_from=date(2026, 5, 1), tiers=[LITTLE])
    event = Event.objects.filter(verb="policy.set").latest("seq")
    body = bytes(event.body).decode()
    assert '"site":"royal"' in body
    assert '"gate_from":"2026-05-01"' in body
    assert '"fact":"autonomy_level"' in body


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"harm_threshold": "mild"}, "least harm"),
        ({"tiers": [IMAGES | {"fact": "is_magic"}]}, "not a fact"),
        ({"tiers": [IMAGES | {"is": "at_least"}]}, "a yes or a no"),
        ({"tiers": [SOME | {"value": 9}]}, "no such value"),
        ({"tiers": [SOME | {"value": True}]}, "no such value"),
        ({"intervals": {"full": {"yearly": 0}}}, "interval"),
        ({"remind_days": [-1]}, "Days must be"),
        ({"escalate_days": 5000}, "Days must be"),
    ],
)
def test_rules_that_say_nothing_are_refused(grace: User, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        setting(grace, **wrong)


def test_the_first_rule_that_matches_wins_and_is_said_in_words() -> None:
    policy = Policy(tiers=[IMAGES, SOME, LITTLE])
    facts = {f.id: False for f in profile.facts()} | {"autonomy_level": 0}
    assert policy.tier(facts) == "registration"
    assert policy.tier(facts | {"autonomy_level": 2}) == "fast"
    assert policy.tier(facts | {"autonomy_level": 2, "is_imaging": True}) == "full"
    assert policy.tier(None) == "full"
    assert policy.tier({}) == "full"
    assert "autonomy" in in_words(LITTLE).lower()
    assert "at most 0" in in_words(LITTLE)


def test_the_database_gives_every_deployment_the_same_tier(make: Make, royal: Site, grace: User) -> None:
    setting(grace, tiers=[IMAGES, SOME, LITTLE])
    general = make.sites["general"]
    setting(grace, general, tiers=[IMAGES | {"tier": "registration"}])
    for kind in ("sepsis model", "imaging triage", "ambient scribe"):
        make.deployment(kind=kind)
        make.deployment(kind=kind, confirmed=False)
        make.deployment(kind=kind, site="general")
    policies = Policy.by_site([royal, general])
    rows = list(Deployment.objects.with_tier(policies))
    assert {row.tier_now for row in rows} == {"full", "fast", "registration"}
    for row in rows:
        confirmed = row.confirmed_profile
        assert row.tier_now == policies[row.site_id].tier(confirmed and confirmed.facts)


def test_a_later_profile_that_nobody_confirmed_changes_no_tier(make: Make, royal: Site, grace: User) -> None:
    setting(grace, tiers=[LITTLE])
    deployment = make.deployment(kind="sepsis model")
    deployment.fill_profile(deployment.newest_profile.facts | {"autonomy_level": 3}, by=make.people["omar"])
    assert Deployment.objects.with_tier(Policy.by_site([royal])).get().tier_now == "registration"


def test_rules_are_never_changed_or_removed(grace: User) -> None:
    policy = setting(grace)
    for statement in ("UPDATE auditapp_policy SET escalate_days = 1", "DELETE FROM auditapp_policy"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Policy.objects.get().pk == policy.pk


def test_another_group_sees_none_of_it(make: Make, grace: User, cleo: User) -> None:
    setting(grace)
    assert not Policy.objects.visible_to(cleo).exists()
    assert Policy.of(make.sites["westmark-city"]).is_built_in
