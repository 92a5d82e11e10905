"""The network drops, the server dies, the browser is closed: what was typed waits, and comes through exactly once."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.campaign.processes import Web
from tests.journeys.answering import card, choose, history, saved
from tests.journeys.browsing import People
from tests.journeys.conftest import ARGUMENTS, CHROMIUM, QUIET
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CATEGORY = "monitoring-incidents"
CODES = ["mon-03", "mon-05"]
REFUSAL = '<p class="expectation">Closed for an hour.</p>'


@pytest.fixture
def audit(ward: Ward, request: pytest.FixtureRequest) -> str:
    """A check of a live scribe in which nothing is answered."""
    deployment = ward.play("deployment", name=f"Scribe for {request.node.name}".replace("_", " "))
    about = {"questionnaire": "containment-72h", "reason": "containment", "unanswered": None}
    return str(ward.play("audit", deployment=deployment, **about)["ref"])


@pytest.fixture
def wide(ward: Ward, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An audit whose one category asks thirty questions, none of them answered."""
    title = f"Thirty for {request.node.name}".replace("_", " ")[:60]
    code = ward.play("own_questionnaire", title=title, category=CATEGORY, questions=30)
    deployment = ward.play("deployment", name=title)
    opened = ward.play("audit", deployment=deployment, questionnaire=code, reason="pre_deployment", unanswered=None)
    return dict(opened)


def fill_page(ref: str) -> str:
    return f"/audits/{ref}/categories/{CATEGORY}/"


def note(page: Page, code: str) -> Any:
    return card(page, code).locator("textarea[name=note]")


def line(page: Page) -> Any:
    return page.locator("[data-unsent-line]")


def stored(page: Page) -> str:
    """Everything that the browser keeps for this address, as far as a script can read it."""
    return str(
        page.evaluate(
            """async () => {
                const rows = await new Promise((done) => {
                    const asked = indexedDB.open("auditapp");
                    asked.onsuccess = () => {
                        const all = asked.result.transaction("unsent").objectStore("unsent").getAll();
                        all.onsuccess = () => done(all.result);
                    };
                });
                const text = (bytes) => new TextDecoder("latin1").decode(bytes);
                return JSON.stringify([rows.map((row) => ({ ...row, iv: "", sealed: text(row.sealed) })),
                    Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]);
            }"""
        )
    )


def until(page: Page, state: Callable[[], bool]) -> None:
    """Returns when the state is reached."""
    deadline = time.monotonic() + 60
    while not state():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def forgive(people: People) -> None:
    """Chromium itself notes each request that did not come through."""
    people.complaints[:] = [said for said in people.complaints if "net::ERR_" not in said]


def test_thirty_answers_given_while_the_network_is_down_are_saved_in_their_order(
    people: People, ward: Ward, wide: dict[str, Any]
) -> None:
    """A page holds twenty questions, so she has two of them open."""
    first = people.visit("asha", fill_page(wide["ref"]))
    second = people.another_tab("asha", fill_page(wide["ref"]) + "?page=2")
    pages = {code: first if n < 20 else second for n, code in enumerate(wide["answers"])}
    for page in (first, second):
        page.wait_for_load_state("networkidle")
    first.context.set_offline(True)
    typed = []
    for n, (code, page) in enumerate(pages.items(), start=1):
        typed.append((code, f"Typed without a network, {n} of 30.", True, "Asha Rao"))
        page.bring_to_front()
        note(page, code).fill(typed[-1][1])
        note(page, code).blur()
        expect(card(page, code).locator("[data-saved-line]")).to_contain_text("Not saved, trying again.")
    expect(line(second)).to_contain_text("30 answers wait on this device, encrypted")
    assert history(ward, wide["ref"]) == []
    assert "Typed without" not in stored(first)
    first.context.set_offline(False)
    for code, page in pages.items():
        saved(card(page, code), "Asha Rao")
    for page in (first, second):
        expect(line(page)).to_be_empty()
    kept = history(ward, wide["ref"])
    for page in (first, second):  # each sends what was typed in it, one after the other
        assert [row for row in kept if pages[row[0]] is page] == [row for row in typed if pages[row[0]] is page]
    forgive(people)


