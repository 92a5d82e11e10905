"""What the environment says reaches Django as it was said."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parents[1]
PRINT = "import json; from auditapp import settings; print(json.dumps(settings.DATABASES['default']['OPTIONS']))"


def _options(tmp_path: Path, url: str, **more: str) -> dict[str, Any]:
    environment = os.environ | {"DATABASE_URL": url, "SECRET_KEY": "x", "AUDITAPP_DATA_DIR": str(tmp_path)} | more
    said = subprocess.check_output([sys.executable, "-c", PRINT], cwd=CLONE, env=environment, text=True)
    options: dict[str, Any] = json.loads(said)
    return options


def test_what_the_database_address_asks_for_is_kept_beside_our_own_options(tmp_path: Path) -> None:
    address = "postgresql://auditapp_web@db.example/auditapp?sslmode=verify-full&options=-c%20work_mem%3D8MB"
    options = _options(tmp_path, address, DATABASE_POOL="3")
    assert options["sslmode"] == "verify-full"
    assert options["options"] == "-c work_mem=8MB -c join_collapse_limit=5"
    assert options["pool"]["max_size"] == 3
