"""A real browser, and an installation in which journeys write."""

import os
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.browsing import People
from tests.journeys.ward import Ward
from tests.stack import Stack

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed with the last journey: while it is open an event loop runs here, and no test after it could start one."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS + QUIET)
        yield running
        running.close()


@pytest.fixture(scope="package")
def ward() -> Iterator[Ward]:
    """Hospitals and people without history, with a real web server and worker."""
    running = Ward()
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a journey ended too early, what everybody saw then."""
    report = yield
    cast = getattr(item, "funcargs", {}).get("people")
    if report.when == "call" and report.failed and isinstance(cast, People):
        cast.show_where_they_stand()
    return report


@pytest.fixture
def people(request: pytest.FixtureRequest, browser: Browser) -> Iterator[People]:
    """The people of a journey, in the ward or, where the journey asks for `stack`, in the demonstration."""
    place: Stack = request.getfixturevalue("stack" if "stack" in request.fixturenames else "ward")
    journey = request.node.name.removeprefix("test_").replace("_", "-")
    with People(browser, place, journey).closing() as cast:
        yield cast
        cast.nothing_amiss()
