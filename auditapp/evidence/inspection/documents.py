"""A PDF is kept byte for byte, since it may be signed; so one that does anything when it is opened is refused."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf

from auditapp.evidence.inspection import Unfit

PARTS = 3_000_000  # objects, direct ones included; a thousand pages of a scanned binder have far fewer
SCRIPTS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"}
ACTIVE = {"/RichMediaExecute", "/Rendition"}
ACTIVE_ANNOTATIONS = {"/RichMedia", "/3D", "/Movie", "/Screen", "/Sound"}
# Data beside the page, as our own reports and electronic invoices carry it, runs nothing anywhere.
DATA = (".json", ".xml", ".csv", ".txt")
ATTACHED = 20 * 1024 * 1024  # bytes, unpacked


def must_be_inert(source: str) -> None:
    """Raises Unfit for scripts, started programs, active parts, files inside, passwords and what is no PDF."""
    if zipfile.is_zipfile(source):
        raise Unfit("two_files")
    try:
        with pikepdf.open(source) as pdf:
            if not len(pdf.pages):
                raise Unfit("unreadable")
            for dictionary in _dictionaries(pdf):
                _must_do_nothing(dictionary)
    except pikepdf.PasswordError as closed:
        raise Unfit("password") from closed
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, RuntimeError, OSError) as damaged:
        raise Unfit("unreadable") from damaged


def _dictionaries(pdf: Any) -> Iterator[Any]:
    """Every dictionary of the file, wherever it stands, whether anything points to it or not."""
    seen = 0
    for indirect in (*pdf.objects, pdf.trailer):
        waiting = [indirect]
        while waiting:
            thing = waiting.pop()
            seen += 1
            if seen > PARTS:
                raise Unfit("bomb")
            if isinstance(thing, pikepdf.Stream):
                thing = thing.stream_dict
            if isinstance(thing, pikepdf.Dictionary):
                yield thing
                children = [child for _key, child in thing.items()]
            elif isinstance(thing, pikepdf.Array):
                children = list(thing)
            else:
                continue
            waiting += [child for child in children if isinstance(child, pikepdf.Object) and not child.is_indirect]


def _must_do_nothing(dictionary: Any) -> None:
    act, annotation = str(dictionary.get("/S", "")), str(dictionary.get("/Subtype", ""))
    if "/JS" in dictionary or "/JavaScript" in dictionary or "/XFA" in dictionary or act in SCRIPTS:
        raise Unfit("script")
    if act in ACTIVE or annotation in ACTIVE_ANNOTATIONS:
        raise Unfit("active")
    if "/EF" in dictionary and not _is_data(dictionary):
        raise Unfit("attachment")


def _is_data(file: Any) -> bool:
    """Whether what is attached is text that no program runs: its name and its bytes say so."""
    name = str(file.get("/UF", file.get("/F", ""))).lower()
    return name.endswith(DATA) and all(_is_text(stream) for _key, stream in file["/EF"].items())


def _is_text(stream: Any) -> bool:
    filters = stream.get("/Filter")
    raw = stream.read_raw_bytes()
    if filters is None:
        content = raw[: ATTACHED + 1]
    elif filters in (pikepdf.Name.FlateDecode, pikepdf.Array([pikepdf.Name.FlateDecode])):
        content = zlib.decompressobj().decompress(raw, ATTACHED + 1)
    else:
        return False
    if len(content) > ATTACHED or b"\x00" in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
