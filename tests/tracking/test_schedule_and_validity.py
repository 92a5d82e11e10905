"""The schedule and the approval speak of the same day: the last one of an approval is when the next audit is due.

Both count on their own, one from a history and for any day, the other from a few rows for a whole list.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import pytest

from auditapp.deployments.models import Deployment
from auditapp.tracking import schedule, validity
from tests.deployments.test_policy import LITTLE, setting
from tests.factories import Make
from tests.tracking.issued import issued

BEFORE = {"questionnaire": "predeploy-predictive-imaging", "reason": "pre_deployment", "code": "approve"}
YEARLY = {"questionnaire": "annual-review", "reason": "yearly"}
CHECK = {"questionnaire": "quarterly-monitoring", "reason": "quarterly"}
CONTAINED = {"questionnaire": "containment-72h", "reason": "containment"}
AGAIN = {
    "questionnaire": "incident-update-reaudit", "reason": "re_audit", "triggers": ("model_or_prompt_update",)
}  # fmt: skip


class Life(NamedTuple):
    """When it came into use, what was audited when, and on which day both are asked."""

    used: str
    audits: Sequence[tuple[str, dict[str, Any]]]
    asked: str
    until: date
    to: str = "live"
    facts: dict[str, Any] = {}
    tiers: Sequence[dict[str, Any]] = ()


FAST = LITTLE | {"tier": "fast"}
LIVES = {
    "a fresh pilot": Life(
        "2026-01-10", [("2026-01-05", BEFORE)], "2026-01-12", date(2026, 2, 9), to="pilot"
    ),
    "the day after the first months": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-04-11", CHECK)], "2026-04-12", date(2026, 7, 11)
    ),
    "autonomy": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-07-01", CHECK)], "2026-07-02", date(2026, 7, 31),
        facts={"autonomy_level": 2},
    ),
    "after a quarterly check": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-06-01", CHECK)], "2026-06-02", date(2026, 8, 31)
    ),
    "a yearly review close to a quarterly check": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-10-01", CHECK)], "2026-10-02", date(2027, 1, 10)
    ),
    "a yearly review far from a quarterly check": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-08-20", CHECK)], "2026-08-21", date(2026, 11, 19)
    ),
    "after a re-audit": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-06-01", CHECK), ("2026-07-10", AGAIN)], "2026-07-11",
        date(2026, 10, 9),
    ),
    "after a containment check": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-06-01", CHECK), ("2026-08-25", CONTAINED)], "2026-08-26",
        date(2026, 9, 8),
    ),
    "a containment check just before the yearly review": Life(
        "2026-01-10", [("2026-01-05", BEFORE), ("2026-12-30", CONTAINED)], "2026-12-31", date(2027, 1, 10)
    ),
    "in use without any full audit": Life("2026-01-10", [("2026-12-01", CHECK)], "2026-12-02", date(2027, 3, 2)),
    "a yearly decision against use, then a re-audit": Life(
        "2026-01-10",
        [("2026-01-05", BEFORE), ("2026-10-20", YEARLY | {"code": "suspend"}), ("2026-11-05", AGAIN)],
        "2026-11-06",
        date(2027, 1, 10),
    ),
    "the fast track": Life(
        "2026-01-10", [("2026-01-05", BEFORE)], "2026-01-12", date(2026, 4, 11), tiers=[FAST]
    ),
}  # fmt: skip


@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_an_approval_ends_when_the_next_audit_is_due(make: Make, life: Life) -> None:
    with make.at("2026-01-01T09:00"):
        setting(make.people["grace"], tiers=list(life.tiers))
    acts = sorted([*((day, about) for day, about in life.audits), (life.used, None)], key=lambda act: act[0])
    with make.at("2026-01-02T09:00"):
        deployment = make.deployment(kind="sepsis model")
        if life.facts:
            filled = deployment.fill_profile(deployment.newest_profile.facts | life.facts, by=make.people["omar"])
            filled.confirm(by=make.people["ben"])
        deployment.change_status("in_evaluation", by=make.people["omar"], reason="Silent running.")
    for day, about in acts:
        with make.at(f"{day}T09:00"):
            if about is None:
                make.step(deployment, life.to)
            else:
                issued(make, deployment=deployment, **about)
    with make.at(f"{life.asked}T09:00"):
        agreed(deployment, life.until)


def test_a_version_that_was_taken_back_has_the_clock_of_its_own_audit(make: Make) -> None:
    with make.at("2026-01-05T09:00"):
        deployment = make.deployment(kind="sepsis model", live=True)
        issued(make, deployment=deployment, **YEARLY)
    with make.at("2026-01-07T09:00"):
        deployment.add_version(by=make.people["omar"], name="2.0", starts=date(2026, 1, 7))
        issued(make, deployment=deployment, **AGAIN)
        agreed(deployment, date(2026, 2, 6))


def agreed(deployment: Deployment, until: date) -> None:
    """Whether both say the same, and what the case is meant to show."""
    deployment = Deployment.objects.with_names().get(pk=deployment.pk)
    found = validity.of(deployment)
    coming = schedule.coming(Deployment.objects.filter(pk=deployment.pk), [deployment.site])
    assert (found.state, found.until, coming[0].due.on) == ("valid", until, until)
