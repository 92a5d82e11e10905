"""Two years of one deployment in the time of a test: at each step every page says the right thing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browsing import People
from tests.journeys.years import Years

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def years() -> Iterator[Years]:
    """An installation that begins two years ago, with people and no history."""
    running = Years()
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def cast(years: Years, browser: Browser) -> Iterator[People]:
    with People(browser, years, "two-years").closing() as people:
        yield people
        people.nothing_amiss()


def test_a_tool_lives_from_proposal_to_retirement(cast: People, years: Years) -> None:
    ref = years.play("registered", name="Visit Scribe")
    years.live_through(7)
    page = cast.visit("omar", f"/deployments/{ref}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Proposed")
    audit = years.play(
        "opened", deployment=ref, questionnaire="predeploy-llm", reason="pre_deployment", triggers=[], gaps=["hal-01"]
    )["ref"]
    years.live_through(20)
    years.play("handed_over", ref=audit)
    years.play(
        "decided",
        ref=audit,
        code="approve_with_contingencies",
        conditions=[{"text": "Sample nights.", "owner": "Omar Haddad", "days": 30}],
    )
    years.work()
    page = cast.visit("grace", "/portfolio/")
    page.screenshot(path="/tmp/w6/y1.png", full_page=True)
    page = cast.visit("grace", f"/deployments/{ref}/")
    page.screenshot(path="/tmp/w6/y2.png", full_page=True)
    print(years.letters("omar"))
