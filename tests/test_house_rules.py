"""What holds for every file, so that nobody has to remember it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import models as db_models

from auditapp import models
from auditapp.accounts.models import Placed
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Action, Finding
from auditapp.management.commands.draw_states import TARGET, drawn

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VIEWS = sorted([*(ROOT / "auditapp").glob("*/views.py"), *(ROOT / "auditapp").glob("*/views/*.py")])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", VIEWS, ids=name_of)
def test_views_read_only_through_what_the_person_may_see(path: Path) -> None:
    tree = ast.parse(path.read_text())
    reads = re.findall(r"\b\w+\.objects\.(\w+)", ast.unparse(tree))
    assert set(reads) <= {"visible_to", "of", "in_reach_of"}, f"{path.name} reads rows past visible_to()"


@pytest.mark.parametrize("path", VIEWS, ids=name_of)
def test_views_leave_refusals_to_the_middleware(path: Path) -> None:
    caught = [
        ast.unparse(handler.type)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Try)
        for handler in node.handlers
        if handler.type is not None
    ]
    assert not [name for name in caught if "Refused" in name or "NotAllowed" in name]


@pytest.mark.parametrize(
    ("states", "moves"),
    [
        (Audit.State, Audit.MOVES),
        (Deployment.Status, Deployment.MOVES),
        (Finding.State, Finding.MOVES),
        (Action.State, Action.MOVES),
    ],
)
def test_every_state_has_its_moves(states: type[db_models.TextChoices], moves: dict[str, set[str]]) -> None:
    assert set(moves) == set(states)
    assert {new for news in moves.values() for new in news} <= set(states)


def test_the_drawing_of_the_lifecycles_is_fresh() -> None:
    assert TARGET.read_text() == drawn()


def test_rows_are_never_deleted_along_with_others() -> None:
    cascading = [
        f"{model.__name__}.{field.name}"
        for model in vars(models).values()
        if isinstance(model, type) and issubclass(model, db_models.Model)
        for field in model._meta.fields
        if field.is_relation and field.remote_field.on_delete is not db_models.PROTECT
    ]
    assert cascading == []


def test_every_row_at_a_hospital_is_under_row_security() -> None:
    migration = (ROOT / "auditapp/migrations/0007_row_security.py").read_text()
    later = "".join(p.read_text() for p in sorted((ROOT / "auditapp/migrations").glob("00*.py")))
    placed = [m for m in vars(models).values() if isinstance(m, type) and issubclass(m, Placed)]
    missing = [m.__name__ for m in placed if f'"{m._meta.model_name}"' not in migration + later]
    assert missing == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_hold_nothing_inline_and_trust_no_text(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|\|\s*safe\b|{%\s*autoescape off", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href|action)=[\"']https?://", text)


def untranslated(text: str) -> Iterator[str]:
    """Words between tags that no translation tag holds."""
    text = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", text, flags=re.S)
    text = re.sub(r"{% block (?:width|\w+_class|form_attributes) %}.*?{% endblock %}", "", text)  # no words: classes
    text = re.sub(r"{%-?\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.S)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.S)
    for attribute in re.findall(r"\s(?:aria-label|alt|title|placeholder)=\"([^\"]*)\"", text):
        yield from re.findall(r"[A-Za-z]{2,}", attribute)
    text = re.sub(r"<(script|style|svg|code)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"<[^>]*>", "\n", text, flags=re.S)
    yield from re.findall(r"(?<!&)\b[A-Za-z]{2,}\b(?!;)", text)


NAMES = {"auditapp", "SHA", "PDF", "JSON", "CSV", "WCAG", "doctype", "html"}


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    assert set(untranslated(path.read_text())) - NAMES == set()


def test_no_file_names_a_registry_or_a_machine() -> None:
    """Hosts are put together here from parts, so that this file passes its own test."""
    hosts = [r"pypi\.", r"pythonhosted\.", r"registry\.npmjs", r"deb\.debian\.", r"repo1?\.maven", r"cdn\.", r"unpkg\."]
    wrong = re.compile("|".join(rf"\b{host}(?:org|com|net)\b" for host in hosts))
    kept = [ROOT / p for p in ("auditapp", "templates", "static", "fixtures", "tests", "docs", ".ci")]
    files = [f for folder in kept for f in folder.rglob("*") if f.is_file() and f.suffix in _TEXT]
    files += [f for f in ROOT.iterdir() if f.is_file() and f.suffix in _TEXT]
    assert [name_of(f) for f in files if wrong.search(f.read_text(errors="replace"))] == []


_TEXT = {".py", ".html", ".css", ".js", ".yaml", ".yml", ".md", ".toml", ".lock", ".in", ".txt", ".xml", ".sql", ""}
