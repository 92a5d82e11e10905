"""Two people save one answer through a bad network, for longer than every change has time for."""

from collections.abc import Callable

import pytest

from tests.audits.saves import search
from tests.factories import Make


@pytest.mark.campaign
def test_two_people_and_a_bad_network_for_long(make: Make, say: Callable[[str], None]) -> None:
    steps = search(make, examples=400, steps=80, derandomize=False)
    say(f"\n{steps:,} steps of two people saving one answer through a bad network")
    assert steps >= 2000
