"""Report facts as a hospital would freeze them, from the seeded checks: one of 150 questions, one of 10."""

import hashlib
import random
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
import yaml

SEED = Path(__file__).resolve().parents[2] / "fixtures" / "seed"
WEIGHT = {"critical": 3, "major": 2, "minor": 1}
HALF_POINTS = {"met": 2, "unevidenced": 1, "partial": 1, "not_met": 0, "unanswered": 0}
PRIORITY = {
    ("critical", "not_met"): "P1",
    ("critical", "partial"): "P2",
    ("critical", "unevidenced"): "P2",
    ("major", "not_met"): "P2",
    ("major", "partial"): "P3",
    ("minor", "partial"): "P4",
    ("minor", "not_met"): "P4",
}
DUE = {"P1": "before go-live", "P2": "2026-12-22", "P3": "2027-02-20", "P4": "2027-05-21"}

ASHA = {"name": "Asha Rao", "title": "Lead auditor, quality team"}
BEN = {"name": "Ben Okafor", "title": "Clinical safety officer"}
EVE = {"name": "Eve Lindqvist", "title": "Executive medical director"}
GRACE = {"name": "Grace Whitfield", "title": "Chair, AI governance committee"}
OMAR = {"name": "Omar Haddad", "title": "Digital lead, outpatients"}
PROFILE: dict[str, bool | int] = {
    "is_llm": True,
    "is_predictive": False,
    "is_imaging": False,
    "generates_clinical_text": True,
    "conversational": True,
    "records_speech": True,
    "patient_facing": True,
    "autonomy_level": 2,
    "handles_phi": True,
    "vendor_hosted": True,
    "third_party_supplied": True,
    "locally_adapted": True,
    "ehr_write": True,
    "multilingual_population": True,
}
NOTES = [
    "Reviewed with the clinical owner in the safety huddle. The sample covered nine clinics at two sites.",
    "Tested on 120 consultations of three specialties. Two reviewers scored apart; they agreed on 96 %.",
    "The supplier's statement was checked against our own configuration on 12 November. No difference found.",
    "The process is in place at the Royal. The community clinics follow the same procedure since 1 October.",
    "Seen working on the test system. Screenshots are attached; the live system has the same release.",
    "Discussed with the patient panel on 3 November. Their comments led to a shorter leaflet.",
]
GAPS = [
    (
        "The second reviewer has scored only 11 % of the sample.",
        "Sample of 20 % is being scored by Dr Fenwick.",
    ),
    ("No written procedure for weekends.", "The site manager on call has the switch-off card."),
    (
        "The alert goes to a shared mailbox that nobody reads at night.",
        "Clinicians confirm each note before it is filed.",
    ),
    (
        "Results are not broken down by language.",
        "Interpreter bookings are excluded from recording until then.",
    ),
]


@cache
def seed(name: str) -> Any:
    return yaml.safe_load((SEED / f"{name}.yaml").read_text())


