"""What is frozen when a decision is recorded: everything the report says. Reads loaded rows and frozen layers only.

The shape is schema 1 of the report layer, described in docs/facts.md. Signatures are never inside: they are added
outside, in the PDF and in the export's envelope.
"""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.audits import scoring
from auditapp.audits.models import Audit
from auditapp.findings.models import HazardRating
from auditapp.questionnaires.models import Framework, QuestionnaireVersion, ThresholdAdoption
from auditapp.questionnaires.thresholds import key_of

if TYPE_CHECKING:  # the models import this module
    from auditapp.reports.models import Decision

SCHEMA = 1
NEEDS_CONDITIONS = {"approve_with_contingencies", "continue_with_conditions"}
NOTICE = (
    "Categories follow the structure of Wang et al. (arXiv:2409.18968); the audit questions are our own and are not "
    "endorsed by the authors."
)


def result_now(audit: Audit, submitted: dict[str, Any], *, live: bool) -> dict[str, Any]:
    """Score the frozen submission again, with the hazard ratings open now and whether the tool is live now."""
    levels = [h.level for h in HazardRating.objects.filter(deployment_id=audit.deployment_id).open()]
    asked = {q["code"]: q for category in submitted["categories"] for q in category["questions"]}
    return scoring.score(
        audit.version.rules,
        [question for question in audit.version.all_questions if question.code in asked],
        {code: given for code, question in asked.items() if (given := _given(question))},
        triggers=audit.triggers,
        live=live,
        hazard_levels=levels,
        submitted=clock.today(audit.site.zone),
    )


def _given(question: dict[str, Any]) -> scoring.Given | None:
    """A frozen answer as scoring takes it. A frozen not-applicable was complete, or it could not be submitted."""
    answer = question["answer"]
    if answer is None or answer["state"] == "unanswered":
        return None
    return scoring.Given(
        verdict=answer["verdict"],
        has_evidence=answer["state"] != "unevidenced",
        justification=answer["justification"],
        second_approval=answer["approval"] is not None,
        backed_by_evidence=bool(question["evidence"] or answer["evidence_note"]),
    )


def stage_group(version: QuestionnaireVersion, decision: str) -> str:
    """Whether a decision belongs to the words before go-live ("pre") or in use ("in_use")."""
    return next(group for group, words in version.rules["decisions"]["vocabulary"].items() if decision in _ids(words))


def _ids(words: list[dict[str, str]]) -> set[str]:
    return {word["id"] for word in words}


def decision_label(version: QuestionnaireVersion, decision: str) -> str:
    """The decision in the content's word, such as "Approve with contingencies"."""
    vocabulary = version.rules["decisions"]["vocabulary"].values()
    return next(word["label"] for words in vocabulary for word in words if word["id"] == decision)


def report(audit: Audit, decision: "Decision", result: dict[str, Any]) -> dict[str, Any]:
    """The report layer for a decision just recorded; `result` is the calculated result at this moment."""
    submission = decision.submission
    submitted = submission.facts
    zone = audit.site.zone
    public_id = audit.public_id.hex
    earlier = audit.supersedes
    return {
        "schema": SCHEMA,
        "layer": "report",
        "report": {
            "public_id": public_id,
            "verify_url": f"{settings.PUBLIC_URL}/verify/{public_id}/",
            "prepared_at": clock.utc_text(decision.at),
            "prepared_local": clock.local_text(decision.at, zone),
        },
        "marking": audit.organisation.marking,
        "submission_sha256": submission.sha256,
        "submission": submitted,
        "rounds": _rounds(audit),
        "hazard_ratings": _hazard_ratings(audit),
        "live_at_decision": decision.live,
        "result_at_decision": result,
        "findings": _findings(submission),
        "thresholds": _thresholds(audit, submitted),
        "decision": {
            "id": decision.code,
            "label": decision_label(audit.version, decision.code),
            "meaning": audit.version.rules["decisions"]["meaning"][decision.code],
            "stage_group": decision.stage_group,
            "reasons": decision.reasons,
            "by": decision.by.for_facts,
            "role": decision.role,
            "role_label": str(decision.get_role_display()),
            "at": clock.utc_text(decision.at),
            "local": clock.local_text(decision.at, zone),
            "conditions": [
                {"text": c.text, "owner": c.owner, "due": c.due.isoformat()} for c in decision.conditions.all()
            ],
        },
        "signatories": [
            {key: s[key] for key in ("order", "role", "role_label", "meaning")} | {"field": f"signature-{s['order']}"}
            for s in audit.version.signatories
        ],
        "frameworks": _frameworks(audit, submitted),
        "supersedes": _superseded(earlier) | {"reason": audit.supersede_reason} if earlier else None,
        "definitions": {
            "gate": audit.version.rules["scoring"]["critical_gate"],
            "priority_label": audit.version.rules["findings"]["label"],
            "matrix": audit.version.rules["risk_rating"]["matrix"],
            "severity": audit.version.rules["risk_rating"]["severity"],
        },
        "notice": NOTICE,
    }


