"""An installation with hospitals and people and no history, in which journeys write."""

import json
import subprocess
import sys
from typing import Any

from tests.stack import ROOT, Stack

SERVE = "from tests.journeys.acts import serve; serve()"


class Ward(Stack):
    """Starts in seconds, where the demonstration takes minutes."""

    database = "auditapp_ward"
    acts = SERVE
    player: "subprocess.Popen[str] | None" = None

    def seed(self) -> None:
        self.manage("load_questionnaires", "-v0")
        self.play("enter_cast")

    def play(self, act: str, **about: Any) -> Any:
        """Performs an act of tests/journeys/acts.py in this installation; returns what it returned.

        One process plays them all: to start one for each would take longer than what they do.
        """
        if self.player is None:
            command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", self.acts]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.player = subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, **pipes)
        asked, told = self.player.stdin, self.player.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps([act, about]) + "\n")
        asked.flush()
        reply = json.loads(told.readline())
        assert "returned" in reply, reply["failed"]
        return reply["returned"]

    def stop(self) -> None:
        if self.player:
            self.player.communicate()  # its input ends, and it does
        super().stop()
