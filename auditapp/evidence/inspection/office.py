"""Office files are ZIP archives of XML: looked through by their lists and their small parts, never unpacked."""

import re
import zipfile

from auditapp.evidence.inspection import UNPACKED, Unfit

MAIN = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
PARTS = 20_000
RATIO = 1_000  # more than this many bytes from one is no text that a person wrote
LISTED = 4 * 1024 * 1024  # bytes of the list of contents, and of one list of relations
MACROS = re.compile(r"vbaproject|vbadata|macrosheets/|activex/", re.IGNORECASE)
PROGRAMS = re.compile(
    r"\.(exe|dll|com|scr|msi|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|lnk|html?|svgz|swf|reg|docm|xlsm|pptm|zip|iso)$",
    re.IGNORECASE,
)
OBJECTS = re.compile(r"embeddings/(?!.*\.(xlsx|docx|pptx)$)", re.IGNORECASE)
REMOTE = re.compile(
    rb"""<[^<>]*relationships/(?:attachedTemplate|oleObject|frame|subDocument)["'][^<>]*>""", re.IGNORECASE
)
FROM_A_SERVER = re.compile(rb"""target\s*=\s*["']\s*(?:https?|ftp):""", re.IGNORECASE)


def must_be_inert(source: str, ending: str) -> None:
    """Raises Unfit for what is no such document, for macros, programs and files inside, for archives that explode."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            _must_be_of_a_size(entries)
            _must_be_one_file(archive, entries)
            _must_be_a_document(archive, entries, ending)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, KeyError, EOFError) as damaged:
        raise Unfit("unreadable") from damaged
    except (OSError, RuntimeError) as damaged:
        raise Unfit("unreadable") from damaged


def _must_be_of_a_size(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > PARTS or sum(entry.file_size for entry in entries) > UNPACKED:
        raise Unfit("bomb")
    if any(entry.file_size > RATIO * max(entry.compress_size, 1_000) for entry in entries):
        raise Unfit("bomb")


def _must_be_one_file(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """No other file before, behind or between the parts; no part laid over another, as bombs do."""
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unfit("password")
    places = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    if not places or places[0][0] != 0 or archive.comment:
        raise Unfit("two_files")
    ends = [offset + size for offset, size in places]
    if any(start < end for end, (start, _size) in zip(ends, places[1:], strict=False)):
        raise Unfit("bomb")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or any("\\" in n or n.startswith("/") or ".." in n.split("/") for n in names):
        raise Unfit("unreadable")


def _must_be_a_document(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], ending: str) -> None:
    contents = _read(archive, "[Content_Types].xml")
    if b"macroenabled" in contents.lower() or any(MACROS.search(entry.filename) for entry in entries):
        raise Unfit("macro")
    if MAIN[ending] not in contents:
        raise Unfit("disguised")
    if any(PROGRAMS.search(entry.filename) or OBJECTS.search(entry.filename) for entry in entries):
        raise Unfit("embedded")
    for entry in entries:
        if entry.filename.endswith(".rels"):
            relations = _read(archive, entry.filename)
            if any(FROM_A_SERVER.search(found) for found in REMOTE.findall(relations)):
                raise Unfit("remote")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small part, whatever it says of its size."""
    try:
        with archive.open(name) as part:
            content = part.read(LISTED + 1)
    except KeyError as missing:
        raise Unfit("disguised") from missing
    if len(content) > LISTED:
        raise Unfit("bomb")
    return content
