"""Evidence on the page of questions: large files over a bad network, files dropped and pasted, what is here already."""

import hashlib
import re
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, Route, expect

from tests.evidence import files
from tests.journeys.answering import add_evidence, card
from tests.journeys.browsing import People
from tests.journeys.ward import Ward

pytestmark = pytest.mark.journey

CODE = "mon-03"
MEGABYTE = 1024 * 1024
TEXT = "Typed while a file was on its way."


@pytest.fixture
def ref(ward: Ward, request: pytest.FixtureRequest) -> str:
    """An audit of Asha's in which one question of a category is unanswered."""
    deployment = ward.play("deployment", name=f"Scribe for {request.node.name}")
    about = {"questionnaire": "containment-72h", "reason": "containment", "unanswered": [CODE]}
    opened: str = ward.play("audit", deployment=deployment, **about)["ref"]
    return opened


@pytest.fixture
def page(people: People, ref: str) -> Page:
    return people.visit("asha", f"/audits/{ref}/categories/monitoring-incidents/")


def expected_noise(people: People) -> None:
    """Chromium itself notes each request that did not come through; nothing else may be noted."""
    people.complaints[:] = [c for c in people.complaints if "net::ERR_" not in c]


def kill_web(ward: Ward) -> list[str]:
    """SIGKILL to the web server and its workers; returns how it was started."""
    master = psutil.Process(ward.processes[0].pid)
    command = master.cmdline()
    for process in [*master.children(recursive=True), master]:
        process.kill()
    ward.processes[0].wait()
    return command


def start_web(ward: Ward, command: list[str]) -> None:
    ward._run(command)
    ward.processes[0] = ward.processes.pop()
    ward._wait()


def fill_in(page: Page, title: str, file: Path | None) -> None:
    """The form of the card, open and filled in, not yet sent."""
    question = card(page, CODE)
    if not question.locator("form[data-upload]").count():
        question.get_by_role("link", name="Add a file or a link").click()
    if file:
        question.locator(f"#{CODE}_file").set_input_files(file)
    question.get_by_label("Title", exact=True).fill(title)
    question.get_by_label("Date of the document").fill("2026-10-01")


