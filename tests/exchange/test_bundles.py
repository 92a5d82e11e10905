"""A readiness bundle: what is in it as of a day, what stays out, that anybody can check it, and who lets it out."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.deployments.models import Deployment
from auditapp.evidence.models import Evidence
from auditapp.exchange import jobs
from auditapp.exchange.bundle.record import replayed
from auditapp.exchange.models import Bundle, BundleVerdict, ReleaseRule
from auditapp.findings.models import Incident, RootCause
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports.models import Decision, Report
from auditapp.trail.models import Event
from tests.factories import Make
from tests.tracking.issued import sign_next

TODAY = "Europe/London"


def made(bundle: Bundle) -> Bundle:
    jobs.make_bundle(bundle=bundle.pk, organisation=bundle.organisation_id, site=bundle.site_id)
    return Bundle.objects.with_names().get(pk=bundle.pk)


def asked(make: Make, deployment: Deployment | None, as_of: date | None = None, by: str = "ben") -> Bundle:
    site = make.sites["royal"]
    return Bundle.ask(by=make.people[by], site=site, deployment=deployment, as_of=as_of or clock.today(site.zone))


def unpacked(bundle: Bundle, folder: Path) -> Path:
    with default_storage.open(bundle.storage_name) as file, zipfile.ZipFile(io.BytesIO(file.read())) as packed:
        packed.extractall(folder / "bundle")
    return folder / "bundle"


def manifest_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return content


def record_of(folder: Path, deployment: Deployment) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "deployments" / deployment.ref / "record.json").read_text())
    return content


def evidence(make: Make, audit: Any, code: str, text: bytes, **about: Any) -> Evidence:
    item = Evidence.keep_file(
        ContentFile(text, name=f"{code}.txt"), by=make.people["asha"], site=audit.site, title=f"Proof of {code}",
        effective_date=clock.today(TODAY), **about,
    )  # fmt: skip
    audit.answers.select_related("audit").get(code=code).attach(item, by=make.people["asha"])
    return item


def issued(make: Make, deployment: Deployment, *files: tuple[str, bytes, dict[str, Any]]) -> Report:
    """A signed report, whose answers rest on files."""
    audit = make.audit(deployment=deployment, answered=True)
    for code, text, about in files:
        evidence(make, audit, code, text, **about)
    audit.submit(by=make.people["asha"])
    audit.refresh_from_db()
    audit.accept(by=make.people["ben"], note="Read in full.")
    role = {"clinical_safety_officer": "ben", "governance_chair": "grace"}[audit.version.decision_role]
    report = Decision.record(audit, by=make.people[role], code="continue", reasons="Complete.", conditions=()).report
    report.keep_file(0, b"unsigned")
    for _signatory in report.signatories:
        sign_next(make, report)
    return report


@pytest.fixture
def scribe(make: Make) -> Deployment:
    with make.at("2026-03-01T09:00:00"):
        return make.deployment(live=True)


def test_a_bundle_holds_what_is_on_record_and_names_what_stays_out(
    make: Make, scribe: Deployment, tmp_path: Path
) -> None:
    secret = {"nondisclosure": True}
    report = issued(make, scribe, ("mon-02", b"the log", {}), ("mon-03", b"a secret of the supplier", secret))
    Incident.report(
        scribe, by=make.people["omar"], kind="event", happened_on=clock.today(TODAY), harm="low", summary="Wrong dose."
    )
    bundle = made(asked(make, scribe))
    folder = unpacked(bundle, tmp_path)

    manifest = manifest_of(folder)
    assert (bundle.state, manifest["deployment"], manifest["bundle"]) == ("made", scribe.ref, bundle.ref)
    ref = report.audit.ref
    assert (folder / f"reports/{ref}.pdf").read_bytes() == b"signed by 2"
    assert (folder / f"reports/{ref}.facts.json").read_bytes() == bytes(report.canonical)
    kept = [row for row in manifest["files"] if row["what"] == "evidence"]
    assert [(row["title"], row["questions"], row["reports"]) for row in kept] == [
        ("Proof of mon-02", ["mon-02"], [ref])
    ]
    assert (folder / kept[0]["path"]).read_bytes() == b"the log"
    why = {row["what"]: row["why"] for row in manifest["left_out"]}
    assert why["Proof of mon-03"] == "under non-disclosure: kept by the hospital"
    assert "root causes" in why[f"Why incidents on {scribe.ref} happened"]
    assert b"a secret of the supplier" not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())

    told = record_of(folder, scribe)
    assert [change["after"] for change in told["status_changes"]] == ["in_evaluation", "live"]
    assert told["incidents"][0]["cause"] == "suspected"
    assert told["profiles"][0]["confirmed"]["by"] == "Ben Okafor"
    assert told["reports"][0]["decision"] == "continue"


def test_anybody_checks_it_with_openssl_and_a_small_program(make: Make, scribe: Deployment, tmp_path: Path) -> None:
    issued(make, scribe, ("mon-02", b"the log", {}))
    folder = unpacked(made(asked(make, scribe)), tmp_path)
    readme = (folder / "README.txt").read_text()
    begin = readme.index("openssl cms")
    command = [*readme[begin : readme.index("-out /dev/null")].replace("\\\n", " ").split(), "-out", "/dev/null"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    assert checked(folder) == (0, ""), checked(folder)[1]

    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"schema": 1', b'"schema": 2'))
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0


def checked(folder: Path) -> tuple[int, str]:
    """(exit code, problems) of the program in the bundle."""
    run = subprocess.run(
        [sys.executable, "check_bundle.py"], cwd=folder, capture_output=True, check=False, text=True, env={}
    )
    return run.returncode, "" if run.returncode == 0 else run.stdout


def test_what_was_changed_added_or_taken_away_is_named(make: Make, scribe: Deployment, tmp_path: Path) -> None:
    issued(make, scribe, ("mon-02", b"the log", {}))
    folder = unpacked(made(asked(make, scribe)), tmp_path)
    trail = folder / "trail" / f"deployment-{scribe.ref}.jsonl"
    lines = trail.read_text().splitlines(keepends=True)
    trail.write_text("".join([*lines[:1], *lines[2:]]))
    next(folder.glob("evidence/*")).write_bytes(b"another log")
    (folder / "extra.txt").write_text("added")
    (folder / "index.html").unlink()
    code, said = checked(folder)
    assert code == 1
    assert f"trail/deployment-{scribe.ref}.jsonl: not the file that the manifest lists" in said
    assert f"deployment-{scribe.ref}.jsonl: event 2 does not follow the one before it" in said
    assert "extra.txt: not listed in the manifest" in said
    assert "index.html: missing" in said
    assert "evidence/" in said


def test_a_trail_that_is_cut_short_does_not_meet_its_checkpoint(make: Make, scribe: Deployment, tmp_path: Path) -> None:
    with make.at("2026-03-02T09:00:00"):
        made(asked(make, scribe))  # makes a checkpoint
    with make.at("2026-04-02T09:00:00"):
        folder = unpacked(made(asked(make, scribe, date(2026, 4, 1))), tmp_path)
    trail = folder / "trail" / f"deployment-{scribe.ref}.jsonl"
    trail.write_text("".join(trail.read_text().splitlines(keepends=True)[:-1]))
    assert "is cut short" in checked(folder)[1]


def test_as_of_a_day_means_what_was_recorded_by_its_end(make: Make, scribe: Deployment, tmp_path: Path) -> None:
    with make.at("2026-06-01T10:00:00"):
        scribe.add_version(by=make.people["omar"], name="2.0", starts=date(2026, 6, 1))
        scribe.change_status("suspended", by=make.people["ben"], reason="A wrong dose.")
    with make.at("2026-07-01T10:00:00"):
        before = record_of(unpacked(made(asked(make, scribe, date(2026, 5, 31))), tmp_path / "1"), scribe)
        after = record_of(unpacked(made(asked(make, scribe, date(2026, 6, 1))), tmp_path / "2"), scribe)
        long_ago = manifest_of(unpacked(made(asked(make, scribe, date(2026, 2, 1))), tmp_path / "3"))
    assert (before["status"], after["status"]) == ("live", "suspended")
    assert [(v["name"], v["ends"]) for v in before["versions"]] == [("1.0", None)]
    assert [(v["name"], v["ends"]) for v in after["versions"]] == [("1.0", "2026-06-01"), ("2.0", None)]
    assert not [row for row in long_ago["files"] if row["path"].startswith("deployments/")]


def test_open_findings_are_those_that_were_open_then(make: Make, tmp_path: Path) -> None:
    with make.at("2026-03-01T09:00:00"):
        audit = make.submitted(mon_03=make.gap())
    finding = audit.deployment.findings.get()
    with make.at("2026-05-01T09:00:00"):
        finding.close(by=make.people["ben"], reason="Tested.", source="A-1")
    with make.at("2026-06-01T09:00:00"):
        then = record_of(
            unpacked(made(asked(make, audit.deployment, date(2026, 4, 1))), tmp_path / "1"), audit.deployment
        )
        now = record_of(
            unpacked(made(asked(make, audit.deployment, date(2026, 5, 2))), tmp_path / "2"), audit.deployment
        )
    assert [row["ref"] for row in then["open_findings"]] == [finding.ref]
    assert now["open_findings"] == []


def test_a_root_cause_stays_inside_until_it_is_released(make: Make, tmp_path: Path) -> None:
    audit = make.submitted(mon_03=make.gap())
    deployment, ben = audit.deployment, make.people["ben"]
    cause = RootCause.state(deployment.findings.get(), by=ben, text="Nobody was told to look.", base=0)
    before = unpacked(made(asked(make, deployment)), tmp_path / "1")
    assert record_of(before, deployment)["open_findings"][0]["released_root_causes"] == []
    assert f"Root causes on {deployment.ref}" in [row["what"] for row in manifest_of(before)["left_out"]]
    assert b"Nobody was told" not in b"".join(p.read_bytes() for p in before.rglob("*") if p.is_file())
    cause.release(by=ben)
    after = unpacked(made(asked(make, deployment)), tmp_path / "2")
    assert record_of(after, deployment)["open_findings"][0]["released_root_causes"] == ["Nobody was told to look."]
    assert f"Root causes on {deployment.ref}" not in [row["what"] for row in manifest_of(after)["left_out"]]


def test_a_finding_that_was_found_again_is_open_again() -> None:
    events = [
        ("finding.opened", {"ref": "F-1", "priority": "P2", "due": "2026-01-01"}),
        ("finding.closed", {"ref": "F-1"}),
        ("finding.reopened", {"ref": "F-1", "priority": "P1"}),
        ("finding.opened", {"ref": "F-2"}),
        ("finding.closed", {"ref": "F-2"}),
    ]
    then = replayed(events)
    assert then == {"F-1": {"open": True, "priority": "P1", "due": "2026-01-01"}, "F-2": {"open": False}}


def test_a_hospital_as_a_whole_holds_its_own_deployments_only(make: Make, scribe: Deployment, tmp_path: Path) -> None:
    second, other = make.deployment(name="Second"), make.deployment(site="general", name="Elsewhere")
    folder = unpacked(made(asked(make, None)), tmp_path)
    assert {path.name for path in (folder / "deployments").iterdir()} == {scribe.ref, second.ref}
    assert other.ref not in (folder / "index.html").read_text()


def test_a_file_that_is_no_longer_what_it_was_stays_out_and_is_named(
    make: Make, scribe: Deployment, tmp_path: Path
) -> None:
    issued(make, scribe, ("mon-02", b"the log", {}))
    item = Evidence.objects.get(title="Proof of mon-02")
    Path(default_storage.path(item.storage_name)).write_bytes(b"another")
    manifest = manifest_of(unpacked(made(asked(make, scribe)), tmp_path))
    assert "its bytes are not those that were recorded" in [row["why"] for row in manifest["left_out"]]
    assert not [row for row in manifest["files"] if row["what"] == "evidence"]


def test_a_job_that_runs_again_changes_nothing(make: Make, scribe: Deployment) -> None:
    first = made(asked(make, scribe))
    again = made(first)
    assert (first.sha256, first.made_at) == (again.sha256, again.made_at)
    assert not first.keep(sha256="0" * 64, size=1, manifest_sha256="0" * 64)
    assert Event.objects.filter(stream=first.trail_stream, verb="bundle.made").count() == 1


def test_asking_twice_while_it_is_made_finds_the_first(make: Make, scribe: Deployment) -> None:
    first = asked(make, scribe)
    assert asked(make, scribe) == first
    assert ProcrastinateJob.objects.filter(task_name="reports.bundle").count() == 1
    made(first)
    assert asked(make, scribe) != first


def test_a_job_that_dies_midway_is_done_by_the_next(
    make: Make, scribe: Deployment, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    bundle = asked(make, scribe)
    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", lambda *about: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            made(bundle)
    assert Bundle.objects.get(pk=bundle.pk).state == "queued"
    assert made(bundle).state == "made"
    assert list(settings.AUDITAPP_UPLOADS_DIR.iterdir()) == []


def test_one_that_cannot_be_made_says_so_and_can_be_tried_again(
    make: Make, scribe: Deployment, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    bundle = asked(make, scribe)
    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "save", lambda *about: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            made(bundle)
    client.force_login(make.people["ben"])
    page = client.get(f"/bundles/{bundle.ref}/")
    assert "Try again" in page.content.decode()
    client.post(f"/bundles/{bundle.ref}/trying-again/")
    assert made(bundle).state == "made"


def test_a_day_ahead_is_refused(make: Make, scribe: Deployment) -> None:
    with pytest.raises(Refused, match="choose today or a day before"):
        asked(make, scribe, clock.today(TODAY) + timedelta(days=2))


def test_only_who_answers_to_those_outside_asks_for_one(make: Make, scribe: Deployment) -> None:
    with pytest.raises(NotAllowed):
        asked(make, scribe, by="asha")


@pytest.fixture
def counsel(make: Make) -> Any:
    """Vera reads the Royal's audits and releases its bundles."""
    ReleaseRule.adopt(by=make.people["ada"], site=make.sites["royal"], releaser=make.people["vera"])
    return make.people["vera"]


