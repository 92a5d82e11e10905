"""What the environment says reaches Django as it was said."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"SIGNATURE_LEVEL": "B-C"}, "SIGNATURE_LEVEL is B-B, B-T, B-LT or B-LTA"),
        ({"SIGNATURE_LEVEL": "B-T"}, "needs TIMESTAMP_URL and TIMESTAMP_CERTIFICATES"),
        ({"TIMESTAMP_URL": "https://tsa.example"}, "B-LTA needs TIMESTAMP_URL and TIMESTAMP_CERTIFICATES"),
        ({"KEY_STORE": "pocket"}, "KEY_STORE is folder, pkcs12 or pkcs11"),
    ],
    ids=["a level unknown", "a level without an authority", "an authority without roots", "a store unknown"],
)
def test_what_could_not_sign_as_it_was_meant_does_not_start(tmp_path: Path, said: dict[str, str], refusal: str) -> None:
    environment = os.environ | {"SECRET_KEY": "x", "AUDITAPP_DATA_DIR": str(tmp_path)} | said
    done = subprocess.run([sys.executable, "-c", PRINT], cwd=CLONE, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert refusal in done.stderr
