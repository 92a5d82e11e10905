"""An installation with hospitals and people and no history, in which journeys write."""

import json
from typing import Any

from tests.stack import Stack


class Ward(Stack):
    """Starts in seconds, where the demonstration takes minutes."""

    database = "auditapp_ward"

    def seed(self) -> None:
        self.manage("load_questionnaires", "-v0")
        self.play("enter_cast")

    def play(self, act: str, **about: Any) -> Any:
        """Performs an act of tests/journeys/acts.py in this installation; returns what it returned."""
        code = f"from tests.journeys.acts import perform; perform({act!r}, {about!r})"
        return json.loads(self.manage("shell", "--no-imports", "-c", code))
