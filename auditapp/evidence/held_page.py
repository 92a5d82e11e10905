"""What was not saved because it looks like patient data, as a page shows it: where, which rule, and the two ways on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from auditapp.evidence.kept import KeptPassage, reasons_in
from auditapp.identifiers.looking import Found

STATUS = 428  # Precondition Required (RFC 6585): sent again with a reason for each passage, it is taken
CHOICES = KeptPassage.Reason.choices
MOST_SHOWN = 5  # passages of one part; more are counted


@dataclass(frozen=True)
class HeldPassage:
    """One passage beside its field; the reason for it is sent as `kept`, "DIGEST:REASON"."""

    found: Found
    digest: str
    key: str  # for the ids of the page
    chosen: str  # the reason that was sent along while another passage had none
    asked_before: bool  # it was sent with "keep it" and without a reason

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [(f"{self.digest}:{code}", label) for code, label in CHOICES]


def shown(found: Mapping[str, list[Found]], *, code: str, sent: Iterable[str]) -> dict[str, list[HeldPassage]]:
    """Field -> its passages, each once; `sent` is what came as `kept`."""
    sent = list(sent)
    reasons = reasons_in(sent)
    held: dict[str, list[HeldPassage]] = {}
    for name, passages in found.items():
        once: dict[str, Found] = {}
        for passage in passages:
            once.setdefault(passage.digest, passage)
        held[name] = [
            HeldPassage(
                found=passage,
                digest=digest,
                key=f"{code}_{name}_{number}",
                chosen=f"{digest}:{reasons[digest]}" if digest in reasons else "",
                asked_before="" in sent and digest not in reasons,
            )
            for number, (digest, passage) in enumerate(once.items())
        ]
    return held


def fragments(shown: Mapping[str, list[HeldPassage]]) -> dict[str, Any]:
    """The same as HTML, for the script: `held` maps a field to what goes below it, `line` is for the card's foot.

    `why` is what is said of it on other pages, where it is sent from after it waited on a device.
    """
    held = {name: render_to_string("_components/held.html", {"held": passages}) for name, passages in shown.items()}
    why = _("It looks like patient data. Change it at the question, or say there why it is none.")
    return {"held": held, "line": render_to_string("_components/held_line.html"), "why": why}


def in_parts(parts: Iterable[tuple[str, Mapping[str, list[Found]]]]) -> list[dict[str, Any]]:
    """[{"place", "name", "passages", "more"}]: of each part the first passages, and how many there are beside them.

    `parts` are pairs of a file's name, which may be empty, and what was found, by the place it stands in.
    """
    return [
        {
            "place": KeptPassage.PLACES[place],
            "name": name,
            "passages": passages[:MOST_SHOWN],
            "more": len(passages[MOST_SHOWN:]),
        }
        for name, found in parts
        for place, passages in found.items()
    ]
