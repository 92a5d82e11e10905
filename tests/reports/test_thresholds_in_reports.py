"""Whose numbers a report was measured against: frozen at the decision, printed, and never read from live rows again."""

import copy
import subprocess
from typing import Any

import pytest

from auditapp.accounts.models import User
from auditapp.questionnaires import threshold_page
from auditapp.questionnaires.models import ThresholdAdoption
from auditapp.questionnaires.thresholds import Threshold
from auditapp.reports import consistency, document, jobs
from tests.factories import Make
from tests.reports import example_facts


@pytest.fixture
def stops(vera: User) -> list[Threshold]:
    """The three numbers of the check that asks how a tool is stopped."""
    return [t for t in threshold_page.numbers(vera) if t.check == "aut-03"]


def items(facts: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item for item in facts["thresholds"]["items"]}


def printed(report: Any) -> str:
    jobs.render(report=report.pk, organisation=report.organisation_id, site=report.site_id)
    content = bytes(report.files.get(step=0).content)
    done = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def test_a_report_names_who_adopted_a_number_when_and_which_are_only_defaults(
    make: Make, ben: User, stops: list[Threshold]
) -> None:
    with make.at("2026-03-05 11:00"):
        ThresholdAdoption.adopt(stops[0], by=ben, value="10", base=0, reason="The ward is two minutes away.")
        ThresholdAdoption.adopt(stops[1], by=ben, value=stops[1].default, base=0)
    report = make.decided()
    found = items(report.facts)
    assert found[stops[0].name]["value"] == "10"
    assert found[stops[0].name]["adopted"] == {
        "by": {"name": "Ben Okafor", "title": ""},
        "at": "2026-03-05T11:00:00Z",
        "on": "2026-03-05",
        "default": "15",
        "reason": "The ward is two minutes away.",
    }
    assert found[stops[2].name]["adopted"] is None
    text = printed(report)
    assert "at most 10 minutes; local default adopted by Northshire Hospitals Group on 5 Mar 2026" in text
    assert "default of the questionnaire: 15" in text
    assert "The ward is two minutes away." in text
    assert "default of the questionnaire, not adopted" in text
    make.enter_scope()
    assert list(consistency.problems()) == []


def test_a_later_adoption_changes_no_report(make: Make, ben: User, stops: list[Threshold]) -> None:
    report = make.decided()
    before = bytes(report.canonical)
    assert report.facts["thresholds"]["statement"] == "Local default, not yet adopted by Northshire Hospitals Group"
    ThresholdAdoption.adopt(stops[0], by=ben, value="10", base=0, reason="The ward is two minutes away.")
    report.refresh_from_db()
    assert bytes(report.canonical) == before
    text = printed(report)
    assert "at most 15 minutes; default of the questionnaire, not adopted" in text
    make.enter_scope()
    assert list(consistency.problems()) == []


def test_facts_frozen_before_numbers_could_be_adopted_say_it_once_for_all() -> None:
    facts = copy.deepcopy(example_facts.large())
    assert facts["thresholds"]["items"]
    assert all("adopted" not in item for item in facts["thresholds"]["items"])
    shown = document.document(facts, "0" * 64)["thresholds"]
    assert {item["standing"] for item in shown} == {""}
