"""What the printed report says: the frozen facts in order, with words, shapes, local times; nothing added."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from auditapp.clock import local_text
from auditapp.evidence.models import Evidence

Facts = dict[str, Any]

# The same shapes on screen, in charts and here, so that no state is told by colour alone.
SHAPES = {
    "met": "●",
    "unevidenced": "◐",
    "partial": "◐",
    "not_met": "○",
    "not_applicable": "–",
    "unanswered": "?",
}
WORDS = {
    "met": gettext_lazy("Met"),
    "unevidenced": gettext_lazy("Met, without evidence"),
    "partial": gettext_lazy("Partly met"),
    "not_met": gettext_lazy("Not met"),
    "not_applicable": gettext_lazy("Not applicable"),
    "unanswered": gettext_lazy("Unanswered"),
}
CRITICALITIES = {
    "critical": gettext_lazy("Critical"),
    "major": gettext_lazy("Major"),
    "minor": gettext_lazy("Minor"),
}
GATES = {
    "passed": ("●", gettext_lazy("Critical gate passed")),
    "passed_with_conditions": ("◐", gettext_lazy("Critical gate passed with conditions")),
    "not_passed": ("○", gettext_lazy("Critical gate not passed")),
}
REASONS = {
    "pre_deployment": gettext_lazy("Before first use"),
    "quarterly": gettext_lazy("Quarterly check"),
    "yearly": gettext_lazy("Yearly review"),
    "containment": gettext_lazy("Containment after an event"),
    "re_audit": gettext_lazy("Re-audit"),
}
STATES = {
    "open": gettext_lazy("open"),
    "closed": gettext_lazy("closed"),
    "accepted": gettext_lazy("accepted"),
}
DOCUMENTS = dict(Evidence.Document.choices)
SOURCES = {"ours": gettext_lazy("our own"), "supplier": gettext_lazy("from the supplier")}
TYPED = {
    "note": gettext_lazy("Note"),
    "gap": gettext_lazy("Missing"),
    "control": gettext_lazy("Control in place"),
    "justification": gettext_lazy("Why not applicable"),
    "evidence_note": gettext_lazy("Evidence note"),
}
SETTLED = {
    "agreed": gettext_lazy("Both agree; taken over by %(who)s, %(at)s"),
    "first": gettext_lazy("Settled for the reading of %(first)s by %(who)s, %(at)s"),
    "second": gettext_lazy("Settled for the reading of %(second)s by %(who)s, %(at)s"),
    "own": gettext_lazy("Settled with an answer of their own by %(who)s, %(at)s"),
}
RULES = {"at_least": gettext_lazy("at least"), "at_most": gettext_lazy("at most")}

# Worst first: what a board must see before anything else.
GRAVITY = [
    ("critical", {"not_met", "unanswered"}),
    ("critical", {"partial", "unevidenced"}),
    ("major", {"not_met", "unanswered"}),
    ("major", {"partial", "unevidenced"}),
    ("minor", {"not_met", "unanswered"}),
    ("minor", {"partial", "unevidenced"}),
]
LONG_NAME = 60  # characters, from which a smaller heading is needed
NO_ANSWER: Facts = {"state": "unanswered", "approval": None, "due": None, "by": None, "at": ""}
# What page 1 holds beside the signatures, from plenty to little: lines of a list, characters of a line and of
# the reasons. What is cut there is counted, pointed to, and printed whole further on.
ROOMS = [(4, 135, 330), (4, 100, 240), (3, 80, 160), (2, 60, 100), (1, 40, 60)]


def document(facts: Facts, digest: str, room: int = 0) -> Facts:
    """The template context of report facts (layer "report", schema 1) and of the SHA-256 of their bytes.

    `room` says how much page 1 may hold (ROOMS). Raises ValueError for facts of another layer or schema.
    """
    if (facts.get("layer"), facts.get("schema")) != ("report", 1):
        raise ValueError(f"These are not report facts of schema 1: {facts.get('layer')!r} {facts.get('schema')!r}")
    submission = facts["submission"]
    lines, width, reasons = ROOMS[room]
    when = _clock(submission["site"]["zone"])
    handed_over = submission["submitted"]["date"]
    categories = [_category(c, when, handed_over) for c in submission["categories"]]
    questions = [q for c in categories for q in c["questions"]]
    result = facts["result_at_decision"]
    return {
        "facts": facts,
        "submission": submission,
        "report": facts["report"],
        "title": title(facts),
        "long_name": len(submission["deployment"]["name"]) > LONG_NAME,
        "digest": digest,
        "digest_short": " ".join(digest[i : i + 4] for i in range(0, 16, 4)),
        "audit": submission["audit"] | {"reason_label": REASONS.get(submission["audit"]["reason"], "")},
        "trail": _people(submission, when),
        "deployment": _deployment(submission["deployment"]),
        "profile": [f | {"shown": _yes_no(f["value"])} for f in submission["profile"]["facts"]],
        "decision": _decision(facts["decision"], reasons),
        "result": _result(result),
        "result_changed": result["label"] != submission["result"]["label"],
        "result_then": _result(submission["result"]),
        "domains": _domains(result, categories),
        "failed": _first(_failed(questions, width), lines),
        "musts": _first(_musts(facts, width), lines),
        "hazards": [_hazard(h, when) for h in facts["hazard_ratings"]],
        "categories": categories,
        "excluded": _excluded(submission),
        "findings": [_finding(f) for f in sorted(facts["findings"], key=lambda f: f["priority"])],
        "rounds": [_round(r, when) for r in facts["rounds"]],
        "second_reading": _second_reading(submission["second_reading"], when) if "second_reading" in submission else {},
        "evidence": _register(questions),
        "thresholds": [_threshold(t, submission["organisation"]["name"]) for t in facts["thresholds"]["items"]],
        "frameworks": _frameworks(facts["frameworks"], questions),
        "gate_rules": [
            {
                "shape": GATES[gate][0],
                "word": GATES[gate][1],
                "rule": facts["definitions"]["gate"].get(gate, ""),
            }
            for gate in GATES
        ],
        "legend": [{"state": s, "shape": SHAPES[s], "word": WORDS[s]} for s in SHAPES],
    }


def title(facts: Facts) -> str:
    """The document's title, as a reader's window shows it."""
    audit, deployment = facts["submission"]["audit"], facts["submission"]["deployment"]
    return _("%(ref)s revision %(revision)s: %(deployment)s, safety audit report") % {
        "ref": audit["ref"],
        "revision": audit["revision"],
        "deployment": deployment["name"],
    }


def person(who: Facts | None) -> str:
    """Name and title as they were on the day of the act."""
    return ", ".join(part for part in ((who or {}).get("name"), (who or {}).get("title")) if part)


def day(text: str | None) -> str:
    """2026-11-22 as 22 Nov 2026; anything else ("before go-live") as it stands."""
    try:
        then = date.fromisoformat(text or "")
    except ValueError:
        return text or ""
    return f"{then.day} {then:%b %Y}"


def _clock(zone: str) -> Callable[[str], str]:
    """Instants as people at the site read them."""
    return lambda text: local_text(datetime.fromisoformat(text), zone) if text else ""


def clipped(text: str, most: int) -> str:
    """The text, cut between words to at most that many characters, with dots where it was cut."""
    return text if len(text) <= most else text[: most - 1].rsplit(maxsplit=1)[0].rstrip(" ,;:") + " …"


def _yes_no(value: Any) -> str:
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else str(value)


def _people(submission: Facts, when: Callable[[str], str]) -> list[Facts]:
    audit, profile = submission["audit"], submission["profile"]
    return [
        {"act": _("Audit opened"), "who": person(audit["opened_by"]), "at": when(audit["opened_at"])},
        {
            "act": _("Profile filled in"),
            "who": person(profile["filled_by"]),
            "at": when(profile["filled_at"]),
        },
        {
            "act": _("Profile confirmed"),
            "who": person(profile["confirmed_by"]),
            "at": when(profile["confirmed_at"]),
        },
        {
            "act": _("Submitted"),
            "who": person(submission["submitted"]["by"]),
            "at": submission["submitted"]["local"],
        },
    ]


def _deployment(deployment: Facts) -> Facts:
    version = deployment["model_version"]
    return deployment | {
        "owner_label": person(deployment["owner"]),
        "since": day(version["from"]),
        "until": day(version["to"]),
    }


def _decision(decision: Facts, most: int) -> Facts:
    conditions = [c | {"due_label": day(c["due"])} for c in decision["conditions"]]
    short = clipped(decision["reasons"], most)
    return decision | {
        "conditions": conditions,
        "by_label": person(decision["by"]),
        "reasons_short": short,
        "cut": short != decision["reasons"],
    }


def _result(result: Facts) -> Facts:
    counts, shape_word = result["counts"], GATES[result["gate"]]
    return result | {
        "gate_shape": shape_word[0],
        "gate_label": shape_word[1],
        "answered": result["applicable"] - counts["unanswered"],
        "tally": [{"shape": SHAPES[s], "word": WORDS[s], "n": counts[s]} for s in SHAPES],
    }


def _domains(result: Facts, categories: list[Facts]) -> list[Facts]:
    """Each domain with its categories: a bar, the score and how the answers fell."""
    tallies = {c["code"]: c["tally"] for c in categories}
    parts = [_bar(c) | {"tally": tallies.get(c["code"], [])} for c in result["categories"]]
    return [_bar(d) | {"categories": [p for p in parts if p["domain"] == d["code"]]} for d in result["domains"]]


def _bar(part: Facts) -> Facts:
    score = part["score"]
    return part | {
        "shown": score["shown"] if score else "",
        "width": 100 * score["numerator"] // score["denominator"] if score else 0,
    }


def _category(category: Facts, when: Callable[[str], str], handed_over: str) -> Facts:
    questions = [_question(q, when, handed_over) for q in category["questions"]]
    states = [q["state"] for q in questions]
    tally = [{"shape": SHAPES[s], "word": WORDS[s], "n": states.count(s)} for s in SHAPES if s in states]
    return category | {"questions": questions, "tally": tally}


def _question(question: Facts, when: Callable[[str], str], handed_over: str) -> Facts:
    answer = question["answer"] or NO_ANSWER
    approval = answer["approval"]
    return question | {
        "answer": answer,
        "state": answer["state"],
        "shape": SHAPES[answer["state"]],
        "word": WORDS[answer["state"]],
        "criticality_label": CRITICALITIES[question["criticality"]],
        "organisation_wide": question["scope"] == "organisation",
        "due": day(answer["due"]),
        "by": person(answer["by"]),
        "at": when(answer["at"]),
        "carried_from": answer.get("carried_from", ""),
        "approved_by": person(approval["by"]) if approval else "",
        "approved_at": when(approval["at"]) if approval else "",
        "inherited": _stood(answer["inherited"], when) if answer.get("inherited") else "",
        "deviation": _deviation(answer["deviation"], when) if answer.get("deviation") else None,
        "evidence": [_evidence(e, when, handed_over) for e in question["evidence"]],
        "from_paper": _copied(answer["from_paper"], when) if answer.get("from_paper") else "",
        "suppliers": [row | {"line": _asked(row)} for row in question.get("asked_of_suppliers", [])],
        "comments": [_comment(row, when) for row in question.get("comments", [])],
    }


def _comment(comment: Facts, when: Callable[[str], str]) -> Facts:
    """What was said about a question, and marked for the report."""
    told = {"who": person(comment["by"]), "at": when(comment["at"])}
    line = _("%(who)s, %(at)s") % told
    if resolved := comment.get("resolved"):
        told = {"line": line, "who": person(resolved["by"]), "at": when(resolved["at"])}
        line = _("%(line)s; resolved by %(who)s, %(at)s") % told
    return comment | {"line": line}


def _copied(copy: Facts, when: Callable[[str], str]) -> str:
    """Who copied an answer from paper, and who held it against the scan."""
    told = {"who": person(copy["by"]), "at": when(copy["at"]), "checker": person(copy.get("checked_by"))}
    if "checked_by" not in copy:
        return _("entered by %(who)s, %(at)s") % told
    told |= {"checked_at": when(copy["checked_at"])}
    return _("entered by %(who)s, %(at)s, checked against the scan by %(checker)s, %(checked_at)s") % told


def _asked(row: Facts) -> str:
    """What a supplier was asked about a question, and whether anything came."""
    days = {"requested": day(row["requested"]), "by": day(row["not_supplied_by"]), "supplied": day(row["supplied"])}
    if row["supplied"] is None:
        return _("requested on %(requested)s, not supplied by %(by)s") % days
    if row["accepted"]:
        return _("requested on %(requested)s, supplied on %(supplied)s and accepted") % days
    return _("requested on %(requested)s, supplied on %(supplied)s, not accepted") % days


def _stood(standing: Facts, when: Callable[[str], str]) -> str:
    """An answer that is given once for the whole hospital: its verdict, who gave it, who keeps it, until when."""
    told = {
        "word": WORDS[standing["verdict"]],
        "who": person(standing["by"]),
        "at": when(standing["at"]),
        "n": standing["number"],
        "keeper": person(standing["keeper"]),
        "until": day(standing["valid_until"]),
    }
    given = _("%(word)s, answered for the whole hospital by %(who)s, %(at)s (answer %(n)s)") % told
    return given + _("; owner %(keeper)s, valid until %(until)s") % told


def _deviation(deviation: Facts, when: Callable[[str], str]) -> Facts:
    return {"reason": deviation["reason"], "stood": _stood(deviation["from"], when) if deviation["from"] else ""}


def _evidence(item: Facts, when: Callable[[str], str], handed_over: str) -> Facts:
    """ISO days compare as text. What an item is was not asked before: facts frozen then do not say it."""
    return item | {
        "document_label": DOCUMENTS.get(item.get("document", ""), ""),
        "version": item.get("version", ""),
        "had_expired": bool(item["valid_until"]) and item["valid_until"] < handed_over,
        "place": item["url"] if item["kind"] == "link" else item["filename"],
        "size_label": _size(item["size"]),
        "source_label": SOURCES.get(item["source"], item["source"]),
        "effective": day(item["effective_date"]),
        "valid": day(item["valid_until"]),
        "nondisclosure": item.get("nondisclosure", False),
        "added": _("%(who)s, %(at)s") % {"who": person(item["added_by"]), "at": when(item["added_at"])},
    }


def _threshold(item: Facts, hospital: str) -> Facts:
    """A number with whose it is; facts frozen before hospitals could adopt numbers say it once for all of them."""
    shown = item | {"rule_label": RULES.get(item["rule"], item["rule"]), "standing": "", "by_label": ""}
    if "adopted" not in item:
        return shown
    if item["adopted"] is None:
        return shown | {"standing": _("default of the questionnaire, not adopted")}
    own = item["adopted"]
    told = {"hospital": hospital, "day": day(own["on"])}
    return shown | {
        "standing": _("local default adopted by %(hospital)s on %(day)s") % told,
        "by_label": person(own["by"]),
        "default": "" if own["default"] == item["value"] else own["default"],
        "reason": own["reason"],
    }


def _size(size: int | None) -> str:
    """Bytes as people read them: 482 bytes, 35 kB, 1.2 MB."""
    if size is None:
        return ""
    if size < 1000:
        return ngettext("%(n)s byte", "%(n)s bytes", size) % {"n": size}
    tenths = (size + 50_000) // 100_000
    return f"{(size + 500) // 1000} kB" if size < 999_500 else f"{tenths // 10}.{tenths % 10} MB"


def _failed(questions: list[Facts], width: int) -> list[Facts]:
    """Every answer that falls short, the gravest first, in the questionnaire's order within one gravity."""
    return [
        q | {"short": clipped(q["text"], width)}
        for criticality, states in GRAVITY
        for q in questions
        if q["criticality"] == criticality and q["state"] in states
    ]


