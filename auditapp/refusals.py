"""How the domain says no: to this person (403), or to this act now (409). Raised by verbs, caught by nobody."""

from django.core.exceptions import PermissionDenied


class NotAllowed(PermissionDenied):
    """This person may not do this; the sentence says who may. Shown with status 403."""


class Refused(Exception):
    """The rules do not permit this now; the sentence says why and what to do. Shown with status 409.

    `reasons` are further lines for the person, each a text or a (text, address) pair that links to what is missing.
    """

    def __init__(self, sentence: str, reasons: list[str | tuple[str, str]] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.reasons = reasons or []
