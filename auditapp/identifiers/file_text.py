"""What looks like a patient's in a file: in its name and in its text, which a process of its own reads."""

import json
import subprocess
import sys
from bisect import bisect_right
from dataclasses import dataclass, replace
from pathlib import Path

from django.core.files.base import File
from django.utils.translation import gettext as _

from auditapp.identifiers.looking import Found, found_in

READER = Path(__file__).with_name("file_reading.py")
READ = ("pdf", "docx", "xlsx", "pptx", "txt", "csv", "md")
PICTURES = ("png", "jpg", "jpeg")
CHARACTERS = 2_000_000  # of a file that are looked through
SECONDS, MEGABYTES = 30, 1024  # that the reading may take
PIECE = 50_000  # characters looked through at once


@dataclass(frozen=True)
class FileText:
    """The text of a file in parts, each with its place in words, and what of it could not be read, as a sentence."""

    parts: list[tuple[str, str]]
    unread: str = ""


def text_of(file: File, name: str = "") -> FileText:
    """The text layer of a file, by the ending of its name with us, else of its own. No file makes it raise."""
    ending = (name or file.name or "").rpartition(".")[2].lower()
    if ending not in READ:
        return FileText([], _("Pictures are not read. Look yourself whether it shows patient data."))
    order = {"ending": ending, "characters": CHARACTERS, "seconds": SECONDS, "megabytes": MEGABYTES}
    file.seek(0)
    content = file.read()
    file.seek(0)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", READER],
            input=json.dumps(order).encode() + b"\n" + content,
            capture_output=True,
            timeout=SECONDS,
            cwd="/",
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
            check=True,
        )
        read = json.loads(done.stdout)
        words = _place_words()
        parts = [(_place(words, kind, numbers), text) for kind, numbers, text in read["parts"]]
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return FileText([], _("The text of the file could not be read. Look yourself whether it holds patient data."))
    if not read["whole"]:
        return FileText(parts, _("Only the beginning of the file was read. Look yourself at the rest."))
    return FileText(parts)


def found_in_file(file: File) -> list[Found]:
    """Everything in the text of a file that looks like a patient's, each with the page, row or line it stands on."""
    return found_in_parts(text_of(file).parts)


def found_in_parts(parts: list[tuple[str, str]]) -> list[Found]:
    """The same for text that was read already: several parts at a time, since most are a line."""
    found: list[Found] = []
    while parts:
        starts: list[int] = []
        text = ""
        for _where, part in parts:
            if starts and len(text) + len(part) > PIECE:
                break
            starts.append(len(text))
            text += part + "\n"
        for passage in found_in(text):
            where = parts[bisect_right(starts, passage.start) - 1][0]
            found.append(replace(passage, where=where))
        parts = parts[len(starts) :]
    return found


def _place_words() -> dict[str, str]:
    """Kind of a part -> how its place is told; once for a file, which may have hundreds of thousands of lines."""
    return {
        "page": _("page %(first)s"),
        "slide": _("slide %(first)s"),
        "line": _("line %(first)s"),
        "sheet": _("sheet %(first)s, row %(second)s"),
    }


def _place(words: dict[str, str], kind: str, numbers: list[int]) -> str:
    first, second = [*numbers, 0, 0][:2]
    return words.get(kind, "") % {"first": first, "second": second}
