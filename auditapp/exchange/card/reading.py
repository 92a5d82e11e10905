"""Reads an applied model card (XML, https://mc.chai.org/v0.2/schema.xsd). Pure: no database.

The file comes from outside. Whatever declares a document type is refused before anything else is read, so that there
are no entities to expand and nothing to fetch; size, depth and number of elements are bounded.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

from django.utils.translation import gettext as _

from auditapp.refusals import Refused
from auditapp.text import clean

NAMESPACE = "https://mc.chai.org/v0.2/schema.xsd"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig# Signature"
ROOT = "AppliedModelCard"
BYTES = 1024 * 1024
ELEMENTS, DEPTH, CHARACTERS = 5_000, 12, 400_000
METRICS = ("UsefulnessUsabilityEfficacy", "FairnessEquity", "SafetyReliability")
# Every element of the schema that holds a text, and whether the schema asks for it.
KNOWN: dict[str, bool] = {
    "BasicInfo/ModelName": True,
    "BasicInfo/ModelDeveloper": True,
    "BasicInfo/DeveloperContact": True,
    "ReleaseInfo/ReleaseStage": True,
    "ReleaseInfo/ReleaseDate": True,
    "ReleaseInfo/ReleaseVersion": True,
    "ReleaseInfo/GlobalAvailability": True,
    "ReleaseInfo/EHRCompatibility/EHR": False,
    "ReleaseInfo/RegulatoryApproval": False,
    "ModelSummary/Summary": True,
    "ModelSummary/Keywords/Keyword": False,
    "UsesAndDirections/IntendedUseAndWorkflow": True,
    "UsesAndDirections/PrimaryIntendedUsers": True,
    "UsesAndDirections/HowToUse": True,
    "UsesAndDirections/TargetedPatientPopulation": True,
    "UsesAndDirections/CautionedOutOfScopeSettings": True,
    "Warnings/KnownRisksAndLimitations": True,
    "Warnings/KnownBiasesOrEthicalConsiderations": True,
    "Warnings/ClinicalRiskLevel": True,
    "TrustIngredients/AISystemFacts/OutcomesAndOutputs": True,
    "TrustIngredients/AISystemFacts/ModelType": True,
    "TrustIngredients/AISystemFacts/FoundationModels": False,
    "TrustIngredients/AISystemFacts/InputDataSource": True,
    "TrustIngredients/AISystemFacts/OutputAndInputDataTypes": True,
    "TrustIngredients/AISystemFacts/DevelopmentDataCharacterization": True,
    "TrustIngredients/AISystemFacts/BiasMitigationApproaches": True,
    "TrustIngredients/AISystemFacts/OngoingMaintenance": True,
    "TrustIngredients/AISystemFacts/Security": False,
    "TrustIngredients/AISystemFacts/Transparency": False,
    "TrustIngredients/TransparencyInformation/FundingSource": True,
    "TrustIngredients/TransparencyInformation/ThirdPartyInformation": False,
    "TrustIngredients/TransparencyInformation/StakeholdersConsulted": True,
    **{
        f"KeyMetrics/{metric}/{name}": True
        for metric in METRICS
        for name in (
            "MetricGoal", "Results/MetricResult/Label", "Results/MetricResult/ValueJson", "Interpretation", "TestType",
            "TestingDataDescription", "ValidationProcessAndJustification",
        )
    },
    "Resources/EvaluationReferences": False,
    "Resources/ClinicalTrial": False,
    "Resources/PeerReviewedPublications": True,
    "Resources/ReimbursementStatus": False,
    "Resources/PatientConsentOrDisclosure": True,
    "Bibliography": True,
}  # fmt: skip
NEEDED = ("BasicInfo/ModelName", "BasicInfo/ModelDeveloper", "UsesAndDirections/IntendedUseAndWorkflow")


@dataclass
class Card:
    """What a card says: path of an element below the root -> its texts, in the order of the file."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # elements that the schema does not know
    is_signed: bool = False

    def said(self, path: str) -> str:
        """The text of an element, or ""."""
        return "; ".join(text for text in self.texts.get(path, []) if text)

    @property
    def missing(self) -> list[str]:
        """What the schema asks for and the card does not say."""
        return [path for path, wanted in KNOWN.items() if wanted and path not in self.texts]


def read(data: bytes) -> Card:
    """Raises Refused for what is no applied model card of version 0.2, or does not say what is needed here."""
    if len(data) > BYTES:
        raise Refused(_("The file is larger than %(most)s MB. A model card is a text.") % {"most": BYTES // 1024**2})
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Refused(
            _("The file cannot be read as XML (line %(line)s). Ask the supplier for a file that can be.")
            % {"line": error.lineno}
        ) from error
    missing = [path for path in NEEDED if not reader.card.said(path)]
    if missing:
        raise Refused(_("The card does not say %(what)s.") % {"what": ", ".join(missing)})
    return reader.card


class _Reader:
    """Takes what the parser finds, piece by piece."""

    def __init__(self) -> None:
        self.card = Card()
        self.path: list[str] = []
        self.pieces: list[str] = []
        self.aside = 0  # how deep in what is not the card's own
        self.elements = self.characters = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._begins
        self.parser.EndElementHandler = self._ends
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_about: object) -> None:
        raise Refused(_("The file declares a document type, which no model card needs. It was not read."))

    def _begins(self, tag: str, _about: dict[str, str]) -> None:
        self.elements += 1
        namespace, _space, name = tag.rpartition(" ")
        if self.elements == 1 and (namespace, name) != (NAMESPACE, ROOT):
            raise Refused(_("This is no applied model card of version 0.2 of the Coalition for Health AI."))
        if self.elements > ELEMENTS or len(self.path) + self.aside > DEPTH:
            raise Refused(_("The file is built in a way in which no model card is. It was not read."))
        if self.aside or (self.elements > 1 and namespace != NAMESPACE):
            if not self.aside:
                self._set_aside(tag, name)
            self.aside += 1
            return
        if self.elements > 1:
            self.path.append(name)
        self.pieces = []

    def _set_aside(self, tag: str, name: str) -> None:
        if tag == SIGNATURE:
            self.card.is_signed = True
        else:
            self.card.unknown.append("/".join([*self.path, name]))

    def _text(self, text: str) -> None:
        self.characters += len(text)
        if self.characters > CHARACTERS:
            raise Refused(_("The card holds more text than is read (%(most)s characters).") % {"most": CHARACTERS})
        if not self.aside:
            self.pieces.append(text)

    def _ends(self, _tag: str) -> None:
        if self.aside:
            self.aside -= 1
            return
        path, text = "/".join(self.path), clean("".join(self.pieces))
        if path in KNOWN:
            self.card.texts.setdefault(path, []).append(text)
        elif path and (text or not any(known.startswith(f"{path}/") for known in KNOWN)):
            self.card.unknown.append(path)
        self.pieces = []
        if self.path:
            self.path.pop()
