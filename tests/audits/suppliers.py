"""What the tests of a supplier's part share: asking, and opening the page behind a link."""

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit, SupplierQuestion, SupplierRequest

MESSAGE = "Figures for the last year are enough."


def ask(audit: Audit, by: User, *codes: str, days: int = 7, **about: Any) -> SupplierRequest:
    """Questions put to Lena of Calder Health."""
    asked = SupplierRequest.ask(
        audit,
        dict.fromkeys(codes or ["mon-02"], "The stop procedure"),
        by=by,
        **{
            "contact_name": "Lena Brandt",
            "contact_email": "lena@calder.example",
            "due": clock.today(audit.site.zone) + timedelta(days=days),
            "message": MESSAGE,
        }
        | about,
    )
    return SupplierRequest.objects.for_reading().get(pk=asked.pk)


def put(asked: SupplierRequest, code: str = "mon-02") -> SupplierQuestion:
    """One question as it stands now."""
    question = SupplierRequest.objects.for_reading().get(pk=asked.pk).question(code)
    assert question
    return question


def opened(client: Client, token: str) -> Any:
    """What the contact sees who enters a code."""
    return client.post("/supplier/", {"token": token}, follow=True)


def file_of(text: bytes = b"The stop procedure, version 3") -> dict[str, Any]:
    return {
        "content": ContentFile(text, name="stop.txt"),
        "filename": "stop.txt",
        "title": "Stop procedure",
        "effective_date": clock.today("UTC"),
    }