def _musts(facts: Facts, width: int) -> list[Facts]:
    """What must happen and by when: the conditions of the decision, then the findings of priority 1 and 2."""
    conditions = [
        {"ref": "", "text": c["text"], "owner": c["owner"], "due": c["due"]}
        for c in sorted(facts["decision"]["conditions"], key=lambda c: c["due"])
    ]
    findings = [
        {
            "ref": f"{f['ref']} {f['priority']}",
            "text": f["gap"] or f["title"],
            "owner": f["owner"],
            "due": f["due"],
        }
        for f in sorted(facts["findings"], key=lambda f: f["priority"])
        if f["priority"] in {"P1", "P2"} and f["state"] != "closed"
    ]
    return [m | {"due": day(m["due"]), "text": clipped(m["text"], width)} for m in conditions + findings]


def _first(of: list[Facts], lines: int) -> Facts:
    return {"lines": of[:lines], "more": max(0, len(of) - lines)}


def _hazard(hazard: Facts, when: Callable[[str], str]) -> Facts:
    return hazard | {
        "by_label": person(hazard["by"]),
        "at_label": when(hazard["at"]),
        "state_label": STATES.get(hazard["state"], hazard["state"]),
    }


def _excluded(submission: Facts) -> list[Facts]:
    """Questions not asked, gathered under the facts that removed them."""
    groups: dict[tuple[str, ...], list[Facts]] = {}
    for question in submission["excluded"]:
        line = question | {"criticality_label": CRITICALITIES[question["criticality"]]}
        groups.setdefault(tuple(question["because"]), []).append(line)
    return [{"because": list(because), "questions": lines} for because, lines in groups.items()]


