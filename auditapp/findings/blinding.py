"""What of an incident may leave the hospital: kind, quarter, kind of product, harm, cause, checks, a text for outside.

No person, no patient, no day, no reference. The hospital and the product are named only where that was allowed. The
text is refused while it holds anything of these: nobody can wave it through.
"""

import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from auditapp.accounts.models import Site, User
from auditapp.deployments import profile
from auditapp.findings.models.incident import Incident
from auditapp.identifiers.looking import found_in
from auditapp.identifiers.words import DATE
from auditapp.questionnaires.models import Question

SCHEMA = 1
SHORTEST = 3  # letters of a name's part that is looked for by itself
REFERENCE = re.compile(r"\b[ADFHI]-(?:\d{4}-)?\d{3,}")
DAY = re.compile(rf"\b{DATE}\b")


def quarter(incident: Incident) -> str:
    """When it happened, no nearer than that: 2026-Q2."""
    return f"{incident.happened_on.year}-Q{(incident.happened_on.month + 2) // 3}"


def content(
    incident: Incident, *, number: str, text: str, root_causes: Iterable[str], names_site: bool, names_product: bool
) -> dict[str, Any]:
    """Everything the export says; `number` is random and leads back to nothing but the hospital's own record of it."""
    deployment = incident.deployment
    confirmed = deployment.confirmed_profile
    facts = confirmed.facts if confirmed else {}
    about: dict[str, Any] = {
        "schema": SCHEMA,
        "layer": "blinded incident",
        "number": number,
        "kind": {"code": incident.kind, "label": str(incident.get_kind_display())},
        "period": quarter(incident),
        "harm": {"code": incident.harm, "label": str(incident.get_harm_display())},
        "cause": {"code": incident.cause, "label": str(incident.get_cause_display())},
        "product_class": [
            {"code": fact.id, "label": fact.label, "value": facts[fact.id]}
            for fact in profile.facts()
            if facts.get(fact.id)
        ],
        "checks": _checks(incident),
        "text": text,
    }
    if root_causes := list(root_causes):
        about["root_causes"] = root_causes
    if names_site:
        about["site"] = incident.site.name
    if names_product:
        version = incident.model_version
        product = deployment.product
        about["product"] = {
            "vendor": product.vendor.name,
            "name": product.name,
            "version": version.name if version else "",
        }
    return about


def _checks(incident: Incident) -> list[dict[str, str]]:
    """As worded for everybody; the words of a check that the organisation wrote itself are its own and stay inside."""
    rows = Question.objects.current_wording().filter(code__in=incident.checks, safety_check__organisation=None)
    return [{"code": row.code, "text": row.text} for row in rows.order_by("code")]


def telling(text: str, incident: Incident, *, names_site: bool, names_product: bool) -> list[str]:
    """What in a text would say who, where or when, each as a line for the officer; none: it may leave."""
    lines = [_("“%(text)s” looks like patient data.") % {"text": found.text} for found in found_in(text)]
    lines += [_("“%(text)s” is a day; the export gives the quarter.") % {"text": day} for day in DAY.findall(text)]
    lines += [_("“%(text)s” is a reference of ours.") % {"text": ref} for ref in REFERENCE.findall(text)]
    for name, what in _names(incident, names_site=names_site, names_product=names_product):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE if " " in name else 0):
            lines.append(_("“%(text)s” names %(what)s.") % {"text": name, "what": what})
    return list(dict.fromkeys(lines))


def _names(incident: Incident, *, names_site: bool, names_product: bool) -> Iterable[tuple[str, str]]:
    """(name, whose): people by whole name and each part, the group, its hospitals, the deployment and the product."""
    deployment, organisation = incident.deployment, incident.organisation
    for name in User.objects.filter(organisation=organisation).values_list("name", flat=True):
        yield from ((part, _("a person")) for part in _parts(name))
    yield from ((part, _("the hospital group")) for part in (organisation.name, organisation.code))
    for site in Site.objects.filter(organisation=organisation):
        if not (names_site and site.pk == incident.site_id):
            yield from ((part, _("a hospital")) for part in (site.name, site.code))
    yield deployment.name, _("the deployment")
    yield deployment.ref, _("the deployment")
    if not names_product:
        yield deployment.product.name, _("the product")
        yield deployment.product.vendor.name, _("the supplier")


def _parts(name: str) -> list[str]:
    return [name, *(part for part in re.split(r"[\s.,]+", name) if len(part) >= SHORTEST)]