def test_where_the_hospital_wants_it_a_bundle_waits_for_its_release(
    make: Make, scribe: Deployment, counsel: Any, client: Client
) -> None:
    bundle = made(asked(make, scribe))
    jobs.bundle_waits(bundle=bundle.pk, organisation=bundle.organisation_id, site=bundle.site_id)
    assert (bundle.state, mail.outbox[0].to) == ("waiting", [counsel.email])
    assert scribe.intended_use not in mail.outbox[0].body
    file = f"/bundles/{bundle.ref}/file/"
    client.force_login(make.people["ben"])
    assert client.get(file).status_code == 403
    assert client.post(f"/bundles/{bundle.ref}/", {"release": "yes"}).status_code == 403

    client.force_login(counsel)
    read = client.get(file)
    assert b"".join(read.streaming_content)[:2] == b"PK"
    assert client.post(f"/bundles/{bundle.ref}/", {"release": "no"}).status_code == 422
    client.post(f"/bundles/{bundle.ref}/", {"release": "yes"})
    client.force_login(make.people["ben"])
    released = client.get(file)
    b"".join(released.streaming_content)
    assert released.status_code == 200
    verbs = Event.objects.filter(stream=bundle.trail_stream).order_by("seq").values_list("verb", "actor__name")
    assert list(verbs) == [
        ("bundle.asked", "Ben Okafor"),
        ("bundle.made", None),
        ("bundle.downloaded", "Vera Nowak"),
        ("bundle.released", "Vera Nowak"),
        ("bundle.downloaded", "Ben Okafor"),
    ]


