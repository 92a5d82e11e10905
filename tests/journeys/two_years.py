"""What people and the worker do in two years beside what the journey does in the browser, through the verbs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from auditapp import clock
from auditapp.accounts.models import Site
from auditapp.audits.models import Audit
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Product
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.reports import jobs
from auditapp.reports.models import Decision
from tests.factories import PROFILES
from tests.journeys import acts
from tests.journeys.compressed import reached

SIGNS = {"auditor": "asha", "clinical_safety_officer": "ben", "executive": "eve", "governance_chair": "grace"}


def serve() -> None:
    """As acts.serve, with the clock where the journey has put it. The worker's jobs have transactions of their own."""
    known: tuple[Callable[..., Any], ...] = (enter_cast, work, registered, opened, handed_over, decided)
    acts.play({f.__name__: f for f in known}, _in_time)


@contextmanager
def _in_time() -> Iterator[None]:
    with clock.at(reached()):
        yield


def work() -> None:
    """Everything that the worker does by itself, once, and then every job that waits."""
    for periodic in list(app.periodic_registry.periodic_tasks.values()):
        periodic.task.defer(timestamp=int(clock.now().timestamp()))
    with app.replace_connector(app.connector.get_worker_connector()) as working:
        working.run_worker(wait=False, listen_notify=False, install_signal_handlers=False)


@transaction.atomic
def enter_cast() -> list[str]:
    return acts.enter_cast()


@transaction.atomic
def registered(name: str) -> str:
    """A tool that Omar registered at the Royal and Olga confirmed, with version 1.0 from today on."""
    omar = acts.person("omar")
    royal = Site.objects.get(code="royal")
    found = Deployment.register(
        by=omar,
        site=royal,
        owner=omar,
        product=Product.named("Visit Scribe", vendor="Calder Health", organisation=omar.organisation),
        name=name,
        intended_use="Drafts letters that a dermatologist reads and signs.",
        facts={fact.id: False for fact in profile.facts()} | PROFILES["ambient scribe"],
    )
    found.newest_profile.confirm(by=acts.person("olga"))
    found.add_version(by=omar, name="1.0", starts=clock.today(royal.zone))
    return found.ref


@transaction.atomic
def opened(deployment: str, questionnaire: str, reason: str, triggers: list[str], gaps: list[str]) -> dict[str, Any]:
    """An audit of the version that runs or is planned next, answered by Asha: "met" with evidence but for the gaps."""
    asha = acts.person("asha")
    about = Deployment.objects.get(ref=deployment)
    today = clock.today(about.site.zone)
    model_version = about.version_on(today) or about.versions.filter(starts__gt=today).first()
    version = QuestionnaireVersion.objects.published().get(questionnaire__code=questionnaire)
    audit = Audit.open(about, by=asha, version=version, model_version=model_version, reason=reason, triggers=triggers)
    gap = {"gap": "The table has no row for nights.", "owner": "Clinical lead", "due": today + timedelta(days=20)}
    for answer in audit.answers.select_related("audit"):
        fields = {"verdict": "met", "evidence_note": f"Seen for {answer.code} on the ward."}
        if answer.code in gaps:
            fields = {"verdict": "partial", "control": "Every draft is read twice.", **gap}
        answer.save_revision(by=asha, base=answer.n, key=f"years-{answer.pk}", **fields)
    return {"ref": audit.ref}


@transaction.atomic
def handed_over(ref: str) -> None:
    """The audit, submitted by Asha and accepted by Ben."""
    asha = acts.person("asha")
    audit = Audit.objects.get(ref=ref)
    audit.submit(by=asha)
    ben = acts.person("ben")
    audit.refresh_from_db()
    audit.accept(by=ben, note="Read in full.")


@transaction.atomic
def decided(ref: str, code: str, conditions: list[dict[str, Any]]) -> None:
    """Decided by whoever decides, each condition {"text", "owner", "days"}, then printed and signed by all."""
    audit = Audit.objects.get(ref=ref) if acts.person("ben") else None
    assert audit
    decider = acts.person(SIGNS[audit.version.decision_role])
    today = clock.today(audit.site.zone)
    due = [{"text": c["text"], "owner": c["owner"], "due": today + timedelta(days=c["days"])} for c in conditions]
    report = Decision.record(audit, by=decider, code=code, reasons="As the report says.", conditions=due).report
    place = {"report": report.pk, "organisation": report.organisation_id, "site": report.site_id}
    jobs.render(**place)
    for turn in report.signatories:
        signer = acts.person(SIGNS[turn["role"]])
        report.sign(by=signer, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        jobs.sign(order=turn["order"], **place)
