"""The questionnaire file: read with every mistake said at once, with its line; never a way to exhaust the reader."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditapp.questionnaires.lines import Lines
from auditapp.questionnaires.yaml_files import shapes
from auditapp.questionnaires.yaml_files.reading import Document
from auditapp.questionnaires.yaml_files.writing import written
from auditapp.refusals import Refused
from tests.questionnaires import seeded
from tests.questionnaires.generated import KNOWN

DOCS = Path(__file__).parent.parent.parent / "docs"
SCHEMA = json.loads((DOCS / "questionnaire.schema.json").read_text())
FILE = """\
format: 1
title: Ward round assistant
purpose: Supports the decision on its first use.
frequency: once
stages: [pre]
signatories:
- role: auditor
  meaning: prepared the audit
- role: governance_chair
  meaning: records the decision of the committee
domains:
- id: alignment
  categories:
  - id: autonomy-oversight
    checks:
    - text: Can the ward sister stop it at any hour?
      guidance: Ask her.
      evidence: The stop procedure.
      criticality: critical
      stages: [pre]
      applies_when: always
    - id: aut-03
      text: Was the stop tested?
      criticality: major
      stages: [pre, live]
      applies_when:
        all: [is_llm]
      maps_to: ['nist-ai-rmf:MANAGE 2.4']
      local_thresholds:
      - {name: time to stop, rule: at_most, value: 1.50, unit: minutes}
