"""A throw-away PostgreSQL for the run, started before Django reads its settings (pytest loads this with -p).

Tests connect as the owner of the tables, who may create and empty the test database, and act as the web role: what a
test does is bound by the same grants and the same row-level security as the product.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from auditapp.embedded.postgres import Server

FOLDER = Path(tempfile.mkdtemp(prefix="auditapp-test-"))
SERVER = Server(FOLDER / "data", throwaway=True).start()


def _stop() -> None:
    SERVER.stop()
    shutil.rmtree(FOLDER, ignore_errors=True)


atexit.register(_stop)
os.environ.update(
    SECRET_KEY="only-for-tests",
    DATABASE_URL=SERVER.url("auditapp_owner"),
    DATABASE_OWNER_URL=SERVER.url("auditapp_owner"),
    DATABASE_POOL="0",
    AUDITAPP_DATA_DIR=str(FOLDER / "data"),
    PUBLIC_URL="http://localhost:8000",
)
os.environ.pop("AUDITAPP_DATABASE_ROLE", None)
os.environ.pop("AUDITAPP_DEMO", None)
