"""The risk matrix as the content gives it. Pure: reads the frozen content of a questionnaire version."""

from collections.abc import Mapping
from typing import Any


def hazard_level(rules: Mapping[str, Any], severity: str, likelihood: str) -> int:
    """The level, 1 to 5, that the matrix gives. Raises KeyError or ValueError for a word it does not know."""
    rating = rules["risk_rating"]
    return rating["matrix"][likelihood][rating["severity"].index(severity)]


def matrix(rules: Mapping[str, Any]) -> dict[str, Any]:
    """{"severity", "rows": [{"likelihood", "levels"}], "levels", "source"}, the most likely first."""
    rating = rules["risk_rating"]
    return {
        "severity": rating["severity"],
        "rows": [{"likelihood": word, "levels": rating["matrix"][word]} for word in reversed(rating["likelihood"])],
        "levels": sorted(rating["levels"].items(), reverse=True),
        "source": rating["source"],
    }
