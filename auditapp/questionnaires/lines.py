"""Where in a YAML file a thing stands, by the path that complaints name it with."""

import re
from collections.abc import Iterable
from typing import Any

import yaml

STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")
NAMES = ("id", "check", "trigger", "role")  # the keys by which paths name the entries of a list


class Lines:
    """Line numbers by path, such as `domains[llm-function].categories[hallucination].checks[0].text`."""

    def __init__(self, text: str) -> None:
        self.root = yaml.compose(text, Loader=yaml.CSafeLoader)

    def line(self, path: str | Iterable[str | int]) -> int:
        """The line of what a path leads to, or of the last step on the way that is there; 0 for none."""
        node: yaml.Node | None = self.root
        line = 0
        for step in _steps(path) if isinstance(path, str) else path:
            mark, node = _step(node, step)
            if node is None:
                return line
            line = mark.line + 1
        return line


def _steps(path: str) -> list[str | int]:
    return [key or name for key, name in STEP.findall(path)]


def _step(node: yaml.Node | None, step: str | int) -> tuple[Any, yaml.Node | None]:
    """Where the next thing begins, and the thing; an entry of a list is named or counted."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark, v) for k, v in node.value if k.value == step), (None, None))
    if isinstance(node, yaml.SequenceNode):
        if isinstance(step, str):
            named = (entry for entry in node.value if _is_named(entry, step))
            found = next(named, node.value[int(step)] if step.isdigit() and int(step) < len(node.value) else None)
        else:
            found = node.value[step] if step < len(node.value) else None
        return (found.start_mark, found) if found is not None else (None, None)
    return None, None


def _is_named(entry: yaml.Node, name: str) -> bool:
    if not isinstance(entry, yaml.MappingNode):
        return isinstance(entry, yaml.ScalarNode) and entry.value == name
    return any(key.value in NAMES and value.value == name for key, value in entry.value)
