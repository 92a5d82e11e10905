"""Checklists in the shapes in which hospitals keep them: each is read as a person would read it."""

import datetime

import openpyxl
import pytest

from auditapp.questionnaires.spreadsheets import opening, tables
from auditapp.questionnaires.spreadsheets.tables import Table
from tests.questionnaires.spreadsheets.files import csv, xlsx

ASKS = ["Is the tool listed in the register?", "Is the ward trained?", "Is there a paper fallback?"]


def read(data: bytes, name: str = "checklist.xlsx") -> Table:
    sheets = opening.read(name, data)
    return tables.found(sheets[tables.best_of(sheets)])


def asked(table: Table) -> list[str]:
    return [entry.cells["text"] for entry in table.entries]


def column(table: Table, field: str) -> list[str]:
    return [entry.cells[field] for entry in table.entries]


def left_out(table: Table) -> dict[str, str]:
    return {c.heading: c.left_out for c in table.columns if not c.field}


SHAPES: dict[str, tuple[bytes, str]] = {
    "plain": (xlsx([["Question"], *[[q] for q in ASKS]]), "a.xlsx"),
    "title rows above the header": (
        xlsx(
            [
                ["Northshire Hospitals Group"],
                ["AI safety checklist", None, "Version 3"],
                [],
                ["No.", "Question", "Evidence"],
                *[[n, q, "Register"] for n, q in enumerate(ASKS, 1)],
            ],
            merged=["A1:C1"],
        ),
        "a.xlsx",
    ),
    "two header rows": (
        xlsx(
            [
                ["No.", "Question", "Answer", None, None, "Comments"],
                [None, None, "Yes", "No", "N/A", None],
                *[[n, q] for n, q in enumerate(ASKS, 1)],
            ],
            merged=["A1:A2", "B1:B2", "C1:E1", "F1:F2"],
        ),
        "a.xlsx",
    ),
    "two header rows, the upper one above all": (
        xlsx(
            [
                ["What we ask", None, "What we saw"],
                ["#", "Item", "Yes", "No", "NA", "Remarks"],
                *[[n, q] for n, q in enumerate(ASKS, 1)],
            ],
            merged=["A1:B1", "C1:F1"],
        ),
        "a.xlsx",
    ),
    "section rows merged over the table": (
        xlsx(
            [
                ["Item", "Evidence", "Yes", "No"],
                ["1. Inventory"],
                [ASKS[0], "Register"],
                ["2. People"],
                [ASKS[1], "Records"],
                [ASKS[2], "Plan"],
            ],
            merged=["A2:D2", "A4:D4"],
        ),
        "a.xlsx",
    ),
    "section titles among the numbers": (
        xlsx(
            [
                ["No.", "Item", "Evidence"],
                ["1. Inventory"],
                [1.1, ASKS[0], "Register"],
                ["2. People"],
                [2.1, ASKS[1], "Records"],
                [2.2, ASKS[2], "Plan"],
            ],
            merged=["A2:C2", "A4:C4"],
        ),
        "a.xlsx",
    ),
    "sections merged beside their rows": (
        xlsx(
            [
                ["Area", "Check", "Priority"],
                ["Inventory", ASKS[0], "High"],
                ["People", ASKS[1], "Low"],
                [None, ASKS[2], "Medium"],
            ],
            merged=["A3:A4"],
        ),
        "a.xlsx",
    ),
    "a section named once and empty below": (
        xlsx([["Section", "Question"], ["Inventory", ASKS[0]], ["People", ASKS[1]], [None, ASKS[2]]]),
        "a.xlsx",
    ),
    "yes, no and not applicable": (
        xlsx(
            [
                ["Question", "Yes", "No", "N/A", "Comments"],
                [ASKS[0], "x", None, None, "see register"],
                [ASKS[1], None, "x"],
                [ASKS[2], None, None, "x"],
            ]
        ),
        "a.xlsx",
    ),
    "one column of answers": (
        xlsx([["Control", "Compliant?"], *[[q, answer] for q, answer in zip(ASKS, ["Yes", "No", "NA"], strict=True)]]),
        "a.xlsx",
    ),
    "numbering in a column of its own": (
        xlsx([["S/N", "Requirement"], *[[f"1.{n}", q] for n, q in enumerate(ASKS, 1)]]),
        "a.xlsx",
    ),
    "numbering without a heading": (xlsx([[None, "Criteria"], *[[n, q] for n, q in enumerate(ASKS, 1)]]), "a.xlsx"),
    "blank rows between": (
        xlsx([["Question", "Evidence"], [], [ASKS[0], "a"], [], [], [ASKS[1], "b"], [ASKS[2], "c"]]),
        "a.xlsx",
    ),
    "hidden rows": (xlsx([["Question"], *[[q] for q in ASKS]], hidden_rows=[3]), "a.xlsx"),
    "semicolons in cp1252": (
        csv(
            "Nr;Frage;Nachweis\n1;" + ASKS[0] + ";Übersicht – geprüft\n2;" + ASKS[1] + ";x\n3;" + ASKS[2] + ";y\n",
            "cp1252",
        ),
        "a.csv",
    ),
    "commas in utf-8 with its mark": (
        csv("Question,Evidence\n" + "\n".join(f'"{q}","list, signed"' for q in ASKS), "utf-8-sig"),
        "a.csv",
    ),
    "tabs in utf-16": (csv("Question\tPriority\n" + "\n".join(f"{q}\tHigh" for q in ASKS), "utf-16"), "a.txt"),
    "tabs in utf-16 without its mark": (
        csv("Question\tPriority\n" + "\n".join(f"{q}\tHigh" for q in ASKS), "utf-16-le"),
        "a.txt",
    ),
    "a separator named in the first line": (
        csv("sep=;\nQuestion;Risk\n" + "\n".join(f"{q};1,5" for q in ASKS)),
        "a.csv",
    ),
    "line breaks within cells": (
        csv("Question,Guidance\n" + "\n".join(f'"{q}","Ask.\nThen look."' for q in ASKS)),
        "a.csv",
    ),
    "headings repeated on every page": (
        xlsx([["No.", "Question"], [1, ASKS[0]], ["No.", "Question"], [2, ASKS[1]], [3, ASKS[2]]]),
        "a.xlsx",
    ),
    "no heading at all": (xlsx([[q] for q in ASKS]), "a.xlsx"),
    "headings that nobody foresaw": (
        xlsx([["Wer", "Was"], *[["Station", q] for q in ASKS]]),
        "a.xlsx",
    ),
    "a column that starts to the right": (xlsx([[None, None, "Question"], *[[None, None, q] for q in ASKS]]), "a.xlsx"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_gives_the_three_questions(shape: str) -> None:
    data, name = SHAPES[shape]
    assert asked(read(data, name)) == ASKS


def shaped(shape: str) -> Table:
    return read(*SHAPES[shape])


@pytest.mark.parametrize("shape", ["section rows merged over the table", "section titles among the numbers"])
def test_a_section_row_gives_the_section_of_the_rows_below_it(shape: str) -> None:
    assert [entry.section for entry in shaped(shape).entries] == ["1. Inventory", "2. People", "2. People"]


@pytest.mark.parametrize("shape", ["sections merged beside their rows", "a section named once and empty below"])
def test_a_section_beside_its_rows_holds_until_the_next(shape: str) -> None:
    assert column(shaped(shape), "category") == ["Inventory", "People", "People"]


def test_sections_are_told_from_questions_without_merged_cells() -> None:
    by_number = [["No.", "Item"], [None, "Inventory"], [1, "Listed in the register"], [2, "Named owner"]]
    assert [(entry.section, entry.cells["text"]) for entry in read(xlsx(by_number)).entries] == [
        ("Inventory", "Listed in the register"),
        ("Inventory", "Named owner"),
    ]
    by_cells = [
        ["No.", "Item", "Evidence"],
        ["A", "Inventory"],
        [1, ASKS[0], "Register"],
        ["B", "People"],
        [2, ASKS[1], "Records"],
    ]
    assert [entry.section for entry in read(xlsx(by_cells)).entries] == ["Inventory", "People"]


def test_answers_numbers_and_notes_are_named_as_left_out() -> None:
    assert left_out(shaped("yes, no and not applicable")) == {
        "Yes": "answers",
        "No": "answers",
        "N/A": "answers",
        "Comments": "kept",
    }
    assert left_out(shaped("one column of answers")) == {"Compliant?": "answers"}
    assert left_out(shaped("numbering in a column of its own")) == {"S/N": "numbers"}
    assert left_out(shaped("two header rows")) == {
        "No.": "numbers",
        "Yes": "answers",
        "No": "answers",
        "N/A": "answers",
        "Comments": "kept",
    }


def test_letters_of_the_country_stay_what_they_are() -> None:
    table = shaped("semicolons in cp1252")
    assert column(table, "expected_evidence")[0] == "Übersicht – geprüft"
    assert "Windows-1252" in table.sheet.notes[0]


def test_what_a_sheet_hides_is_read_and_said() -> None:
    assert shaped("hidden rows").sheet.notes == ["Rows that the sheet hides are read too: 3."]

    def hide_a_column(book: openpyxl.Workbook) -> None:
        book.active.column_dimensions["B"].hidden = True

    table = read(xlsx([["Question", "Guidance"], [ASKS[0], "Ask."]], more=hide_a_column))
    assert table.sheet.notes == ["Columns that the sheet hides are read too."]


def test_of_several_sheets_the_checklist_is_proposed_and_hidden_ones_come_last() -> None:
    def add_sheets(book: openpyxl.Workbook) -> None:
        book.create_sheet("Old", 0).sheet_state = "hidden"
        book["Old"].append(["Question"])
        for n in range(9):
            book["Old"].append([f"Was {n} asked?"])
        book.create_sheet("Cover", 1).append(["Northshire Hospitals Group"])
        book.create_sheet("Nothing", 2)
        book.active = 1

    sheets = opening.read("a.xlsx", xlsx([["Question"], *[[q] for q in ASKS]], more=add_sheets))
    assert [(sheet.name, sheet.hidden) for sheet in sheets] == [("Cover", False), ("Checklist", False), ("Old", True)]
    assert tables.best_of(sheets) == 1


def test_a_sheet_of_remarks_is_not_taken_for_the_checklist_because_of_one_word() -> None:
    def add_remarks(book: openpyxl.Workbook) -> None:
        remarks = book.create_sheet("About")
        for line in (["Title", "Ours"], ["Purpose", "QUESTION"], ["Code", "ours"], ["Source", "-"]):
            remarks.append(line)

    rows = [["Question", "Criticality", "Guidance", "Scope"], [ASKS[0], "major", "Ask.", "organisation"]]
    sheets = opening.read("a.xlsx", xlsx(rows, more=add_remarks))
    assert [sheets[tables.best_of(sheets)].name, len(sheets)] == ["Checklist", 2]


def test_numbers_and_dates_are_texts_as_the_sheet_shows_them() -> None:
    rows = [["Question", "Guidance"], [ASKS[0], 95], [ASKS[1], 0.5], [ASKS[2], datetime.date(2026, 11, 22)]]
    assert column(read(xlsx(rows)), "guidance") == ["95", "0.5", "2026-11-22"]


def test_a_sheet_formatted_down_to_its_last_row_is_read_at_once() -> None:
    def format_the_last(book: openpyxl.Workbook) -> None:
        book.active["A1048576"].number_format = "0.0"

    assert asked(read(xlsx([["Question"], *[[q] for q in ASKS]], more=format_the_last))) == ASKS
