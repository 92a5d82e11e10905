"""Board facts as examples: of a small hospital, of a large group in a bad month, and with the longest names."""

from typing import Any

import rfc8785

HOSPITALS = ["Royal Northshire Hospital", "Northshire General", "St Anne’s", "Harbour Children’s Hospital"]
DOMAINS = [
    ("llm-function", "LLM functional safety"),
    ("llm-communication", "LLM communication"),
    ("reliability", "Reliability"),
    ("alignment", "Alignment"),
    ("practice", "Clinical practice"),
    ("system", "System and society"),
]
STATUSES = ("proposed", "in_evaluation", "pilot", "live", "suspended", "retired")
RESULTS = ("gate_not_passed", "thresholds_not_reached", "reached_with_conditions", "thresholds_reached")


def canonical(facts: dict[str, Any]) -> bytes:
    return rfc8785.dumps(facts)


def small() -> dict[str, Any]:
    """One hospital in a quiet month, nothing signed yet."""
    return _facts(HOSPITALS[:1], lines=0, scale=0, name="Sepsis score")


def large() -> dict[str, Any]:
    """A group of many hospitals with more than fits."""
    names = [f"{name} {n}" for n in range(1, 11) for name in HOSPITALS]
    return _facts(names, lines=20, scale=7, name="Ambient scribe, outpatient clinics")


def longest() -> dict[str, Any]:
    """Names as long as they may be, and text in other scripts."""
    long = "Ambulanzassistenz für Gesprächsdokumentation und Arztbriefschreibung 心電図 العربية " * 2
    return _facts([f"{'Universitätsklinikum ' * 5}{n}" for n in range(12)], lines=20, scale=41, name=long[:160])


def _facts(names: list[str], *, lines: int, scale: int, name: str) -> dict[str, Any]:
    hospitals = [_hospital(n, title, scale) for n, title in enumerate(names, start=1)]
    one = {"code": "site-1", "name": names[0]} if len(names) == 1 else None
    statuses = {s: sum(h["statuses"][s] for h in hospitals) for s in STATUSES}
    sums = {k: sum(h[k] for h in hospitals) for k in ("in_use", "valid", "without", "overdue")}
    findings = [
        {"priority": p, "ages": (by := {a: scale * (n + k) for k, a in enumerate(AGES)}), "total": sum(by.values())}
        for n, p in enumerate(("P1", "P2", "P3", "P4", "condition"))
    ]
    decided = {"continue": "Continue", "restrict": "Restrict", "suspend": "Suspend"}
    listed = [_line(n, names[n % len(names)], name) for n in range(lines)]
    trend = [_month(n, scale) for n in range(1, 13)]
    return {
        "schema": 1,
        "layer": "board",
        "board": {
            "month": "2026-11", "from": "2026-11-01", "to": "2026-11-30", "complete": True, "number": 1,
            "prepared_at": "2026-12-01T00:05:07Z", "prepared_local": "1 Dec 2026, 00:05 GMT",
        },
        "marking": "OFFICIAL: for the board" if lines else "",
        "organisation": {"code": "northshire", "name": "Northshire Hospitals Group"},
        "site": one,
        "zone": "Europe/London",
        "totals": sums | {
            "open_findings": sum(f["total"] for f in findings),
            "first_priority": findings[0]["total"],
            "issued": sum(trend[-1]["results"].values()),
            "statuses": statuses,
        },
        "domains": [{"code": code, "title": title} for code, title in DOMAINS] if scale else [],
        "hospitals": hospitals,
        "trend": trend,
        "findings": findings,
        "labels": {"decisions": decided if scale else {}},
        "without_audit": _listed(listed, scale, ("ref", "name", "hospital", "version", "since")),
        "issued": _listed(listed, scale, ("ref", "name", "hospital", "calculated_result", "decision", "on")),
        "changes": _listed(listed, scale, ("ref", "name", "hospital", "before", "after", "on")),
        "notices": _listed(listed, scale, ("kind", "product", "title", "issued_on", "deployments", "waiting")),
        "notice": "Figures of deployments, signed reports and findings, counted once and attached to this file.",
    }  # fmt: skip


AGES = ("new", "month", "quarter", "half")


def _hospital(n: int, name: str, scale: int) -> dict[str, Any]:
    statuses = {status: (n + k) * scale for k, status in enumerate(STATUSES)}
    used = statuses["pilot"] + statuses["live"]
    domains = [
        {
            "code": code,
            "score": {"numerator": (part := 40 + (n * 7 + k * 11) % 60), "denominator": 100, "shown": f"{part}.0"},
            "deployments": n,
        }
        for k, (code, _title) in enumerate(DOMAINS)
        if scale and (n + k) % 9
    ]
    counts = {"in_use": used, "valid": used // 3, "without": used - used // 3, "overdue": n % 4 * scale // 4}
    return {"code": f"site-{n}", "name": name, "statuses": statuses, "domains": domains} | counts


def _month(n: int, scale: int) -> dict[str, Any]:
    """The twelve months that end with November 2026."""
    results = {code: scale * ((n + k) % 5) for k, code in enumerate(RESULTS)}
    decided = {"continue": sum(results.values()) - 2 * scale, "restrict": scale, "suspend": scale}
    month = "2025-12" if n == 1 else f"2026-{n - 1:02d}"
    return {"month": month, "results": results, "decisions": decided if scale else {}}


def _line(n: int, hospital: str, name: str) -> dict[str, Any]:
    return {
        "ref": f"D-{n:03d}", "name": name, "hospital": hospital, "version": f"2.{n}", "since": "2026-02-01",
        "calculated_result": RESULTS[n % 4], "decision": ("continue", "restrict", "suspend")[n % 3], "on": "2026-11-12",
        "before": "live", "after": "suspended", "kind": "recall", "product": "Scribe", "title": f"Recall {n}, {name}",
        "issued_on": "2026-11-03", "deployments": 9, "waiting": n % 9,
    }  # fmt: skip


def _listed(lines: list[dict[str, Any]], scale: int, keys: tuple[str, ...]) -> dict[str, Any]:
    return {"count": len(lines) + scale if lines else 0, "first": [{key: line[key] for key in keys} for line in lines]}
