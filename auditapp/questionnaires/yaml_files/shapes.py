"""The keys of a questionnaire file: of what kind each is, whether it is needed, and how to ask for it."""

from dataclasses import dataclass
from typing import Any

from auditapp.questionnaires.models.wording import Wording
from auditapp.questionnaires.spreadsheets.conditions import RULES

__all__ = ["RULES"]


@dataclass(frozen=True)
class Field:
    """One key. `texts` says that a list holds texts only; `usual` is what leaving it out means."""

    type: Any
    told: str
    needed: bool = False
    texts: bool = False
    usual: Any = None

    def empty(self) -> Any:
        if self.usual is not None:
            return self.usual
        return {str: "", list: [], dict: {}}.get(self.type, "" if isinstance(self.type, tuple) else None)


CRITICALITIES = list(Wording.Criticality.values)
SCOPES = list(Wording.Scope.values)
# What only the questionnaire's own pages and the schedule read; taken as it is.
FREE = (
    "interval_days",
    "interval_days_intensive",
    "intensive_when",
    "preceded_by",
    "followed_by",
)

THRESHOLD = {
    "name": Field(str, "what is measured", needed=True),
    "rule": Field(str, "at_least or at_most", needed=True),
    "value": Field(str, "a number", needed=True),
    "unit": Field(str, "such as percent of outputs", needed=True),
}
OPTION = {
    "criticality": Field(str, ", ".join(CRITICALITIES), needed=True),
    "offer_when": Field(str, "when it may be raised", needed=True),
}
CHECK = {
    "id": Field(str, "a code, or nothing for a new check"),
    "text": Field(str, "the question", needed=True),
    "guidance": Field(str, "why and how to answer it"),
    "evidence": Field(str, "what counts as evidence"),
    "criticality": Field(str, ", ".join(CRITICALITIES), needed=True),
    "stages": Field(list, "a list of stages", needed=True, texts=True),
    "applies_when": Field((str, dict), "always, or a mapping of all and any", needed=True),
    "maps_to": Field(list, "a list of clauses such as nist-ai-rmf:MEASURE 2.5", texts=True),
    "scope": Field(str, " or ".join(SCOPES), usual="deployment"),
    "not_applicable_backed_by": Field(str, "what stands instead of a second person’s approval"),
    "criticality_option": Field(dict, "a mapping of criticality and offer_when"),
    "reason": Field(str, "why this questionnaire asks it"),
    "local_thresholds": Field(list, "a list of name, rule, value and unit"),
}
CATEGORY = {
    "id": Field(str, "the code of a category", needed=True),
    "title": Field(str, "its title, which is only read"),
    "checks": Field(list, "a list of checks", needed=True),
}
DOMAIN = {
    "id": Field(str, "the code of a domain", needed=True),
    "title": Field(str, "its title, which is only read"),
    "categories": Field(list, "a list of categories with their checks", needed=True),
}
SIGNATORY = {
    "role": Field(str, "the role of who signs", needed=True),
    "meaning": Field(str, "what the signature states", needed=True),
    "named_deputy": Field(bool, "true or false"),
}
QUESTIONNAIRE = {
    "format": Field(int, "format: 1", needed=True),
    "made_from": Field(dict, "a mapping of questionnaire and version"),
    "title": Field(str, "what it is called", needed=True),
    "purpose": Field(str, "what it is for", needed=True),
    "frequency": Field(str, "how often it is asked", needed=True),
    "stages": Field(list, "the stages at which it is asked", needed=True, texts=True),
    "categories": Field(list, "the categories that are always asked", texts=True),
    "defaults": Field(dict, "facts that it is meant for, such as is_llm: true"),
    "signatories": Field(list, "who signs, in order: role and meaning", needed=True),
    "trigger_sets": Field(dict, "for each trigger, the categories that it adds"),
    "trigger_rule": Field(str, "how triggers are chosen, in words"),
    "planned_change_triggers": Field(list, "the triggers that are planned changes", texts=True),
    "interval_days": Field(int, "a number of days"),
    "interval_days_intensive": Field(int, "a number of days"),
    "intensive_when": Field(str, "when the shorter interval holds"),
    "preceded_by": Field((str, dict), "what comes before it"),
    "followed_by": Field(str, "the code of the questionnaire that follows"),
    "domains": Field(list, "a list of domains, categories and checks", needed=True),
}
