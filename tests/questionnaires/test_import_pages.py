"""From a file to a draft in the browser: columns, words, rows; nothing is a draft before every row is understood."""

from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from auditapp.questionnaires.models import ChecklistUpload, Draft, QuestionnaireVersion
from tests.factories import Make
from tests.questionnaires.spreadsheets.files import xlsx
from tests.questionnaires.test_yaml_files import FILE
from tests.questionnaires.uploads import CHECKLIST, uploaded

HEADINGS = b"Question,Criticality,Category\n"
COLUMNS = {"column-0": "text", "column-1": "criticality", "column-2": "category"}
MESSY = xlsx(
    [
        ["Northshire Hospitals Group: AI on our wards"],
        [],
        ["No.", "Question", "Priority", "Evidence", "Ref", "Yes", "No"],
        ["1. People"],
        [1.1, "Is the ward trained?", "High", "Records", "ISO 42001 A.6", "x"],
        [1.2, "Is there a named owner?", "Medium", "Register"],
        ["2. Incidents"],
        [2.1, None, "Low", "An empty question"],
        [2.2, "Is every incident reported?", "Low", "Log", "nist-ai-rmf:MANAGE 4.3"],
    ],
    merged=["A1:G1", "A4:G4", "A7:G7"],
)


@pytest.fixture
def ben(client: Client, make: Make) -> Client:
    client.force_login(make.people["ben"])
    return client


def text_of(response: Any) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def send(client: Client, data: bytes, name: str, **more: Any) -> Any:
    return client.post("/questionnaires/import/", {"file": SimpleUploadedFile(name, data), **more})


def base() -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.get(questionnaire__code="containment-72h", state="published")


def columns_of(response: Any) -> dict[str, str]:
    """What the page proposes, as its form would send it."""
    form = response.context["form"]
    return {field.html_name: field.value() or "" for field in form}


def test_a_messy_checklist_becomes_a_draft_step_by_step(ben: Client, make: Make) -> None:
    response = send(ben, MESSY, "ward.xlsx", base=base().pk, title="Ward checklist")
    upload = ChecklistUpload.objects.get()
    assert response.url == f"/questionnaires/import/{upload.pk}/columns/"

    page = ben.get(response.url)
    assert columns_of(page) == {
        "column-0": "-",
        "column-1": "text",
        "column-2": "criticality",
        "column-3": "expected_evidence",
        "column-4": "clauses",
        "column-5": "-",
        "column-6": "-",
    }
    assert "numbers of the rows. 1. People" in text_of(page)
    assert "answers: they are given in the audit" in text_of(page)
    response = ben.post(response.url, columns_of(page))
    assert response.url == f"/questionnaires/import/{upload.pk}/values/"

    page = ben.get(response.url)
    proposed = {field.label: field.value() for field in page.context["form"]}
    assert proposed == {
        "High": "critical",
        "Medium": "major",
        "Low": "minor",
        "1. People": "",
        "2. Incidents": "",
        "(nothing)": "guidance",
    }
    chosen = {"1. People": "human-ai-teaming", "2. Incidents": "monitoring-incidents"}
    answers = {field.html_name: chosen.get(field.label, field.value()) for field in page.context["form"]}
    refused = ben.post(response.url, answers | {"value-3": ""})
    assert refused.status_code == 422
    assert "Choose what this means." in text_of(refused)
    response = ben.post(response.url, answers)
    assert response.url == f"/questionnaires/import/{upload.pk}/rows/"

    page = ben.get(response.url)
    assert "1 of 4 rows has a problem" in text_of(page)
    assert "There is no question in this row." in text_of(page)
    refused = ben.post(response.url, {"title": "Ward checklist", "left_out": ["6"]})
    assert refused.status_code == 422
    assert "Row 8: There is no question in this row." in text_of(refused)
    assert 'id="left_out_6" checked' in refused.content.decode()
    assert not Draft.objects.exists()

    response = ben.post(response.url, {"title": "Ward checklist", "left_out": ["8"]})
    draft = Draft.objects.get()
    assert response.url == draft.get_absolute_url()
    asked = list(draft.questions.order_by("position").select_related("category"))
    assert [(q.text, q.criticality, q.category.code) for q in asked] == [
        ("Is the ward trained?", "critical", "human-ai-teaming"),
        ("Is there a named owner?", "major", "human-ai-teaming"),
        ("Is every incident reported?", "minor", "monitoring-incidents"),
    ]
    assert asked[0].guidance == "References in the checklist: ISO 42001 A.6"
    assert asked[2].clauses == ["nist-ai-rmf:MANAGE 4.3"]
    assert asked[0].stages == ["change"]
    assert not ChecklistUpload.objects.exists()


