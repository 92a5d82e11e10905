"""python -m tests.conformance.produce DIR: the example reports, unsigned and after each signature."""

import os
import sys
from pathlib import Path


def produce(folder: Path) -> None:
    """NAME-unsigned.pdf, NAME-1-signed.pdf and so on, the authority's certificate, and a forgery.

    The forgery is there to be refused: referees that pass everything would prove nothing.
    """
    from tests.reports import signed  # noqa: PLC0415 - needs Django's settings

    (folder / "authority.der").write_bytes(signed.AUTHORITY.der)
    (folder / "altered-2-signed.pdf").write_bytes(signed.turned_page(signed.signed("small", 2)))
    for name in ("small", "large"):
        (folder / f"{name}-unsigned.pdf").write_bytes(signed.unsigned(name))
        for order in range(1, len(signed.facts(name)["signatories"]) + 1):
            (folder / f"{name}-{order}-signed.pdf").write_bytes(signed.signed(name, order))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "auditapp.settings")
    os.environ.setdefault("SECRET_KEY", "only-for-conformance")
    os.environ.setdefault("DATABASE_POOL", "0")
    import django

    django.setup()
    produce(Path(sys.argv[1]))
