"""`make test`: what is tested through a browser or the demonstration, and beside it the rest, each with a database.

A browser and the demonstration keep a test waiting, and machines have more than one core. What the part in the browser
prints is shown when it has ended. Ends with 1 unless both parts passed.
"""

import os
import subprocess
import sys
import tempfile
from typing import IO

IN_A_BROWSER = "(journey or demonstration)"
PARTS = {"browser": f"not campaign and {IN_A_BROWSER}", "rest": f"not campaign and not {IN_A_BROWSER}"}


def main() -> int:
    with tempfile.TemporaryFile() as kept:
        beside = _begin("browser", to=kept)
        try:
            codes = [_begin("rest").wait(), beside.wait()]
        except KeyboardInterrupt:
            beside.wait()  # it was interrupted as well
            return 130
        finally:
            beside.terminate()
        kept.seek(0)
        sys.stdout.write(kept.read().decode(errors="replace"))
        sys.stdout.flush()
    for report in (["combine", "--quiet"], ["report"]):
        subprocess.run([sys.executable, "-m", "coverage", *report], check=False)
    names = [name for name, code in zip(("rest", "browser"), codes, strict=True) if code]
    print("Everything passed." if not names else f"Failed: {', '.join(names)}.", flush=True)
    return int(bool(names))


def _begin(part: str, to: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "-m", PARTS[part], "--cov", "--cov-report="]
    environment = os.environ | {"COVERAGE_FILE": f".coverage.{part}"}
    return subprocess.Popen(command, env=environment, stdout=to, stderr=subprocess.STDOUT if to else None)


if __name__ == "__main__":
    sys.exit(main())