def _finding(finding: Facts) -> Facts:
    return finding | {
        "due_label": day(finding["due"]),
        "first_due_label": day(finding["first_due"]) if finding["first_due"] != finding["due"] else "",
        "state_label": STATES.get(finding["state"], finding["state"]),
    }


def _round(one: Facts, when: Callable[[str], str]) -> Facts:
    def act(row: Facts | None) -> Facts | None:
        return row | {"by_label": person(row["by"]), "at_label": when(row["at"])} if row else None

    return one | {
        "submitted_by_label": person(one["submitted_by"]),
        "submitted_at_label": when(one["submitted_at"]),
        "returns": [
            r
            | {
                "by_label": person(r["by"]),
                "at_label": when(r["at"]),
                "said": _said_in_round(r.get("said"), when),
                "answered": _said_in_round(r.get("answered"), when),
            }
            for r in one["returns"]
        ],
        "review": act(one["review"]),
        "refusal": act(one["refusal"]),
    }


def _said_in_round(answer: Facts | None, when: Callable[[str], str]) -> Facts | None:
    """An answer as it stood in a round: its verdict in words and everything that was typed."""
    if answer is None:
        return None
    line = _("%(who)s, %(at)s (revision %(n)s)") % {
        "who": person(answer["by"]),
        "at": when(answer["at"]),
        "n": answer["revision"],
    }
    return {"shape": SHAPES[answer["state"]], "word": WORDS[answer["state"]], "line": line, "typed": _typed(answer)}


