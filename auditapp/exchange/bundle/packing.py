"""Makes the zip of a bundle: first what the database holds, then files from their store, then the signed manifest."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts import checkpoints
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.evidence.models import Evidence
from auditapp.evidence.storage import sha256_of
from auditapp.exchange.bundle import record
from auditapp.exchange.bundle.writing import Writer
from auditapp.keys.cms import detached
from auditapp.keys.models import Authority
from auditapp.reports import evidence_pack
from auditapp.trail.models import Checkpoint, Event

HERE = Path(__file__).resolve().parent
CHECKING = """How to check this bundle, with openssl 1.1 or newer and nothing of ours
=======================================================================

1. The list of all files, manifest.json, was signed with the seal of {organisation} and not changed since:

   openssl cms -verify -binary -purpose any -inform DER -in manifest.json.p7s -content manifest.json \\
     -CAfile authority.pem -out /dev/null

   It says "CMS Verification successful" ("Verification successful" in older versions). Compare the authority's
   certificate with the one that {organisation} gave you by another way: whoever packs a zip can put any certificate
   into it.

   openssl x509 -in authority.pem -noout -fingerprint -sha256

2. Each file is the one that is listed, nothing was added, and each trail is an unbroken chain that meets the
   checkpoints (Python 3 and nothing else; read the program first if you like, it is short):

   python3 check_bundle.py

3. Each report is a PDF whose signatures any PDF reader checks; its facts lie beside it. A checkpoint is a JSON file of
   "body" and "seal" in base64; the seal is an ECDSA signature (SHA-256) over the body, by one of the seal certificates
   in the folder "seals":

   openssl x509 -in seals/{code}-1.pem -pubkey -noout > seal.pub
   openssl dgst -sha256 -verify seal.pub -signature SEAL BODY

What was left out is listed in manifest.json under "left_out", each with its reason. The bundle holds what was recorded
before {recorded_before}. Unchanged since packing does not confirm that the contents are right or that a tool is safe.
The seal is an advanced electronic seal at best, and no qualified one.
"""


@dataclass
class Contents:
    """What was gathered in the database: what the pages show, and which files are to be fetched from their store."""

    deployments: list[dict[str, Any]] = field(default_factory=list)
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)  # digest -> as listed
    left_out: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    authority: Authority | None = None


def gather(bundle: Any, out: Writer) -> Contents:
    """Write what the database holds. Runs in the scope of the bundle's hospital, and holds one report at a time."""
    found, until = Contents(), bundle.recorded_before
    rows = Deployment.objects.filter(site=bundle.site_id, registered_at__lt=until).with_names().order_by("ref")
    for deployment in rows if bundle.deployment_id is None else rows.filter(pk=bundle.deployment_id):
        told = record.of(deployment, until)
        for report in record.reports(deployment, until).iterator(chunk_size=1):
            _put_report(report, until, out, found)
        out.put(f"deployments/{deployment.ref}/record.json", _json(told), _("the record of %s") % deployment.ref)
        page = _page("deployment", {"told": told, "bundle": bundle, "up": "../../"})
        out.put(f"deployments/{deployment.ref}/index.html", page, _("the record of %s, to be read") % deployment.ref)
        for card in deployment.model_cards.filter(kept_at__lt=until).order_by("pk"):
            path = f"cards/{deployment.ref}-{card.sha256[:12]}.xml"
            out.put(path, bytes(card.content), _("the supplier’s model card of %s") % deployment.ref)
        _put_trails(deployment, until, out)
        found.deployments.append({name: told[name] for name in ("ref", "name", "product", "vendor", "status")} | {
            "reports": told["reports"], "findings": len(told["open_findings"]), "incidents": len(told["incidents"]),
        })  # fmt: skip
        if record.keeps_causes_inside(deployment, until):
            _leave_out(found, _("Root causes on %s") % deployment.ref, _("those that were not released stay inside"))
        if told["incidents"]:
            _leave_out(
                found,
                _("Why incidents on %s happened") % deployment.ref,
                _("root causes and the reasons of reviews are not released"),
            )
    _put_checkpoints(bundle, until, out)
    organisation = bundle.organisation
    found.authority = Authority.for_code(organisation.code, organisation.name, at=clock.now())
    for authority in Authority.objects.filter(code=organisation.code):
        seal = evidence_pack.pem(bytes(authority.seal_certificate))
        out.put(f"seals/{authority.code}-{authority.generation}.pem", seal, _("a certificate of the seal"))
    return found


