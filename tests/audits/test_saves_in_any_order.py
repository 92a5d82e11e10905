"""Whatever the network does to the requests of two people, no acknowledged save is lost and no other shown as saved."""

from tests.audits.saves import search
from tests.factories import Make


def test_two_people_and_a_bad_network_lose_nothing_and_are_told_nothing_untrue(make: Make) -> None:
    assert search(make, examples=45, steps=60, derandomize=True) >= 2000
