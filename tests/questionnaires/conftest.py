"""Content files that a test may edit, and the owner's rights, with which content is loaded."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from auditapp.deployments.profile import SEED


@pytest.fixture
def as_owner(db: None) -> None:
    """Act as the owner of the tables, whom the triggers bind as well."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the seeded content files."""
    for name in ("checks.yaml", "frameworks.yaml"):
        shutil.copy(SEED.parent / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], None]:
    """edit("checks.yaml", old, new): change the first place that reads `old`, which must be there."""

    def change(name: str, old: str, new: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change
