"""Check a signed report on anybody's machine: python -m auditapp.reports.verify ROOT.crt FILE.pdf [--json]

Needs no database and no settings, and asks nobody: only the hospital's root certificate, which it publishes, and the
file. Exit code 0 if the file holds, 1 if it does not, 2 if it could not be checked.
"""

import argparse
import base64
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from cryptography import x509

from auditapp.reports.verify import Inspection, inspect, words

PEM = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----(.+?)-----END [A-Z0-9 ]+-----", re.DOTALL)


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m auditapp.reports.verify", description="Check a signed report.")
    asked.add_argument("root", type=Path, help="the hospital's root certificate or certificates, PEM or DER")
    asked.add_argument("file", type=Path, help="the report, a PDF")
    asked.add_argument("--timestamp-root", type=Path, action="append", default=[], help="of a timestamp authority")
    asked.add_argument("--crl", type=Path, action="append", default=[], help="the hospital's revocation list")
    asked.add_argument("--json", action="store_true", help="the answer for machines")
    given = asked.parse_args()
    try:
        inspection = inspect(
            given.file.read_bytes(),
            roots=_pieces(given.root, x509.load_der_x509_certificate),
            timestamp_roots=[p for path in given.timestamp_root for p in _pieces(path, x509.load_der_x509_certificate)],
            revocation_lists=[piece for path in given.crl for piece in _pieces(path, x509.load_der_x509_crl)],
        )
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}.", file=sys.stderr)
        return 2
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(_for_machines(inspection) if given.json else _for_people(inspection))
    return 0 if words.holds(inspection) else 1


def _pieces(path: Path, load: Callable[[bytes], object]) -> list[bytes]:
    """The certificates or lists of a file, as DER. Raises ValueError, with a sentence, if there are none."""
    content = path.read_bytes()
    pieces = [base64.b64decode(piece) for piece in PEM.findall(content)] or [content]
    try:
        for piece in pieces:
            load(piece)
    except ValueError as error:
        raise ValueError(f"{path} is no certificate or list in PEM or DER.") from error
    return pieces


def _for_people(inspection: Inspection) -> str:
    lines = [words.on_its_own(inspection), *words.faults(inspection)]
    for signature in inspection.signatures:
        lines += ["", words.title_of(signature), *(f"  {line}" for line in words.account_of(signature))]
    lines += ["", *words.about_document(inspection), words.about_register(), words.disclaimer()]
    lines += ["", f"SHA-256 {inspection.sha256}"]
    return "\n".join(lines)


def _for_machines(inspection: Inspection) -> str:
    return json.dumps(
        {
            "ok": words.holds(inspection),
            "sentence": words.on_its_own(inspection),
            "reasons": words.faults(inspection),
            "sha256": inspection.sha256,
            "facts_sha256": inspection.facts_sha256,
            "signatures": [asdict(s) | {"level": words.level_of(s)} for s in inspection.signatures],
            "timestamps": [asdict(timestamp) for timestamp in inspection.timestamps],
            "disclaimer": words.disclaimer(),
        },
        default=str,
        ensure_ascii=False,
        indent=1,
    )


if __name__ == "__main__":
    sys.exit(main())
