"""The printed board report: one page, whatever happened; what it says is what was frozen."""

import io
import re
from typing import Any

import pikepdf
import pytest

from auditapp.reports import board_document, pdf, signing
from tests.reports import example_board, signed
from tests.reports.test_pdf import printed, texts
from tests.reports.test_schemas import wrong

EXAMPLES = {"small": example_board.small, "large": example_board.large, "longest": example_board.longest}


def rendered(facts: dict[str, Any]) -> bytes:
    return pdf.printed_board(facts, facts_bytes=example_board.canonical(facts)).content


@pytest.mark.parametrize("size", EXAMPLES)
def test_it_is_one_page_whatever_happened(size: str) -> None:
    facts = EXAMPLES[size]()
    assert wrong(facts, "board-1") == []
    with pikepdf.open(io.BytesIO(rendered(facts))) as file:
        assert len(file.pages) == 1


def test_the_same_facts_give_the_same_bytes() -> None:
    assert rendered(example_board.large()) == rendered(example_board.large())


def test_it_says_the_totals_and_every_number_of_the_findings() -> None:
    facts = example_board.large()
    text = " ".join(printed(rendered(facts)).split())
    totals = facts["totals"]
    assert f"{totals['without']} of {totals['in_use']}" in text
    assert f"{totals['overdue']} of {totals['open_findings']}" in text
    for row, word in zip(facts["findings"], board_document.PRIORITIES.values(), strict=True):
        numbers = [str(n) for n in (*row["ages"].values(), row["total"])]
        assert re.search(rf"{word} {' '.join(numbers)}\b", text), word
    for code, (_shape, word) in board_document.RESULTS.items():
        assert f"{word} {facts['trend'][-1]['results'][code]}" in text
    for title in (domain["title"] for domain in facts["domains"]):
        assert all(word in text for word in title.split())


def test_every_text_of_a_small_hospital_is_printed() -> None:
    facts = example_board.small()
    facts["changes"] = {"count": 1, "first": [example_board.large()["changes"]["first"][0]]}
    facts["notices"] = {"count": 1, "first": [example_board.large()["notices"]["first"][0]]}
    facts["without_audit"] = {"count": 1, "first": [example_board.large()["without_audit"]["first"][0]]}
    text = " ".join(printed(rendered(facts)).split())
    names = re.compile(r"\.(name|ref|hospital|title|product|version|notice|prepared_local)$")
    assert [value for path, value in texts(facts) if names.search(path) and value not in text] == []


def test_what_does_not_fit_is_counted_and_attached() -> None:
    facts = example_board.large()
    content = rendered(facts)
    text = " ".join(printed(content).split())
    shown = [h for h in facts["hospitals"] if h["name"] in text]
    hidden = len(facts["hospitals"]) - len(shown)
    assert hidden > 20
    more = re.search(r"and (\d+) more hospitals, in the attached facts", text)
    assert more
    with pikepdf.open(io.BytesIO(content)) as file:
        attached = file.attachments["board-facts.json"].get_file().read_bytes()
    assert attached == example_board.canonical(facts)
    worst = max(facts["hospitals"], key=lambda h: h["without"])
    assert worst["name"] in text


def test_it_is_tagged_and_has_one_field_for_the_seal() -> None:
    content = rendered(example_board.large())
    assert signing.fields(content) == {"seal": False}
    with pikepdf.open(io.BytesIO(content)) as file:
        assert file.Root.MarkInfo.Marked
        assert str(file.Root.Lang) == "en-GB"
        with file.open_metadata() as about:
            assert about["pdfaid:part"] == "3"
            assert about["pdfaid:conformance"] == "A"
            assert about["pdfuaid:part"] == "1"
        assert "Board report on clinical AI" in str(file.docinfo["/Title"])
        headers = [e for e in file.objects if isinstance(e, pikepdf.Dictionary) and e.get("/S") == "/TH"]
        assert headers
        assert all("/Scope" in (header.A if "/A" in header else {}) for header in headers)


def test_its_seal_covers_the_file() -> None:
    content = signed.seal(rendered(example_board.small()))
    assert signing.fields(content) == {"seal": True}


@pytest.mark.parametrize("wrong_facts", [{"layer": "report"}, {"schema": 2}])
def test_facts_of_another_schema_are_not_printed(wrong_facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not board facts"):
        rendered(example_board.small() | wrong_facts)