"""


def refusal(text: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        Document("ours.yaml", text.encode()).read(KNOWN)
    return [refused.value.sentence, *map(str, refused.value.reasons)]


def test_what_is_usual_may_be_left_out() -> None:
    first, second = Document("ours.yaml", FILE.encode()).read(KNOWN).questions
    assert first["code"] == ""
    assert (first["scope"], first["clauses"], first["thresholds"], first["reason"]) == ("deployment", [], [], "")
    assert second["code"] == "aut-03"
    assert second["thresholds"] == [{"name": "time to stop", "rule": "at_most", "value": "1.50", "unit": "minutes"}]


NEVER = "all: [autonomy_level>=2, autonomy_level<=1]"
TRIGGERS = "trigger_sets: {outage: [resilence]}\ndomains:\n"
DEFAULTS = "defaults: {is_lm: true}\ndomains:\n"
PLACE = "domains[alignment].categories[autonomy-oversight].checks"  # said as ~
WRONG = {
    "a category": (
        "id: autonomy-oversight",
        "id: autonomy",
        ":14: domains[alignment].categories[autonomy].id: “auto",
    ),
    "a fact": ("[is_llm]", "[is_lm]", ":27: ~[aut-03].applies_when.all[0]: “is_lm” is unknown; write is_llm"),
    "a level as a yes": ("[is_llm]", "[autonomy_level]", "“autonomy_level” is unknown; write autonomy_level>=3"),
    "never": ("all: [is_llm]", NEVER, ":26: ~[aut-03].applies_when: can never hold, so nobody would be asked"),
    "a condition": ("when: always", "when: sometimes", "applies_when: write always, or a mapping of all and any"),
    "a clause": ("MANAGE 2.4", "MANAGE 2.44", "maps_to[0]: “nist-ai-rmf:MANAGE 2.44” is unknown; write nist-ai-rmf:"),
    "a criticality": (
        "y: critical",
        "y: high",
        ":19: ~[0].criticality: “high” is unknown; write critical, major, minor",
    ),
    "no question": ("Was the stop tested?", "''", "~[aut-03].text: is missing or empty; write the question"),
    "a stage": ("[pre, live]", "[pre, lief]", "stages[1]: “lief” is unknown; write live"),
    "another stage": ("[pre, live]", "[live]", "stages: the questionnaire asks at pre; write that too"),
    "a key": ("guidance: Ask", "guidence: Ask", ":17: ~[0].guidence: there is no such key; write guidance"),
    "a rule": ("at_most", "under", "rule: “under” is unknown; write at_least, at_most"),
    "a role": ("role: auditor", "role: audtor", ":7: signatories[0].role: “audtor” is unknown; write auditor"),
    "no decision": ("records the decision of", "asks", "one meaning must say that the signature records the decision"),
    "one role twice": ("governance_chair", "auditor", "the role auditor signs twice; name it once"),
    "a list": ("stages: [pre]\nsig", "stages: pre\nsig", ":5: stages: is of another kind; write the stages at which"),
    "a date": ("frequency: once", "frequency: 2026-11-22", ":4: frequency: is of another kind; write how often"),
    "nothing": ("title: Ward round assistant\n", "", "title: is missing or empty; write what it is called"),
    "format": ("format: 1", "format: 2", ":1: format: this version reads format 1"),
    "a text": (
        "    - id: aut-03\n",
        "    - Is it?\n    - id: aut-03\n",
        "~[1]: write a mapping with the keys id, t",
    ),
    "a trigger": ("domains:\n", TRIGGERS, "trigger_sets.outage[0]: “resilence” is unknown; write resilience"),
    "a default": ("domains:\n", DEFAULTS, "defaults.is_lm: “is_lm” is unknown; write is_llm"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_said_with_its_line_and_what_to_write(mistake: str) -> None:
    right, wrong, said = WRONG[mistake]
    said = said.replace("~", PLACE)
    assert right in FILE
    sentence, *reasons = refusal(FILE.replace(right, wrong, 1))
    assert sentence == "ours.yaml cannot be taken in as it is."
    assert any(said in reason for reason in reasons), reasons
    assert all(re.match(r"ours\.yaml:\d+: ", reason) for reason in reasons)


def test_all_mistakes_are_said_at_once_in_the_order_of_the_file() -> None:
    text = FILE
    for right, wrong, _said in list(WRONG.values())[:13]:
        text = text.replace(right, wrong, 1)
    _sentence, *reasons = refusal(text)
    lines = [int(reason.split(":")[1]) for reason in reasons]
    assert len(reasons) >= 9
    assert lines == sorted(lines)


def test_two_checks_with_one_code_are_named_where_the_second_stands() -> None:
    twice = FILE.replace("    - text: Can", "    - id: aut-03\n      text: Can")
    said = f"ours.yaml:23: {PLACE}[aut-03].id: aut-03 is given twice; leave it out for a new check"
    assert said in refusal(twice)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "ours.yaml:1: write the text again instead of & and *."),
        ("a: *b", "ours.yaml:1: write the text again"),
        ("a: " + "[" * 5000, "ours.yaml:1: a questionnaire is not so large, or so deep."),
        ("- x\n" * 200_000, "is not so large, or so deep."),
        ("a: b: c", "ours.yaml:1: it cannot be read: mapping values are not allowed"),
        ("title: x\ntitle: y\n", "ours.yaml:2: it cannot be read: the key title is given twice."),
        ("a: !!python/object/apply:os.system [ls]", "ours.yaml:1: it cannot be read: could not determine"),
        ("a: " + "9" * 10_000, "it cannot be read"),
        ("just a text", "is no questionnaire: it has no “domains”"),
        ("", "is no questionnaire"),
        ("x" * 2**21 + "x", "is 3 MB; a questionnaire has 2 MB at most."),
        ("a: \x07", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_questionnaire_or_has_no_end_is_refused_at_once(text: str, said: str) -> None:
    assert said in refusal(text)[0]


def test_a_number_that_would_take_for_ever_is_only_a_text() -> None:
    text = FILE.replace("value: 1.50", "value: 1.0e+999999999")
    assert Document("ours.yaml", text.encode()).read(KNOWN).questions[1]["thresholds"][0]["value"] == "1.0e+999999999"


def test_lines_are_found_by_names_and_by_numbers() -> None:
    lines = Lines(FILE)
    assert lines.line("signatories[governance_chair].meaning") == 10
    assert lines.line("domains[alignment].categories[autonomy-oversight].checks[aut-03].criticality") == 24
    assert lines.line("domains[0].categories[0].checks[0].text") == 16
    assert lines.line("domains[alignment].nothing") == 12
    assert lines.line("nothing at all") == 0


# The schema --------------------------------------------------------------------------------------------


def fits(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """What does not fit: the part of JSON Schema that ours uses."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
    if "anyOf" in schema:
        return [] if any(not fits(value, one, path) for one in schema["anyOf"]) else [f"{path}: none of anyOf"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{path}: is no {schema['type']}"]
    wrong = [f"{path}: {value}"] if "enum" in schema and value not in schema["enum"] else []
    wrong += [f"{path}: is not {schema['const']}"] if schema.get("const", value) != value else []
    wrong += [f"{path}: is empty"] if schema.get("minLength") and not value else []
    if isinstance(value, list):
        wrong += [x for n, one in enumerate(value) for x in fits(one, schema.get("items", {}), f"{path}[{n}]")]
        wrong += [f"{path}: has too few"] if len(value) < schema.get("minItems", 0) else []
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        wrong += [f"{path}: lacks {key}" for key in schema.get("required", []) if key not in value]
        for key, one in value.items():
            more = schema.get("additionalProperties", {})
            if key in properties or isinstance(more, dict):
                wrong += fits(one, properties.get(key, more), f"{path}.{key}")
            else:
                wrong.append(f"{path}: has {key}")
    return wrong


SHAPES = {
    "threshold": shapes.THRESHOLD,
    "criticality_option": shapes.OPTION,
    "check": shapes.CHECK,
    "category": shapes.CATEGORY,
    "domain": shapes.DOMAIN,
    "signatory": shapes.SIGNATORY,
    "": shapes.QUESTIONNAIRE,
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_schema_and_the_reader_know_the_same_keys(name: str) -> None:
    part = SCHEMA["$defs"][name] if name else SCHEMA
    shape = SHAPES[name]
    assert set(part["properties"]) == set(shape)
    assert set(part["required"]) == {key for key, kind in shape.items() if kind.needed}
    assert part["additionalProperties"] is False


@pytest.mark.parametrize("about", seeded.content().checks["questionnaires"], ids=lambda about: about["id"])
def test_every_seeded_questionnaire_fits_the_schema(about: dict[str, Any]) -> None:
    version = seeded.version(about["id"])
    document = Document("q.yaml", written(version.content, digest=version.sha256, source="The source.").encode())
    assert fits(document.data, SCHEMA) == []


def test_the_schema_finds_a_mistake() -> None:
    wrong = FILE.replace("criticality: major", "criticality: high").replace("text: Can", "txt: Can")
    assert len(fits(Document("q.yaml", wrong.encode()).data, SCHEMA)) == 3


def test_the_example_in_the_documentation_can_be_taken_in() -> None:
    example = re.search(r"```yaml\n(.*?)```", (DOCS / "questionnaire-format.md").read_text(), re.S)
    assert example
    assert len(Document("example.yaml", example[1].encode()).read(KNOWN).questions) == 2
