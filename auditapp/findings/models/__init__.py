"""Findings on a deployment, and the hazard ratings that only the clinical safety officer gives."""

from auditapp.findings.models.finding import Closure, Finding, FindingQuerySet
from auditapp.findings.models.hazard import HazardClosure, HazardRating, HazardRatingQuerySet

__all__ = ["Closure", "Finding", "FindingQuerySet", "HazardClosure", "HazardRating", "HazardRatingQuerySet"]
