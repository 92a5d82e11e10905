"""A process that prints one report again and again, as the worker does or as a bare WeasyPrint call does.

Started with "ours" or "bare" and a file of report facts; for each line on its input it prints the report once and
says how long that took, then its peak of memory so far.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditapp.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django is set up first
from weasyprint import CSS, HTML  # noqa: E402

from auditapp.reports import pdf  # noqa: E402
from tests.bench.memory import peak_of  # noqa: E402


def ours(canonical: bytes) -> int:
    """Everything from the frozen bytes to the file in which people sign."""
    return len(pdf.render(json.loads(canonical), facts_bytes=canonical))


class Bare:
    """WeasyPrint's own call, on the same HTML and the same style sheet, with nothing before or after it."""

    def __init__(self, canonical: bytes) -> None:
        self.html = pdf.html(json.loads(canonical), hashlib.sha256(canonical).hexdigest())
        self.style = CSS(filename=settings.BASE_DIR / "static" / "css" / "print.css")

    def __call__(self, canonical: bytes) -> int:
        return len(HTML(string=self.html).write_pdf(stylesheets=[self.style]))


def main() -> None:
    canonical = Path(sys.argv[2]).read_bytes()
    once = Bare(canonical) if sys.argv[1] == "bare" else ours
    once(canonical)  # warm: a worker prints many
    for _line in sys.stdin:
        began = time.perf_counter()
        size = once(canonical)
        taken = time.perf_counter() - began
        print(json.dumps({"seconds": taken, "bytes": size, "peak": peak_of(os.getpid())}), flush=True)


if __name__ == "__main__":
    main()
