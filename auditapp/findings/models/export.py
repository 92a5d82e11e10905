"""What of an incident left the hospital, kept exactly as it did."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import rfc8785
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts.models import Placed, ReadInFullQuerySet, Role, User
from auditapp.findings import blinding
from auditapp.findings.models.incident import Incident
from auditapp.findings.models.root_cause import RootCause
from auditapp.refusals import Refused
from auditapp.text import clean
from auditapp.trail.models import Event


class IncidentExport(Placed):
    """One blinded export: its canonical bytes (RFC 8785) with their digest, and what the officer allowed in it."""

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="exports")
    number = models.UUIDField(unique=True)
    canonical = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    names_site = models.BooleanField(default=False)
    names_product = models.BooleanField(default=False)
    reason = models.TextField(blank=True, default="")  # why the hospital is named
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    objects = ReadInFullQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(names_site=False) | ~Q(reason=""), name="a_hospital_is_named_for_a_reason"
            ),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="an_export_has_a_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:export", args=[self.incident.ref, self.number])

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(bytes(self.canonical))

    @classmethod
    @transaction.atomic
    def make(
        cls,
        incident: Incident,
        *,
        by: User,
        text: str,
        names_site: bool = False,
        names_product: bool = False,
        reason: str = "",
        with_root_causes: bool = False,
    ) -> "IncidentExport":
        """Let a blinded account out, with a text that the officer wrote for it; of root causes only released ones."""
        by.must_hold(Role.CLINICAL_SAFETY_OFFICER, site=incident.site, to=_("export an incident"))
        text, reason = clean(text), clean(reason)
        if not text:
            raise Refused(_("Write what happened, for readers outside the hospital."))
        if names_site and not reason:
            raise Refused(_("Give the reason why the hospital is named."))
        causes = cls.releasable_causes(incident) if with_root_causes else []
        allowed = {"names_site": names_site, "names_product": names_product}
        if lines := blinding.telling("\n\n".join([text, *causes]), incident, **allowed):
            raise Refused(_("This text would say who, where or when. Write it without."), list(lines))
        number = uuid4()
        said = blinding.content(incident, number=number.hex, text=text, root_causes=causes, **allowed)
        canonical = rfc8785.dumps(said)
        sha256 = hashlib.sha256(canonical).hexdigest()
        made = cls.objects.create(
            **incident.place, incident=incident, number=number, canonical=canonical, sha256=sha256, reason=reason,
            by=by, at=clock.now(), **allowed,
        )  # fmt: skip
        Event.record(by, "incident.exported", incident, ref=incident.ref, sha256=sha256, **allowed)
        return made

    @staticmethod
    def releasable_causes(incident: Incident) -> list[str]:
        """The released root causes of what the incident opened, the newest released statement of each finding."""
        of_this = Q(finding__incident=incident) | Q(finding__reopenings__incident=incident)
        released = RootCause.objects.released().filter(of_this).order_by("finding_id", "-n").distinct("finding_id")
        return [cause.text for cause in released]
