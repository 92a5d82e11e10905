"""A version's frozen content as YAML, under the names that the content files use for the same things."""

from collections.abc import Mapping
from typing import Any

import yaml

TYPE = "application/yaml"
FORMAT = 1
WIDTH = 110
SIGNATORY = ("role", "meaning", "named_deputy")
# What has its place in the file, or is worked out again when it is published.
WORKED_OUT = ("code", "version", "check_ids", "check_reasons")
ELSEWHERE = (*WORKED_OUT, "title", "purpose", "frequency", "stages", "signatories", "trigger_sets")
HEAD = """\
# One version of a questionnaire. docs/questionnaire-format.md says what may stand here.
# Digest of this version: {digest}
# {source}
"""


class _Flow(list):
    """A list on one line."""


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _flow(dumper: yaml.CSafeDumper, values: _Flow) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Flow, _flow)


def written(content: Mapping[str, Any], *, digest: str, source: str) -> str:
    """The file of a version."""
    about = content["questionnaire"]
    data = {
        "format": FORMAT,
        "made_from": {"questionnaire": about["code"], "version": about["version"]},
        "title": about["title"],
        "purpose": about["purpose"],
        "frequency": about["frequency"],
        "stages": _Flow(about["stages"]),
        "signatories": [{key: row[key] for key in SIGNATORY if key in row} for row in about["signatories"]],
        **{key: _short(value) for key, value in about.items() if key not in ELSEWHERE and value not in ("", [], {})},
    }
    if about["trigger_sets"]:
        data["trigger_sets"] = {row["trigger"]: _Flow(row["categories"]) for row in about["trigger_sets"]}
    data["domains"] = [_domain(domain, content) for domain in content["domains"]]
    head = HEAD.format(digest=digest, source=source)
    return head + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _short(value: Any) -> Any:
    return _Flow(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else value


def _domain(domain: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    thresholds: dict[str, list[dict[str, str]]] = {}
    for row in content["local_thresholds"]:
        thresholds.setdefault(row["check"], []).append({key: row[key] for key in ("name", "rule", "value", "unit")})
    categories = [
        {
            "id": category["code"],
            "title": category["title"],
            "checks": [_check(question, thresholds) for question in category["questions"]],
        }
        for category in domain["categories"]
    ]
    return {"id": domain["code"], "title": domain["title"], "categories": categories}


def _check(question: Mapping[str, Any], thresholds: Mapping[str, list[dict[str, str]]]) -> dict[str, Any]:
    """A check; what is as usual is left out."""
    check = {
        "id": question["code"],
        "text": question["text"],
        "guidance": question["guidance"],
        "evidence": question["expected_evidence"],
        "criticality": question["criticality"],
        "stages": _Flow(question["stages"]),
        "applies_when": _condition(question["applies_when"]),
        "maps_to": _short(question["clauses"]),
    }
    if question["scope"] != "deployment":
        check["scope"] = question["scope"]
    for key in ("not_applicable_backed_by", "criticality_option", "reason"):
        if question[key]:
            check[key] = question[key]
    if question["code"] in thresholds:
        check["local_thresholds"] = thresholds[question["code"]]
    return check


def _condition(applies_when: Any) -> Any:
    if isinstance(applies_when, str):
        return applies_when
    return {kind: _Flow(applies_when[kind]) for kind in ("all", "any") if kind in applies_when}
