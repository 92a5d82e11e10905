"""Plain builders. Organisations and people are put in place; everything after that goes through the product's verbs."""

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from django.contrib.auth.hashers import make_password
from django.db import connection

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import Membership, Organisation, Site, User
from auditapp.audits.models import Audit
from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Product, StatusProposal
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.reports.models import Decision, Report
from auditapp.tracking import life

PASSWORD = "a quiet ward at night"
_keys = itertools.count()


@lru_cache(maxsize=1)
def hashed_password() -> str:
    """Argon2 is slow on purpose; one hash serves the whole cast."""
    return make_password(PASSWORD)


# The content's test profiles (the facts named are yes, all others no).
PROFILES: dict[str, dict[str, Any]] = {
    "ambient scribe": {
        **dict.fromkeys(["is_llm", "generates_clinical_text", "records_speech", "handles_phi"], True),
        **dict.fromkeys(["vendor_hosted", "third_party_supplied", "multilingual_population", "ehr_write"], True),
        "autonomy_level": 1,
    },
    "patient chatbot": {
        **dict.fromkeys(["is_llm", "generates_clinical_text", "conversational", "patient_facing", "handles_phi"], True),
        **dict.fromkeys(["vendor_hosted", "third_party_supplied", "locally_adapted", "multilingual_population"], True),
        "autonomy_level": 2,
    },
    "sepsis model": dict.fromkeys(["is_predictive", "handles_phi", "third_party_supplied", "locally_adapted"], True)
    | {"autonomy_level": 0},
    "imaging triage": dict.fromkeys(
        ["is_imaging", "is_predictive", "handles_phi", "vendor_hosted", "third_party_supplied"], True
    )
    | {"autonomy_level": 2},
}
PROFILES["LLM agent"] = {f.id: True for f in profile.facts() if f.id not in {"is_imaging", "is_predictive"}} | {
    "autonomy_level": 3
}

PEOPLE = [  # name, organisation, [(role, site or None)]
    ("asha", "Asha Rao", "northshire", [("auditor", "royal")]),
    ("ben", "Ben Okafor", "northshire", [("clinical_safety_officer", None)]),
    ("eve", "Eve Lindqvist", "northshire", [("executive", None)]),
    ("grace", "Grace Adeyemi", "northshire", [("governance_chair", None)]),
    ("omar", "Omar Haddad", "northshire", [("deployment_owner", None)]),
    ("vera", "Vera Nowak", "northshire", [("viewer", "royal")]),
    ("ada", "Ada Byrne", "northshire", [("administrator", None)]),
    ("dora", "Dora Petrou", "northshire", [("category_lead", "royal")]),
    ("olga", "Olga Marsh", "northshire", [("deployment_owner", "royal")]),
    ("sam", "Sam Whitlock", "northshire", [("auditor", "general")]),
    ("cleo", "Cleo Vance", "westmark", [("auditor", None), ("clinical_safety_officer", None), ("administrator", None)]),
]