def test_sixty_megabytes_survive_a_cut_network_a_killed_server_and_a_closed_tab(
    people: People, page: Page, ward: Ward, ref: str, tmp_path: Path
) -> None:
    content = b"".join(b"%015d\n" % n for n in range(60 * MEGABYTE // 16))
    file = tmp_path / "log of the ward.txt"
    file.write_bytes(content)
    cut: list[int] = []
    killed: list[list[str]] = []
    held: list[int] = []

    def part(route: Route) -> None:
        offset = int(route.request.headers.get("upload-offset", "-1"))
        if offset == 10 * MEGABYTE and not cut:
            cut.append(offset)
            route.abort("connectionreset")
        elif offset == 20 * MEGABYTE and not killed:
            killed.append(kill_web(ward))
            route.continue_()
        elif offset == 34 * MEGABYTE:
            held.append(offset)  # never gets through: the tab is closed meanwhile
        else:
            route.continue_()

    page.route("**/uploads/**", part)
    fill_in(page, "Log of the ward", file)
    question = card(page, CODE)
    question.get_by_role("button", name="Add evidence").click()
    status = question.locator("[data-upload-words]")
    expect(status).to_contain_text("The connection broke at 20 of 60 MB")
    assert killed
    question.get_by_label("Note", exact=False).first.fill(TEXT)
    start_web(ward, killed[0])
    expect(status).to_contain_text("34 of 60 MB")
    assert cut
    assert held
    again = page.context.new_page()
    page.close()
    again.goto(f"{ward.url}/audits/{ref}/categories/monitoring-incidents/")
    sent: list[int] = []
    again.on(
        "request", lambda request: request.method == "PATCH" and sent.append(int(request.headers["upload-offset"]))
    )
    fill_in(again, "Log of the ward", file)
    card(again, CODE).get_by_role("button", name="Add evidence").click()
    item = card(again, CODE).locator(".item")
    expect(item).to_contain_text("Log of the ward")
    expect(item).to_contain_text("60.0")
    assert min(sent) >= 34 * MEGABYTE  # nothing that had arrived was sent again
    kept = again.request.get(ward.url + str(item.get_by_role("link", name="Log of the ward").get_attribute("href")))
    assert hashlib.sha256(kept.body()).hexdigest() == hashlib.sha256(content).hexdigest()
    expect(item.locator(".digest").first).to_have_text(hashlib.sha256(content).hexdigest(), use_inner_text=False)
    expected_noise(people)


def test_a_file_dropped_on_a_question_and_a_picture_pasted_into_it_are_added_without_a_reload(
    people: People, page: Page
) -> None:
    question = card(page, CODE)
    note = question.locator("textarea[name=note]")
    note.fill(TEXT)
    drop = """([card, name, text]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([text], name, { type: "text/plain" }));
        for (const type of ["dragover", "drop"]) {
            card.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
        }
    }"""
    page.evaluate(drop, [question.element_handle(), "rota.txt", "Night rota"])
    expect(question.get_by_label("Title", exact=True)).to_have_value("rota")
    question.get_by_label("Date of the document").fill("2026-10-01")
    people.look(page, "form-in-the-card")
    question.get_by_role("button", name="Add evidence").click()
    expect(question.locator(".item")).to_contain_text("rota.txt")
    expect(question.get_by_text("“rota” is added to mon-03.")).to_be_visible()

    paste = """([field, bytes]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(paste, [note.element_handle(), list(files.picture("PNG"))])
    expect(question.get_by_label("Title", exact=True)).to_have_value(re.compile("^pasted-"))
    question.get_by_role("button", name="Add evidence").click()
    expect(question.locator(".item")).to_have_count(2)
    assert note.input_value() == TEXT
    for look in question.get_by_text("Look at it").all():
        look.click()
    shown = question.locator("img.item-image")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
    people.look(page, "two-items")


def test_what_is_refused_is_said_in_the_card_and_a_file_that_is_here_is_offered(
    people: People, page: Page, ref: str, tmp_path: Path
) -> None:
    question = card(page, CODE)
    script = tmp_path / "form.pdf"
    script.write_bytes(files.script_pdf())
    fill_in(page, "Plan", script)
    question.get_by_role("button", name="Add evidence").click()
    expect(question.get_by_text("The PDF holds a script or starts another program.")).to_be_visible()
    expect(question.get_by_label("Title", exact=True)).to_have_value("Plan")
    people.look(page, "refused")
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(files.pdf(pages=5))  # which nobody else in the ward has added
    fill_in(page, "Plan", plan)
    question.get_by_role("button", name="Add evidence").click()
    expect(question.locator(".item")).to_contain_text("plan.pdf")

    other = card(page, "mon-02")
    other.get_by_role("link", name="Add a file or a link").click()
    other.locator("#mon-02_file").set_input_files(plan)
    other.get_by_label("Title", exact=True).fill("The same plan")
    other.get_by_label("Date of the document").fill("2026-10-01")
    other.get_by_role("button", name="Add evidence").click()
    expect(other.get_by_text(re.compile("Already kept as “Plan”, added .* by Asha Rao."))).to_be_visible()
    people.look(page, "known")
    other.get_by_role("button", name="Use this one").click()
    expect(card(page, "mon-02").locator(".item")).to_contain_text("plan.pdf")
    people.look(people.visit("asha", f"/audits/{ref}/answers/mon-03/evidence/choice/"), "choice")


def test_evidence_is_added_chosen_and_looked_at_without_a_script(
    people: People, ward: Ward, ref: str, tmp_path: Path
) -> None:
    page = people.open("asha", scripts=False).pages[0]
    page.goto(f"{ward.url}/audits/{ref}/categories/monitoring-incidents/")
    policy = tmp_path / "policy.pdf"
    policy.write_bytes(files.pdf(pages=2))
    add_evidence(card(page, CODE), "Policy on incidents", file=str(policy))
    expect(card(page, CODE).locator(".item")).to_contain_text("policy.pdf")
    card(page, "mon-02").get_by_role("link", name="Use evidence that is already here").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("mon-02")
    page.get_by_label("Title, file or link").fill("incidents")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Policy on incidents", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Use what is ticked").click()
    expect(card(page, "mon-02").locator(".item")).to_contain_text("policy.pdf")


def test_the_camera_is_asked_for_a_photograph(page: Page) -> None:
    fill_in(page, "Poster", None)
    camera = card(page, CODE).locator(f"#{CODE}_photo")
    assert (camera.get_attribute("capture"), camera.get_attribute("accept")) == ("environment", "image/*")