def _put_report(report: Any, until: datetime, out: Writer, found: Contents) -> None:
    ref = report.audit.ref
    if file := record.file_of(report, until):
        out.put(f"reports/{ref}.pdf", bytes(file.content), _("the signed report %s") % ref)
    out.put(f"reports/{ref}.facts.json", bytes(report.canonical), _("the facts that %s was printed from") % ref)
    digests = {item["sha256"] for item in _items(report.facts)}
    secret = Evidence.objects.filter(sha256__in=digests - {""}, nondisclosure=True).values_list("sha256", flat=True)
    listed, left_out, _files = evidence_pack.sorted_out(report.facts, set(secret))
    for row in listed:
        kept = found.evidence.setdefault(row["sha256"], row | {"reports": []})
        kept["reports"].append(ref)
    for row in left_out:
        _leave_out(found, row["title"], row["why"], sha256=row["sha256"], report=ref)


def _items(facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for category in facts["submission"]["categories"]:
        for question in category["questions"]:
            yield from question["evidence"]


def _leave_out(found: Contents, what: str, why: str, *, sha256: str = "", report: str = "") -> None:
    row = found.left_out.setdefault((what, sha256), {"what": what, "why": why, "sha256": sha256, "reports": []})
    if report and report not in row["reports"]:
        row["reports"].append(report)


def _put_trails(deployment: Deployment, until: datetime, out: Writer) -> None:
    audits = (
        Audit.objects.filter(deployment=deployment, opened_at__lt=until).order_by("ref").values_list("ref", flat=True)
    )
    for kind, ref in [("deployment", deployment.ref), *(("audit", ref) for ref in audits)]:
        events = Event.objects.filter(stream=f"{kind}:{ref}", at__lt=until).order_by("seq")
        lines = (
            json.dumps(
                {
                    "stream": event.stream,
                    "seq": event.seq,
                    "hash": bytes(event.hash).hex(),
                    "body": bytes(event.body).decode(),
                },
                ensure_ascii=False,
            ).encode()
            + b"\n"
            for event in events.iterator(chunk_size=500)
        )
        out.put_pieces(f"trail/{kind}-{ref}.jsonl", lines, _("the trail of %s") % ref)


def _put_checkpoints(bundle: Any, until: datetime, out: Writer) -> None:
    """The newest of before, and the first of after: if nothing happened in between, it covers all of the trails."""
    rows = Checkpoint.objects.filter(authority=bundle.organisation.code).order_by("number")
    for checkpoint in (rows.filter(at__lt=until).last(), rows.filter(at__gte=until).first()):
        if checkpoint is not None:
            path = f"trail/checkpoints/{checkpoint.authority}-{checkpoint.number:06d}.json"
            out.put(path, checkpoints.as_file(checkpoint).encode(), _("a signed list of where all trails stood"))


def fetch(found: Contents, out: Writer) -> None:
    """Copy the evidence from its store, a piece at a time; what is not as it was recorded stays out and is named."""
    for digest, row in found.evidence.items():
        with default_storage.open(evidence_pack.stored(digest)) as file:
            if sha256_of(file) != digest:
                _leave_out(found, row["title"], _("its bytes are not those that were recorded"), sha256=digest)
                continue
            about = {"title": row["title"], "questions": row["questions"], "reports": row["reports"]}
            out.put_file(row["name"], file, _("evidence"), **about)


def finish(bundle: Any, found: Contents, out: Writer) -> bytes:
    """The pages, and the manifest with its signature; returns the manifest."""
    assert found.authority is not None
    organisation = bundle.organisation
    left_out = list(found.left_out.values())
    page = {"bundle": bundle, "deployments": found.deployments, "left_out": left_out, "files": out.files}
    words = {"organisation": organisation.name, "code": organisation.code}
    readme = CHECKING.format(**words, recorded_before=clock.utc_text(bundle.recorded_before))
    out.put("index.html", _page("index", page), _("what is in this bundle, to be read"))
    out.put("style.css", (HERE / "style.css").read_bytes(), _("how the pages look"))
    out.put("README.txt", readme.encode(), _("how to check this bundle"))
    out.put("check_bundle.py", (HERE / "check_bundle.py").read_bytes(), _("a program that checks it"))
    out.put("authority.pem", evidence_pack.pem(bytes(found.authority.certificate)), _("the authority’s certificate"))
    manifest = _json(
        {
            "schema": 1,
            "bundle": bundle.ref,
            "organisation": {"code": organisation.code, "name": organisation.name},
            "hospital": {"code": bundle.site.code, "name": bundle.site.name},
            "deployment": bundle.deployment.ref if bundle.deployment else None,
            "as_of": bundle.as_of.isoformat(),
            "recorded_before": clock.utc_text(bundle.recorded_before),
            "made_at": clock.utc_text(clock.now()),
            "files": out.files,
            "left_out": left_out,
        }
    )
    out.close_with({"manifest.json": manifest, "manifest.json.p7s": detached(found.authority, manifest)})
    return manifest


def _page(name: str, page: dict[str, Any]) -> bytes:
    with translation.override("en-gb"):
        return render_to_string(f"exchange/packed/{name}.html", page).encode()


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