def test_a_link_followed_without_a_network_does_not_lose_the_page(people: People, ward: Ward, audit: str) -> None:
    page = people.visit("asha", fill_page(audit))
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    note(page, CODES[0]).fill("Typed in the lift.")
    expect(line(page)).to_contain_text("1 answer waits on this device")
    page.get_by_role("link", name="Audits").first.click()
    stay = page.get_by_role("dialog", name="The server cannot be reached")
    stay.get_by_role("button", name="Stay on this page").click()
    assert note(page, CODES[0]).input_value() == "Typed in the lift."
    page.context.set_offline(False)
    saved(card(page, CODES[0]), "Asha Rao")
    assert [words for _code, words, *_rest in history(ward, audit)] == ["Typed in the lift."]
    forgive(people)


def test_what_waited_while_somebody_else_saved_comes_back_with_both_texts(
    people: People, ward: Ward, audit: str
) -> None:
    with_dora = people.visit("asha", f"/audits/{audit}/assignments/")
    with_dora.get_by_label("Category").select_option(value=CATEGORY)
    with_dora.get_by_label("Person").select_option(label="Dora Petrou")
    with_dora.get_by_role("button", name="Assign").click()
    page = people.visit("asha", fill_page(audit))
    page.wait_for_load_state("networkidle")
    doras = people.visit("dora", fill_page(audit))
    page.context.set_offline(True)
    note(page, CODES[0]).fill("Asha, in the basement.")
    expect(line(page)).to_contain_text("1 answer waits")
    note(doras, CODES[0]).fill("Dora, at her desk.")
    saved(card(doras, CODES[0]), "Dora Petrou")
    page.context.set_offline(False)
    box = card(page, CODES[0]).get_by_role("region", name="saved this answer")
    expect(box).to_contain_text("Dora, at her desk.")
    box.get_by_role("button", name="Edit both").click()
    saved(card(page, CODES[0]), "Asha Rao")
    expect(line(page)).to_be_empty()
    assert [(words, taken) for _code, words, taken, _by in history(ward, audit)] == [
        ("Dora, at her desk.", True),
        ("Asha, in the basement.", False),
        ("Asha, in the basement.\n\nDora, at her desk.", True),
    ]
    forgive(people)


