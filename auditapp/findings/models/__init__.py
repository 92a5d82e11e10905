"""Findings on a deployment, the hazard ratings that only the clinical safety officer gives, and incidents."""

from auditapp.findings.models.finding import Closure, Finding, FindingQuerySet
from auditapp.findings.models.hazard import HazardClosure, HazardRating, HazardRatingQuerySet
from auditapp.findings.models.incident import HARMS, REPORTERS, Cause, Harm, Incident, IncidentReview

__all__ = [
    "HARMS",
    "REPORTERS",
    "Cause",
    "Closure",
    "Finding",
    "FindingQuerySet",
    "Harm",
    "HazardClosure",
    "HazardRating",
    "HazardRatingQuerySet",
    "Incident",
    "IncidentReview",
]
