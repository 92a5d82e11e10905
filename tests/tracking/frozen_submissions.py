"""Submission facts made of the three hand-written versions in comparing/, as an audit would have frozen them."""

from pathlib import Path
from typing import Any

import yaml

from auditapp.audits.scoring import shown

HERE = Path(__file__).parent / "comparing"
VERSIONS = yaml.safe_load((HERE / "versions.yaml").read_text())
ANSWERS = yaml.safe_load((HERE / "submissions.yaml").read_text())
EXPECTED = yaml.safe_load((HERE / "expected.yaml").read_text())
HALF_POINTS = {"met": 2, "unevidenced": 1, "partial": 1, "not_met": 0, "unanswered": 0}
SCORING = {"weights": VERSIONS["weights"], "half_points": HALF_POINTS}


def frozen(version: int) -> dict[str, Any]:
    """What was handed over of one version."""
    return submission(VERSIONS["versions"][version], ANSWERS[version], VERSIONS["domains"])


def submission(
    categories: dict[str, list[list[str]]], answers: dict[str, str], domains: dict[str, list[str]]
) -> dict[str, Any]:
    """The parts of the facts that are compared, in their shape (docs/facts.md)."""
    domain_of = {category: domain for domain, inside in domains.items() for category in inside}
    rows = [
        {
            "code": category,
            "title": category.upper(),
            "domain": domain_of[category],
            "questions": [_question(*row, state=answers[row[0]]) for row in checks],
        }
        for category, checks in categories.items()
    ]
    every = [(row["domain"], question) for row in rows for question in row["questions"]]
    scores = {domain: _score([q for of, q in every if of == domain]) for domain in domains}
    return {
        "categories": rows,
        "excluded": [],
        "result": {
            "overall": _score([question for _domain, question in every]),
            "domains": [
                {"code": domain, "title": domain.capitalize(), "score": score}
                for domain, score in scores.items()
                if any(of == domain for of, _question in every)
            ],
        },
    }


def _question(code: str, criticality: str, text: str, guidance: str = "Because.", *, state: str) -> dict[str, Any]:
    answer = None if state == "unanswered" else {"state": state}
    worded = {"text": text, "guidance": guidance, "expected_evidence": "A record."}
    return {"code": code, "criticality": criticality, "answer": answer, **worded}


def _score(questions: list[dict[str, Any]]) -> dict[str, Any] | None:
    states = [(q["criticality"], q["answer"]["state"] if q["answer"] else "unanswered") for q in questions]
    applicable = [(VERSIONS["weights"][criticality], state) for criticality, state in states if state in HALF_POINTS]
    reached, possible = sum(w * HALF_POINTS[state] for w, state in applicable), sum(2 * w for w, _ in applicable)
    return {"numerator": reached, "denominator": possible, "shown": shown(reached, possible)} if possible else None
