"""Reports as PDF: PDF/A-3a and PDF/UA-1 in one file, the facts attached, a field for each signature."""

import gc
import hashlib
import io
import re
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import pikepdf
import pydyf
import segno
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from weasyprint import CSS, HTML, Attachment
from weasyprint.css import ColorProfile
from weasyprint.document import Document
from weasyprint.text.ffi import pango
from weasyprint.text.fonts import FontConfiguration

from auditapp.reports import board_document, document, tagging
from auditapp.reports.fields import SEAL, TIMESTAMPS

COLOURS = "report-srgb"  # the output intent
FACTS_NAME, BOARD_NAME = "audit-facts.json", "board-facts.json"
VARIANT = "pdf/a-3a"
STAMP_VARIANT = "pdf/a-3u"  # drawn into a page that has its own tags
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed
STAMP_SIZES = (8, 7, 6, 5, 4, 3)  # points, the first that fits

# WeasyPrint identifies one standard. The second stands in the same RDF block, with its schema declared, as
# PDF/A-3 asks (ISO 19005-3, 6.6.2.3).
PDF_UA = b"""<rdf:Description rdf:about="" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>PDF/UA part</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""


@dataclass(frozen=True)
class Printed:
    """A report before anybody signed, and what it was printed with: the same facts and this give the same bytes."""

    content: bytes
    with_: str


def render(facts: dict[str, Any], *, facts_bytes: bytes) -> bytes:
    """The file of `printed` alone."""
    return printed(facts, facts_bytes=facts_bytes).content


def printed(facts: dict[str, Any], *, facts_bytes: bytes) -> Printed:
    """Print report facts. About a tenth of a second for a page.

    `facts_bytes` are attached as they are, and their SHA-256 is printed on every page. Each entry of
    `facts["signatories"]` gets an empty signature field. Raises ValueError for facts of another schema.
    """
    digest = hashlib.sha256(facts_bytes).hexdigest()
    with _uncollected():
        missing: set[str] = set()
        room = 0
        while True:
            drawn = _document(html(facts, digest, unprintable=missing, room=room))
            if "contents" not in drawn.pages[1].anchors and room + 1 < len(document.ROOMS):
                room += 1  # page 1 has run over
                continue
            content, found = _written(drawn, facts_bytes, FACTS_NAME, facts["report"]["prepared_at"], _fields(facts))
            if found <= missing:
                return Printed(_sign_ready(content), f"{_renderer()}; fonts {_fonts_of(drawn)}")
            missing |= found


def printed_board(facts: dict[str, Any], *, facts_bytes: bytes) -> Printed:
    """Print the facts of a board report on one page, with an empty field for the organisation's seal.

    Raises ValueError for facts of another schema, and if they do not fit whatever is left to the attached facts.
    """
    digest = hashlib.sha256(facts_bytes).hexdigest()
    seal = {SEAL: _seal_of(facts["organisation"]["name"])}
    with _uncollected():
        missing: set[str] = set()
        room = 0
        while room < len(board_document.ROOMS):
            drawn = _document(board_html(facts, digest, unprintable=missing, room=room), _board_style())
            if len(drawn.pages) > 1:
                room += 1
                continue
            content, found = _written(drawn, facts_bytes, BOARD_NAME, facts["board"]["prepared_at"], seal)
            if found <= missing:
                return Printed(_sign_ready(content), f"{_renderer()}; fonts {_fonts_of(drawn)}")
            missing |= found
    raise ValueError("The board report does not fit on one page.")


def board_html(facts: dict[str, Any], digest: str, *, unprintable: Set[str] = frozenset(), room: int = 0) -> str:
    """The board report's HTML; `room` says how much the page may hold (board_document.ROOMS)."""
    with translation.override(settings.LANGUAGE_CODE):
        context = board_document.document(_spelled_out(facts, unprintable), digest, room)
        context |= {"lang": translation.to_locale(settings.LANGUAGE_CODE).replace("_", "-")}
        return render_to_string("reports/print/board.html", context)


def html(facts: dict[str, Any], digest: str, *, unprintable: Set[str] = frozenset(), room: int = 0) -> str:
    """The report's HTML. `digest` is the SHA-256 of the facts' bytes; no font has the unprintable ones.

    `room` says how much page 1 may hold (document.ROOMS).
    """
    spoken = _spelled_out(facts, unprintable)
    with translation.override(settings.LANGUAGE_CODE):
        context = document.document(spoken, digest, room)
        context |= {"lang": translation.to_locale(settings.LANGUAGE_CODE).replace("_", "-")}
        context |= {"qr": _qr(facts["report"]["verify_url"]), "unprintable": spoken != facts}
        context |= {"timestamp_fields": TIMESTAMPS}
        return render_to_string("reports/print/report.html", context)


def stamp(*, person: str, role_label: str, meaning: str, local: str, width: float, height: float) -> bytes:
    """A one-page PDF of `width` x `height` points that shows a signature; its text shrinks to fit."""
    lines = [f"<b>{escape(person)}</b>", f"{escape(role_label)}: {escape(meaning)}", escape(local)]
    body = _spelled_out("".join(f"<p>{line}</p>" for line in lines), frozenset())
    for size in STAMP_SIZES:
        style = f"""
            @page {{ size: {width}pt {height}pt; margin: 2pt 5pt }}
            body {{ margin: 0; font: {size}pt/1.25 "Open Sans", "DejaVu Sans", "Droid Sans Fallback"; color: #17212b }}
            p {{ margin: 0; overflow-wrap: anywhere }}
            b {{ font-size: 1.15em }}"""
        drawn = _document(body, CSS(string=style, font_config=_fonts()), STAMP_VARIANT)
        if len(drawn.pages) == 1:
            break
    content: bytes = drawn.copy(drawn.pages[:1]).write_pdf(pdf_variant=STAMP_VARIANT, output_intent=COLOURS)
    return content


