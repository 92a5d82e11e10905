"""Reading the demonstration's texts: people, deployments, audits, what is said once, and the bank of answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "demo"
ZONE = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Script:
    """The six files, as they are."""

    people: dict[str, Any]
    deployments: list[dict[str, Any]]
    audits: list[dict[str, Any]]
    answers: dict[str, Any]
    once: dict[str, Any]
    over_time: dict[str, Any]

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Script":
        """The files of a folder. Raises OSError or yaml.YAMLError when one is missing or not YAML."""
        files = {name: yaml.load((folder / f"{name}.yaml").read_text(), yaml.CSafeLoader)
                 for name in ("people", "deployments", "audits", "answers", "once", "over_time")}  # fmt: skip
        deployments, audits = files["deployments"]["deployments"], files["audits"]["audits"]
        rest = (files[name] for name in ("answers", "once", "over_time"))
        return cls(files["people"], deployments, audits, *rest)

    @cached_property
    def by_key(self) -> dict[str, dict[str, Any]]:
        """The deployments by their key."""
        return {deployment["key"]: deployment for deployment in self.deployments}

    @cached_property
    def begins(self) -> datetime:
        """When the hospitals were founded here: a month before their first deployment was registered."""
        return moment(self.deployments[0]["registered"]) - timedelta(days=30)

    def answer(self, code: str, exception: Mapping[str, Any], *, day: date, names: Mapping[str, str]) -> dict[str, Any]:
        """What is answered to a check: the bank's words for the verdict, with what the audit says otherwise.

        Returns the fields of an answer; `names` fill the placeholders, `day` is the day of answering.
        """
        wanted = exception.get("verdict", "met")
        verdict = "met" if wanted == "unevidenced" else wanted
        bank = self.answers[code].get(verdict, {})
        said = {**bank, **exception, "verdict": verdict}
        fields: dict[str, Any] = {name: filled(str(said.get(name) or ""), names)
                  for name in ("note", "evidence_note", "gap", "owner", "control", "justification")}  # fmt: skip
        if wanted == "unevidenced":
            fields["evidence_note"] = ""
        if verdict in {"partial", "not_met"}:
            fields["due"] = day + timedelta(days=said.get("due_days", 30))
        return {"verdict": verdict, **fields}

    def evidence(self, code: str, *, day: date, names: Mapping[str, str]) -> dict[str, Any] | None:
        """The item that proves a met answer, dated before the day of answering."""
        item = self.answers[code].get("met", {}).get("evidence")
        if not item:
            return None
        effective = day - timedelta(days=item["age_days"])
        valid = item.get("valid_days")
        return {
            "kind": item["kind"],
            "title": filled(item["title"], names),
            "filename": item.get("filename", ""),
            "url": filled(item.get("url", ""), names),
            "source": item["source"],
            "effective_date": effective,
            "valid_until": effective + timedelta(days=valid) if valid else None,
        }


def filled(text: str, names: Mapping[str, str]) -> str:
    """The text with {product}, {vendor}, {version} and {site} filled in."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def moment(day: date | datetime | str, hour: int = 9, minute: int = 0) -> datetime:
    """A day of the script as an instant; a day alone means that hour in the hospitals' zone."""
    if isinstance(day, str):
        day = datetime.fromisoformat(day)
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=ZONE)
    return datetime.combine(day, time(hour, minute), ZONE)
