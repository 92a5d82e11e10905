"""Ada brings the checklist of a ward along, as it is kept in a spreadsheet, and makes a draft of it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import People, saved_file
from tests.questionnaires.spreadsheets.files import xlsx

pytestmark = pytest.mark.journey

CHECKLIST = xlsx(
    [
        ["Northshire Hospitals Group: AI on our wards", None, None, None, None, None],
        [],
        ["No.", "Question", "Priority", "Evidence", "Yes", "No"],
        ["1. People"],
        [1.1, "Is everybody on the ward trained?", "High", "Records of the training", "x"],
        [1.2, "Is there a named owner on each shift?", "Medium", "Rota"],
        ["2. When something goes wrong"],
        [2.1, None, "Low", "A row that somebody began"],
        [2.2, "Is every incident reported on the day?", "Low", "Log of incidents", None, "x"],
    ],
    merged=["A1:F1", "A4:F4", "A7:F7"],
)
TEAMING = "Clinician and AI interaction, workflow and training"
MONITORING = "Monitoring, change control and learning from incidents"


def test_a_ward_checklist_is_brought_along(people: People, tmp_path: Path) -> None:
    page = people.visit("ada", "/questionnaires/")
    people.follow(page.get_by_role("link", name="Import a checklist"))
    people.look(page, "upload")

    page.get_by_label("File", exact=True).set_input_files(saved_file(tmp_path, "ward.pdf", b"%PDF-1.7"))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("alert")).to_contain_text("This is a PDF file. Copy its table into a spreadsheet")
    people.look(page, "upload-refused")

    page.get_by_label("File", exact=True).set_input_files(saved_file(tmp_path, "ward checklist.xlsx", CHECKLIST))
    page.get_by_label("When it is asked, and who signs").select_option(
        label="Containment check within 72 hours of an event"
    )
    page.get_by_label("Title").fill("Ward checklist after an event")
    page.get_by_role("button", name="Read the file").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The columns of ward checklist.xlsx")
    expect(page.get_by_label("B: Question")).to_have_value("text")
    expect(page.get_by_label("C: Priority")).to_have_value("criticality")
    expect(page.get_by_label("E: Yes")).to_have_value("-")
    people.look(page, "columns")
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("High")).to_have_value("critical")
    page.get_by_role("button", name="Show every row").click()
    expect(page.get_by_role("alert")).to_contain_text("1. People: Choose what this means.")
    page.get_by_label("1. People").select_option(label=TEAMING)
    page.get_by_label("2. When something goes wrong").select_option(label=MONITORING)
    people.look(page, "words")
    page.get_by_role("button", name="Show every row").click()

    problem = page.get_by_role("row", name="8")
    expect(problem).to_contain_text("There is no question in this row.")
    people.look(page, "rows")
    page.get_by_role("button", name="Make a draft of them").click()
    expect(page.get_by_role("alert")).to_contain_text("Row 8: There is no question in this row.")
    page.get_by_label("Leave row 8 out").check()
    page.get_by_role("button", name="Make a draft of them").click()

    expect(page.get_by_text("The draft has 3 questions. Nothing is published yet.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ward checklist after an event")
    expect(page.get_by_text("Is everybody on the ward trained?").first).to_be_visible()
    people.look(page, "draft")
