"""Which files can be evidence: those that every hospital can open and that run nothing when they are read."""

# Ending -> media type and how the bytes begin. Office files are ZIP archives; plain text begins with anything.
PLAIN, ZIP = b"", b"PK\x03\x04"
TYPES: dict[str, tuple[str, bytes]] = {
    "pdf": ("application/pdf", b"%PDF-"),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    "txt": ("text/plain; charset=utf-8", PLAIN),
    "csv": ("text/csv; charset=utf-8", PLAIN),
    "md": ("text/markdown; charset=utf-8", PLAIN),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ZIP),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ZIP),
}
IN_WORDS = "PDF, PNG, JPG, TXT, CSV, MD, DOCX, XLSX, PPTX"
ACCEPT = ",".join(f".{ending}" for ending in TYPES)
# No text of a person begins like this: pages, drawings, programs and documents under a name that is not theirs.
NOT_PLAIN = (
    *(b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<?php", b"<iframe", b"<object"),
    *(b"%pdf-", b"gif8", b"{\\rtf", b"#!", b"pk\x03\x04", b"\x7felf", b"\xff\xd8\xff", b"\x89png"),
)
PREVIEWS = {"image": {"png", "jpg", "jpeg"}, "pdf": {"pdf"}, "text": {"txt", "csv", "md"}}


def ending_of(name: str) -> str:
    """What stands behind the last dot, in small letters."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def media_type(ending: str) -> str:
    """The media type under which a file is given out; "" for an ending that is not taken."""
    return TYPES.get(ending, ("", PLAIN))[0]


def is_plain(ending: str) -> bool:
    return TYPES[ending][1] == PLAIN


def agrees(ending: str, first: bytes) -> bool:
    """Whether a file's first bytes are those of its name. What the browser says about the file is not asked."""
    beginning = TYPES[ending][1]
    if beginning != PLAIN:
        return first.startswith(beginning)
    words = first.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return b"\x00" not in first and not words.startswith(NOT_PLAIN)


def preview_of(name: str) -> str:
    """How a file can be looked at in a page: image, pdf, text, or not at all ("")."""
    ending = ending_of(name)
    return next((how for how, endings in PREVIEWS.items() if ending in endings), "")
