"""Draw the lifecycles from the transition tables that the code itself moves by."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Action, Finding

TARGET = Path(settings.BASE_DIR) / "docs" / "states.md"
LIFECYCLES: list[tuple[str, Any, Any]] = [
    ("An audit", Audit.State, Audit.MOVES),
    ("A deployment", Deployment.Status, Deployment.MOVES),
    ("A finding", Finding.State, Finding.MOVES),
    ("An action on a finding", Action.State, Action.MOVES),
]


def drawn() -> str:
    """The page as Markdown with a Mermaid diagram for each lifecycle."""
    parts = ["# Lifecycles", "", "Drawn by `manage.py draw_states` from the code's own tables; `make check` compares."]
    for title, states, moves in LIFECYCLES:
        lines = [f"  {states(old).value} : {states(old).label}" for old in states]
        lines += [f"  {old.value} --> {new.value}" for old in states for new in states if new in moves[old]]
        lines += [f"  {old.value} --> [*]" for old in states if not moves[old]]
        first = next(iter(states)).value
        parts += ["", f"## {title}", "", "```mermaid", "stateDiagram-v2", f"  [*] --> {first}", *lines, "```"]
    return "\n".join(parts) + "\n"


class Command(BaseCommand):
    help = "Write docs/states.md from the transition tables; --check only compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        text = drawn()
        if not options["check"]:
            TARGET.write_text(text)
        elif not TARGET.exists() or TARGET.read_text() != text:
            raise CommandError("docs/states.md is not what the code says. Run `manage.py draw_states`.")
