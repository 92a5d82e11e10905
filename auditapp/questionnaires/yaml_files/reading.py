"""Reads a questionnaire file and says everything that is wrong with it at once: file, line, place, what to write."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import yaml
from django.utils.translation import gettext as _

from auditapp.questionnaires.applicability import can_hold, unknown_in
from auditapp.questionnaires.lines import Lines
from auditapp.questionnaires.reading import ExactLoader
from auditapp.questionnaires.spreadsheets.delimited import decoded
from auditapp.questionnaires.spreadsheets.values import Known
from auditapp.questionnaires.yaml_files import shapes
from auditapp.questionnaires.yaml_files.shapes import Field
from auditapp.questionnaires.yaml_files.writing import FORMAT
from auditapp.refusals import Refused
from auditapp.text import clean

BYTES = 2 * 1024 * 1024
NODES = 150_000
DEPTH = 20

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Read:
    """A questionnaire as `Draft.begin` and `Draft.take_in` take it."""

    about: dict[str, Any]
    questions: list[dict[str, Any]]


class _Loader(ExactLoader):
    """For files from elsewhere: a number with a fraction stays the text it was written as."""


_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: node.value)


class Document:
    """A file that is YAML. `made_from` is the version whose rules it names, or None."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        if len(data) > BYTES:
            raise Refused(
                _("%(file)s is %(size)s MB; a questionnaire has %(most)s MB at most.")
                % {"file": name, "size": -(-len(data) // 2**20), "most": BYTES // 2**20}
            )
        self.text, _notes = decoded(data)
        try:
            self._must_be_plain(self.text)
            self.data = yaml.load(self.text, _Loader)
            self.lines = Lines(self.text)
        except (yaml.MarkedYAMLError, ValueError) as error:
            raise Refused(_("%(where)s: it cannot be read: %(why)s.") % self._place_of(error)) from error
        except yaml.YAMLError as error:
            raise Refused(_("%(file)s cannot be read: %(why)s.") % {"file": name, "why": error}) from error
        if not isinstance(self.data, dict) or "domains" not in self.data:
            raise Refused(
                _("%(file)s is no questionnaire: it has no “domains”. docs/questionnaire-format.md shows one.")
                % {"file": name}
            )

    def _must_be_plain(self, text: str) -> None:
        """Neither an alias, by which little text becomes endless data, nor nesting without end."""
        depth = 0
        for n, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
            line = event.start_mark.line + 1 if event.start_mark else 1
            where = {"file": self.name, "line": line}
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Refused(_("%(file)s:%(line)s: write the text again instead of & and *.") % where)
            if depth > DEPTH or n > NODES:
                raise Refused(_("%(file)s:%(line)s: a questionnaire is not so large, or so deep.") % where)

    def _place_of(self, error: Exception) -> dict[str, Any]:
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
            return {"where": f"{self.name}:{error.problem_mark.line + 1}", "why": error.problem}
        return {"where": self.name, "why": error}

    @property
    def made_from(self) -> tuple[str, int] | None:
        named = self.data.get("made_from")
        if not isinstance(named, dict):
            return None
        code, number = named.get("questionnaire"), named.get("version")
        return (code, number) if isinstance(code, str) and isinstance(number, int) else None

    def read(self, known: Known) -> Read:
        """What it says under these rules. Raises Refused with one line for each thing that is wrong."""
        reader = _Reader(self.data, known)
        read = reader.read()
        if reader.found:
            found = sorted((self.lines.line(path), self._shown(path), what) for path, what in reader.found)
            raise Refused(
                _("%(file)s cannot be taken in as it is.") % {"file": self.name},
                [f"{self.name}:{line}: {place}: {what}" for line, place, what in found],
            )
        return read

    def _shown(self, path: Path) -> str:
        """A path as a person finds it: entries of a list by their names, where they have some."""
        text = ""
        value: Any = self.data
        for step in path:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
                text += f".{step}"
            else:
                value = value[step]
                text += f"[{value.get('id') or step}]" if isinstance(value, dict) else f"[{step}]"
        return text.lstrip(".")


@dataclass
class _Reader:
    """Goes through the file once, takes what is right and notes what is not."""

    data: Mapping[str, Any]
    known: Known
    found: list[tuple[Path, str]] = field(default_factory=list)

    def complain(self, path: Path, what: str) -> None:
        self.found.append((path, what))

    def read(self) -> Read:
        top = self._take(self.data, (), shapes.QUESTIONNAIRE)
        if top["format"] not in (FORMAT, None):
            self.complain(("format",), _("this version reads format %(format)s") % {"format": FORMAT})
        self._among(top["stages"], self.known.stages, ("stages",))
        self._among(list(top["defaults"]), [fact.id for fact in self.known.facts], ("defaults",))
        self._among(top["categories"], self.known.categories, ("categories",))
        signatories = self._signatories(top)
        triggers = self._triggers(top)
        questions = list(self._questions(top))
        self._once(questions)
        extra = {key: top[key] for key in shapes.FREE if key in self.data}
        own = ("purpose", "frequency", "stages", "defaults", "categories", "trigger_rule", "planned_change_triggers")
        about = {
            "title": top["title"],
            **{key: top[key] for key in own},
            **extra,
            "signatories": signatories,
            "trigger_sets": triggers,
            "check_ids": None,
            "check_reasons": {},
        }
        return Read(about, [question for _path, question in questions])

    def _take(self, value: Any, path: Path, shape: Mapping[str, Field]) -> dict[str, Any]:
        """The fields of a mapping, each of its kind; what is missing or misspelt is noted."""
        if not isinstance(value, dict):
            self.complain(path, _("write a mapping with the keys %(keys)s") % {"keys": ", ".join(shape)})
            value = {}
        for key in value:
            if key not in shape:
                close = get_close_matches(str(key), shape, n=1)
                instead = close[0] if close else ", ".join(shape)
                self.complain((*path, key), _("there is no such key; write %(keys)s") % {"keys": instead})
        return {key: self._field(value, path, key, kind) for key, kind in shape.items()}

    def _field(self, value: Mapping[str, Any], path: Path, key: str, kind: Field) -> Any:
        given = value.get(key)
        if given is None or (kind.needed and given in ("", [], {})):
            if kind.needed and (value or not path):
                self.complain((*path, key), _("is missing or empty; write %(what)s") % {"what": kind.told})
            return kind.empty()
        if kind.type is str and isinstance(given, int) and not isinstance(given, bool):
            given = str(given)
        if not isinstance(given, kind.type) or (kind.type is int and isinstance(given, bool)):
            self.complain((*path, key), _("is of another kind; write %(what)s") % {"what": kind.told})
            return kind.empty()
        if kind.texts and not all(isinstance(one, str) for one in given):
            self.complain((*path, key), _("holds something that is no text; write %(what)s") % {"what": kind.told})
            return kind.empty()
        return clean(given) if isinstance(given, str) else given

    def _among(self, names: list[str], there: Any, path: Path) -> None:
        """Each name must be one that is there."""
        for n, name in enumerate(names):
            if name not in there:
                self._unknown((*path, n) if path[-1] != "defaults" else (*path, name), name, there)

    def _unknown(self, path: Path, name: str, there: Any) -> None:
        close = get_close_matches(name, list(there), n=1)
        known = close[0] if close else ", ".join(list(there)[:12]) + (", …" if len(there) > 12 else "")
        self.complain(path, _("“%(name)s” is unknown; write %(known)s") % {"name": name, "known": known})

    def _signatories(self, top: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = []
        for n, row in enumerate(top["signatories"]):
            path: Path = ("signatories", n)
            taken = self._take(row, path, shapes.SIGNATORY)
            if taken["role"] and taken["role"] not in self.known.roles:
                self._unknown((*path, "role"), taken["role"], self.known.roles)
            rows.append({key: value for key, value in taken.items() if value is not None})
        if rows and not any("decision" in row["meaning"] for row in rows):
            self.complain(("signatories",), _("one meaning must say that the signature records the decision"))
        for role, times in Counter(row["role"] for row in rows).items():
            if role and times > 1:
                self.complain(("signatories",), _("the role %(role)s signs twice; name it once") % {"role": role})
        return rows

    def _triggers(self, top: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = []
        for name, categories in top["trigger_sets"].items():
            path: Path = ("trigger_sets", name)
            if not isinstance(categories, list) or not all(isinstance(one, str) for one in categories):
                self.complain(path, _("write a list of categories"))
                continue
            self._among(categories, self.known.categories, path)
            rows.append({"trigger": name, "categories": categories})
        self._among(top["planned_change_triggers"], top["trigger_sets"], ("planned_change_triggers",))
        return rows

    def _questions(self, top: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
        for d, domain in enumerate(top["domains"]):
            path: Path = ("domains", d)
            for c, category in enumerate(self._take(domain, path, shapes.DOMAIN)["categories"]):
                inside: Path = (*path, "categories", c)
                taken = self._take(category, inside, shapes.CATEGORY)
                if taken["id"] and taken["id"] not in self.known.categories:
                    self._unknown((*inside, "id"), taken["id"], self.known.categories)
                for n, check in enumerate(taken["checks"]):
                    at: Path = (*inside, "checks", n)
                    yield at, self._question(self._take(check, at, shapes.CHECK), at, taken["id"], top["stages"])

    def _question(self, check: dict[str, Any], at: Path, category: str, asked_at: list[str]) -> dict[str, Any]:
        if check["criticality"] and check["criticality"] not in shapes.CRITICALITIES:
            self._unknown((*at, "criticality"), check["criticality"], shapes.CRITICALITIES)
        if check["scope"] not in shapes.SCOPES:
            self._unknown((*at, "scope"), check["scope"], shapes.SCOPES)
        self._among(check["stages"], self.known.stages, (*at, "stages"))
        if check["stages"] and asked_at and not set(check["stages"]) & set(asked_at):
            stages = ", ".join(asked_at)
            self.complain(
                (*at, "stages"), _("the questionnaire asks at %(stages)s; write that too") % {"stages": stages}
            )
        self._condition(check["applies_when"], (*at, "applies_when"))
        self._among(check["maps_to"], self.known.clauses, (*at, "maps_to"))
        thresholds = [
            self._threshold(row, (*at, "local_thresholds", n)) for n, row in enumerate(check["local_thresholds"])
        ]
        return {
            "code": check["id"],
            "category": category,
            "text": check["text"],
            "guidance": check["guidance"],
            "expected_evidence": check["evidence"],
            "criticality": check["criticality"],
            "stages": check["stages"],
            "applies_when": check["applies_when"],
            "scope": check["scope"],
            "not_applicable_backed_by": check["not_applicable_backed_by"],
            "criticality_option": self._option(check["criticality_option"], (*at, "criticality_option")),
            "clauses": check["maps_to"],
            "reason": check["reason"],
            "thresholds": thresholds,
        }

    def _condition(self, condition: Any, path: Path) -> None:
        if condition in ("always", ""):
            return
        lists = isinstance(condition, dict) and all(
            isinstance(items, list) and all(isinstance(item, str) for item in items) for items in condition.values()
        )
        if not lists or not condition or not set(condition) <= {"all", "any"}:
            self.complain(path, _("write always, or a mapping of all and any, each a list of facts"))
        elif unknown := unknown_in(condition, self.known.facts):
            facts = [fact.id if not fact.is_level else f"{fact.id}>={fact.maximum}" for fact in self.known.facts]
            places = {item: (kind, n) for kind, items in condition.items() for n, item in enumerate(items)}
            for name in unknown:
                self._unknown((*path, *places[name]), name, facts)
        elif not can_hold(condition, self.known.facts):
            self.complain(path, _("can never hold, so nobody would be asked; take out what excludes the rest"))

    def _option(self, option: dict[str, Any], path: Path) -> dict[str, Any]:
        if not option:
            return {}
        taken = self._take(option, path, shapes.OPTION)
        if taken["criticality"] and taken["criticality"] not in shapes.CRITICALITIES:
            self._unknown((*path, "criticality"), taken["criticality"], shapes.CRITICALITIES)
        return taken

    def _threshold(self, row: Any, path: Path) -> dict[str, str]:
        taken = self._take(row, path, shapes.THRESHOLD)
        if taken["rule"] and taken["rule"] not in shapes.RULES:
            self._unknown((*path, "rule"), taken["rule"], shapes.RULES)
        return taken

    def _once(self, questions: list[tuple[Path, dict[str, Any]]]) -> None:
        first: dict[str, Path] = {}
        for path, question in questions:
            code = question["code"]
            if code and first.setdefault(code, path) != path:
                self.complain(
                    (*path, "id"), _("%(code)s is given twice; leave it out for a new check") % {"code": code}
                )
