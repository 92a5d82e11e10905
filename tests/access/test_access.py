"""Real requests for every line of the access table, as every role, from here, from next door and from outside."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.feeds import CalendarFeed
from auditapp.accounts.models import Membership, User
from auditapp.accounts.notifications import OffLink
from auditapp.audits.models import Comment, PaperEntry, SecondReading, SupplierRequest
from auditapp.deployments.models import Deployment, Intake, SupplierNotice
from auditapp.evidence.models import Evidence
from auditapp.evidence.uploads import PartialUpload
from auditapp.exchange import jobs as exchange_jobs
from auditapp.exchange.models import Bundle, ModelCard, Webhook
from auditapp.findings.models import Action, Finding, HazardRating, Incident, IncidentExport, RootCause
from auditapp.questionnaires import threshold_page
from auditapp.questionnaires.models import Category, Draft, Question, QuestionnaireVersion
from auditapp.reports import board_jobs, jobs
from auditapp.reports.models import Report
from auditapp.reports.withdrawal import ReportWithdrawal
from auditapp.tracking import board_reports
from auditapp.tracking.first_plan import FirstPlan
from tests.access.table import ADMINISTRATOR, LEAD, ROLES, TABLE, Page
from tests.exchange.brought import CARD, brought_along
from tests.factories import Make, hashed_password
from tests.questionnaires.uploads import uploaded

BACKEND = "auditapp.accounts.backend.EmailBackend"
BY_KEY = {"board report", "card", "checklist", "inventory", "notice", "product", "vendor", "webhook"}
CAST = dict(zip(ROLES, ["asha", "dora", "ben", "eve", "grace", "omar", "vera", "ada"], strict=True))


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + (entry.name or "")
        else:
            yield from addresses(entry, f"{prefix}{entry.app_name}:" if entry.app_name else prefix)


def test_every_address_is_in_the_table() -> None:
    assert {page.name for page in TABLE} == set(addresses(get_resolver()))


class World:
    """One of each thing, all at the Royal, and one person for each role at three places."""

    def __init__(self, make: Make) -> None:
        self.make = make
        deployment = make.deployment(live=True)
        letter = OffLink.address(make.people["vera"], "digest").split("/")[-2]
        self.things: dict[str, str] = {
            "deployment": deployment.ref,
            "colleague": str(make.people["olga"].pk),
            "letter": letter,
        }
        scope.enter_as(make.people["olga"])
        self.things["calendar"] = CalendarFeed.make(by=make.people["olga"])
        make.enter_scope()
        proposal = Intake.propose(
            by=make.people["asha"], site=deployment.site, name="Letters", purpose="Drafts letters.", users="Clerks",
            patients="None", contact="Asha Rao",
        )  # fmt: skip
        self.things["proposal"] = proposal.ref
        self.things["threshold"] = threshold_page.numbers(make.people["vera"])[0].code
        issued = make.decided()
        self._sign_all(issued)
        self.things["issued"] = issued.audit.ref
        self.things["public"] = str(issued.audit.public_id)
        withdrawing = make.decided()
        self._sign_all(withdrawing)
        withdrawing = Report.objects.with_names().get(pk=withdrawing.pk)
        ReportWithdrawal.propose(withdrawing, by=make.people["ben"], reason="Of another version.")
        self.things["withdrawing"] = withdrawing.audit.ref
        signing = make.decided()
        jobs.render(report=signing.pk, organisation=signing.organisation_id, site=signing.site_id)
        self.things["signing"] = signing.audit.ref
        self.things["reviewed"] = make.reviewed(questionnaire="annual-review", reason="yearly").ref
        submitted = make.submitted(mon_03=make.gap())
        finding = submitted.deployment.findings.get()
        hazard = HazardRating.rate(
            submitted.deployment, by=make.people["ben"], level=2, title="Slow stop", severity="Minor",
            likelihood="Low", reason="Seen once.", finding=finding,
        )  # fmt: skip
        self.things |= {"submitted": submitted.ref, "finding": finding.ref, "hazard": hazard.ref}
        self._act_on(finding)
        draft = make.audit(deployment=deployment)
        self._attach(draft)
        self._ask_supplier(draft)
        nina = self._read_apart()
        copied = self.things["copied"] = draft.answers.of_category("accountability")[0].code
        PaperEntry.enter(
            draft,
            {copied: {"base": 0, "verdict": "met"}},
            scan={
                "content": ContentFile(b"scan", name="scan.txt"), "filename": "scan.txt",
                "title": "Scan", "effective_date": clock.today("UTC"),
            },
            by=nina,
            key="paper",
        )  # fmt: skip
        profile = deployment.fill_profile(deployment.newest_profile.facts, by=make.people["olga"])
        self.things |= {"draft": draft.ref, "profile": str(profile.n)}
        base = QuestionnaireVersion.objects.get(questionnaire__code="containment-72h", state="published")
        written = Draft.begin(by=make.people["ben"], base=base, title="Containment at the Royal")
        ours = Draft.begin(by=make.people["ben"], base=base, title="Ours")
        wording = {name: value for name, value in base.questions.first().worded.items() if name != "code"}
        check = ours.add_check(by=make.people["ben"], category=Category.objects.first(), **wording)
        ours.offer(by=make.people["ben"])
        ours.publish(by=make.people["grace"])
        self.things |= {"ours": ours.questionnaire.code, "own check": check.code}
        library = Question.objects.current_wording().exclude(code__in=base.questions.values("code")).first()
        self.things |= {"written": written.questionnaire.code, "question": str(library.pk)}
        self.things["checklist"] = str(uploaded(make.people["ben"]).pk)
        self._plan(deployment)
        bundle = Bundle.ask(
            by=make.people["ben"], site=deployment.site, deployment=deployment, as_of=clock.today("Europe/London")
        )
        exchange_jobs.make_bundle(bundle=bundle.pk, organisation=bundle.organisation_id, site=bundle.site_id)
        self.things["bundle"] = bundle.ref
        card = ModelCard.bring(by=make.people["ben"], name="card.xml", data=CARD.read_bytes())
        self.things["card"] = str(card.pk)
        kinds = ["report.issued"]
        webhook, _secret = Webhook.add(by=make.people["ada"], url="https://integration.example/", kinds=kinds)
        delivery = webhook.test(by=make.people["ada"]).public_id.hex
        self.things |= {"webhook": str(webhook.pk), "delivery": delivery}
        self.things["inventory"] = str(brought_along(make.people["ben"]).pk)
        with make.at("2026-05-20T09:00"):
            made = board_reports.make_now(make.people["eve"], "royal")
        assert made is not None
        board_jobs.render(report=made.pk, organisation=made.organisation_id)
        self.things |= {"board report": str(made.pk)}
        said = SupplierNotice.receive(
            deployment.product, by=make.people["asha"], kind="recall", issued_on=clock.today("UTC"),
            title="Recall of 1.0", text="Stop using it.", questions=False,
        )  # fmt: skip
        self.things |= {"notice": str(said.pk), "product": str(said.product_id)}
        self.things["vendor"] = str(deployment.product.vendor_id)
        self.people = {("own", role): make.people[name] for role, name in CAST.items()}
        self._extras("other site", "northshire", "general")
        self._extras("other organisation", "westmark", None)

    def _plan(self, deployment: Deployment) -> None:
        """A plan that was signed, and the next one, which waits for it."""
        line = {"ref": deployment.ref, "name": deployment.name, "tier": "full", "because": ""}
        about: Any = {"starts": clock.today("Europe/London"), "per_week": 1, "ranked": [line]}
        plan = FirstPlan.propose(deployment.site, by=self.make.people["asha"], **about)
        plan.sign(by=self.make.people["eve"], shown_sha256=plan.digest)
        FirstPlan.propose(deployment.site, by=self.make.people["asha"], **about)

    def _sign_all(self, report: Any) -> None:
        jobs.render(report=report.pk, organisation=report.organisation_id, site=report.site_id)
        for turn in report.signatories:
            signer = self.make.people[{"auditor": "asha", "clinical_safety_officer": "ben"}[turn["role"]]]
            report.sign(by=signer, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
            jobs.sign(report=report.pk, order=turn["order"], organisation=report.organisation_id, site=report.site_id)

    def _attach(self, audit: Any) -> None:
        evidence = Evidence.keep_file(
            ContentFile(b"minutes", name="minutes.txt"), by=self.make.people["asha"], site=audit.site,
            title="Minutes", effective_date=clock.today("UTC"),
        )  # fmt: skip
        asha, dora = self.make.people["asha"], self.make.people["dora"]
        item = audit.answers.select_related("audit").get(code="mon-02").attach(evidence, by=asha)
        assignment = audit.assign("accountability", dora, by=asha)
        upload = PartialUpload.begin("tests.pdf", size=9, modified="", by=asha, site=audit.site)
        self.things["upload"] = str(upload.token)
        said = Comment.say(audit.answers.select_related("audit").get(code="mon-02"), "Which ward?", by=asha)
        self.things |= {"comment": str(said.pk), "question at": "mon-02"}
        self.things |= {"evidence": evidence.sha256, "item": str(item.pk), "assignment": str(assignment.pk)}

    def _read_apart(self) -> User:
        """One audit that Asha and Nina read, and one that others have read, for a third to settle; returns Nina."""
        asha, ada = self.make.people["asha"], self.make.people["ada"]
        others = []
        for name in ("nina", "noor"):
            about = {"name": name.capitalize(), "email": f"{name}@northshire.example", "password": "a quiet ward"}
            others.append(User.invite(by=ada, role="auditor", site=self.make.sites["royal"], **about))
        nina, noor = others
        reading = SecondReading.begin(self.make.audit(), by=asha, first=asha, second=nina)
        read = SecondReading.begin(self.make.audit(), by=asha, first=nina, second=noor)
        for reader, verdict in ((nina, "met"), (noor, "not_met")):
            for answer in read.questions:
                read.answer(answer.code, by=reader, base=0, verdict=verdict)
            read.finish(by=reader)
        self.things |= {"read apart": reading.audit.ref, "read": read.audit.ref}
        return nina

    def _ask_supplier(self, audit: Any) -> None:
        asked = SupplierRequest.ask(
            audit, {"mon-02": ""}, by=self.make.people["asha"], contact_name="Lena", due=clock.today("UTC"),
            contact_email="lena@calder.example",
        )  # fmt: skip
        file = asked.questions.get().add_file(
            content=ContentFile(b"log", name="log.txt"), filename="log.txt", title="Log",
            effective_date=clock.today("UTC"),
        )  # fmt: skip
        self.things["supplied"] = str(file.pk)

    def _act_on(self, finding: Finding) -> None:
        """An action that is done, with a file, a root cause, and an incident of which an account was let out."""
        asha, ben, omar = (self.make.people[name] for name in ("asha", "ben", "omar"))
        action = Action.plan(finding, by=asha, what="Train the ward.", owner=omar, due=clock.today("UTC"))
        proof = Evidence.keep_file(
            ContentFile(b"list", name="list.txt"), by=omar, site=finding.site, title="List",
            effective_date=clock.today("UTC"),
        )  # fmt: skip
        action.complete(by=omar, note="Trained.", done_on=clock.today("UTC"), evidence=proof)
        RootCause.state(finding, by=omar, text="Nobody was told.", base=0)
        incident = Incident.report(
            finding.deployment, by=asha, kind="event", happened_on=clock.today("UTC"), harm="low", summary="Left out.",
            checks=["mon-03"],
        )  # fmt: skip
        export = IncidentExport.make(incident, by=ben, text="A summary left a line out.")
        self.things |= {"proof": proof.sha256, "incident": incident.ref, "export": str(export.number)}

    def _extras(self, place: str, organisation: str, site: str | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        for role in ROLES:
            user = User.objects.create(
                organisation=self.make.organisations[organisation], email=f"{role}@{place.replace(' ', '-')}.example",
                name=f"{role} elsewhere", password=hashed_password(), joined_at=clock.now(),
            )  # fmt: skip
            where = self.make.sites[site] if site else None
            Membership.objects.create(organisation=user.organisation, user=user, role=role, site=where)
            self.people[place, role] = user
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE auditapp_web")

    def body(self, page: Page) -> dict[str, str]:
        return {name: self.things[thing] for name, thing in page.data.items()}

    def address(self, page: Page) -> str:
        kwargs = {name: self.things.get(value, value) for name, value in page.with_.items()}
        if page.name == "reports:verify_report":
            kwargs = {"public_id": self.things["public"]}
        elif page.about == "colleague":
            kwargs["pk"] = self.things["colleague"]
        elif "hospital" in page.about:
            kwargs["code"] = "royal"
        elif page.about == "hazard":
            kwargs["hazard"] = self.things["hazard"]
        elif page.about in BY_KEY:
            kwargs["pk"] = self.things[page.about]
        elif page.about in {"written", "ours", "own check"}:
            kwargs["code"] = self.things[page.about]
        elif page.about:
            kwargs["ref"] = self.things[page.about]
        return reverse(page.name, kwargs=kwargs)


def expected(page: Page, method: str, place: str, role: str) -> str:
    """What the table says: passes, refused (403), unknown (404), wrong method (405)."""
    allowed = page.get if method == "get" else page.post
    if allowed is None:
        return "405"
    if page.unknown or (page.mine and (place != "own" or role not in allowed)):
        return "404"
    if (
        page.name.startswith(("accounts:", "exchange:"))
        and allowed == frozenset({ADMINISTRATOR})
        and place == "other site"
    ):
        return "403"  # an administrator of one hospital alone administers no people and no connections
    if page.of_the_group and place == "other site" and (method == "post" or page.get == page.post):
        return "403"
    if page.about and place == "other organisation":
        return "404"
    if page.about and place == "other site" and not page.group_wide:
        return "404"
    if page.part and role == LEAD:
        return "404"
    return "passes" if role in allowed else "403"


def told(response: HttpResponse) -> str:
    """Passing is anything but a refusal to this person: a page, a redirect, a form with errors, a rule that says no."""
    return str(response.status_code) if response.status_code in {403, 404, 405, 500} else "passes"


def read(response: Any) -> None:
    """To the end: a file that is sent in pieces is closed by its reader."""
    if response.streaming:
        b"".join(response.streaming_content)


@pytest.fixture
def world(make: Make) -> World:
    return World(make)


def test_everyone_gets_what_the_table_says_and_nothing_else(world: World, client: Client) -> None:
    wrong = []
    for (place, role), user in world.people.items():
        client.force_login(user, backend=BACKEND)
        for page in TABLE:
            for method in ("get", "post"):
                with transaction.atomic():
                    response = getattr(client, method)(
                        world.address(page), world.body(page) if method == "post" else {}
                    )
                    read(response)
                    transaction.set_rollback(True)
                if page.name == "accounts:sign_out":
                    client.force_login(user, backend=BACKEND)
                if told(response) != (should := expected(page, method, place, role)):
                    wrong.append(f"{page.name} {method} {place} {role}: {response.status_code}, not {should}")
    assert not wrong, "\n".join(wrong)


def test_who_is_not_signed_in_gets_to_the_sign_in_page(world: World, client: Client) -> None:
    wrong = []
    for page in TABLE:
        response = client.get(world.address(page))
        read(response)
        if page.public:
            ok = response.status_code in {200, 405}
        else:
            ok = response.status_code == 302 and response.url.startswith(reverse("accounts:sign_in"))
        if not ok:
            wrong.append((page.name, response.status_code))
    assert wrong == []
