"""Which files can be evidence: those that every hospital can open and that run nothing when they are read."""

from django.core.files.base import File

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


def content_type_of(file: File) -> str:
    """The media type of a file whose name and first bytes agree; "" when it is not one of those taken.

    What the browser says about the file is not asked.
    """
    ending = (file.name or "").rpartition(".")[2].lower()
    media_type, beginning = TYPES.get(ending, ("", PLAIN))
    file.seek(0)
    first = file.read(8192)
    file.seek(0)
    if not first.startswith(beginning) or (beginning == PLAIN and b"\x00" in first):
        return ""
    return media_type
