"""What a delivery says: references, codes, dates and a link, never a text that a person wrote and never a name."""

import json
from typing import Any

from django.conf import settings
from django.urls import reverse

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Incident
from auditapp.trail.models import Event

# Facts of an event that go out, by kind of what happened; whatever else the event holds stays inside.
TOLD = {
    "deployment.status_changed": ("before", "after"),
    "incident.reported": ("ref", "kind", "happened_on", "harm", "checks"),
    "report.issued": ("sha256",),
}


def of_event(kind: str, event: Event) -> dict[str, Any]:
    """The data of a delivery that an event on the trail led to; read in the scope of its organisation."""
    facts = json.loads(bytes(event.body))["facts"]
    told = {name: facts[name] for name in TOLD[kind] if name in facts}
    root, _colon, ref = event.stream.partition(":")
    if root == "audit":
        audit = Audit.objects.select_related("deployment__site").get(ref=ref)
        return {"audit": ref, **told, **of_deployment(audit.deployment, reverse("reports:report", args=[ref]))}
    deployment = Deployment.objects.select_related("site").get(ref=ref)
    if kind == "incident.reported":
        incident = Incident.objects.get(ref=told.pop("ref"))
        return {"incident": incident.ref} | told | of_deployment(deployment, incident.get_absolute_url())
    return told | of_deployment(deployment)


def of_deployment(deployment: Deployment, href: str = "") -> dict[str, Any]:
    link = f"{settings.PUBLIC_URL}{href or deployment.get_absolute_url()}"
    return {"deployment": deployment.ref, "hospital": deployment.site.code, "link": link}


def body(kind: str, at: Any, data: dict[str, Any]) -> bytes:
    """What is sent and signed, the same bytes each time it is tried."""
    content = {"type": kind, "timestamp": clock.utc_text(at), "data": data}
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
