"""What is no checklist, or could do harm, is refused: in one sentence that says what, where, and what to do."""

import io
import re
import zipfile
from collections.abc import Callable

import openpyxl
import pytest

from auditapp.questionnaires.spreadsheets import opening, sheets
from auditapp.refusals import Refused
from tests.questionnaires.spreadsheets.files import csv, saved, xlsx

PLAIN = xlsx([["Question"], ["Is the ward trained?"]])


def with_parts(parts: dict[str, bytes], data: bytes = PLAIN) -> bytes:
    """A workbook whose parts are replaced or added to."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                if name not in parts:
                    new.writestr(name, old.read(name))
            for name, content in parts.items():
                new.writestr(name, content)
        return file.getvalue()


def sheet_of(rows: str, more: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{more}</worksheet>'.encode()


IN_A1 = '<c r="A1" t="inlineStr"><is><t>Is it?</t></is></c>'
ONE_FAR_BELOW = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>Is it?</t></is></c></row>'
OVER_ALL = '<mergeCell ref="A1:A1048576"/>'


def strings(many: int) -> bytes:
    texts = "".join(f"<si><t>{n * 7919 % 99_991}</t></si>" for n in range(many))
    return f'<?xml version="1.0"?><sst>{texts}</sst>'.encode()


def entity(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as packed:
        content = packed.read(name)
    root = re.search(rb"<(\w+)", content)
    assert root
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return content[: root.start()] + bomb + content[root.start() :]


def formula(book: openpyxl.Workbook) -> None:
    book.active["B7"] = "=HYPERLINK(A1)"


def encrypted() -> bytes:
    data = bytearray(PLAIN)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(signature, at + 4)
    return bytes(data)


def many_sheets() -> bytes:
    book = openpyxl.Workbook()
    for n in range(40):
        book.create_sheet(f"s{n}").append(["Question"])
    return saved(book)


SHEET = "xl/worksheets/sheet1.xml"
REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "nothing": ("a.xlsx", lambda: b"", "is empty"),
    "spaces": ("a.csv", lambda: b" \n" * 10, "is empty"),
    "no text": ("a.xlsx", lambda: xlsx([]), "no text at all"),
    "only separators": ("a.csv", lambda: b";;;;\n" * 50, "no text at all"),
    "10 MB of nothing": ("a.csv", lambda: b"," * 10 * 2**20, "10 MB; 5 MB are read at most"),
    "a part of zeros": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of("<row/>") + b" " * 30 * 2**20}),
        "unpacks to far more than a checklist holds",
    ),
    "parts that add up": (
        "a.xlsx",
        lambda: with_parts({f"xl/media/{n}.xml": b"<a/>" + bytes(range(256)) * 3_800 for n in range(90)}),
        "unpacks to far more",
    ),
    "strings without end": (
        "a.xlsx",
        lambda: with_parts({"xl/sharedStrings.xml": strings(500_001)}),
        "unpacks to far more",
    ),
    "a thousand parts": ("a.xlsx", lambda: with_parts({f"x{n}.xml": b"<a/>" for n in range(1000)}), "1009 parts"),
    "a million rows": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of("".join(f'<row r="{n}"/>' for n in range(1, 200_000)))}),
        "more than 100000 rows",
    ),
    "a row beyond every sheet": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of('<row r="99999999999"><c t="inlineStr"><is><t>x</t></is></c></row>')}),
        "more than 100000 rows",
    ),
    "text far to the right": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of('<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>')}),
        "Cell XFD1 of sheet “Checklist” holds text",
    ),
    "text beyond every column": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of('<row r="1"><c r="ZZZZZZ1" t="inlineStr"><is><t>x</t></is></c></row>')}),
        "damaged",
    ),
    "a cell beyond every column": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of(f'<row r="1"><c r="ZZZZZZ1"/>{IN_A1}</row>')}),
        "damaged",
    ),
    "more cells than text": (
        "a.xlsx",
        lambda: with_parts(
            {SHEET: sheet_of("<row>" + "".join(f'<c r="A{n * 7919 % 99_991}"/>' for n in range(500_001)) + "</row>")}
        ),
        "more than 500000 cells",
    ),
    "merged cells that cover each other": (
        "a.xlsx",
        lambda: with_parts({SHEET: sheet_of(ONE_FAR_BELOW, "<mergeCells>" + OVER_ALL * 20 + "</mergeCells>")}),
        "cover each other",
    ),
    "many rows with text": ("a.csv", lambda: csv("Question\n" + "Is it?\n" * 6000), "more than 5000 rows with text"),
    "many columns": ("a.csv", lambda: csv("Question" + ",x" * 70), "Row 1 of the file has text in column BS"),
    "a cell without an end": (
        "a.csv",
        lambda: csv('Question\n"' + "Is it? " * 9000),
        "quotation mark that is not closed",
    ),
    "too much text": (
        "a.csv",
        lambda: csv("Question\n" + ("Is it? " * 4000 + "\n") * 160),
        "more than 4000000 characters",
    ),
    "a formula": ("a.xlsx", lambda: xlsx([["Question"]], more=formula), "Cell B7 of sheet “Checklist” holds a formula"),
    "a formula in CSV": ("a.csv", lambda: csv("Question,Link\nIs it?,=1+1\n"), "Cell B2 begins with “=”"),
    "macros": ("a.xlsm", lambda: with_parts({"xl/vbaProject.bin": b"x"}), "holds macros"),
    "links to other files": (
        "a.xlsx",
        lambda: with_parts({"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        "links to other",
    ),
    "a connection": ("a.xlsx", lambda: with_parts({"xl/connections.xml": b"<a/>"}), "connections to databases"),
    "a file inside": ("a.xlsx", lambda: with_parts({"xl/embeddings/oleObject1.bin": b"x"}), "other files inside"),
    "an entity in a sheet": ("a.xlsx", lambda: with_parts({SHEET: entity(SHEET)}), "declarations that no spreadsheet"),
    "an entity in the workbook": (
        "a.xlsx",
        lambda: with_parts({"xl/workbook.xml": entity("xl/workbook.xml")}),
        "declarations that no spreadsheet",
    ),
    "a password": ("a.xlsx", encrypted, "protected by a password"),
    "a password by Excel": (
        "a.xlsx",
        lambda: opening.OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "protected by a password",
    ),
    "an old workbook": ("a.xls", lambda: opening.OLE + b"\0" * 600, "save it as .xlsx"),
    "a broken zip": ("a.xlsx", lambda: PLAIN[:-400], "is damaged"),
    "a broken part": ("a.xlsx", lambda: with_parts({SHEET: b"<worksheet><sheetData>"}), "is damaged"),
    "a part that is gone": (
        "a.xlsx",
        lambda: with_parts({"xl/workbook.xml": b"<workbook/>"}),
        "no text at all|damaged",
    ),
    "a Word document": ("a.docx", lambda: zipped({"word/document.xml": b"<a/>"}), "a Word document and no .xlsx"),
    "an OpenDocument file": ("a.ods", lambda: zipped({"META-INF/manifest.xml": b"<a/>"}), "an OpenDocument file"),
    "a binary workbook": ("a.xlsb", lambda: zipped({"xl/workbook.bin": b"x"}), "save|Save your checklist as .xlsx"),
    "any zip": ("a.zip", lambda: zipped({"a.txt": b"x"}), "another kind of file"),
    "many sheets": ("a.xlsx", many_sheets, "41 sheets"),
    "a PDF": ("a.pdf", lambda: b"%PDF-1.7\n", "a PDF file"),
    "a web page that calls itself .xls": ("a.xls", lambda: b"<html><table><tr><td>Question", "a web page"),
    "bytes that are no text": ("a.csv", lambda: b"Question\n\x00\x01\x02", "no text file"),
    "unknown letters": ("a.csv", lambda: b"Question\nIs it \x81?", "cannot be read from byte 15"),
}


def zipped(parts: dict[str, bytes]) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as packed:
            for name, content in parts.items():
                packed.writestr(name, content)
        return file.getvalue()


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_a_sentence_that_says_what_to_do(case: str) -> None:
    name, data, sentence = REFUSED[case]
    with pytest.raises(Refused, match=sentence) as refusal:
        opening.read(name, data())
    assert refusal.value.sentence.endswith(".")
    assert len(refusal.value.sentence) < 260


def test_a_lie_about_the_size_of_a_part_is_no_way_in() -> None:
    """The directory says 10 bytes; the part unpacks to megabytes. It is damaged then."""
    data = with_parts({SHEET: sheet_of("<row/>") + b" " * 2**20})
    size = (len(sheet_of("<row/>")) + 2**20).to_bytes(4, "little")
    assert data.count(size) == 2
    with pytest.raises(Refused, match="damaged"):
        opening.read("a.xlsx", data.replace(size, (10).to_bytes(4, "little")))


def test_an_honest_workbook_of_a_thousand_long_rows_stays_within_the_limits() -> None:
    rows = [["Question", "Guidance"], *[[f"Is step {n} followed?", f"Ask for record {n}. " * 20] for n in range(1000)]]
    data = xlsx(rows)
    assert len(data) < sheets.FILE_BYTES
    assert len(opening.read("a.xlsx", data)[0].lines) == 1001
