"""The evidence files of the demonstration: real one-page PDFs that say what they stand for."""

import io
import textwrap

import pikepdf


def page(title: str, lines: list[str]) -> bytes:
    """A one-page PDF with a title and a few lines; the same words give the same bytes."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    rows = [line for text in [title, "", *lines] for line in (textwrap.wrap(text, 80) or [""])]
    shown = "\n".join(f"({_escaped(row)}) Tj T*" for row in rows)
    pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    pdf.pages[0].Contents = pdf.make_stream(f"BT /F1 12 Tf 16 TL 60 770 Td\n{shown}\nET".encode("cp1252", "replace"))
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
