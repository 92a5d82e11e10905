"""The page on Part 11 says what is there, and never more."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "part11.md").read_text()


@pytest.mark.parametrize("clause", ["11.50", "11.70", "11.100", "11.200", "11.300"])
def test_each_clause_stands_in_the_table_and_names_a_test_that_is_there(clause: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| {clause}")]
    assert rows
    tests = [name for row in rows for name in re.findall(r"`((?:reports|accounts|access)/[\w.]*)`", row)]
    assert all((ROOT / "tests" / name).exists() for name in tests)


def test_the_hospitals_own_duties_are_listed_as_its_own() -> None:
    duties = PAGE.split("## What is the hospital's own")[1]
    for clause in ("11.10(a)", "11.10(i)", "11.10(j)", "11.100(b)", "11.100(c)", "11.300(b)"):
        assert clause in duties


@pytest.mark.parametrize("folder", ["auditapp", "templates", "docs"])
def test_nothing_is_ever_called_compliant_with_it(folder: str) -> None:
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".html", ".md", ".txt"}:
            for line in path.read_text().splitlines():
                assert not ("art 11" in line and re.search(r"complian", line, re.IGNORECASE)), f"{path}: {line}"
    assert not re.search(r"complian", PAGE, re.IGNORECASE)
