"""Files that people bring along, the honest and the hostile ones, made here so that none lies in the repository."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pikepdf
from PIL import Image

# Put together from parts, so that no scanner finds it in this file.
EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode()
MAIN = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
}


def pdf(pages: int = 1, **root: Any) -> bytes:
    """A small PDF; `root` goes into its catalogue, e.g. OpenAction."""
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page(page_size=(200, 100))
    for name, value in root.items():
        made.Root[f"/{name}"] = made.make_indirect(value)
    return _saved(made)


def script_pdf() -> bytes:
    return pdf(OpenAction=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")))


def launching_pdf() -> bytes:
    return pdf(OpenAction=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe")))


def film_pdf() -> bytes:
    """A film on the page, in an annotation that stands directly in the page's list."""
    made = pikepdf.new()
    made.add_blank_page()
    film = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.RichMedia, Rect=[0, 0, 9, 9])
    made.pages[0].Annots = pikepdf.Array([film])
    return _saved(made)


def pdf_with(name: str, content: bytes) -> bytes:
    """A PDF with another file inside."""
    made = pikepdf.new()
    made.add_blank_page()
    made.attachments[name] = pikepdf.AttachedFileSpec(made, content, filename=name)
    return _saved(made)


def locked_pdf() -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    out = io.BytesIO()
    made.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def _saved(made: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    made.save(out, deterministic_id=True)
    return out.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **saved: Any) -> bytes:
    """The left half is red, the right half blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind, **saved)
    return out.getvalue()


def photograph(orientation: int = 1) -> bytes:
    """A JPEG as a phone writes it: with place, device, time, a comment and XMP."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = orientation, "Ward phone 7", "2026:10:01 10:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (54.0, 58.0, 0.0), 3: "W", 4: (1.0, 36.0, 0.0)})
    place = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>54,58N</exif:GPSLatitude></x:xmpmeta>"
    return picture("JPEG", (64, 32), exif=exif, xmp=place, comment=b"taken at 54.9667, -1.6", quality=95)


def pixel_bomb(side: int = 30_000) -> bytes:
    """A PNG of some hundred bytes that says it has 900 million pixels."""
    header = struct.pack("!IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def office(ending: str = "docx", parts: dict[str, bytes] | None = None, types: str = "") -> bytes:
    """An Office file of the least that is one, with what else is to be in it."""
    listed = f'<Types><Override PartName="/main.xml" ContentType="{MAIN[ending]}"/>{types}</Types>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", listed)
        archive.writestr("main.xml", "<document/>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def moving_picture() -> bytes:
    out = io.BytesIO()
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    first.save(out, "PNG", save_all=True, append_images=[second])
    return out.getvalue()


def overlapping() -> bytes:
    """An Office file in which the list gives one stretch of bytes to two parts, as the densest bombs do."""
    made = bytearray(office(parts={"a.xml": b"0" * 5000, "b.xml": b"0" * 5000}))
    first, second = (made.rindex(name) - 46 for name in (b"a.xml", b"b.xml"))  # their records in the list
    made[second + 42 : second + 46] = made[first + 42 : first + 46]
    return bytes(made)


def locked_office() -> bytes:
    """An Office file whose list says that a part is encrypted."""
    made = bytearray(office(parts={"a.xml": b"secret"}))
    record = made.rindex(b"a.xml") - 46
    made[record + 8] |= 1
    return bytes(made)


def archive(**parts: bytes) -> bytes:
    """A ZIP archive that is nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()
