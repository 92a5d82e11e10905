"""Report facts that between them use every key that schema 1 has, which every reader must cope with."""

import copy
from typing import Any

from tests.reports import example_facts, signed
from tests.reports.example_facts import ASHA, BEN, GRACE, OMAR

DORA = {"name": "Dora Vance", "title": "Pharmacy lead"}


def full() -> dict[str, Any]:
    """The small example, ten questions, with each state of an answer and everything that may hang on one."""
    facts = copy.deepcopy(signed.facts("small"))
    large = copy.deepcopy(signed.facts("large"))
    submission = facts["submission"]
    questions = [q for c in submission["categories"] for q in c["questions"]]
    by_state = {q["answer"]["state"]: q for c in large["submission"]["categories"] for q in c["questions"]}
    for question, state in zip(questions, ["partial", "not_met", "not_applicable", "unevidenced"], strict=False):
        question["answer"] = copy.deepcopy(by_state[state]["answer"])
        question["evidence"] = copy.deepcopy(by_state["met"]["evidence"])
    questions[0]["answer"]["control"] = "A control"
    questions[2]["answer"]["approval"] = {"by": BEN, "at": "2026-11-21T10:15:00Z"}
    stood = {"number": 3, "verdict": "met", "by": GRACE, "keeper": OMAR}
    stood |= {"at": "2026-03-05T11:00:00Z", "valid_until": "2027-03-31"}
    questions[1]["answer"]["deviation"] = {"reason": "The clinic has no filter.", "from": stood}
    questions[3]["answer"]["inherited"] = copy.deepcopy(stood)
    questions[4]["answer"] = None
    _hang_on(questions)
    submission["second_reading"] = _second_reading(questions)
    for key in ("rounds", "hazard_ratings", "findings", "decision", "supersedes", "marking", "thresholds"):
        facts[key] = large[key]
    facts["rounds"][0]["refusal"] = {"by": example_facts.EVE, "at": "2026-11-18T11:00:00Z", "reason": "Not yet."}
    facts["rounds"][0]["returns"][0] |= _said_and_answered()
    facts["thresholds"]["items"][0]["adopted"] = {
        "by": BEN, "at": "2026-03-05T11:00:00Z", "on": "2026-03-05", "default": "15", "reason": "Stricter here.",
    }  # fmt: skip
    submission["excluded"] = large["submission"]["excluded"][:3]
    submission["deployment"]["model_version"]["to"] = "2027-01-01"
    return facts


def _hang_on(questions: list[dict[str, Any]]) -> None:
    questions[5]["answer"]["carried_from"] = "A-2025-012"
    questions[6]["answer"]["from_paper"] = {
        "by": DORA, "at": "2026-11-12T09:00:00Z", "checked_by": OMAR, "checked_at": "2026-11-13T09:00:00Z",
    }  # fmt: skip
    questions[6]["comments"] = [
        {"text": "The scan shows a second signature.", "by": DORA, "at": "2026-11-14T09:00:00Z"},
        {
            "text": "Seen, and added.", "by": OMAR, "at": "2026-11-15T09:00:00Z",
            "resolved": {"by": ASHA, "at": "2026-11-16T09:00:00Z"},
        },
    ]  # fmt: skip
    asked = {"requested": "2026-11-01", "due": "2026-11-14", "not_supplied_by": None, "supplied": "2026-11-10"}
    questions[7]["asked_of_suppliers"] = [
        asked | {"supplied": None, "not_supplied_by": "2026-11-14", "accepted": False},
        asked | {
            "accepted": False, "evidence_wanted": "The penetration test.", "stated": "We test every release.",
            "judged_because": "That is a promise, and no evidence.",
        },
        asked | {"accepted": True, "stated": "The report is attached."},
    ]  # fmt: skip
    questions[0]["evidence"][0] |= {
        "document": "policy", "version": "2.1", "uploaded_sha256": example_facts.sha("sent"), "nondisclosure": True,
    }  # fmt: skip


def _second_reading(questions: list[dict[str, Any]]) -> dict[str, Any]:
    said = {"evidence_note": "", "gap": "", "owner": "", "due": None, "control": "", "justification": ""}
    met = said | {"verdict": "met", "note": "Seen by the first reader.", "at": "2026-11-10T09:00:00Z"}
    partly = said | {"verdict": "partial", "note": "Seen by the second reader.", "gap": "Half of it.", "owner": "Kim"}
    partly |= {"due": "2026-12-24", "at": "2026-11-11T09:00:00Z"}
    settled = {"reason": "The second reader saw the log.", "by": GRACE, "at": "2026-11-12T09:00:00Z"}
    pairs = [(met, met, "agreed"), (met, partly, "second"), (partly, met, "first"), (met, partly, "own")]
    agreement = {"questions": 4, "same": 1, "percent": "25.0", "kappa": "-0.33"}
    return {
        "first": ASHA,
        "second": DORA,
        "begun_by": BEN,
        "begun_at": "2026-11-09T09:00:00Z",
        "opened_at": "2026-11-11T10:00:00Z",
        "agreement": agreement,
        "categories": [
            {"code": "accuracy"} | agreement,
            {"code": "privacy", "questions": 0, "same": 0, "percent": None, "kappa": None},
            {"code": "security", "questions": 2, "same": 2, "percent": "100.0", "kappa": None},
        ],
        "questions": [
            {
                "code": question["code"],
                "first": first,
                "second": second,
                "settled": settled | {"choice": choice, "reason": "" if choice == "agreed" else settled["reason"]},
            }
            for question, (first, second, choice) in zip(questions, pairs, strict=False)
        ],
    }


def _said_and_answered() -> dict[str, Any]:
    said = {"verdict": "met", "state": "unevidenced", "note": "It is so.", "evidence_note": "", "gap": ""}
    said |= {"control": "", "justification": "", "by": ASHA, "at": "2026-11-10T09:00:00Z", "revision": 1}
    later = {"verdict": "partial", "state": "partial", "note": "Looked again.", "gap": "The log.", "control": "A rota."}
    later |= {"evidence_note": "Log of 9 November.", "justification": "None.", "by": OMAR, "revision": 2}
    return {"said": said, "answered": said | later | {"at": "2026-11-19T09:00:00Z"}}
