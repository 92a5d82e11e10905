"""Forms of acts whose words are looked through before the act."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from auditapp.accounts.models import User
from auditapp.evidence import held_page
from auditapp.evidence.held_page import HeldPassage
from auditapp.evidence.kept import KeptPassage, reasons_in
from auditapp.identifiers.looking import Found, found_in_fields, without


class LooksForPatients(forms.Form):
    """What looks like patient data is shown below its field, with what was typed, until the person says why it is none.

    Whoever acts on the form calls `keep` after the act, which records what was kept.
    """

    code = "id"  # before the ids of what is asked about a passage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: dict[str, list[Found]] = {}
        self.held: dict[str, list[HeldPassage]] = {}

    @property
    def _sent(self) -> list[str]:
        return self.data.getlist("kept") if hasattr(self.data, "getlist") else []

    def _post_clean(self) -> None:
        """Django's own hook: after everything else was checked."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        self.found = self._looked_through()
        held = without(self.found, reasons_in(self._sent))
        named = {name: [replace(passage, where=self._label(name)) for passage in held[name]] for name in held}
        self.held = held_page.shown(named, code=self.code, sent=self._sent)
        for name, passages in self.held.items():
            self.fields[name].held = passages  # type: ignore[attr-defined]
            self.add_error(name, _("This looks like patient data. Change it, or say below it why it is none."))

    def _looked_through(self) -> dict[str, list[Found]]:
        """Field -> what was found in it; a form that takes a file adds what stands in it."""
        return found_in_fields(self.cleaned_data)

    def _label(self, name: str) -> str:
        return str(self.fields[name].label)

    def keep(self, subject: Any, *, by: User, **about: Any) -> None:
        """Record why the person kept what looks like patient data; `about` is what the trail says beside it.

        `subject` is what was acted on: an audit, a finding or an incident.
        """
        reasons: Mapping[str, str] = reasons_in(self._sent)
        where = {**subject.place, subject._meta.model_name: subject}
        KeptPassage.keep(self.found, reasons, by=by, subject=subject, where=where, **about)