def sign_in(page: Page, ward: Ward, person: str) -> None:
    page.goto(f"{ward.url}/sign-in/")
    page.get_by_label("E-mail").fill(f"{person}@northshire.example")
    page.get_by_label("Password").fill(ward.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My work")


def sign_out(page: Page) -> None:
    page.locator(".menu-person summary").click()
    page.get_by_role("button", name="Sign out").click()


class Laptop:
    """A browser whose profile stays on its disk: it can be closed and opened again."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.kind, self.folder = browser.browser_type, folder
        self.context: BrowserContext | None = None

    def open(self) -> Page:
        self.context = self.kind.launch_persistent_context(
            self.folder, executable_path=CHROMIUM, args=ARGUMENTS + QUIET, locale="en-GB"
        )
        return self.context.pages[0]

    def close(self) -> None:
        if self.context:
            self.context.close()
        self.context = None


@pytest.fixture
def laptop(browser: Browser, tmp_path: Path) -> Iterator[Laptop]:
    shared = Laptop(browser, tmp_path / "profile")
    yield shared
    shared.close()


def test_five_answers_outlive_the_browser_and_only_their_person_can_have_them(
    laptop: Laptop, ward: Ward, wide: dict[str, Any]
) -> None:
    page = laptop.open()
    sign_in(page, ward, "asha")
    page.goto(ward.url + fill_page(wide["ref"]))
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    typed = []
    for n, code in enumerate(list(wide["answers"])[:5], start=1):
        typed.append((code, f"Typed on the way home, {n}.", True, "Asha Rao"))
        note(page, code).fill(typed[-1][1])
        note(page, code).blur()
    expect(line(page)).to_contain_text("5 answers wait on this device, encrypted")
    laptop.close()

    with ward.superuser() as db:
        db.execute("DELETE FROM django_session")  # the night is over
    page = laptop.open()
    sign_in(page, ward, "dora")
    page.goto(f"{ward.url}/deployments/")
    page.wait_for_load_state("networkidle")
    expect(line(page)).to_be_empty()
    everything = stored(page)
    assert everything.count('"sealed"') == 5
    assert "way home" not in everything
    assert wide["ref"] not in everything
    sign_out(page)  # hers is not asked about
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert history(ward, wide["ref"]) == []

    sign_in(page, ward, "asha")
    expect(line(page)).to_be_empty()
    until(page, lambda: '"sealed"' not in stored(page))
    assert history(ward, wide["ref"]) == typed


def test_signing_out_asks_what_becomes_of_what_waits(people: People, ward: Ward, audit: str) -> None:
    """She stays, then leaves it on the device, finds it again, throws it away, and in the end saves."""
    page = people.visit("asha", fill_page(audit))
    page.wait_for_load_state("networkidle")
    asked = page.get_by_role("dialog", name="Sign out with answers waiting?")

    def type_while_the_server_refuses(words: str) -> None:
        page.route("**/answers/**", lambda route: route.fulfill(status=409, content_type="text/html", body=REFUSAL))
        note(page, CODES[0]).fill(words)
        expect(line(page)).to_contain_text("1 answer waits on this device")

    type_while_the_server_refuses("Left on the device.")
    sign_out(page)
    expect(asked).to_contain_text("Not saved yet: 1.")
    people.look(page, "signing-out")
    asked.get_by_role("button", name="Stay signed in").click()
    expect(asked).to_be_hidden()
    sign_out(page)
    asked.get_by_role("button", name="Sign out and leave them on this device").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

    people.sign_in("asha")
    expect(line(page)).to_contain_text("1 answer waits on this device")  # still not taken
    page.get_by_role("button", name="Show what waits").click()
    listed = page.get_by_role("dialog", name="What waits on this device")
    expect(listed).to_contain_text("Left on the device.")
    expect(listed).to_contain_text("Closed for an hour.")
    people.look(page, "what-waits")
    listed.get_by_role("link", name=CODES[0]).click()
    expect(note(page, CODES[0])).to_have_value("Left on the device.")
    expect(card(page, CODES[0]).locator("[data-saved-line]")).to_contain_text("Closed for an hour.")
    sign_out(page)
    asked.get_by_role("button", name="Throw them away and sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    people.sign_in("asha")
    expect(line(page)).to_be_empty()
    assert history(ward, audit) == []

    page.goto(people.stack.url + fill_page(audit))
    page.wait_for_load_state("networkidle")
    type_while_the_server_refuses("Saved in the end.")
    sign_out(page)
    expect(asked).to_be_visible()
    page.unroute("**/answers/**")
    asked.get_by_role("button", name="Save now, then sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert [words for _code, words, *_rest in history(ward, audit)] == ["Saved in the end."]


def test_what_waits_can_be_thrown_away_alone(people: People, ward: Ward, audit: str) -> None:
    page = people.visit("asha", fill_page(audit))
    page.wait_for_load_state("networkidle")
    page.route("**/answers/**", lambda route: route.fulfill(status=409, content_type="text/html", body=REFUSAL))
    for code in CODES:
        note(page, code).fill(f"Typed for {code}.")
        note(page, code).blur()
    expect(line(page)).to_contain_text("2 answers wait on this device")
    page.get_by_role("button", name="Show what waits").click()
    listed = page.get_by_role("dialog", name="What waits on this device")
    first = listed.get_by_role("listitem").filter(has_text=CODES[0])
    first.get_by_role("button", name="Throw away").click()
    first.get_by_role("button", name="Throw these words away for good").click()
    expect(listed).not_to_contain_text(CODES[0])
    listed.get_by_role("button", name="Close").click()
    expect(line(page)).to_contain_text("1 answer waits on this device")
    expect(note(page, CODES[0])).to_have_value("")
    page.unroute("**/answers/**")
    card(page, CODES[1]).get_by_role("button", name="Save").click()
    saved(card(page, CODES[1]), "Asha Rao")
    expect(line(page)).to_be_empty()
    assert [words for _code, words, *_rest in history(ward, audit)] == [f"Typed for {CODES[1]}."]


class Fragile:
    """A web server of its own on the ward's database, which can be killed."""

    def __init__(self, ward: Ward, folder: Path) -> None:
        self.ward, self.password = ward, ward.password
        names = ("DATABASE_URL", "DATABASE_OWNER_URL", "AUDITAPP_DATA_DIR", "SECRET_KEY")
        environment = {name: ward.environment[name] for name in names}
        self.web = Web(environment=environment | {"PUBLIC_URL": ward.url}, log=folder / "web.log", workers=1)
        self.url = f"http://127.0.0.1:{self.web.port}"


@pytest.fixture
def fragile(ward: Ward, tmp_path: Path) -> Iterator[Fragile]:
    place = Fragile(ward, tmp_path)
    place.web.start()
    yield place
    place.web.kill()


def waiting_for(db: psycopg.Connection[Any], lock_holder: int) -> bool:
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    row = db.execute(blocked, [lock_holder]).fetchone()
    return bool(row and row[0])


def test_a_server_killed_in_mid_save_costs_no_word_and_saves_none_twice(
    browser: Browser, fragile: Fragile, ward: Ward, audit: str, request: pytest.FixtureRequest
) -> None:
    with People(browser, fragile, "killed-in-mid-save").closing() as people:  # type: ignore[arg-type]
        page = people.visit("asha", fill_page(audit))
        page.wait_for_load_state("networkidle")
        with ward.superuser() as db, ward.superuser() as other:
            holder = other.execute("SELECT pg_backend_pid()").fetchone()[0]
            other.execute("BEGIN")
            other.execute("SELECT id FROM auditapp_audit WHERE ref = %s FOR UPDATE", [audit])
            note(page, CODES[0]).fill("Typed while the server died.")
            until(page, lambda: waiting_for(db, holder))  # the save is under way
            fragile.web.kill()
            other.execute("ROLLBACK")
        mark = card(page, CODES[0]).locator("[data-saved-line]")
        expect(mark).to_contain_text("Not saved, trying again. The server cannot be reached.")
        expect(note(page, CODES[0])).to_have_value("Typed while the server died.")
        note(page, CODES[1]).fill("And another one, without a server.")
        expect(line(page)).to_contain_text("2 answers wait on this device")
        assert history(ward, audit) == []
        fragile.web.start()
        for code in CODES:
            saved(card(page, code), "Asha Rao")
        assert [(code, words) for code, words, *_rest in history(ward, audit)] == [
            (CODES[0], "Typed while the server died."),
            (CODES[1], "And another one, without a server."),
        ]
        people.complaints.clear()


def test_without_scripts_nothing_waits_and_every_save_is_a_page(people: People, ward: Ward, audit: str) -> None:
    page = people.open("asha", scripts=False, name="asha without scripts").pages[0]
    page.goto(people.stack.url + fill_page(audit))
    for n, code in enumerate(CODES):
        choose(card(page, code), "Met")
        note(page, code).fill(f"By hand, {n}.")
        card(page, code).get_by_role("button", name="Save").click()
        saved(card(page, code), "Asha Rao")
    expect(line(page)).to_be_empty()
    sign_out(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert [words for _code, words, *_rest in history(ward, audit)] == ["By hand, 0.", "By hand, 1."]


def test_where_the_address_is_not_https_the_page_says_that_nothing_can_wait_on_the_device(
    people: People, ward: Ward, audit: str
) -> None:
    page = people.visit("asha", "/help/")
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(people.stack.url + fill_page(audit))
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    note(page, CODES[0]).fill("On this page only.")
    expect(line(page)).to_contain_text(re.compile("1 answer is not saved yet.*does not begin with https"))
    page.context.set_offline(False)
    saved(card(page, CODES[0]), "Asha Rao")
    expect(line(page)).to_be_empty()
    assert [words for _code, words, *_rest in history(ward, audit)] == ["On this page only."]
    forgive(people)
