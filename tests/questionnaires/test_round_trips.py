"""What leaves as a file comes back as it was: the seeded questionnaires, and some that nobody would write."""

from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditapp.questionnaires.models import Draft, QuestionnaireVersion
from auditapp.questionnaires.spreadsheets import opening, tables
from auditapp.questionnaires.spreadsheets import writing as sheets
from auditapp.questionnaires.spreadsheets.conditions import (
    condition_read,
    condition_written,
    thresholds_read,
    thresholds_written,
)
from auditapp.questionnaires.spreadsheets.escapes import escaped, unescaped
from auditapp.questionnaires.spreadsheets.rows import understood
from auditapp.questionnaires.spreadsheets.values import Known, open_values
from auditapp.questionnaires.yaml_files import writing as files
from auditapp.questionnaires.yaml_files.reading import Document
from tests.factories import Make
from tests.questionnaires.generated import CONDITIONS, KNOWN, SAID, THRESHOLDS, content_of, contents
from tests.questionnaires.uploads import taken_in, uploaded

OFTEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
SEEDED = [
    "predeploy-llm",
    "predeploy-predictive-imaging",
    "quarterly-monitoring",
    "annual-review",
    "containment-72h",
    "incident-update-reaudit",
]


def through_a_sheet(content: dict[str, Any], known: Known = KNOWN) -> list[dict[str, Any]]:
    """The questions as they are read from the workbook, where nothing is left to be explained."""
    data = sheets.written(content, categories=["security"], digest="0" * 64, source="The source.")
    found = opening.read("questionnaire.xlsx", data)
    table = tables.found(found[tables.best_of(found)])
    assert not open_values(table.entries, known)
    rows = understood(table.entries, known, {})
    assert [row.problems for row in rows if row.problems] == []
    return [row.question for row in rows]


@given(contents())
@OFTEN
def test_a_generated_questionnaire_is_the_same_after_a_journey_as_yaml(content: dict[str, Any]) -> None:
    text = files.written(content, digest="0" * 64, source="The source.")
    read = Document("questionnaire.yaml", text.encode()).read(KNOWN)
    assert content_of(read.about, read.questions) == content


@given(contents())
@OFTEN
def test_a_generated_questionnaire_is_the_same_after_a_journey_as_a_spreadsheet(content: dict[str, Any]) -> None:
    assert content_of(content["questionnaire"], through_a_sheet(content)) == content


@given(CONDITIONS, st.lists(THRESHOLDS, max_size=3), SAID)
@OFTEN
def test_what_a_cell_holds_is_read_as_it_was_written(
    condition: Any, thresholds: list[dict[str, str]], text: str
) -> None:
    assert condition_read(condition_written(condition)) == condition
    assert thresholds_read(thresholds_written(thresholds)) == thresholds
    assert unescaped(escaped(text)) == text


@pytest.mark.parametrize("kind", ["yaml", "xlsx"])
@pytest.mark.parametrize("code", SEEDED)
def test_a_seeded_questionnaire_comes_back_and_is_published_as_it_was(make: Make, code: str, kind: str) -> None:
    ben, grace = make.people["ben"], make.people["grace"]
    base = QuestionnaireVersion.objects.get(questionnaire__code=code, state="published")
    upload = uploaded(ben, exported(base, kind), f"questionnaire.{kind}", base=code)
    draft = taken_in(upload, by=ben, title="Ours")
    draft.offer(by=ben)
    version = draft.publish(by=grace)
    same = ("domains", "frameworks", "scoring", "decisions", "applicability")
    assert {key: version.content[key] for key in same} == {key: base.content[key] for key in same}
    assert by_check(version) == by_check(base)
    assert version.trigger_sets == base.trigger_sets
    assert version.signatories == base.signatories
    again = taken_in(uploaded(ben, exported(version, kind), f"again.{kind}", base=code), by=ben, title="Ours again")
    about = {"title", "code", "version"}
    content = again.content()
    assert {**content, "questionnaire": without(content["questionnaire"], about)} == {
        **version.content,
        "questionnaire": without(version.about, about),
    }


def by_check(version: QuestionnaireVersion) -> list[dict[str, str]]:
    """The thresholds; the seeded content lists them in an order of its own, which says nothing."""
    return sorted(version.content["local_thresholds"], key=itemgetter("check"))


def exported(version: QuestionnaireVersion, kind: str) -> bytes:
    if kind == "yaml":
        return files.written(version.content, digest=version.sha256, source="The source.").encode()
    return sheets.written(version.content, categories=[], digest=version.sha256, source="The source.")


def without(about: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in names}


def test_the_file_of_an_own_questionnaire_becomes_its_next_version(make: Make) -> None:
    ben, grace = make.people["ben"], make.people["grace"]
    draft = Draft.begin(
        by=ben, base=QuestionnaireVersion.objects.get(questionnaire__code="containment-72h"), title="Containment, ours"
    )
    draft.offer(by=ben)
    version = draft.publish(by=grace)
    upload = uploaded(ben, exported(version, "yaml"), "ours.yaml", base=version.questionnaire.code)
    assert (again := taken_in(upload, by=ben, title="Containment, ours")).questionnaire == version.questionnaire
    assert again.number == 2