def _typed(answer: Facts) -> list[Facts]:
    return [{"label": label, "text": answer[name]} for name, label in TYPED.items() if answer.get(name)]


def _second_reading(reading: Facts, when: Callable[[str], str]) -> Facts:
    """Two readings apart: how far they agree, then each question on which they do not, with how it was settled."""
    names = {"first": person(reading["first"]), "second": person(reading["second"])}
    questions = [_read_twice(row, names, when) for row in reading["questions"]]
    return {
        "first": names["first"],
        "second": names["second"],
        "begun": _("%(who)s, %(at)s") % {"who": person(reading["begun_by"]), "at": when(reading["begun_at"])},
        "opened": when(reading["opened_at"]),
        "agreement": _agreement(reading["agreement"]),
        "categories": [{"code": c["code"], "line": _agreement(c)} for c in reading["categories"]],
        "questions": questions,
    }


def _agreement(found: Facts) -> str:
    told = {"same": found["same"], "n": found["questions"], "percent": found["percent"], "kappa": found["kappa"]}
    if found["percent"] is None:
        return _("no question")
    if found["kappa"] is None:
        return (
            _("the same verdict on %(same)s of %(n)s questions (%(percent)s %%); Cohen’s kappa is not defined") % told
        )
    return _("the same verdict on %(same)s of %(n)s questions (%(percent)s %%); Cohen’s kappa %(kappa)s") % told


