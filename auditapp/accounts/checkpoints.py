"""Signing where all trails stand, per organisation, and checking trails and checkpoints against each other."""

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from django.conf import settings
from django.db import connection

from auditapp import clock
from auditapp.accounts import scope
from auditapp.keys.models import Authority
from auditapp.trail.models import Checkpoint, Event, Head
from auditapp.trail.verification import Problem, problems_at_checkpoint, problems_in_chains

INSTALLATION = "installation"  # the authority for what belongs to no organisation: the seeded questionnaires


@dataclass(frozen=True)
class Tenant:
    """An organisation as the checkpoints need it; the installation itself is the one without an id."""

    id: int | None
    code: str
    name: str


def tenants() -> list[Tenant]:
    """The installation and every organisation, through the database function meant for this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, code, name FROM auditapp_organisations()")
        return [Tenant(None, INSTALLATION, "auditapp installation"), *(Tenant(*row) for row in cursor.fetchall())]


def make_all() -> list[Checkpoint]:
    """A checkpoint for each tenant whose trails moved since its last one."""
    return [checkpoint for tenant in tenants() if (checkpoint := _make_in_scope(tenant))]


def make_of(organisation: int) -> None:
    """A checkpoint of one organisation now, if its trails moved since the last one."""
    for tenant in tenants():
        if tenant.id == organisation:
            _make_in_scope(tenant)


def _make_in_scope(tenant: Tenant) -> Checkpoint | None:
    with scope.entered(tenant.id):
        return _make(tenant)


def _make(tenant: Tenant) -> Checkpoint | None:
    heads: list[Any] = [
        {"stream": h.stream, "seq": h.seq, "hash": bytes(h.hash).hex()}
        for h in Head.objects.filter(organisation=tenant.id).order_by("stream")
    ]
    earlier = Checkpoint.objects.filter(authority=tenant.code).order_by("number").last()
    if not heads or (earlier and json.loads(bytes(earlier.body))["heads"] == heads):
        return None
    at = clock.now()
    number = earlier.number + 1 if earlier else 1
    body = rfc8785.dumps(
        {
            "authority": tenant.code,
            "number": number,
            "at": clock.utc_text(at),
            "previous": hashlib.sha256(bytes(earlier.body)).hexdigest() if earlier else "",
            "heads": heads,
        }
    )
    authority = Authority.for_code(tenant.code, tenant.name, at=at)
    checkpoint = Checkpoint.objects.create(
        number=number,
        authority=tenant.code,
        organisation_id=tenant.id,
        at=at,
        body=body,
        seal=authority.seal(body),
    )
    write_out(checkpoint, settings.AUDITAPP_CHECKPOINTS_DIR)
    return checkpoint


def write_out(checkpoint: Checkpoint, folder: Path) -> Path:
    """A copy for somebody else to keep: what it covers cannot be rewritten unnoticed from then on."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{checkpoint.authority}-{checkpoint.number:06d}.json"
    text = as_file(checkpoint)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as partial:
        partial.write(text)
        partial.flush()
        os.fsync(partial.fileno())
    os.replace(partial.name, target)
    return target


def as_file(checkpoint: Checkpoint) -> str:
    """What somebody else keeps: body and seal as they are, in base64."""
    return json.dumps({"body": _base64(bytes(checkpoint.body)), "seal": _base64(bytes(checkpoint.seal))}, indent=1)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def problems(folder: Path | None = None) -> Iterator[Problem]:
    """Everything in the trails that is not as it was written, for all tenants.

    `folder` holds checkpoints that were written out and kept elsewhere; without it only the stored ones count.
    """
    kept = _written_out(folder) if folder else {}
    for tenant in tenants():
        with scope.entered(tenant.id):
            yield from _problems_of(tenant, kept.get(tenant.code, []))


def _problems_of(tenant: Tenant, kept: list[tuple[bytes, bytes]]) -> Iterator[Problem]:
    events = Event.objects.filter(organisation=tenant.id).order_by("stream", "seq")
    yield from problems_in_chains(events, Head.objects.filter(organisation=tenant.id).order_by("stream"))
    there = {(e.stream, e.seq): bytes(e.hash) for e in events.only("stream", "seq", "hash")}
    stored = list(Checkpoint.objects.filter(authority=tenant.code).order_by("number"))
    for number, checkpoint in enumerate(stored, start=1):
        if checkpoint.number != number:
            yield Problem(f"checkpoints of {tenant.code}", number, "missing: a checkpoint was deleted")
    copies = [(bytes(c.body), bytes(c.seal)) for c in stored]
    authorities = list(Authority.objects.filter(code=tenant.code))
    for body, seal in dict.fromkeys([*copies, *kept]):
        yield from _problems_at(tenant, authorities, body, seal, there)


def _problems_at(
    tenant: Tenant, authorities: list[Authority], body: bytes, seal: bytes, there: dict[tuple[str, int], bytes]
) -> Iterator[Problem]:
    try:
        content: dict[str, Any] = json.loads(body)
    except ValueError:
        content = {}
    name = f"checkpoint {content.get('number', 0)} of {content.get('at', 'unknown time')}"
    if not any(a.check_seal(body, seal) for a in authorities) or "heads" not in content:
        yield Problem(f"checkpoints of {tenant.code}", content.get("number", 0), "its seal does not match: edited")
        return
    yield from problems_at_checkpoint(content, there, name)


def _written_out(folder: Path) -> dict[str, list[tuple[bytes, bytes]]]:
    """Authority -> [(body, seal)] of the files in a folder. Raises ValueError for a file that is no checkpoint."""
    kept: dict[str, list[tuple[bytes, bytes]]] = {}
    for path in sorted(folder.glob("*.json")):
        file = json.loads(path.read_text())
        body = base64.b64decode(file["body"])
        kept.setdefault(json.loads(body)["authority"], []).append((body, base64.b64decode(file["seal"])))
    return kept
