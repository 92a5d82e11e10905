"""People at their browsers: who visits what, and what is demanded of every page they come across."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Request, Response, expect

from tests.stack import ROOT, Stack

SCREENSHOTS = ROOT / "tests" / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The browser's own note about an answer that is not 200; the answers themselves are looked at one by one.
STATUS_NOTE = "Failed to load resource: the server responded with a status of "
# What the product answers to its own scripts, and to a form, when it does not take what was sent.
EXPECTED = {409, 422, 428}

expect.set_options(timeout=30_000)  # a busy machine, not a slow product


class People:
    """The people of one journey, each signed in at a browser of their own.

    `look` holds a page to what every page must keep, and leaves pictures of it.
    """

    def __init__(self, browser: Browser, stack: Stack, journey: str) -> None:
        self.browser, self.stack, self.journey = browser, stack, journey
        self.contexts: dict[str, BrowserContext] = {}
        self.complaints: list[str] = []
        self.looked = 0

    def visit(self, person: str, path: str, *, status: int = 200) -> Page:
        """The person's own tab, at that page. Whoever is not signed in yet signs in first; "" is anybody."""
        page = self.at(person)
        answer = self._gone(page, path)
        assert answer is not None, f"{person} never arrived at {path}"
        assert answer.status == status, f"{person} at {path}: {answer.status}"
        return page

    def _gone(self, page: Page, path: str) -> Response | None:
        """A page that waits for news may reload itself just then, which breaks off going elsewhere; so go again."""
        for _ in range(3):
            try:
                answer = page.goto(self.stack.url + path)
            except Error as broken_off:
                if "net::ERR_ABORTED" not in broken_off.message:
                    raise
            else:
                if answer is not None:  # none: its own reload of the very same page came first
                    return answer
        return None

    def at(self, person: str) -> Page:
        """The first tab of the person, where it stands."""
        context = self.contexts.get(person) or self.open(person)
        return context.pages[0]

    def another_tab(self, person: str, path: str) -> Page:
        page = self.contexts[person].new_page()
        page.goto(self.stack.url + path)
        return page

    def open(self, person: str, *, scripts: bool = True, name: str = "") -> BrowserContext:
        """A browser for the person, signed in; `name` tells a second one from the first."""
        context = self.browser.new_context(
            viewport=WIDE, java_script_enabled=scripts, locale="en-GB", reduced_motion="reduce"
        )
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)
        self.contexts[name or person] = context
        context.new_page()
        if person:
            self.sign_in(person, name or person)
        return context

    def hears_nothing(self, person: str) -> None:
        """What others do does not reach the person's open pages: as if all of it happened between two questions."""
        context = self.contexts.get(person) or self.open(person)
        context.route("**/changes/", lambda route: route.fulfill(status=304))

    def sign_in(self, person: str, at: str = "") -> Page:
        page = self.contexts[at or person].pages[0]
        page.goto(f"{self.stack.url}/sign-in/")
        page.get_by_label("E-mail").fill(f"{person}@northshire.example")
        page.get_by_label("Password").fill(self.stack.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("My work")
        return page

    def follow(self, link: Locator) -> Page:
        """Go where a link leads, and be there: a click alone returns while the old page still stands."""
        with link.page.expect_navigation():
            link.click()
        return link.page

    def look(self, page: Page, name: str) -> None:
        """Wide and narrow, light and dark: pictures, no breach of WCAG 2.2 A/AA, no overflow."""
        page.wait_for_load_state()
        self.looked += 1
        found = []
        for size, viewport in (("wide", WIDE), ("narrow", NARROW)):
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                found += violations(page, whole=(size, scheme) in {("wide", "light"), ("narrow", "dark")})
                self._picture(page, f"{name}-{size}-{scheme}")
            if size == "narrow":
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= NARROW["width"], f"{page.url} is {width}px wide on a phone: {widest(page)}"
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        assert not found, f"{page.url}\n" + "\n".join(dict.fromkeys(found))
        self.nothing_amiss()

    def show_where_they_stand(self) -> None:
        """A picture of everybody's page, for whoever looks into a failure."""
        SCREENSHOTS.mkdir(exist_ok=True)
        for name, context in self.contexts.items():
            context.pages[-1].screenshot(path=SCREENSHOTS / f"{self.journey}-failed-{name}.png", full_page=True)

    def nothing_amiss(self) -> None:
        """Neither an error in a console, nor a breach of the content policy, nor a word to another host."""
        assert not self.complaints, "\n".join(self.complaints)

    @contextmanager
    def closing(self) -> Iterator["People"]:
        try:
            yield self
        finally:
            for context in self.contexts.values():
                context.close()

    def _picture(self, page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{self.journey}-{self.looked:02d}-{name}.png"
        page.screenshot(path=path, full_page=True)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(STATUS_NOTE):
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != urlsplit(self.stack.url).netloc:
            self.complaints.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        """A page's own status is for whoever visits it; everything that a page fetches must be there."""
        wrong = response.status >= 500 or (response.status >= 400 and response.status not in EXPECTED)
        if wrong and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status} for {response.url}")


def violations(page: Page, *, whole: bool) -> list[str]:
    """What axe finds, element by element; contrast alone unless `whole`. Frames show PDFs."""
    rules = {"type": "tag", "values": WCAG} if whole else {"type": "rule", "values": ["color-contrast"]}
    options = {"runOnly": rules, "resultTypes": ["violations"], "iframes": False}
    options["preload"] = not page.url.startswith("file:")  # a file may not fetch its own style sheet
    response: dict[str, Any] = Axe().run(page, options=options).response
    return [
        f"{violation['id']}: {violation['help']}\n    {node['html'][:200]}\n    {node['failureSummary']}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


def widest(page: Page) -> list[str]:
    """The elements that stick out furthest to the right of a phone; what only follows the page's width comes first."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility())
            .map((e) => [Math.round(e.getBoundingClientRect().right), e.outerHTML.slice(0, 120)])
            .filter(([right]) => right > 321).sort(([one], [other]) => one - other).slice(-8).map(String)"""
    )


def saved_file(folder: Path, name: str, content: bytes) -> Path:
    """A file for somebody to choose."""
    path = folder / name
    path.write_bytes(content)
    return path
