"""How long a full check of an uploaded copy takes, beside pyHanko's own validation of the same file.

Both sides start an interpreter for each file, as the page does, and are measured in turns.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BARE = """
import sys
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
root = Certificate.load(open(sys.argv[2], "rb").read())
for signature in PdfFileReader(open(sys.argv[1], "rb")).embedded_regular_signatures:
    at = signature.self_reported_timestamp
    context = ValidationContext(trust_roots=[root], moment=at, allow_fetching=False)
    assert validate_pdf_signature(signature, context).bottom_line
"""
TURNS = 5


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="auditapp-verifying-"))
    os.environ |= {"SECRET_KEY": "x" * 50, "AUDITAPP_DATA_DIR": str(folder), "DATABASE_POOL": "0"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "auditapp.settings"
    import django  # noqa: PLC0415 - settings are read from the environment above

    django.setup()
    from auditapp.reports.verify import inspect, words  # noqa: PLC0415
    from tests.reports import signed  # noqa: PLC0415

    (folder / "root").write_bytes(signed.AUTHORITY.der)
    for name, count in (("small", 2), ("large", 4)):
        content = signed.signed(name, count)
        (folder / "file").write_bytes(content)
        found = inspect(content, roots=[signed.AUTHORITY.der])
        assert words.holds(found)
        command = [sys.executable, "-I", "-c", BARE, str(folder / "file"), str(folder / "root")]
        ours, bare = [], []
        for _turn in range(TURNS):
            ours.append(_seconds(lambda: inspect(content, roots=[signed.AUTHORITY.der])))  # noqa: B023
            bare.append(_seconds(lambda: subprocess.run(command, check=True)))  # noqa: B023
        a, b = statistics.median(ours), statistics.median(bare)
        about = f"Verifying {found.pages} pages with {count} signatures"
        print(f"{about}: {a:.2f} s; bare pyHanko {b:.2f} s; ratio {a / b:.2f}", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
