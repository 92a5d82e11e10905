"""What was valid on a day: the rows and the trail say the same, and nothing that was said then changes afterwards."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from auditapp.deployments.models import Deployment
from auditapp.tracking import past_trail, validity
from tests.factories import Make
from tests.tracking.worlds import LIVES, Life, undone


def lives_are_told_alike(make: Make, life: list[Any]) -> None:
    """Live through it, then ask for every day, in both ways, of the rows and of the trail alone."""
    lived = Life(make)
    for wait, (verb, *about) in life:
        lived.act(wait, verb, *about)
    rows = lived.history
    told = past_trail.replay(Deployment.objects.with_names().get(pk=lived.deployment.pk))
    assert told is not None
    assert told == rows
    for day, answer in lived.answers.items():
        then, now = validity.judge(rows.recorded_by(day), day), validity.judge(rows, day)
        assert validity.judge(told.recorded_by(day), day) == then
        assert validity.judge(told, day) == now
        assert then == answer, day
        held = [ref for ref, start, end in validity.spans(rows, lived.today) if start <= day and (not end or day < end)]
        assert held == ([now.audit] if now.is_valid else [])


def search(make: Make, *, examples: int, derandomize: bool) -> None:
    """Many lives. What fails is not made smaller: each step is a dozen acts on the database."""

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(LIVES)
    def each(life: list[Any]) -> None:
        undone(lambda: lives_are_told_alike(make, life))

    each()


def test_the_trail_and_the_rows_tell_the_same_of_every_day(make: Make) -> None:
    search(make, examples=5, derandomize=True)


@pytest.mark.campaign
def test_the_trail_and_the_rows_tell_the_same_for_long(make: Make) -> None:
    search(make, examples=300, derandomize=False)