def canonical(facts: dict[str, Any]) -> bytes:
    """The bytes that are stored, attached and hashed (RFC 8785)."""
    return rfc8785.dumps(facts)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def score(questions: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Weight times half points, shown to one decimal, halves up."""
    counted = [q for q in questions if q["answer"]["state"] != "not_applicable"]
    top = sum(WEIGHT[q["criticality"]] * HALF_POINTS[q["answer"]["state"]] for q in counted)
    out_of = sum(2 * WEIGHT[q["criticality"]] for q in counted)
    if not out_of:
        return None
    tenths = (2000 * top + out_of) // (2 * out_of)
    return {"numerator": top, "denominator": out_of, "shown": f"{tenths // 10}.{tenths % 10}"}


def large() -> dict[str, Any]:
    """A pre-deployment audit of a scribe: 150 questions, an earlier round, hazards, conditions."""
    return _facts("predeploy-llm", 150, stage="pre", reason="pre_deployment", rounds=2)


def longest() -> dict[str, Any]:
    """The large one with the notes of people who write much: more than sixty pages."""
    facts = large()
    for category in facts["submission"]["categories"]:
        for question in category["questions"]:
            question["answer"]["note"] = " ".join(NOTES[:4])
    return facts


def small() -> dict[str, Any]:
    """A containment check: ten questions, two signatories, everything met, no hazard, nothing to say."""
    return _facts("containment-72h", 10, stage="change", reason="containment", rounds=1)


def _holds(rule: str) -> bool:
    for sign in (">=", "<="):
        if sign in rule:
            fact, limit = rule.split(sign)
            return int(PROFILE[fact]) >= int(limit) if sign == ">=" else int(PROFILE[fact]) <= int(limit)
    return bool(PROFILE[rule])


def _applies(rule: Any) -> bool:
    if rule == "always":
        return True
    return all(map(_holds, rule.get("all", []))) and (not rule.get("any") or any(map(_holds, rule["any"])))


def _answer(check: dict[str, Any], chance: random.Random, calm: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    critical = check["criticality"] == "critical"
    states = ["met"] * 17 + ([] if calm else ["partial", "partial", "unevidenced", "not_applicable"])
    if not critical and not calm:
        states += ["not_met"]
    state = chance.choice(states)
    gap, control = chance.choice(GAPS) if state in {"partial", "not_met"} else ("", "")
    answer = {
        "verdict": "met" if state == "unevidenced" else state,
        "state": state,
        "note": chance.choice(NOTES) if chance.random() < 0.8 else "",
        "evidence_note": "Seen on screen with the clinical owner on 12 November." if state == "partial" else "",
        "gap": gap,
        "owner": "Dr Miriam Fenwick" if gap else "",
        "due": "2026-12-15" if gap else None,
        "control": control if critical else "",
        "justification": "The clinics in scope do not use this function; it is switched off by the supplier."
        if state == "not_applicable"
        else "",
        "by": chance.choice([ASHA, OMAR]),
        "at": f"2026-11-{chance.randint(9, 21):02}T{chance.randint(8, 17):02}:{chance.randint(0, 59):02}:11Z",
        "revision": chance.randint(1, 6),
        "approval": {"by": BEN, "at": "2026-11-21T10:15:00Z"} if state == "not_applicable" and critical else None,
    }
    items = chance.randint(1, 2) if state == "met" else chance.randint(0, 1) if state in {"partial", "not_met"} else 0
    return answer, [_evidence(check, n, chance) for n in range(items)]


def _evidence(check: dict[str, Any], n: int, chance: random.Random) -> dict[str, Any]:
    link = chance.random() < 0.2
    title = check["evidence"].split(",")[0].split(".")[0].strip()
    return {
        "title": title if n == 0 else f"Minutes of the safety huddle on {title[0].lower()}{title[1:]}",
        "kind": "link" if link else "file",
        "url": f"https://intranet.northshire.example/quality/ai/{check['id']}/{n}" if link else "",
        "filename": "" if link else f"{check['id']}-{n + 1}-evidence.pdf",
        "sha256": "" if link else sha(f"{check['id']}/{n}"),
        "size": None if link else chance.randint(20_000, 4_000_000),
        "effective_date": "2026-10-30",
        "valid_until": "2027-10-30" if chance.random() < 0.3 else None,
        "source": "supplier" if chance.random() < 0.2 else "ours",
        "added_by": OMAR,
        "added_at": "2026-11-12T11:20:00Z",
    }


def _facts(code: str, wanted: int, *, stage: str, reason: str, rounds: int) -> dict[str, Any]:
    content = seed("checks")
    questionnaire = next(q for q in content["questionnaires"] if q["id"] == code)
    named = set(questionnaire["check_ids"] or [])
    chance, calm = random.Random(20261122), wanted < 50
    categories, excluded, count = [], [], 0
    for domain in content["domains"]:
        for category in domain["categories"]:
            questions = []
            for check in category["checks"]:
                if category["id"] not in questionnaire["categories"] or (named and check["id"] not in named):
                    continue
                if not _applies(check["applies_when"]):
                    excluded.append(_exclusion(check, category))
                elif stage in check["stages"] and count < wanted:
                    answer, evidence = _answer(check, chance, calm)
                    questions.append(_question(check, answer, evidence))
                    count += 1
            if questions:
                categories.append(_category(category, domain, questions))
    submission = _submission(content, questionnaire, reason, rounds, categories, excluded)
    return _report(content, submission, questionnaire, rounds, calm)


def _question(check: dict[str, Any], answer: dict[str, Any], evidence: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "code": check["id"],
        "text": check["text"],
        "criticality": check["criticality"],
        "scope": check.get("scope", "deployment"),
        "guidance": check["guidance"],
        "expected_evidence": check["evidence"],
        "clauses": check["maps_to"],
        "answer": answer,
        "evidence": evidence,
    }


def _exclusion(check: dict[str, Any], category: dict[str, Any]) -> dict[str, Any]:
    labels = {f["id"]: f["label"] for f in seed("checks")["applicability"]["profile_facts"]}
    rule = check["applies_when"]
    failed = [r for r in [*rule.get("all", []), *rule.get("any", [])] if not _holds(r)]
    because = [f"{labels[r.split('>')[0].split('<')[0]]}: {'no' if r in PROFILE else 2}" for r in failed]
    return {
        "code": check["id"],
        "text": check["text"],
        "criticality": check["criticality"],
        "category": category["id"],
        "because": because,
    }


def _category(category: dict[str, Any], domain: dict[str, Any], questions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "code": category["id"],
        "title": category["title"],
        "definition": category["definition"],
        "domain": domain["id"],
        "domain_title": domain["title"],
        "questions": questions,
    }


def _result(content: dict[str, Any], categories: list[dict[str, Any]], stage: str, levels: list[int]) -> dict[str, Any]:
    questions = [q for c in categories for q in c["questions"]]
    counts = dict.fromkeys(["met", "unevidenced", "partial", "not_met", "not_applicable", "unanswered"], 0)
    for q in questions:
        counts[q["answer"]["state"]] += 1

    def part(code: str, title: str, of: list[dict[str, Any]]) -> dict[str, Any]:
        applicable = sum(q["answer"]["state"] != "not_applicable" for q in of)
        return {"code": code, "title": title, "applicable": applicable, "score": score(of)}

    parts = [part(c["code"], c["title"], c["questions"]) | {"domain": c["domain"]} for c in categories]
    domains = [
        part(d["id"], d["title"], [q for c in categories if c["domain"] == d["id"] for q in c["questions"]])
        for d in content["domains"]
        if any(c["domain"] == d["id"] for c in categories)
    ]
    by = "category" if len(questions) - counts["not_applicable"] >= 60 else "domain"
    counted = [p for p in (parts if by == "category" else domains) if p["applicable"] >= 3]
    counted_parts = [{"code": p["code"], "title": p["title"], "score": p["score"]} for p in counted]
    key = lambda p: (p["score"]["numerator"] / p["score"]["denominator"], p["code"])  # noqa: E731
    critical = {q["answer"]["state"] for q in questions if q["criticality"] == "critical"}
    gate = "passed_with_conditions" if critical & {"partial", "unevidenced"} else "passed"
    result = "reached_with_conditions" if gate != "passed" or levels else "thresholds_reached"
    labels = {r["id"]: r["label"] for r in content["scoring"]["calculated_results"]}
    majors = [q for q in questions if q["criticality"] == "major" and q["answer"]["state"] != "not_applicable"]
    return {
        "asked": len(questions),
        "applicable": len(questions) - counts["not_applicable"],
        "counts": counts,
        "categories": parts,
        "domains": domains,
        "counted_by": by,
        "counted_parts": counted_parts,
        "lowest_counted_part": min(counted_parts, key=key) if counted_parts else None,
        "overall": score(questions),
        "gate": gate,
        "majors": {
            "applicable": len(majors),
            "incomplete": sum(q["answer"]["state"] != "met" for q in majors),
        },
        "open_hazard_levels": levels,
        "calculated_result": result,
        "label": labels[result],
        "permitted_decisions": content["decisions"]["permitted_decisions"][result][stage],
    }


def _submission(content, questionnaire, reason, rounds, categories, excluded):  # type: ignore[no-untyped-def]
    labels = {f["id"]: f["label"] for f in content["applicability"]["profile_facts"]}
    live = reason == "containment"
    result = _result(content, categories, "in_use" if live else "pre", [])
    findings = [
        {
            "check": q["code"],
            "answer": q["answer"]["state"],
            "priority": PRIORITY[q["criticality"], q["answer"]["state"]],
            "due": DUE[PRIORITY[q["criticality"], q["answer"]["state"]]],
            "gap": q["answer"]["gap"],
            "owner": q["answer"]["owner"] or "Dr Miriam Fenwick",
        }
        for c in categories
        for q in c["questions"]
        if (q["criticality"], q["answer"]["state"]) in PRIORITY
    ]
    return {
        "schema": 1,
        "layer": "submission",
        "audit": {
            "ref": "A-2026-014" if rounds > 1 else "A-2026-031",
            "revision": rounds,
            "round": rounds,
            "reason": reason,
            "triggers": ["model_or_prompt_update"] if live else [],
            "opened_by": ASHA,
            "opened_at": "2026-11-09T08:30:00Z",
        },
        "organisation": {"code": "northshire", "name": "Northshire Hospitals Group"},
        "site": {"code": "royal", "name": "Royal Northshire Hospital", "zone": "Europe/London"},
        "deployment": {
            "ref": "D-004",
            "name": "Ambient scribe, outpatient clinics",
            "vendor": "Lumen Clinical Ltd",
            "product": "Lumen Scribe",
            "intended_use": "Listens to outpatient consultations of adults and drafts letter and note. "
            "A named clinician reads, corrects and signs each draft before it is filed or sent.\n"
            "Not used for children, for psychiatry, or where the patient has declined.",
            "owner": OMAR,
            "status": "live" if live else "pilot",
            "live": live,
            "model_version": {"name": "2.3", "from": "2026-09-01", "to": None},
        },
        "profile": {
            "n": 1,
            "facts": [{"id": k, "label": labels[k], "value": v} for k, v in PROFILE.items()],
            "filled_by": OMAR,
            "filled_at": "2026-11-05T09:00:00Z",
            "confirmed_by": BEN,
            "confirmed_at": "2026-11-06T15:40:00Z",
        },
        "questionnaire": {
            "code": questionnaire["id"],
            "title": questionnaire["title"],
            "version": 1,
            "purpose": questionnaire["purpose"],
            "sha256": sha(questionnaire["id"]),
        },
        "submitted": {
            "by": ASHA,
            "at": "2026-11-22T14:02:05Z",
            "local": "22 Nov 2026, 14:02 GMT",
            "date": "2026-11-22",
        },
        "categories": categories,
        "excluded": excluded,
        "result": result,
        "findings": findings,
    }


def _report(content, submission, questionnaire, rounds, calm):  # type: ignore[no-untyped-def]
    from tests.reports.example_outcome import outcome  # noqa: PLC0415 - it builds on this module

    facts: dict[str, Any] = {
        "schema": 1,
        "layer": "report",
        "submission_sha256": hashlib.sha256(rfc8785.dumps(submission)).hexdigest(),
        "submission": submission,
    }
    return facts | outcome(content, seed("frameworks"), submission, questionnaire, rounds, calm)
