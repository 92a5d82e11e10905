"""python -m auditapp.evidence.inspection ENDING SOURCE TARGET

Prints {"fit": true}, and has written TARGET if something else than SOURCE is to be kept; otherwise
{"fit": false, "why": code}.
"""

import json
import resource
import sys

from auditapp.evidence.inspection import Unfit

MEMORY = 2 * 1024**3
SECONDS = 60
WRITTEN = 1024**3


def confine() -> None:
    """What a file may cost; whoever exceeds it is ended by the system."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def inspect(ending: str, source: str, target: str) -> None:
    """Raises Unfit when the file is not to be kept."""
    if ending in {"png", "jpg", "jpeg"}:
        from auditapp.evidence.inspection import pictures  # noqa: PLC0415 - each reader is loaded only where needed

        pictures.redraw(source, target, ending)
    elif ending == "pdf":
        from auditapp.evidence.inspection import documents  # noqa: PLC0415

        documents.must_be_inert(source)
    else:
        from auditapp.evidence.inspection import office  # noqa: PLC0415

        office.must_be_inert(source, ending)


if __name__ == "__main__":
    confine()
    try:
        inspect(*sys.argv[1:])
        print(json.dumps({"fit": True}))
    except Unfit as unfit:
        print(json.dumps({"fit": False, "why": str(unfit)}))
