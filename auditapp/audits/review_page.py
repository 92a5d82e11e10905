"""What the pages of the clinical safety officer show."""

from typing import Any

from django.db.models import QuerySet

from auditapp.audits.forms.review import ReviewForm
from auditapp.audits.judging import judged
from auditapp.audits.models import Audit
from auditapp.findings.matrix import matrix
from auditapp.findings.models import HazardRating


def codes(facts: dict[str, Any]) -> list[str]:
    """The questions of a frozen submission, in order."""
    return [question["code"] for category in facts["categories"] for question in category["questions"]]


def page(audit: Audit, facts: dict[str, Any], form: ReviewForm) -> dict[str, Any]:
    """Everything `audits/review.html` shows; `facts` are those of the submission under review."""
    earlier = audit.submissions.filter(round=audit.round - 1).first()
    raised = audit.submission.raised.select_related("finding", "answer")
    first, rest = judged(
        facts,
        earlier=earlier.facts if earlier else None,
        last={answer.code: answer for answer in audit.answers.last_issued(audit)},
        findings={row.answer.code: row.finding for row in raised},
        typed=form.typed,
        without_evidence=audit.version.without_evidence,
    )
    return {
        "audit": audit,
        "facts": facts,
        "result": facts["result"],
        "submission": audit.submission,
        "first": first,
        "rest": rest,
        "form": form,
        "hazards": list(open_ratings(audit)),
        "priority_label": audit.version.rules["findings"]["label"],
    }


def open_ratings(audit: Audit) -> QuerySet[HazardRating]:
    """The open hazard ratings of the deployment, whichever audit they were given beside."""
    return HazardRating.objects.filter(deployment=audit.deployment_id).open().select_related("by", "finding")


def ratings_in_force(audit: Audit) -> QuerySet[HazardRating]:
    """The open ones, and those that are accepted for now."""
    rows = HazardRating.objects.filter(deployment=audit.deployment_id).in_force()
    return rows.select_related("by", "finding", "site").prefetch_related("acceptances__rating__site", "acceptances__by")


def hazards(audit: Audit) -> dict[str, Any]:
    """{"audit", "ratings", "matrix"}: those in force, accepted ones too, with what each level means."""
    levels = audit.version.rules["risk_rating"]["levels"]
    ratings = [(rating, levels[str(rating.level)]) for rating in ratings_in_force(audit)]
    return {"audit": audit, "ratings": ratings, "matrix": matrix(audit.version.rules)}
