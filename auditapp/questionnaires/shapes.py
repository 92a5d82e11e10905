"""The shape of the content files: which keys must be there, and of what kind."""

from collections.abc import Iterator
from typing import Any

CHECK = {
    "id": str,
    "text": str,
    "guidance": str,
    "evidence": str,
    "criticality": str,
    "stages": list,
    "applies_when": (str, dict),
    "maps_to": list,
}
CATEGORY = {
    "id": str,
    "prefix": str,
    "title": str,
    "definition": str,
    "review_source": {"v1_abstract": list, "v2_abstract": list, "origin": str},
    "ai_types": list,
    "lifecycle_stages": list,
    "typical_hazards": list,
    "suggested_lead": str,
    "checks": [CHECK],
}
QUESTIONNAIRE = {
    "id": str,
    "title": str,
    "purpose": str,
    "stages": list,
    "categories": list,
    "defaults": dict,
    "frequency": str,
    "signatories": [{"role": str, "meaning": str}],
}
CHECKS_FILE = {
    "applicability": {"profile_facts": [{"id": str, "type": str, "label": str, "help": str}]},
    "stages": dict,
    "answer_scale": [{"id": str, "label": str, "requires": str}],
    "scoring": {"weights": dict, "definitions": dict, "limits": dict, "calculated_results": list},
    "decisions": {"vocabulary": dict, "meaning": dict, "permitted_decisions": dict},
    "findings": {"label": str, "priorities": list},
    "risk_rating": {"severity": list, "likelihood": list, "matrix": dict},
    "related_clauses": {"heading": str, "note": str},
    "local_thresholds": [{"check": str, "name": str, "rule": str, "unit": str}],
    "domains": [{"id": str, "title": str, "description": str, "categories": [CATEGORY]}],
    "retired_checks": [{"id": str, "replaced_by": str, "retired": str, "reason": str}],
    "signatory_roles": dict,
    "signatory_rule": str,
    "questionnaires": [QUESTIONNAIRE],
}
FRAMEWORKS_FILE = {
    "frameworks": [
        {
            "id": str,
            "name": str,
            "version": str,
            "publisher": str,
            "url": str,
            "verification": str,
            "last_verified": str,
            "sources_read": list,
            "clauses": [{"id": str, "title": str}],
        }
    ]
}


def misshapen(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """The paths at which a value is not of its shape.

    A shape is a type, a tuple of types, a mapping of keys to shapes (further keys are free) or a list of one.
    """
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield path
            return
        for key, inner in shape.items():
            yield from misshapen(value.get(key), inner, f"{path}.{key}".lstrip("."))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield path
            return
        for n, row in enumerate(value):
            name = row.get("id", n) if isinstance(row, dict) else n
            yield from misshapen(row, shape[0], f"{path}[{name}]")
    elif not isinstance(value, shape) or value == "":
        yield path
