"""What every page shows around its own content."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEMES = {"light", "dark"}
SECTIONS = {"my_work", "portfolio", "deployments", "audits", "findings", "incidents", "questionnaires", "people"}


def ui(request: HttpRequest) -> dict[str, Any]:
    """Theme, version, the place in the header that is current, and the organisation's name."""
    theme = request.COOKIES.get("theme", "")
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "theme": theme if theme in THEMES else "",
        "app_version": settings.APP_VERSION,
        "is_demo": settings.AUDITAPP_DEMO,
        "section": _section(request),
        "organisation_name": user.organisation.name if user and signed_in else "",
    }


def _section(request: HttpRequest) -> str:
    """A room's name is its place in the header; tracking holds two places of its own and pages of other places."""
    match = request.resolver_match
    if match is None:
        return ""
    if match.app_name == "exchange":
        return "" if (match.url_name or "").startswith("webhook") else "deployments"
    if match.app_name == "tracking":
        if match.url_name == "check_answers":
            return "questionnaires"
        return match.url_name if match.url_name in SECTIONS else "deployments"
    own = {"accounts:people": "people", "accounts:invitation": "people"}
    section = own.get(match.view_name) or match.app_name
    return section if section in SECTIONS else "audits" if section == "reports" else ""