def _rounds(audit: Audit) -> list[dict[str, Any]]:
    """Every round, with what each returned question said then and what was answered to it in the next round."""
    rows = list(audit.submissions.select_related("by").order_by("round"))
    said = [_by_code(row.facts) for row in rows]
    return [_round(row, said[n], said[n + 1] if n + 1 < len(said) else {}) for n, row in enumerate(rows)]


def _by_code(submitted: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Code -> the answer as frozen, in the few words that say what changed between two rounds."""
    keys = ("verdict", "state", "note", "evidence_note", "gap", "control", "justification", "by", "at", "revision")
    return {
        question["code"]: {key: question["answer"][key] for key in keys}
        for category in submitted["categories"]
        for question in category["questions"]
        if question["answer"]
    }


def _return(returned: Any, then: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """A question sent back; the answer to it is there once the next round was handed over with another one."""
    code = returned.answer.code
    row = {"check": code, "reason": returned.reason, "by": returned.by.for_facts, "at": clock.utc_text(returned.at)}
    if code in then:
        row["said"] = then[code]
    if code in later and later[code]["revision"] != then.get(code, {}).get("revision"):
        row["answered"] = later[code]
    return row


def _round(submission: Any, then: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """One round: who handed it over, what was returned and why, who accepted it, who refused to sign it."""
    result = submission.facts["result"]
    review = getattr(submission, "review", None)
    refusal = getattr(getattr(getattr(submission, "decision", None), "report", None), "refusal", None)
    return {
        "round": submission.round,
        "submitted_by": submission.by.for_facts,
        "submitted_at": clock.utc_text(submission.at),
        "sha256": submission.sha256,
        "result": {"calculated_result": result["calculated_result"], "label": result["label"]},
        "returns": [_return(row, then, later) for row in submission.returns.select_related("answer", "by")],
        "review": review and {"by": review.by.for_facts, "at": clock.utc_text(review.at), "note": review.note},
        "refusal": refusal and {"by": refusal.by.for_facts, "at": clock.utc_text(refusal.at), "reason": refusal.reason},
    }


def _hazard_ratings(audit: Audit) -> list[dict[str, Any]]:
    """Those that entered the result, and after them those that are accepted and therefore did not."""
    of_this = HazardRating.objects.filter(deployment_id=audit.deployment_id).select_related("by", "finding", "site")
    accepted = of_this.accepted().prefetch_related("acceptances")
    return [*map(_hazard_rating, of_this.open()), *map(_accepted_rating, accepted)]


def _hazard_rating(rating: HazardRating) -> dict[str, Any]:
    return {
        "title": rating.title,
        "check": rating.finding.check_code if rating.finding else "",
        "severity": rating.severity,
        "likelihood": rating.likelihood,
        "level": rating.level,
        "reason": rating.reason,
        "by": rating.by.for_facts,
        "at": clock.utc_text(rating.at),
        "state": "open",
    }


def _accepted_rating(rating: HazardRating) -> dict[str, Any]:
    """Its reason says until when it is accepted and why: the schema has no place of its own for that."""
    facts = _hazard_rating(rating) | {"state": "accepted"}
    if acceptance := rating.acceptance:
        words = _("%(reason)s\nAccepted until %(until)s by %(name)s: %(why)s") % {
            "reason": rating.reason,
            "until": acceptance.until.isoformat(),
            "name": acceptance.by.name,
            "why": acceptance.reason,
        }
        facts["reason"] = words
    return facts


def _findings(submission: Any) -> list[dict[str, Any]]:
    """The findings of this round as they stand now, reconciled with what was open before."""
    raised = submission.raised.select_related("finding").order_by("finding__priority", "answer__position")
    return [
        {
            "ref": row.finding.ref,
            "check": row.finding.check_code,
            "title": row.finding.title,
            "priority": row.finding.priority,
            "due": row.finding.due.isoformat() if row.finding.due else "before go-live",
            "first_due": row.finding.first_due.isoformat() if row.finding.first_due else "before go-live",
            "gap": row.finding.gap,
            "owner": row.finding.owner,
            "state": row.finding.state,
        }
        for row in raised
    ]


def _thresholds(audit: Audit, submitted: dict[str, Any]) -> dict[str, Any]:
    """The numbers behind the questions asked: the hospital's own where it has adopted one, else the questionnaire's.

    A number that nobody adopted is never shown as the hospital's own standard, and the report says so.
    """
    asked = {q["code"] for category in submitted["categories"] for q in category["questions"]}
    own = ThresholdAdoption.objects.filter(organisation=audit.organisation_id).by_key()
    items = [
        _threshold(row, own.get(key_of(row)), zone=audit.site.zone)
        for row in audit.version.rules["local_thresholds"]
        if row["check"] in asked
    ]
    return {"statement": _of_all(items, audit.organisation.name), "items": items}


def _threshold(row: dict[str, Any], own: ThresholdAdoption | None, *, zone: str) -> dict[str, Any]:
    number = {"check": row["check"], "name": row["name"], "rule": row["rule"], "unit": row["unit"]}
    if own is None:
        return number | {"value": row["value"], "adopted": None}
    return number | {
        "value": own.value,
        "adopted": {
            "by": own.by.for_facts,
            "at": clock.utc_text(own.at),
            "on": clock.day(own.at, zone).isoformat(),
            "default": row["value"],
            "reason": own.reason,
        },
    }


def _of_all(items: list[dict[str, Any]], hospital: str) -> str:
    """One sentence on all numbers; where each has its own standing, it stands beside the number."""
    if not any(item["adopted"] for item in items):
        return f"Local default, not yet adopted by {hospital}"
    if all(item["adopted"] for item in items):
        return f"Local defaults adopted by {hospital}"
    return f"Some local defaults are adopted by {hospital}, the others are not; each says which"


def _frameworks(audit: Audit, submitted: dict[str, Any]) -> list[dict[str, Any]]:
    """The frameworks that asked questions point to, as the version froze them, with the clauses that are named.

    Only the day on which a framework was last verified is today's, since that is about our reading, not its words.
    """
    links = {link for category in submitted["categories"] for q in category["questions"] for link in q["clauses"]}
    verified = dict(Framework.objects.values_list("code", "last_verified"))
    return [
        {
            "id": framework["code"],
            "name": framework["name"],
            "version": framework["version"],
            "last_verified": verified[framework["code"]].isoformat(),
            "clauses": named,
        }
        for framework in audit.version.rules["frameworks"]
        if (
            named := [
                {"id": clause["code"], "title": clause["title"]}
                for clause in framework["clauses"]
                if f"{framework['code']}:{clause['code']}" in links
            ]
        )
    ]


def _superseded(earlier: Audit) -> dict[str, str]:
    issued = earlier.reports.issued().get()
    return {"ref": earlier.ref, "sha256": issued.sha256}