def test_one_that_is_not_released_is_not_given_out(
    make: Make, scribe: Deployment, counsel: Any, client: Client
) -> None:
    bundle = made(asked(make, scribe))
    bundle.judge(by=counsel, release=False, reason="The second report is not ours to give.")
    client.force_login(make.people["ben"])
    assert "The second report is not ours to give." in client.get(f"/bundles/{bundle.ref}/").content.decode()
    assert client.get(f"/bundles/{bundle.ref}/file/").status_code == 403
    with pytest.raises(Refused):
        bundle.judge(by=counsel, release=True)


def test_two_tabs_judge_once(make: Make, scribe: Deployment, counsel: Any) -> None:
    bundle = made(asked(make, scribe))
    other_tab = Bundle.objects.with_names().get(pk=bundle.pk)
    bundle.judge(by=counsel, release=True)
    with pytest.raises(Refused):
        other_tab.judge(by=counsel, release=False, reason="No.")


def test_who_cannot_read_it_cannot_release_it(make: Make, client: Client) -> None:
    client.force_login(make.people["ada"])
    royal = make.sites["royal"]
    response = client.post("/bundles/release/", {"site": royal.pk, "releaser": make.people["dora"].pk})
    assert response.status_code == 422
    assert "does not read audits at Royal Northshire Hospital" in response.content.decode()


