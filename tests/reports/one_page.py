"""The smallest report that holds: one page with the digest of its facts and two boxes, signed by both."""

import hashlib
from functools import cache

from weasyprint import CSS

from auditapp.reports import pdf
from tests.reports import attacks, example_facts

STYLE = ".box { display: block; width: 240pt; height: 48pt; margin: 6pt 0 }"


@cache
def signed_page() -> bytes:
    facts = example_facts.small()
    canonical = example_facts.canonical(facts)
    digest = hashlib.sha256(canonical).hexdigest()
    short = " ".join(digest[n : n + 4] for n in range(0, 16, 4))
    boxes = "".join(f'<a class="box" href="signature-field:{turn["field"]}"></a>' for turn in facts["signatories"])
    page = f"""<!doctype html><html lang="en"><head><title>Report</title></head><body><h1>Continue</h1>
        <p>Facts SHA-256 {short} …</p><p>{digest}</p>{boxes}</body></html>"""
    drawn = pdf._document(page, CSS(string=STYLE, font_config=pdf._fonts()))
    content, _missing = pdf._written(drawn, facts, canonical)
    return attacks.signed_by_all(pdf._sign_ready(content), facts)
