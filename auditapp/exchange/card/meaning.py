"""What a card says for a registration: fields to start from, and facts that its words point to. Pure: no database.

A card is what a supplier says of a product. A fact is proposed only as a yes, with the words that led to it: that a
card does not speak of something is no no.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from auditapp.exchange.card.reading import KNOWN, Card

FACTS_OF = "TrustIngredients/AISystemFacts/"
USES = "UsesAndDirections/"
INTENDED = {  # what becomes of the intended use, in this order
    f"{USES}IntendedUseAndWorkflow": "",
    f"{USES}PrimaryIntendedUsers": gettext_lazy("Used by:"),
    f"{USES}TargetedPatientPopulation": gettext_lazy("For patients:"),
    f"{USES}CautionedOutOfScopeSettings": gettext_lazy("Not for:"),
}
FIELDS = {
    "BasicInfo/ModelName": gettext_lazy("Product"),
    "BasicInfo/ModelDeveloper": gettext_lazy("Vendor"),
    "ReleaseInfo/ReleaseVersion": gettext_lazy("Version"),
    **dict.fromkeys(INTENDED, gettext_lazy("Intended use")),
}
# Read for the person who registers, and kept with the card.
SHOWN = (
    "ReleaseInfo/ReleaseStage", "ReleaseInfo/ReleaseDate", "ReleaseInfo/RegulatoryApproval", "ModelSummary/Summary",
    "Warnings/KnownRisksAndLimitations", "Warnings/KnownBiasesOrEthicalConsiderations", "Warnings/ClinicalRiskLevel",
    f"{FACTS_OF}BiasMitigationApproaches",
)  # fmt: skip
WHAT_IT_IS = (f"{FACTS_OF}ModelType", f"{FACTS_OF}OutcomesAndOutputs", f"{FACTS_OF}OutputAndInputDataTypes")
NOTHING = re.compile(r"(n/?a|none|not applicable|no|-|–)?\.?", re.IGNORECASE)
# Fact -> where it is looked for, and the words that point to it.
SIGNS: dict[str, tuple[tuple[str, ...], str]] = {
    "is_llm": (
        (*WHAT_IT_IS, f"{FACTS_OF}FoundationModels"),
        r"large language|language models?|\bllms?\b|\bgpt|foundation model|generative|multimodal model",
    ),
    "is_predictive": (
        WHAT_IT_IS,
        r"predict\w*|risk scores?|\bscores?\b|classif\w+|probabilit\w+|triage|detect\w*|alerts?\b|flags?\b",
    ),
    "is_imaging": (
        WHAT_IT_IS,
        r"\bimag(?:es?|ing)\b|x-?rays?|radiograph\w*|\bct\b|\bmri?\b|dicom|ultrasound|\becgs?\b|retinal|slides?\b",
    ),
    "generates_clinical_text": (
        (f"{FACTS_OF}OutcomesAndOutputs", f"{FACTS_OF}OutputAndInputDataTypes"),
        r"\bnotes?\b|summar(?:y|ies)|letters?\b|drafts?\b|documentation|free[- ]text report",
    ),
    "conversational": (WHAT_IT_IS, r"chat\w*|conversational|dialogue|question[- ]answering"),
    "records_speech": (
        (*WHAT_IT_IS, f"{FACTS_OF}InputDataSource"),
        r"audio|speech|voice|dictation\w*|transcri\w+|recordings?\b",
    ),
    "patient_facing": ((f"{USES}PrimaryIntendedUsers",), r"\bpatients?\b|famil(?:y|ies)|caregivers?|carers?"),
    "handles_phi": (
        (f"{FACTS_OF}InputDataSource", f"{FACTS_OF}Security"),
        r"\behr\b|health records?|patient (?:data|records?|information)|\bphi\b|hipaa|dicom|recordings?\b",
    ),
    "vendor_hosted": ((f"{FACTS_OF}Security", f"{USES}HowToUse"), r"\bcloud\b|\bsaas\b|hosted (?:by|on)|\baws\b|azure"),
    "ehr_write": (
        (f"{USES}HowToUse", f"{USES}IntendedUseAndWorkflow", f"{FACTS_OF}OutcomesAndOutputs"),
        r"(?:saved?|written|writes?|filed?|pushed?) (?:back )?(?:in)?to the "
        r"(?:patient |health |medical )?(?:record|ehr|chart)",
    ),
}


@dataclass(frozen=True)
class Sign:
    """A fact that a card points to, where, and in which words."""

    fact: str
    path: str
    words: str


@dataclass(frozen=True)
class Line:
    """One element: what became of it, in words."""

    path: str
    text: str
    became: str


def initial(card: Card) -> dict[str, Any]:
    """What the form of a registration starts from."""
    name = card.said("BasicInfo/ModelName")[:120]
    parts = [f"{label} {card.said(path)}".strip() for path, label in INTENDED.items() if card.said(path)]
    return {
        "product": name,
        "vendor": card.said("BasicInfo/ModelDeveloper")[:120],
        "name": name,
        "intended_use": "\n\n".join(parts),
        "version_name": card.said("ReleaseInfo/ReleaseVersion")[:60],
        **{f"fact_{sign.fact}": "yes" for sign in signs(card)},
        "fact_third_party_supplied": "yes",  # it came with a card of somebody who develops it
    }


def signs(card: Card) -> list[Sign]:
    """The facts that the card's words point to, each with the first words that do."""
    found = []
    for fact, (paths, pattern) in SIGNS.items():
        for path in paths:
            text = card.said(path)
            hit = re.search(pattern, text, re.IGNORECASE)
            if hit and not NOTHING.fullmatch(text):
                found.append(Sign(fact, path, _around(text, hit)))
                break
    return found


def _around(text: str, hit: re.Match[str]) -> str:
    begin, end = max(hit.start() - 40, 0), hit.end() + 40
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def lines(card: Card) -> list[Line]:
    """Every element of the card and what became of it: read into a field, shown, kept with the card, or ignored."""
    pointing = {sign.path for sign in signs(card)}
    told = []
    for path in card.texts:
        if path in FIELDS:
            became = _("read into: %(field)s") % {"field": FIELDS[path]}
        elif path in SHOWN:
            became = _("shown beside the form, kept with the card")
        elif path in pointing:
            became = _("read for the facts of the profile, kept with the card")
        else:
            became = _("not read, kept with the card")
        told.append(Line(path, card.said(path), became))
    told += [Line(path, "", _("ignored: not part of version 0.2")) for path in card.unknown]
    told += [Line(path, "", _("missing, though version 0.2 asks for it")) for path in card.missing]
    if card.is_signed:
        told.append(Line("Signature", "", _("ignored: its signature is not checked here")))
    return told


def shown(card: Card) -> list[Line]:
    return [Line(path, card.said(path), "") for path in KNOWN if path in SHOWN and card.said(path)]
