"""What a list of frameworks must hold: each complaint names file, line and place, and what to write instead."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

Place = tuple[str, ...]  # ("frameworks", "nist-ai-rmf", "clauses", "GOVERN 1.1", "title")

REQUIRED = {"name": 200, "version": 200, "publisher": 200, "url": 500}
OPTIONAL = {"jurisdiction": 200, "kind": 60, "note": 4000}
KEYS = {"id", *REQUIRED, *OPTIONAL, "verification", "last_verified", "sources_read", "clauses"}
VERIFICATIONS = ("primary", "secondary", "mixed")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ADDRESS = re.compile(r"https?://[^\s/]\S*")


class Proof:
    """Everything that is wrong with a file, each where it stands."""

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self.lines = dict(_lines(yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)))
        self.found: list[str] = []

    def complain(self, place: Place, what: str) -> None:
        """“frameworks.yaml, line 12: frameworks[nist-ai-rmf].url: write …”; of what is missing, the line around it."""
        there = place
        while there not in self.lines:
            there = there[:-1]
        self.found.append(f"{self.file}, line {self.lines[there]}: {_written(place)}: {what}")


def _written(place: Place) -> str:
    path = ""
    for n, part in enumerate(place):
        path += f"[{part}]" if n in (1, 3) else f".{part}" if path else part
    return path


def _lines(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Each place of the file with its line; rows of a list go by their id, as far as they have one."""
    if node is None:
        return
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            for inner, line in _lines(value, (*place, str(key.value))):
                yield inner, key.start_mark.line + 1 if inner == (*place, str(key.value)) else line
    elif isinstance(node, yaml.SequenceNode):
        for n, row in enumerate(node.value):
            yield from _lines(row, (*place, _name(row, n)))


def _name(row: yaml.Node, n: int) -> str:
    ids = [value.value for key, value in row.value if key.value == "id"] if isinstance(row, yaml.MappingNode) else []
    return str(ids[0]) if ids else str(n)


def proofread(path: Path, data: dict[str, Any]) -> Proof:
    """Everything that is wrong with a list, all at once."""
    proof = Proof(path)
    rows = data.get("frameworks")
    if not isinstance(rows, list) or not rows:
        proof.complain(("frameworks",), _("write a list of frameworks, each beginning with “- id:”"))
        return proof
    for n, row in enumerate(rows):
        _framework(proof, row, n)
    _once(proof, ("frameworks",), rows)
    return proof


def _framework(proof: Proof, row: Any, n: int) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        proof.complain(("frameworks", str(n)), _("write “id:” and a code such as nist-ai-rmf"))
        return
    place: Place = ("frameworks", row["id"])
    if not CODE.fullmatch(row["id"]) or len(row["id"]) > 40:
        proof.complain((*place, "id"), _("write small letters, digits and hyphens, 40 at most, such as nist-ai-rmf"))
    for key in row.keys() - KEYS:
        words = {"keys": ", ".join(sorted(KEYS))}
        proof.complain((*place, str(key)), _("is no key of a framework; write one of %(keys)s") % words)
    for key, most in REQUIRED.items():
        _text(proof, (*place, key), row.get(key), most)
    for key, most in OPTIONAL.items():
        if key in row:
            _text(proof, (*place, key), row[key], most)
    if isinstance(row.get("url"), str) and not ADDRESS.fullmatch(row["url"]):
        proof.complain((*place, "url"), _("write the whole address, beginning with https://"))
    if row.get("verification") not in VERIFICATIONS:
        proof.complain(
            (*place, "verification"),
            _("write primary (the issuer’s own text was read), secondary (a third party’s listing) or mixed"),
        )
    if not _is_day(row.get("last_verified")):
        proof.complain(
            (*place, "last_verified"), _("write the day on which the sources were read, in quotes: '2026-11-22'")
        )
    _sources(proof, (*place, "sources_read"), row.get("sources_read"))
    _clauses(proof, (*place, "clauses"), row.get("clauses"))


def _text(proof: Proof, place: Place, value: Any, most: int) -> None:
    words = {"most": most}
    if value is None or value == "":
        proof.complain(place, _("is missing; write a text of at most %(most)s characters") % words)
    elif not isinstance(value, str):
        proof.complain(place, _("is not a text; write it in quotes"))
    elif len(value) > most:
        words["length"] = len(value)
        proof.complain(place, _("has %(length)s characters; write at most %(most)s") % words)


def _is_day(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _sources(proof: Proof, place: Place, value: Any) -> None:
    if not isinstance(value, list) or not value or not all(isinstance(x, str | dict) and x for x in value):
        proof.complain(place, _("write a list of what was read, one source a line, each beginning with “- ”"))


def _clauses(proof: Proof, place: Place, value: Any) -> None:
    if not isinstance(value, list) or not value:
        proof.complain(place, _("write a list of clauses, each with “id:” and “title:”"))
        return
    for n, clause in enumerate(value):
        if not isinstance(clause, dict) or not isinstance(clause.get("id"), str) or not clause["id"].strip():
            proof.complain((*place, str(n)), _("write “id:” and the clause’s code as a text, in quotes"))
            continue
        if len(clause["id"]) > 80:
            proof.complain((*place, clause["id"], "id"), _("has more than 80 characters; write its short code"))
        _text(proof, (*place, clause["id"], "title"), clause.get("title"), 300)
        for key in clause.keys() - {"id", "title"}:
            proof.complain((*place, clause["id"], str(key)), _("is no key of a clause; write id and title only"))
    _once(proof, place, value)


def _once(proof: Proof, place: Place, rows: list[Any]) -> None:
    ids = [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    for name, times in Counter(ids).items():
        if times > 1:
            proof.complain((*place, name), _("is listed %(times)s times; write it once") % {"times": times})
