"""What review, committee and clinical safety officer added to the example: decision, hazards, rounds."""

from typing import Any

from tests.reports import example_facts as made

REASONS = (
    "The committee accepts the scribe for the outpatient clinics at the Royal for six months. The error rate "
    "after clinician review was 1.2 % (95 % upper bound 3.4 %), below the local default. Two critical checks "
    "are only partly met; each has a compensating control in place today.\nThe committee was not unanimous: "
    "the patient representative asked that declining to be recorded must not delay an appointment, which is "
    "now condition 3."
)
CONDITIONS = [
    (
        "The second reviewer scores 20 % of the sample and the result is reported to the committee.",
        "2026-12-15",
    ),
    ("A named person answers the alert mailbox at night and at weekends.", "2026-12-01"),
    ("Declining to be recorded never delays an appointment; the booking letter says so.", "2026-12-22"),
]


def outcome(
    content: Any, frameworks: Any, submission: dict[str, Any], questionnaire: Any, rounds: int, calm: bool
) -> dict[str, Any]:
    """Every part of the report layer but the submission itself."""
    hazards = [] if calm else _hazards()
    texts = {q["code"]: q["text"] for c in submission["categories"] for q in c["questions"]}
    findings = [
        {"ref": f"F-{n:04}", "check": f["check"], "title": texts[f["check"]], "priority": f["priority"]}
        | {
            "due": f["due"],
            "first_due": "2026-11-30" if n == 33 else f["due"],
            "gap": f["gap"],
            "owner": f["owner"],
        }
        | {"state": "open"}
        for n, f in enumerate(submission["findings"], 31)
    ]
    group = "in_use" if submission["deployment"]["live"] else "pre"
    decision = "continue" if calm else "approve_with_contingencies"
    labels = {d["id"]: d["label"] for ds in content["decisions"]["vocabulary"].values() for d in ds}
    by, role = (made.BEN, "clinical_safety_officer") if calm else (made.GRACE, "governance_chair")
    live = submission["deployment"]["live"]
    return {
        "report": {
            "public_id": "3f7c9a4be01d58c2a6e90f1b7d24c853",
            "verify_url": "https://audit.northshire.example/verify/3f7c9a4be01d58c2a6e90f1b7d24c853/",
            "prepared_at": "2026-11-22T16:45:10Z",
            "prepared_local": "22 Nov 2026, 16:45 GMT",
        },
        "marking": "" if calm else "OFFICIAL: for the AI governance committee",
        "rounds": _rounds(submission, rounds),
        "hazard_ratings": hazards,
        "live_at_decision": live,
        "result_at_decision": submission["result"]
        if calm
        else made._result(content, submission["categories"], group, [3]),
        "findings": findings,
        "thresholds": {
            "statement": "Local default, not yet adopted by Northshire Hospitals Group",
            "items": [
                {"check": t["check"], "name": t["name"], "rule": t["rule"]}
                | {"value": str(t["value"]), "unit": t["unit"]}
                for t in content["local_thresholds"]
                if t["check"] in texts
            ],
        },
        "decision": {
            "id": decision,
            "label": labels[decision],
            "meaning": content["decisions"]["meaning"][decision],
            "stage_group": group,
            "reasons": "Nothing further was found." if calm else REASONS,
            "by": by,
            "role": role,
            "role_label": content["signatory_roles"][role],
            "at": "2026-11-22T16:40:00Z",
            "local": "22 Nov 2026, 16:40 GMT",
            "conditions": []
            if calm
            else [{"text": t, "owner": "Dr Miriam Fenwick", "due": due} for t, due in CONDITIONS],
        },
        "signatories": [
            {
                "order": n,
                "role": s["role"],
                "role_label": content["signatory_roles"][s["role"]],
                "meaning": s["meaning"],
                "field": f"signature-{n}",
            }
            for n, s in enumerate(questionnaire["signatories"], 1)
        ],
        "frameworks": _frameworks(frameworks, submission),
        "supersedes": None
        if calm
        else {
            "ref": "A-2026-014",
            "sha256": made.sha("the first revision"),
            "reason": "The supplier corrected the hosting region after issue.",
        },
        "definitions": {
            "gate": content["scoring"]["critical_gate"],
            "priority_label": content["findings"]["label"],
            "matrix": content["risk_rating"]["matrix"],
            "severity": content["risk_rating"]["severity"],
        },
        "notice": "Categories follow the structure of Wang et al. (arXiv:2409.18968); the audit questions "
        "are our own and are not endorsed by the authors.",
    }


def _hazards() -> list[dict[str, Any]]:
    rated = {"by": made.BEN, "at": "2026-11-22T15:10:00Z"}
    return [
        {
            "title": "A drafted letter leaves out a new allergy",
            "check": "hal-02",
            "severity": "Considerable",
            "likelihood": "Medium",
            "level": 3,
            "reason": "Seen twice in 120 letters, both caught by the clinician. Not measured in use.",
            "state": "open",
        }
        | rated,
        {
            "title": "A note is filed to the wrong patient after a room change",
            "check": "",
            "severity": "Major",
            "likelihood": "Very low",
            "level": 2,
            "reason": "The tool takes the patient from the open record and shows the name on each draft.",
            "state": "closed",
        }
        | rated,
    ]


def _rounds(submission: dict[str, Any], rounds: int) -> list[dict[str, Any]]:
    result = {k: submission["result"][k] for k in ("calculated_result", "label")}
    last = {
        "round": rounds,
        "submitted_by": made.ASHA,
        "submitted_at": submission["submitted"]["at"],
        "sha256": made.sha("last round"),
        "result": result,
        "returns": [],
        "review": {
            "by": made.BEN,
            "at": "2026-11-22T15:30:00Z",
            "note": "Accepted. I sampled 20 answers against their evidence and found them fair.",
        },
        "refusal": None,
    }
    if rounds == 1:
        return [last]
    codes = [q["code"] for c in submission["categories"] for q in c["questions"]]
    first = last | {
        "round": 1,
        "submitted_at": "2026-11-17T09:12:00Z",
        "sha256": made.sha("first round"),
        "returns": [
            {
                "check": codes[3],
                "reason": "The screenshot shows release 2.2, not 2.3.",
                "by": made.BEN,
                "at": "2026-11-18T11:00:00Z",
            },
            {
                "check": codes[40],
                "reason": "Please say who answers at weekends.",
                "by": made.BEN,
                "at": "2026-11-18T11:05:00Z",
            },
        ],
        "review": None,
    }
    return [first, last]


def _frameworks(frameworks: Any, submission: dict[str, Any]) -> list[dict[str, Any]]:
    linked = {clause for c in submission["categories"] for q in c["questions"] for clause in q["clauses"]}
    return [
        {k: f[k] for k in ("id", "name", "version", "last_verified")}
        | {"clauses": [{"id": c["id"], "title": c["title"]} for c in f["clauses"] if f"{f['id']}:{c['id']}" in linked]}
        for f in frameworks["frameworks"]
        if any(clause.startswith(f"{f['id']}:") for clause in linked)
    ]