def _read_twice(row: Facts, names: Facts, when: Callable[[str], str]) -> Facts:
    readings = [
        {
            "who": names[which],
            "shape": SHAPES[row[which]["verdict"]],
            "word": WORDS[row[which]["verdict"]],
            "at": when(row[which]["at"]),
            "owner": row[which]["owner"],
            "due": day(row[which]["due"]),
            "typed": _typed(row[which]),
        }
        for which in ("first", "second")
    ]
    settled = row["settled"]
    return {
        "code": row["code"],
        "readings": readings,
        "settled": settled
        and {
            "line": SETTLED[settled["choice"]] % {"who": person(settled["by"]), "at": when(settled["at"]), **names},
            "reason": settled["reason"],
        },
    }


def _register(questions: list[Facts]) -> list[Facts]:
    """Each piece of evidence once, with the questions that rest on it."""
    items: dict[tuple[str, str, str], Facts] = {}
    for question in questions:
        for item in question["evidence"]:
            key = (item["sha256"], item["url"], item["title"])
            items.setdefault(key, item | {"codes": []})["codes"].append(question["code"])
    return list(items.values())


def _frameworks(frameworks: list[Facts], questions: list[Facts]) -> list[Facts]:
    """Each clause with the questions whose evidence helps it."""
    codes: dict[str, list[str]] = {}
    for question in questions:
        for clause in question["clauses"]:
            codes.setdefault(clause, []).append(question["code"])
    return [
        framework
        | {
            "verified": day(framework["last_verified"]),
            "clauses": [c | {"codes": codes.get(f"{framework['id']}:{c['id']}", [])} for c in framework["clauses"]],
        }
        for framework in frameworks
    ]
