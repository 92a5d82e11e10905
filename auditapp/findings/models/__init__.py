"""Findings and what is done about them, hazard ratings and their acceptance, and incidents."""

from auditapp.findings.models.action import Action, ActionStep
from auditapp.findings.models.export import IncidentExport
from auditapp.findings.models.finding import Finding, FindingQuerySet
from auditapp.findings.models.hazard import HazardClosure, HazardRating, HazardRatingQuerySet, RiskAcceptance
from auditapp.findings.models.history import Closure, FindingChange, Reopening
from auditapp.findings.models.incident import HARMS, REPORTERS, Cause, Incident, IncidentReview
from auditapp.findings.models.root_cause import RootCause, RootCauseRelease

__all__ = [
    "HARMS",
    "REPORTERS",
    "Action",
    "ActionStep",
    "Cause",
    "Closure",
    "Finding",
    "FindingChange",
    "FindingQuerySet",
    "HazardClosure",
    "HazardRating",
    "HazardRatingQuerySet",
    "Incident",
    "IncidentExport",
    "IncidentReview",
    "Reopening",
    "RiskAcceptance",
    "RootCause",
    "RootCauseRelease",
]