@cache
def _renderer() -> str:
    """What decides on the bytes beside the facts and the fonts: our own code and templates, and the libraries."""
    here, base = Path(__file__).parent, settings.BASE_DIR
    ours = [here / name for name in ("pdf.py", "document.py", "board_document.py", "tagging.py")]
    ours += [base / "static" / "css" / name for name in ("print.css", "print-board.css")]
    ours += sorted((base / "templates" / "reports" / "print").glob("*.html"))
    digest = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in ours)).hexdigest()
    libraries = [f"{name} {version(name)}" for name in ("weasyprint", "pydyf", "fonttools", "pikepdf")]
    number = pango.pango_version()
    libraries.append(f"pango {number // 10000}.{number // 100 % 100}.{number % 100}")
    return "; ".join([f"auditapp {digest[:16]}", *libraries])


def _fonts_of(drawn: Document) -> str:
    """The digest of the font files that were used, whatever they are called."""
    files = sorted({hashlib.sha256(font.file_content).hexdigest() for font in drawn.fonts.values()})
    return hashlib.sha256("".join(files).encode()).hexdigest()[:16]


def _document(text: str, style: CSS | None = None, variant: str = VARIANT) -> Document:
    return HTML(string=text, url_fetcher=_refuse).render(
        font_config=_fonts(),
        stylesheets=[style or _style()],
        pdf_variant=variant,
        color_profiles={COLOURS: _colours()},
        output_intent=COLOURS,
    )


def _written(
    drawn: Document, facts_bytes: bytes, name: str, prepared_at: str, fields: dict[str, str]
) -> tuple[bytes, set[str]]:
    """The tagged file with the facts inside, and the characters for which no font had a glyph."""
    prepared = datetime.fromisoformat(prepared_at)
    attached = Attachment(
        file_obj=io.BytesIO(facts_bytes),
        name=name,
        description=_("The facts that this report was printed from"),
        relationship="Data",
        created=prepared,
        modified=prepared,
    )
    rdf = drawn.metadata.generate_rdf_metadata

    def rdf_for_both(*args: Any, **kwargs: Any) -> bytes:
        xml: bytes = rdf(*args, **kwargs)
        end = xml.rindex(b"</")
        return xml[:end] + PDF_UA + xml[end:]

    def finish(_drawn: Document, pdf: pydyf.PDF) -> None:
        tagging.Repairs(pdf).make(fields)

    drawn.metadata.generate_rdf_metadata = rdf_for_both
    content = drawn.write_pdf(
        pdf_variant=VARIANT,
        attachments=[attached],
        finisher=finish,
        uncompressed_pdf=True,
        output_intent=COLOURS,
    )
    return content, {chr(code) for font in drawn.fonts.values() for code in font.missing}


def _fields(facts: dict[str, Any]) -> dict[str, str]:
    """Each signature field of the report, and what it is for; all are placed and tagged when it is printed.

    A field that came later would break PDF/UA-1: nothing in the tag tree would speak of it.
    """
    signing = {
        s["field"]: _("Signature of the %(role)s: %(meaning)s") % {"role": s["role_label"], "meaning": s["meaning"]}
        for s in facts["signatories"]
    }
    seal = {SEAL: _seal_of(facts["submission"]["organisation"]["name"])}
    return signing | seal | {field: _("Archival timestamp %(n)s") % {"n": n} for n, field in enumerate(TIMESTAMPS, 1)}


def _seal_of(organisation: str) -> str:
    return _("Seal of %(organisation)s") % {"organisation": organisation}


def _sign_ready(content: bytes) -> bytes:
    """Save without object streams, which slow a full check of signatures to minutes; no clock, no chance."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            compress_streams=True,
            deterministic_id=True,
            fix_metadata_version=False,
        )
    return out.getvalue()


def _spelled_out(value: Any, unprintable: Set[str]) -> Any:
    """The value, with the number of each character that cannot be printed: PDF/A allows no missing glyph."""
    if isinstance(value, str):
        value = CONTROL.sub(lambda found: _number(found[0]), value)
        return value.translate({ord(c): _number(c) for c in unprintable}) if unprintable else value
    if isinstance(value, dict):
        return {key: _spelled_out(item, unprintable) for key, item in value.items()}
    if isinstance(value, list):
        return [_spelled_out(item, unprintable) for item in value]
    return value


def _number(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _qr(url: str) -> dict[str, Any]:
    """The modules of a QR code as one SVG path, with the quiet zone around them."""
    rows = list(segno.make(url, error="m", micro=False).matrix_iter(border=2))
    cells = ((x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return {"size": len(rows), "path": "".join(f"M{x} {y}h1v1h-1z" for x, y in cells)}


def _colours() -> ColorProfile:
    """What red, green and blue mean. WeasyPrint would leave the file of its own profile open."""
    with resources.files("weasyprint.pdf").joinpath("sRGB2014.icc").open("rb") as file:
        return ColorProfile(file, "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _style() -> CSS:
    return _sheet("print.css")


@cache
def _board_style() -> CSS:
    return _sheet("print-board.css")


def _sheet(name: str) -> CSS:
    return CSS(filename=settings.BASE_DIR / "static" / "css" / name, font_config=_fonts(), url_fetcher=_refuse)


def _refuse(url: str, *args: Any, **kwargs: Any) -> NoReturn:
    """Nothing is fetched while a report is printed: all of it is in the facts and the style sheet."""
    raise ValueError(f"A report fetches nothing: {url}")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Printing makes many objects that live until the end; looking for garbage among them costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
