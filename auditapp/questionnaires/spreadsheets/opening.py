"""Tells what a file is, and reads it; what is no checklist is refused with what to do instead."""

from pathlib import PurePath

from django.utils.translation import gettext as _

from auditapp.questionnaires.spreadsheets import delimited, workbook
from auditapp.questionnaires.spreadsheets.sheets import FILE_BYTES, Sheet
from auditapp.refusals import Refused

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
NO_TEXT = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"{\\rtf": "RTF"}


def read(name: str, data: bytes) -> list[Sheet]:
    """The sheets of a file that hold text, visible ones first. Raises Refused saying what is wrong and what to do."""
    if not data.strip():
        raise Refused(_("The file is empty. Choose the file that holds your checklist."))
    must_be_small(data)
    if data.startswith(OLE):
        _refuse_ole(data)
    for beginning, kind in NO_TEXT.items():
        if data.startswith(beginning):
            raise Refused(
                _("This is a %(kind)s file. Copy its table into a spreadsheet and save that as .xlsx or .csv.")
                % {"kind": kind}
            )
    sheets = workbook.read(data) if data.startswith(b"PK") else [delimited.read(PurePath(name).stem or name, data)]
    sheets = [sheet for sheet in sheets if sheet.lines]
    if not sheets:
        raise Refused(_("The file holds no text at all. Choose the file that holds your checklist."))
    return sorted(sheets, key=lambda sheet: sheet.hidden)


def must_be_small(data: bytes) -> None:
    if len(data) > FILE_BYTES:
        raise Refused(
            _("The file is %(size)s MB; %(most)s MB are read at most. Take pictures and unused sheets out of it.")
            % {"size": -(-len(data) // 2**20), "most": FILE_BYTES // 2**20}
        )


def _refuse_ole(data: bytes) -> None:
    if ENCRYPTED in data:
        raise Refused(_("The file is protected by a password. Take the password off, save it and upload it again."))
    raise Refused(_("This is a file of an old kind (such as .xls). Open it, save it as .xlsx and upload that."))