class Make:
    """The world of a test. `organisation_in_scope` is what the test itself may read: the Royal's group."""

    organisation_in_scope: ClassVar[str] = ""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
        northshire = Organisation.objects.create(code="northshire", name="Northshire Hospitals Group")
        westmark = Organisation.objects.create(code="westmark", name="Westmark Health")
        self.organisations = {o.code: o for o in (northshire, westmark)}
        self.sites = {
            code: Site.objects.create(organisation=organisation, code=code, name=name)
            for organisation, code, name in [
                (northshire, "royal", "Royal Northshire Hospital"),
                (northshire, "general", "Northshire General"),
                (westmark, "westmark-city", "Westmark City Hospital"),
            ]
        }
        self.people = {key: self._person(key, name, org, roles) for key, name, org, roles in PEOPLE}
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE auditapp_web")
        Make.organisation_in_scope = str(northshire.pk)
        if connection.in_atomic_block:
            self.enter_scope()

    def enter_scope(self) -> None:
        """Read and write as somebody of the Royal's group would, until the running transaction ends."""
        scope.enter(int(Make.organisation_in_scope))

    def _person(self, key: str, name: str, organisation: str, roles: list[tuple[str, str | None]]) -> User:
        user = User(organisation=self.organisations[organisation], name=name, email=f"{key}@{organisation}.example")
        user.joined_at = clock.now()
        user.password = hashed_password()
        user.save()
        for role, site in roles:
            Membership.objects.create(
                organisation=user.organisation, user=user, role=role, site=self.sites[site] if site else None
            )
        return user

    def deployment(
        self,
        *,
        site: str = "royal",
        kind: str = "ambient scribe",
        name: str = "",
        confirmed: bool = True,
        live: bool = False,
        version: str = "1.0",
    ) -> Deployment:
        """A registered deployment with a version that began 90 days ago."""
        omar, olga = self.people["omar"], self.people["ben"]
        place = self.sites[site]
        deployment = Deployment.register(
            by=omar,
            site=place,
            owner=omar,
            product=Product.named(kind.capitalize(), vendor="Calder Health", organisation=place.organisation),
            name=name or f"{kind.capitalize()} {next(_keys)}",
            intended_use=f"The {kind} supports staff in outpatient clinics.",
            facts={f.id: False for f in profile.facts()} | PROFILES[kind],
        )
        if confirmed:
            deployment.newest_profile.confirm(by=olga)
        deployment.add_version(by=omar, name=version, starts=clock.today(place.zone) - timedelta(days=90))
        if live:
            deployment.change_status("in_evaluation", by=omar, reason="Start of use agreed.")
            self.step(deployment, "live", reason="Start of use agreed.")
        return deployment

    def step(self, deployment: Deployment, to: str, *, reason: str = "Agreed.", by: str = "omar") -> None:
        """A step that two people take: one proposes it, Ben or Grace signs it off."""
        proposed = life.move(deployment, to, by=self.people[by], reason=reason)
        assert isinstance(proposed, StatusProposal)
        life.sign_off(proposed, by=self.people["grace" if by == "ben" else "ben"])
        deployment.refresh_from_db()

    def audit(
        self,
        *,
        deployment: Deployment | None = None,
        questionnaire: str = "containment-72h",
        reason: str = "containment",
        triggers: tuple[str, ...] = (),
        answered: bool = False,
        auditor: str = "asha",
        **exceptions: dict[str, Any],
    ) -> Audit:
        """An open audit; with `answered`, everything met with evidence but for the named checks (hal_01={...})."""
        deployment = deployment or self.deployment(live=True)
        by = self.people[auditor]
        audit = Audit.open(
            deployment,
            by=by,
            version=QuestionnaireVersion.objects.published().get(questionnaire__code=questionnaire),
            model_version=deployment.version_on(clock.today(deployment.site.zone)),
            reason=reason,
            triggers=triggers,
        )
        if answered:
            self.answer_all(audit, by=by, exceptions={k.replace("_", "-"): v for k, v in exceptions.items()})
        audit.refresh_from_db()
        return audit

    def answer_all(self, audit: Audit, *, by: User, exceptions: dict[str, dict[str, Any]] | None = None) -> None:
        for answer in audit.answers.filter(open_in_round=audit.round).select_related("audit"):
            fields = {"verdict": "met", "evidence_note": f"Seen for {answer.code} on the ward."}
            fields = (exceptions or {}).get(answer.code, fields)
            answer.save_revision(by=by, base=answer.n, key=f"key-{next(_keys)}", **fields)

    def gap(self, verdict: str = "partial", **more: Any) -> dict[str, Any]:
        """What an incomplete answer needs to be handed over."""
        return {
            "verdict": verdict,
            "gap": "The yearly test is overdue.",
            "owner": "Digital health team",
            "due": date(2030, 1, 15),
            "control": "A paper copy is kept at the desk." if verdict == "partial" else "",
        } | more

    def submitted(self, **about: Any) -> Audit:
        audit = self.audit(answered=True, **about)
        audit.submit(by=self.people["asha"])
        audit.refresh_from_db()
        return audit

    def reviewed(self, **about: Any) -> Audit:
        audit = self.submitted(**about)
        audit.accept(by=self.people["ben"], note="Read in full.")
        return audit

    def decided(self, *, code: str = "continue", conditions: Any = (), **about: Any) -> Report:
        audit = self.reviewed(**about)
        role = {"clinical_safety_officer": "ben", "governance_chair": "grace"}[audit.version.decision_role]
        decision = Decision.record(
            audit, by=self.people[role], code=code, reasons="The check is complete.", conditions=conditions
        )
        return decision.report

    def at(self, text: str) -> Any:
        """A block in which the clock stands at this moment in UTC."""
        return clock.at(datetime.fromisoformat(text).replace(tzinfo=UTC))
