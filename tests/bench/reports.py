"""Reports of about 15 and 60 pages: printing them beside a bare WeasyPrint, one signature beside a bare pyHanko.

Needs no database: `python -m tests.bench.reports`, and `make bench` ends with it.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

MEGABYTE = 1024 * 1024
CLONE = Path(__file__).resolve().parents[2]


class Printing:
    """A process that prints when told to (tests.bench.printing)."""

    def __init__(self, which: str, facts: Path) -> None:
        command = [sys.executable, "-m", "tests.bench.printing", which, str(facts)]
        self.process = subprocess.Popen(command, cwd=CLONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.peak = 0

    def __enter__(self) -> "Printing":
        return self

    def __exit__(self, *_raised: object) -> None:
        self.process.communicate()

    def once(self) -> float:
        to, back = self.process.stdin, self.process.stdout
        assert to
        assert back
        to.write("print\n")
        to.flush()
        said = json.loads(back.readline())
        self.peak = said["peak"]
        return float(said["seconds"])


def measure(times: int) -> None:
    """Each figure with its denominator; both sides in turns, so that whatever else the machine does slows both."""
    from tests.reports import example_facts, signed  # noqa: PLC0415 - they need the settings made below
    from tests.reports.full_facts import full  # noqa: PLC0415

    print(f"\nReports, {times} times each: median, and the least of the times in brackets")
    for facts in (full(), example_facts.longest()):
        canonical = example_facts.canonical(facts)
        with tempfile.NamedTemporaryFile(suffix=".json") as file, ExitStack() as stack:
            Path(file.name).write_bytes(canonical)
            ours, bare = (stack.enter_context(Printing(which, Path(file.name))) for which in ("ours", "bare"))
            pairs = [(ours.once(), bare.once()) for _ in range(times)]
            pages = _pages(signed.pdf.render(facts, facts_bytes=canonical))
            _say(f"print {pages} pages", pairs)
            print(f"{'  peak of memory':<24}{ours.peak / MEGABYTE:7.0f} MB{bare.peak / MEGABYTE:16.0f} MB")
    for name in ("small", "large"):
        content, facts = signed.unsigned(name), signed.facts(name)
        bare_sign = _bare_signer(content, facts["signatories"][0]["field"])
        pairs = [
            (_timed(lambda c=content, f=facts: signed.sign_next(c, f, 1)), _timed(bare_sign)) for _ in range(times)
        ]
        _say(f"sign {_pages(content)} pages", pairs)


def _pages(content: bytes) -> int:
    import pikepdf  # noqa: PLC0415

    with pikepdf.open(io.BytesIO(content)) as pdf:
        return len(pdf.pages)


def _bare_signer(content: bytes, field: str) -> Callable[[], object]:
    """pyHanko's own call on the same file and field: PAdES baseline B, its usual appearance."""
    from asn1crypto.keys import PrivateKeyInfo  # noqa: PLC0415
    from asn1crypto.x509 import Certificate  # noqa: PLC0415
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import signers  # noqa: PLC0415
    from pyhanko.sign.fields import SigSeedSubFilter  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    from tests.reports import signed  # noqa: PLC0415

    key, certificate = signed.AUTHORITY.issue("Asha Rao", "Auditor", signed.FIRST)
    encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=PrivateKeyInfo.load(encoded),
        cert_registry=SimpleCertificateStore(),
    )
    about = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)

    def sign() -> object:
        return signers.sign_pdf(
            IncrementalPdfFileWriter(io.BytesIO(content)), about, signer=signer, existing_fields_only=True
        )

    return sign


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _say(what: str, pairs: list[tuple[float, float]]) -> None:
    ours, bare = [a for a, _b in pairs], [b for _a, b in pairs]
    shown = "".join(f"{median(side):9.3f} s ({min(side):.3f} s)" for side in (ours, bare))
    print(f"{what:<24}{shown}{median(ours) / median(bare):8.2f} ({min(ours) / min(bare):.2f})", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditapp.settings")
    import django

    django.setup()
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
