"""The answers of an issued report, arranged by the clauses that its questions help to evidence.

Made from the frozen report facts alone: names and titles of frameworks and clauses are those that were signed.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

Facts = dict[str, Any]


def by_framework(facts: Facts, *, elsewhere: Collection[str] = ()) -> list[Facts]:
    """[{"framework", "elsewhere", "clauses": [{"id", "title", "questions"}], "counts", "questions"}].

    `elsewhere` are the codes of frameworks of other jurisdictions: they come last, and none is left out. A question
    that helps several clauses stands under each of them and is counted once for a framework.
    """
    naming: dict[str, list[Facts]] = {}
    for category in facts["submission"]["categories"]:
        for question in category["questions"]:
            for link in question["clauses"]:
                naming.setdefault(link, []).append(question | {"state": _state(question)})
    found = [_framework(framework, naming, framework["id"] in elsewhere) for framework in facts["frameworks"]]
    return sorted(found, key=lambda entry: entry["elsewhere"])


def _framework(framework: Facts, naming: dict[str, list[Facts]], elsewhere: bool) -> Facts:
    clauses = [c | {"questions": naming.get(f"{framework['id']}:{c['id']}", [])} for c in framework["clauses"]]
    states = {question["code"]: question["state"] for clause in clauses for question in clause["questions"]}
    return {
        "framework": framework,
        "elsewhere": elsewhere,
        "clauses": clauses,
        "counts": dict(Counter(states.values())),
        "questions": len(states),
    }


def _state(question: Facts) -> str:
    return question["answer"]["state"] if question["answer"] else "unanswered"
