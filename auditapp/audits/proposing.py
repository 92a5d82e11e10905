"""Which questionnaire fits a deployment now, and the usual reason for each. Pure: reads frozen content."""

from collections.abc import Iterable, Mapping
from typing import Any

from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.questionnaires.models import QuestionnaireVersion

YEAR = 300  # days: an interval from here on is a yearly one


def usual_reason(version: QuestionnaireVersion) -> str:
    """Why this questionnaire is usually asked, read from its stages, interval and triggers."""
    stages, interval = version.about["stages"], version.about.get("interval_days")
    if version.trigger_sets:
        return Audit.Reason.RE_AUDIT
    if stages == ["pre"]:
        return Audit.Reason.PRE_DEPLOYMENT
    if interval is None:
        return Audit.Reason.CONTAINMENT
    return Audit.Reason.YEARLY if interval >= YEAR else Audit.Reason.QUARTERLY


def proposed(
    versions: Iterable[QuestionnaireVersion], deployment: Deployment, reason: str = ""
) -> QuestionnaireVersion | None:
    """Before use the full audit whose defaults the profile meets, in use the shortest regular check.

    With a `reason`, the one that is usually asked for it.
    """
    versions = list(versions)
    if reason and (usual := [version for version in versions if usual_reason(version) == reason]):
        facts = deployment.newest_profile.facts
        return next((version for version in usual if _fits(version, facts)), usual[0])
    if deployment.is_live:
        regular = [version for version in versions if version.about.get("interval_days")]
        return min(regular, key=lambda version: version.about["interval_days"], default=None)
    facts = deployment.newest_profile.facts
    fitting = (version for version in versions if version.about["stages"] == ["pre"] and _fits(version, facts))
    return next(fitting, None)


def _fits(version: QuestionnaireVersion, facts: Mapping[str, Any]) -> bool:
    return all(facts.get(fact) == value for fact, value in version.about["defaults"].items())