def test_the_database_keeps_verdicts_and_digests(make: Make, scribe: Deployment, counsel: Any) -> None:
    bundle = made(asked(make, scribe))
    bundle.judge(by=counsel, release=True)
    for tampering in (
        lambda: BundleVerdict.objects.update(released=False),
        lambda: ReleaseRule.objects.update(releaser=None),
        lambda: Bundle.objects.update(recorded_before=clock.now()),
        lambda: Bundle.objects.filter(pk=bundle.pk).delete(),
    ):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            tampering()


def test_the_list_asks_as_much_for_three_as_for_one(
    make: Make, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(make.people["ben"])
    counts = []
    for deployment in (make.deployment(name="One"), make.deployment(name="Two"), make.deployment(name="Three")):
        made(asked(make, deployment))
        with django_assert_max_num_queries(30) as queries:
            client.get("/bundles/")
        counts.append(len(queries))
    assert counts[0] == counts[2]


def test_an_outsider_does_not_learn_that_there_is_one(make: Make, scribe: Deployment, client: Client) -> None:
    bundle = made(asked(make, scribe))
    client.force_login(make.people["cleo"])
    assert client.get(f"/bundles/{bundle.ref}/").status_code == 404
    assert client.get(f"/bundles/{bundle.ref}/file/").status_code == 404
