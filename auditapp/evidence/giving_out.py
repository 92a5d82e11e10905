"""Handing a kept file to a browser: as data, under the type that we know."""

from django.core.files.storage import default_storage
from django.http import FileResponse

from auditapp.evidence.models import Evidence

# What is brought along is data. No script, no form, no frame, no origin: whatever the browser takes it for.
INERT = "sandbox; default-src 'none'; frame-ancestors 'self'"
# The browser's own PDF viewer does not start in a sandbox, and draws with styles of its own (docs/evidence.md).
VIEWER = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"


def given_out(kept: Evidence, *, policy: str, inline: bool, as_text: bool = False) -> FileResponse:
    """The bytes, under the type that we know and not one that a browser would guess; all text is plain text."""
    response = FileResponse(
        default_storage.open(kept.storage_name),
        as_attachment=not inline,
        filename=kept.filename,
        content_type="text/plain; charset=utf-8" if as_text else kept.content_type,
    )
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