def test_every_row_with_a_problem_can_be_left_out_at_once(ben: Client, make: Make) -> None:
    upload = uploaded(
        make.people["ben"], b"Question,Criticality,Category\nIs it?,major,accountability\n,minor,security\n"
    )
    ben.post(
        f"/questionnaires/import/{upload.pk}/columns/",
        {"column-0": "text", "column-1": "criticality", "column-2": "category"},
    )
    assert ben.get(f"/questionnaires/import/{upload.pk}/values/").url.endswith("/rows/")  # nothing to explain
    ben.post(f"/questionnaires/import/{upload.pk}/rows/", {"title": "Ward", "leave_problems": "on"})
    assert [q.text for q in Draft.objects.get().questions.all()] == ["Is it?"]


def test_what_is_wrong_with_a_file_is_said_beside_it(ben: Client, make: Make) -> None:
    response = send(ben, b"%PDF-1.7", "ward.pdf", base=base().pk)
    assert response.status_code == 422
    assert "This is a PDF file. Copy its table into a spreadsheet" in text_of(response)
    assert "Choose a file." in text_of(ben.post("/questionnaires/import/", {"base": base().pk}))
    response = send(ben, b"," * 6 * 2**20, "ward.csv", base=base().pk)
    assert "5 MB are read at most" in text_of(response)
    response = send(ben, CHECKLIST, "ward.csv")
    assert "Choose the questionnaire whose rules yours is to follow." in text_of(response)
    assert not ChecklistUpload.objects.exists()


def test_a_questionnaire_file_leads_straight_to_its_rows(ben: Client, make: Make) -> None:
    wrong = FILE.replace("criticality: major", "criticality: high")
    response = send(ben, wrong.encode(), "ward.yaml", base=base().pk)
    assert response.status_code == 422
    assert "ward.yaml:24: domains[alignment]" in text_of(response)
    exported = ben.get("/questionnaires/containment-72h/v1/questionnaire.yaml")
    assert exported["Content-Disposition"] == 'attachment; filename="containment-72h-v1.yaml"'
    response = send(ben, exported.content, "containment.yaml", title="Containment at the Royal")
    assert response.url.endswith("/rows/")
    assert "10 rows, all understood." in text_of(ben.get(response.url))
    ben.post(response.url, {"title": "Containment at the Royal"})
    draft = Draft.objects.get()
    assert draft.content()["domains"] == base().content["domains"]
    assert draft.about["title"] == "Containment at the Royal"


def test_a_title_that_is_taken_is_said_and_nothing_is_lost(ben: Client, make: Make) -> None:
    make.enter_scope()
    exported = ben.get("/questionnaires/containment-72h/v1/questionnaire.yaml").content
    first = send(ben, exported, "a.yaml", title="Ours").url
    ben.post(first, {"title": ""})
    assert ChecklistUpload.objects.count() == 1
    ben.post(first, {"title": "Ours"})
    assert Draft.objects.get().questionnaire.title == "Ours"


def test_the_workbook_of_a_version_comes_back_without_a_question(ben: Client, make: Make) -> None:
    exported = ben.get("/questionnaires/incident-update-reaudit/v1/questionnaire.xlsx")
    reaudit = QuestionnaireVersion.objects.get(questionnaire__code="incident-update-reaudit")
    response = send(ben, exported.content, "reaudit.xlsx", base=reaudit.pk, title="Ours")
    response = ben.post(response.url, columns_of(ben.get(response.url)))
    response = ben.get(response.url)
    assert response.url.endswith("/rows/")
    assert "93 rows, all understood." in text_of(ben.get(response.url))


