"""Reads the text of one file that may come from anybody. Run as a process of its own by `file_text`, never imported.

Takes a line of JSON ({"ending", "characters", "seconds", "megabytes"}) and the file on standard input; prints
{"parts": [[kind, numbers, text], ...], "whole": bool} as JSON. Whatever goes wrong here only ends this process.
"""

import codecs
import csv
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pypdfium2

Part = tuple[str, list[int], str]
LARGEST_MEMBER = 30_000_000  # bytes of one unpacked part of an Office file
MOST_MEMBERS = 2000
SPREADSHEET_EPOCH = date(1899, 12, 30)
BIRTH = re.compile(r"birth|\bd\.?o\.?b\b", re.IGNORECASE)


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    confine(order["seconds"], order["megabytes"])
    parts, left = [], order["characters"]
    for kind, numbers, text in READERS[order["ending"]](content):
        parts.append((kind, numbers, text[:left]))
        left -= len(text)
        if left <= 0:
            break
    json.dump({"parts": parts, "whole": left > 0}, sys.stdout)


def confine(seconds: int, megabytes: int) -> None:
    """So much time and memory, and nothing that can be opened or written from here on."""
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp437"):
        codecs.lookup(encoding)  # what the readers ask for later comes from files
    for limit, most in {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: megabytes << 20,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }.items():
        resource.setrlimit(limit, (most, most))


def of_pdf(content: bytes) -> Iterator[Part]:
    """The text layer of each page."""
    document = pypdfium2.PdfDocument(content)
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage()
        yield "page", [number + 1], text.get_text_range()
        text.close()
        page.close()


def of_text(content: bytes) -> Iterator[Part]:
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        yield "line", [number], line


def of_csv(content: bytes) -> Iterator[Part]:
    lines = content.decode("utf-8-sig", "replace").splitlines()
    first = lines[0] if lines else ""
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(LARGEST_MEMBER)
    for number, row in enumerate(with_titles(csv.reader(lines, delimiter=delimiter)), 1):
        yield "line", [number], row


def of_document(content: bytes) -> Iterator[Part]:
    pattern = r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"
    for _name, member in members(content, pattern):
        yield from (("document", [], text) for text in paragraphs(member))


def of_slides(content: bytes) -> Iterator[Part]:
    for name, member in members(content, r"ppt/(slides|notesSlides|comments)/\w+\.xml"):
        yield from (("slide", numbers_in(name), text) for text in paragraphs(member))


def of_workbook(content: bytes) -> Iterator[Part]:
    shared = [
        "".join(text.text or "" for text in item.iter() if local(text) == "t")
        for _name, member in members(content, r"xl/sharedStrings\.xml")
        for item in elements(member, "si")
    ]
    for name, member in members(content, r"xl/worksheets/\w+\.xml"):
        rows = (list(cells(row, shared)) for row in elements(member, "row"))
        for number, row in enumerate(with_titles(rows), 1):
            yield "sheet", [*numbers_in(name), number], row
    for _name, member in members(content, r"xl/comments\d*\.xml"):
        yield from (("document", [], text) for text in paragraphs(member, "text"))


def with_titles(rows: Iterable[list[str]]) -> Iterator[str]:
    """Each row as "title: value; title: value", so that a number stands beside the word that says what it is."""
    titles: list[str] = []
    for row in rows:
        if not titles and any(cell.strip() for cell in row):
            titles = [re.sub(r"[\s_]+", " ", cell).strip() for cell in row]
            yield "; ".join(row)
            continue
        named = zip(row, [*titles, *[""] * len(row)], strict=False)
        yield "; ".join(f"{title}: {born(cell, title)}" if title else cell for cell, title in named if cell.strip())


def born(cell: str, title: str) -> str:
    """The day that a spreadsheet keeps as a number, in a column of days of birth."""
    if BIRTH.search(title) and re.fullmatch(r"[0-9]{4,5}", cell):
        return (SPREADSHEET_EPOCH + timedelta(days=int(cell))).isoformat()
    return cell


def cells(row: ElementTree.Element, shared: list[str]) -> Iterator[str]:
    """The values of a row at their columns, empty where a column has none."""
    column = 0
    for cell in row:
        letters = re.match(r"[A-Z]{1,3}", cell.get("r", ""))
        place = place_of(letters[0]) if letters else column
        yield from [""] * min(place - column, 16_384)
        column = place + 1
        text = "".join(part.text or "" for part in cell.iter() if local(part) in {"v", "t"})
        if cell.get("t") == "s":
            yield shared[int(text)] if text.isdecimal() and int(text) < len(shared) else ""
        else:
            yield whole_number(text)


def place_of(letters: str) -> int:
    """Column A is 0."""
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - 64
    return place - 1


def whole_number(text: str) -> str:
    """As people see it: spreadsheets write large whole numbers with an exponent."""
    if re.fullmatch(r"[0-9.]{1,20}E\+?[0-9]{1,2}", text):
        return f"{float(text):.0f}"
    return text


def paragraphs(member: bytes, of: str = "p") -> Iterator[str]:
    for paragraph in elements(member, of):
        yield "".join(part.text or "" for part in paragraph.iter() if local(part) == "t")


def elements(member: bytes, name: str) -> Iterator[ElementTree.Element]:
    """The elements of one name, each emptied when it was looked at."""
    for _event, element in ElementTree.iterparse(io.BytesIO(member)):
        if local(element) == name:
            yield element
            element.clear()


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def members(content: bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The parts of an Office file whose names fit, in the order of their numbers, each up to a size."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist()[:MOST_MEMBERS] if re.fullmatch(pattern, name)]
        for name in sorted(names, key=lambda name: (numbers_in(name), name)):
            with archive.open(name) as member:
                unpacked = member.read(LARGEST_MEMBER + 1)
            if len(unpacked) > LARGEST_MEMBER:
                raise ValueError(f"{name} is too large")
            yield name, unpacked


def numbers_in(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]{1,6}", name)][:1]


READERS: dict[str, Any] = {
    "pdf": of_pdf,
    "txt": of_text,
    "md": of_text,
    "csv": of_csv,
    "docx": of_document,
    "pptx": of_slides,
    "xlsx": of_workbook,
}

if __name__ == "__main__":
    main()
