"""The smallest report that holds: one page with the digest of its facts and its boxes, signed by both signatories."""

import hashlib
from functools import cache

from weasyprint import CSS

from auditapp.reports import pdf
from auditapp.reports.fields import SEAL, TIMESTAMPS
from tests.reports import attacks, example_facts

STYLE = ".box { display: block; width: 240pt; height: 40pt; margin: 4pt 0 }"


@cache
def signed_page() -> bytes:
    facts = example_facts.small()
    canonical = example_facts.canonical(facts)
    digest = hashlib.sha256(canonical).hexdigest()
    short = " ".join(digest[n : n + 4] for n in range(0, 16, 4))
    names = [turn["field"] for turn in facts["signatories"]] + [SEAL, *TIMESTAMPS]
    boxes = "".join(f'<a class="box" href="signature-field:{name}"></a>' for name in names)
    page = f"""<!doctype html><html lang="en"><head><title>Report</title></head><body><h1>Continue</h1>
        <p>Facts SHA-256 {short} …</p><p>{digest}</p>{boxes}</body></html>"""
    drawn = pdf._document(page, CSS(string=STYLE, font_config=pdf._fonts()))
    content, _missing = pdf._written(
        drawn, canonical, pdf.FACTS_NAME, facts["report"]["prepared_at"], pdf._fields(facts)
    )
    return attacks.signed_by_all(pdf._sign_ready(content), facts)
