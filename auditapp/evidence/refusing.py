"""Why a file is not kept, in sentences that a person understands; each has a code, which is what the trail holds."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from auditapp.evidence import kinds
from auditapp.evidence.inspection import PIXELS
from auditapp.refusals import Refused

SENTENCES = {
    "empty": _("The file is empty. Choose another file."),
    "too_large": _("The file is %(size)s. Files can be up to %(limit)s. Compress it or add a link instead."),
    "type": _("This is not a file of a type that can be kept. Take %(types)s, or add a link instead."),
    "disguised": _(
        "The file’s name says %(ending)s, but its content is something else. "
        "Open it in its own program, save it as one of %(types)s, and add that."
    ),
    "two_files": _("This is two kinds of file in one, which some programs run. Save a plain copy of it and add that."),
    "unreadable": _("The file cannot be read: it is damaged, or not what its name says. Save it again and add that."),
    "password": _("The file is protected by a password, so nobody could check it. Save it without one and add that."),
    "script": _("The PDF holds a script or starts another program. Print it to a new PDF and add that one."),
    "active": _("The PDF holds a film, a 3D model or another active part. Print it to a new PDF and add that one."),
    "attachment": _("The PDF carries another file inside. Print it to a new PDF, and add the other file by itself."),
    "macro": _("The file holds macros, which run when it is opened. Save it without macros and add that one."),
    "embedded": _("The file carries another file or program inside. Take that out, save it, and add that one."),
    "remote": _("The file loads parts from another server when it is opened. Save it as a PDF and add that one."),
    "bomb": _("The file unpacks to far more than its size, as no document does. It was not kept."),
    "pixels": _("The picture has more than %(pixels)s million pixels. Save a smaller copy and add that one."),
    "moving": _("The picture moves. Save the one picture that is the evidence and add that one."),
    "malware": _("The malware scanner found “%(found)s” in this file. It was not kept. Tell your IT security."),
    "unscanned": _(
        "The file could not be checked for malware just now, so it was not kept. Try again in some minutes; "
        "if this stays, tell your administrator that the malware scanner does not answer."
    ),
    "changed": _("What arrived is not the file that you chose. Send it again."),
    "incomplete": _("The file has not arrived in full. Send it again: it goes on from where it broke off."),
}


class NotTaken(Refused):
    """A file that is not kept; `code` is the key of its sentence."""

    def __init__(self, code: str, **told: Any) -> None:
        known = {
            "types": kinds.IN_WORDS,
            "limit": filesizeformat(settings.EVIDENCE_MAX_BYTES),
            "pixels": PIXELS // 1_000_000,
        }
        super().__init__(str(SENTENCES[code]) % (known | told))
        self.code = code


def must_fit(size: int) -> None:
    """Refuse a file by its size alone, before any byte of it is taken."""
    if not size:
        raise NotTaken("empty")
    if size > settings.EVIDENCE_MAX_BYTES:
        raise NotTaken("too_large", size=filesizeformat(size))