def test_another_sheet_or_heading_row_is_read_by_the_address(ben: Client, make: Make) -> None:
    def add(book: Any) -> None:
        book.create_sheet("Other").append(["Heading nobody knows"])
        book["Other"].append(["Is it so?"])

    upload = uploaded(make.people["ben"], xlsx([["Question"], ["Is it?"]], more=add), "a.xlsx")
    address = f"/questionnaires/import/{upload.pk}/columns/"
    assert columns_of(ben.get(f"{address}?sheet=1")) == {"column-0": "text"}
    assert ben.get(f"{address}?sheet=1&header=1").context["table"].headings == ["Heading nobody knows"]
    for odd in ("?sheet=99", "?sheet=x", "?header=-1", "?header=99999999999", "?header=77"):
        assert ben.get(address + odd).status_code == 200
    ben.post(f"{address}?sheet=1&header=1", {"column-0": "text"})
    upload.refresh_from_db()
    assert (upload.choices["sheet"], upload.choices["header"]) == (1, 1)


def test_the_question_column_is_needed_and_each_field_is_given_once(ben: Client, make: Make) -> None:
    upload = uploaded(make.people["ben"])
    address = f"/questionnaires/import/{upload.pk}/columns/"
    nothing = dict.fromkeys(columns_of(ben.get(address)), "-")
    assert "Say which column holds the questions." in text_of(ben.post(address, nothing))
    response = ben.post(address, nothing | {"column-1": "text", "column-2": "text"})
    assert "“Question” is another column already." in text_of(response)
    assert ben.get(f"/questionnaires/import/{upload.pk}/rows/").status_code == 409  # the columns come first


def test_a_column_of_texts_is_no_column_of_categories(ben: Client, make: Make) -> None:
    rows = "".join(f"Is step {n} followed?,major,Text {n}\n" for n in range(200))
    upload = uploaded(make.people["ben"], HEADINGS + rows.encode())
    response = ben.post(f"/questionnaires/import/{upload.pk}/columns/", COLUMNS)
    assert response.status_code == 422
    assert "The column for “Category” holds 200 different texts. Choose another column." in text_of(response)


def test_a_file_can_be_given_up(ben: Client, make: Make) -> None:
    upload = uploaded(make.people["ben"])
    assert "ward checklist.csv" in text_of(ben.get("/questionnaires/import/"))
    ben.post(f"/questionnaires/import/{upload.pk}/giving-up/")
    assert not ChecklistUpload.objects.exists()
    assert ben.get(f"/questionnaires/import/{upload.pk}/columns/").status_code == 404


def test_what_a_sheet_says_is_never_markup(ben: Client, make: Make) -> None:
    rows = b"Question,<b>Note</b>\n<script>alert(1)</script> Is it?,x\n"
    upload = uploaded(make.people["ben"], rows, "<i>.csv")
    page = ben.get(f"/questionnaires/import/{upload.pk}/columns/").content.decode()
    assert "<script>alert" not in page
    assert "<b>Note" not in page
    assert "<i>.csv" not in page


@pytest.mark.parametrize("rows", [3, 300])
def test_the_preview_asks_the_database_the_same_however_many_rows(ben: Client, make: Make, rows: int) -> None:
    lines = "".join(f"Is step {n} followed?,major,accountability\n" for n in range(rows))
    upload = uploaded(make.people["ben"], HEADINGS + lines.encode())
    upload.explain(by=make.people["ben"], sheet=0, header=1, columns={"0": "text", "1": "criticality", "2": "category"})
    with CaptureQueriesContext(connection) as captured:
        assert ben.get(f"/questionnaires/import/{upload.pk}/rows/").status_code == 200
    reads = [q["sql"] for q in captured if q["sql"].startswith("SELECT") and "set_config" not in q["sql"]]
    assert len(reads) <= 13


def test_the_links_are_shown_to_those_who_may(client: Client, make: Make) -> None:
    client.force_login(make.people["asha"])
    assert "/questionnaires/import/" not in client.get("/questionnaires/").content.decode()
    page = client.get("/questionnaires/predeploy-llm/v1/").content.decode()
    assert "/questionnaires/predeploy-llm/v1/questionnaire.xlsx" in page
    assert "/questionnaires/predeploy-llm/v1/questionnaire.yaml" in page
    client.force_login(make.people["ada"])
    assert "/questionnaires/import/" in client.get("/questionnaires/").content.decode()
