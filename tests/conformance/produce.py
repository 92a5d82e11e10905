"""python -m tests.conformance.produce DIR: the reports that the referees judge.

Those of the examples after each signature, sealed, stamped and renewed, and every report of the demonstration.
"""

import os
import sys
from pathlib import Path


def produce(folder: Path) -> None:
    """NAME-unsigned.pdf, NAME-1-signed.pdf and so on, the last with the seal, and NAME-3-LTA-signed.pdf for a level.

    With them the certificates of both authorities, and forgeries, which are there to be refused: referees that pass
    everything would prove nothing.
    """
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from auditapp.reports import pdf  # noqa: PLC0415 - needs Django's settings
    from tests.reports import example_board, signed  # noqa: PLC0415 - needs Django's settings
    from tests.reports.responder import answering  # noqa: PLC0415

    (folder / "authority.der").write_bytes(signed.AUTHORITY.der)
    (folder / "altered-2-signed.pdf").write_bytes(signed.turned_page(signed.signed("small", 2)))
    for name in ("small", "large"):
        signatories = len(signed.facts(name)["signatories"])
        (folder / f"{name}-unsigned.pdf").write_bytes(signed.unsigned(name))
        for order in range(1, signatories + 1):
            (folder / f"{name}-{order}-signed.pdf").write_bytes(signed.signed(name, order))
        (folder / f"{name}-{signatories + 1}-signed.pdf").write_bytes(signed.sealed(name))
    (folder / "longest-5-signed.pdf").write_bytes(signed.sealed("longest"))
    for name, facts in (("small", example_board.small()), ("large", example_board.large())):
        unsealed = pdf.printed_board(facts, facts_bytes=example_board.canonical(facts)).content
        (folder / f"board.{name}-unsigned.pdf").write_bytes(unsealed)
        (folder / f"board.{name}-1-signed.pdf").write_bytes(signed.seal(unsealed))
    with answering() as responder:
        (folder / "timestamps.der").write_bytes(responder.root.public_bytes(Encoding.DER))
        authority = responder.authority()
        for name in ("small", "large"):
            count = len(signed.facts(name)["signatories"]) + 1
            with_timestamps = signed.sealed_now(name, authority)
            raised_later = signed.sealed_now(name)
            (folder / f"{name}-{count}-T-signed.pdf").write_bytes(with_timestamps)
            (folder / f"{name}-{count}-LT-signed.pdf").write_bytes(signed.archived(with_timestamps, 0, authority))
            (folder / f"{name}-{count}-LTA-signed.pdf").write_bytes(signed.archived(with_timestamps, 1, authority))
            for n in range(1, 5):
                raised_later = signed.archived(raised_later, n, authority)
                (folder / f"{name}.raised.{n}-{count}-LTA-signed.pdf").write_bytes(raised_later)
            forged = signed.turned_page(signed.archived(with_timestamps, 1, authority))
            (folder / f"altered-{count}-LTA-signed.pdf").write_bytes(forged)


def of_the_demonstration(folder: Path) -> None:
    """REF-N-signed.pdf for each of its reports, as its worker made them, and the certificates of its authorities."""
    from tests.stack import Stack  # noqa: PLC0415 - needs Django's settings

    stack = Stack()
    try:
        stack.start()
        stack.manage("export_reports", str(folder / "demonstration"))
        with stack.superuser() as db:
            counted = db.execute(
                "SELECT a.ref, max(f.step) FROM auditapp_reportfile f JOIN auditapp_report r ON r.id = f.report_id"
                " JOIN auditapp_audit a ON a.id = r.audit_id WHERE r.issued_at IS NOT NULL GROUP BY a.ref"
            ).fetchall()  # the last step is the seal's, after one for each signature
            roots = db.execute("SELECT certificate FROM auditapp_authority").fetchall()
    finally:
        stack.stop()
    for ref, signatures in counted:
        named = f"{ref.replace('-', '.')}-{signatures}-signed.pdf"
        (folder / "demonstration" / f"{ref}.pdf").rename(folder / named)
    for n, (certificate,) in enumerate(roots):
        (folder / f"demonstration-{n}.der").write_bytes(certificate)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditapp.settings")
    os.environ.setdefault("SECRET_KEY", "only-for-conformance")
    os.environ.setdefault("DATABASE_POOL", "0")
    import django

    django.setup()
    produce(Path(sys.argv[1]))
    of_the_demonstration(Path(sys.argv[1]))
