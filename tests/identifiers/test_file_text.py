"""The text of files is looked through: of every type that is taken, and of hostile ones without harm."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from django.core.files.base import ContentFile, File
from weasyprint import HTML

from auditapp.evidence import kinds
from auditapp.identifiers import file_text
from auditapp.identifiers.file_text import PICTURES, READ, found_in_file, text_of

NUMBER = "999 000 0018"
LETTER = f"The summary for {NUMBER} left out the anticoagulant."


def found(file: File) -> list[tuple[str, str, str]]:
    return [(passage.rule.code, passage.text, passage.where) for passage in found_in_file(file)]


def named(name: str, content: bytes | str) -> File:
    return ContentFile(content.encode() if isinstance(content, str) else content, name)


def zipped(name: str, members: dict[str, str]) -> File:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return named(name, packed.getvalue())


def test_every_type_that_is_taken_is_read_or_said_to_be_a_picture() -> None:
    assert set(kinds.TYPES) == {*READ, *PICTURES}


def test_the_text_layer_of_a_pdf_is_looked_through_page_by_page() -> None:
    pages = f"<p>Nothing here.</p><p style='break-before: page'>{LETTER}</p>"
    assert found(named("letter.pdf", HTML(string=pages).write_pdf())) == [("nhs_number", NUMBER, "page 2")]


def test_a_pdf_without_a_text_layer_has_nothing_to_find() -> None:
    assert found(named("scan.pdf", HTML(string="<hr>").write_pdf())) == []


@pytest.mark.parametrize("ending", ["txt", "md"])
def test_plain_text_is_looked_through_line_by_line(ending: str) -> None:
    assert found(named(f"notes.{ending}", f"First line.\n{LETTER}\n")) == [("nhs_number", NUMBER, "line 2")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_in_a_table_a_number_is_read_with_the_title_of_its_column(delimiter: str) -> None:
    rows = [["ward", "MRN", "date_of_birth", "score"], ["7", "4471902", "1951-04-03", "12345678"]]
    table = "\n".join(delimiter.join(row) for row in rows)
    assert found(named("pilot.csv", table)) == [
        ("record_number", "4471902", "line 2"),
        ("date_of_birth", "1951-04-03", "line 2"),
    ]


def test_in_a_workbook_numbers_and_days_are_read_as_people_see_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["", "NHS no", "Hospital number", "DOB"])
    sheet.append([None, 9990000018, "R1184420", 18721])
    book.save(tmp_path / "pilot.xlsx")
    with (tmp_path / "pilot.xlsx").open("rb") as file:
        assert found(File(file, "pilot.xlsx")) == [
            ("nhs_number", "9990000018", "sheet 1, row 2"),
            ("record_number", "R1184420", "sheet 1, row 2"),
            ("date_of_birth", "1951-04-03", "sheet 1, row 2"),
        ]


def test_the_paragraphs_of_a_document_are_joined_from_their_runs() -> None:
    runs = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in ("for 999 0", "00 00", "18, late"))
    document = f'<w:document xmlns:w="w"><w:body><w:p>{runs}</w:p></w:body></w:document>'
    assert found(zipped("letter.docx", {"word/document.xml": document})) == [("nhs_number", NUMBER, "")]


def test_slides_and_their_notes_are_read() -> None:
    slide = '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>'
    deck = {"ppt/slides/slide1.xml": slide.format("Nothing"), "ppt/slides/slide2.xml": slide.format(LETTER)}
    assert found(zipped("deck.pptx", deck)) == [("nhs_number", NUMBER, "slide 2")]


def test_a_picture_is_not_read_and_that_is_said() -> None:
    picture = named("photo.png", b"\x89PNG\r\n\x1a\n")
    assert found(picture) == []
    assert text_of(picture).unread.startswith("Pictures are not read.")


BOMB = "<w:document xmlns:w='w'><w:p><w:r><w:t>" + "0" * 40_000_000 + "</w:t></w:r></w:p></w:document>"
LAUGHS = (
    '<!DOCTYPE d [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><d><p><t>&i;</t></p></d>"
)


@pytest.mark.parametrize(
    "file",
    [
        named("broken.pdf", b"%PDF-1.7 and nothing else"),
        named("broken.docx", b"PK\x03\x04 and nothing else"),
        named("empty.pdf", b""),
        zipped("bomb.docx", {"word/document.xml": BOMB}),
        zipped("laughs.docx", {"word/document.xml": LAUGHS}),
        zipped("unclosed.pptx", {"ppt/slides/slide1.xml": "<a><b>"}),
    ],
    ids=lambda file: file.name,
)
def test_a_file_that_cannot_be_read_harms_nobody_and_is_said_to_be_unread(file: File) -> None:
    text = text_of(file)
    assert text.parts == []
    assert text.unread.startswith("The text of the file could not be read.")


def test_reading_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_text, "SECONDS", 0)
    assert text_of(named("notes.txt", LETTER)).unread.startswith("The text of the file could not be read.")


def test_of_a_very_long_file_the_beginning_is_read_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_text, "CHARACTERS", 100)
    text = text_of(named("notes.txt", f"{LETTER}\n" * 50))
    assert sum(len(part) for _where, part in text.parts) <= 100
    assert text.unread.startswith("Only the beginning of the file was read.")


def test_many_lines_are_looked_through_together_and_still_told_apart() -> None:
    lines = [f"Nothing in line {n}." for n in range(1, 9000)]
    lines[7000] = LETTER
    assert found(named("long.txt", "\n".join(lines))) == [("nhs_number", NUMBER, "line 7001")]
