"""A version as a workbook: fit to be worked on in a spreadsheet program, and harmless in it."""

import io
from typing import Any

import openpyxl
import pytest
from django.test import Client

from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from auditapp.questionnaires.spreadsheets.writing import COLUMNS, written
from auditapp.refusals import Refused
from tests.factories import Make
from tests.questionnaires import seeded
from tests.questionnaires.generated import content_of


def workbook(content: dict[str, Any]) -> openpyxl.Workbook:
    data = written(content, categories=["security"], digest="ab" * 32, source="Not endorsed by the authors.")
    return openpyxl.load_workbook(io.BytesIO(data))


def one_question(**changed: Any) -> dict[str, Any]:
    question = {
        "code": "own-01",
        "category": "security",
        "text": "Is it?",
        "guidance": "",
        "expected_evidence": "",
        "criticality": "major",
        "stages": ["pre"],
        "applies_when": "always",
        "scope": "deployment",
        "not_applicable_backed_by": "",
        "criticality_option": {},
        "clauses": [],
        "reason": "",
        "thresholds": [],
    }
    return content_of(seeded.version("predeploy-llm").about, [question | changed])


@pytest.mark.parametrize("text", ["=HYPERLINK(A1)", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_no_text_is_ever_run_as_a_formula(text: str) -> None:
    sheet = workbook(one_question(text=text, guidance=text))["Questions"]
    cell = sheet.cell(2, list(COLUMNS).index("text") + 1)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    assert all(cell.data_type in ("s", "n") for row in sheet.iter_rows() for cell in row)


def test_the_sheet_has_the_columns_lists_to_choose_from_and_a_header_that_stays() -> None:
    book = workbook(seeded.version("predeploy-llm").content)
    sheet = book["Questions"]
    assert [cell.value for cell in sheet[1]] == [str(heading) for heading, _width in COLUMNS.values()]
    assert sheet.freeze_panes == "A2"
    assert sheet.max_row == 164
    rules = sheet.data_validations.dataValidation
    offered = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in rules}
    assert offered == {
        "G2": "'Lists'!$A$2:$A$4",
        "B2": "'Lists'!$B$2:$B$27",
        "K2": "'Lists'!$C$2:$C$3",
        "H2": "'Lists'!$D$2:$D$8",
    }
    assert [cell.value for cell in book["Lists"]["D"] if cell.value] == [
        "Stages", "pre", "live", "change", "pre, live", "pre, change", "live, change", "pre, live, change",
    ]  # fmt: skip


def test_it_says_in_words_when_a_check_applies() -> None:
    condition = {"all": ["is_llm"], "any": ["patient_facing", "autonomy_level>=2"]}
    sheet = workbook(one_question(applies_when=condition))["Questions"]
    row = dict(zip(COLUMNS, (cell.value for cell in sheet[2]), strict=True))
    assert row["applies_when"] == "all: is_llm; any: patient_facing, autonomy_level>=2"
    assert row["in_words"].startswith("Uses a large language or multimodal foundation model; and Patients or families")
    assert row["in_words"].endswith("or Autonomy level 2 or higher")


def test_it_says_what_it_is() -> None:
    about = {row[0].value: row[1].value for row in workbook(one_question())["About"].iter_rows()}
    assert about["Title"] == "Pre-deployment full safety audit: LLM or generative AI"
    assert about["Version"] == "1"
    assert about["Digest (SHA-256) of everything that this version fixes"] == "ab" * 32
    assert about["Source"] == "Not endorsed by the authors."


def test_a_text_that_no_cell_can_hold_is_said_and_not_cut() -> None:
    with pytest.raises(Refused, match="own-01 holds a text that is longer than a spreadsheet’s cell"):
        workbook(one_question(guidance="x" * 33_000))


def test_another_organisations_version_is_not_exported(client: Client, make: Make) -> None:
    base = QuestionnaireVersion.objects.get(questionnaire__code="containment-72h")
    draft = Draft.begin(by=make.people["ben"], base=base, title="Ours")
    draft.offer(by=make.people["ben"])
    version = draft.publish(by=make.people["grace"])
    client.force_login(make.people["cleo"])
    for ending in ("xlsx", "yaml"):
        assert client.get(f"{version.get_absolute_url()}questionnaire.{ending}").status_code == 404
    client.force_login(make.people["vera"])
    response = client.get(f"{version.get_absolute_url()}questionnaire.xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="northshire-ours-v1.xlsx"'
    assert response.content.startswith(b"PK")
