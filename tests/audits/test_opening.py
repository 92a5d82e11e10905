"""Opening an audit from its page."""

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.questionnaires.models import QuestionnaireVersion
from auditapp.refusals import Refused
from tests.audits.pages import sign_in
from tests.factories import Make


def version(code: str) -> QuestionnaireVersion:
    return QuestionnaireVersion.objects.published().get(questionnaire__code=code)


def sent(deployment: Deployment, code: str, **more: object) -> dict[str, object]:
    return {"version": version(code).pk, "model_version": deployment.versions.get().pk, "reason": "", **more}


def test_the_deployments_to_choose_from_are_those_one_audits(client: Client, make: Make, asha: User) -> None:
    mine = make.deployment()
    make.deployment(site="general", name="Not mine")
    retired = make.deployment(name="Retired")
    retired.change_status("in_evaluation", by=make.people["omar"], reason="Tried out.")
    make.step(retired, "retired", reason="Over.")
    sign_in(client, asha)
    page = client.get("/audits/new/").content.decode()
    assert mine.name in page
    assert "Not mine" not in page
    assert "Retired" not in page


@pytest.mark.parametrize("which", ["next door", "outside", "unknown"])
def test_a_deployment_of_another_place_cannot_be_named(client: Client, make: Make, asha: User, which: str) -> None:
    ref = make.deployment(site="general").ref if which == "next door" else "D-999"
    sign_in(client, asha)
    page = client.get(f"/audits/new/?deployment={ref}").content.decode()
    assert "You cannot open an audit of this deployment." in page


def test_without_a_deployment_the_page_says_what_will_appear(client: Client, asha: User) -> None:
    sign_in(client, asha)
    assert "There is no deployment to audit" in client.get("/audits/new/").content.decode()


def test_an_unconfirmed_profile_is_said_with_the_way_on(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(confirmed=False)
    sign_in(client, asha)
    page = client.get(f"/audits/new/?deployment={deployment.ref}").content.decode()
    assert "second person’s confirmation" in page
    assert deployment.get_absolute_url() in page


@pytest.mark.parametrize(
    ("kind", "live", "proposed"),
    [
        ("ambient scribe", False, "predeploy-llm"),
        ("sepsis model", False, "predeploy-predictive-imaging"),
        ("ambient scribe", True, "quarterly-monitoring"),
    ],
)
def test_the_questionnaire_that_fits_is_proposed(
    client: Client, make: Make, asha: User, kind: str, live: bool, proposed: str
) -> None:
    deployment = make.deployment(kind=kind, live=live)
    sign_in(client, asha)
    form = client.get(f"/audits/new/?deployment={deployment.ref}").context["form"]
    (best,) = [offer["version"].questionnaire.code for offer in form.offered if offer["is_proposed"]]
    assert best == proposed
    assert [offer["version"].questionnaire.code for offer in form.offered if offer["chosen"]] == [proposed]


def test_the_preview_counts_what_opening_then_asks(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, asha)
    chosen = sent(deployment, "incident-update-reaudit", triggers=["model_or_prompt_update"])
    page = client.get("/audits/new/", chosen | {"deployment": deployment.ref})
    assert Audit.objects.count() == 0
    asked = page.context["form"].asked
    assert f"{asked['questions']} questions would be asked" in page.content.decode()
    reply = client.post(f"/audits/new/?deployment={deployment.ref}", chosen)
    audit = Audit.objects.get()
    assert reply["Location"] == audit.get_absolute_url()
    assert (audit.asked, audit.critical_left) == (asked["questions"], asked["critical"])
    assert len(audit.excluded()) == asked["excluded"]
    assert (audit.reason, audit.triggers) == ("re_audit", ["model_or_prompt_update"])


CALIBRATION = "Calibration, confidence and uncertainty"
EVENT = ["unsafe_or_wrong_output", "unequal_performance_or_discrimination"]


def test_a_re_audit_says_why_each_category_is_in(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    make.submitted(deployment=deployment)
    sign_in(client, asha)
    chosen = sent(deployment, "incident-update-reaudit", triggers=EVENT)
    page = client.get("/audits/new/", chosen | {"deployment": deployment.ref})
    why = {row["title"]: row["why"] for row in page.context["form"].asked["categories"]}
    assert why["Monitoring, change control and learning from incidents"] == []
    assert why["Hallucination and fabricated content"] == ["Unsafe or wrong output"]
    assert why[CALIBRATION] == [
        "Unsafe or wrong output",
        "Unequal performance or discrimination",
    ]
    assert "Asked in every re-audit" in page.content.decode()
    client.post(f"/audits/new/?deployment={deployment.ref}", chosen)
    audit = Audit.objects.get(reason="re_audit")
    opened = client.get(audit.get_absolute_url())
    shown = {row["title"]: row["why"] for domain in opened.context["domains"] for row in domain["categories"]}
    assert shown == why
    assert "Because of: Unsafe or wrong output; Unequal performance or discrimination" in opened.content.decode()


def test_after_an_event_the_containment_check_comes_first(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, asha)
    here = f"/audits/new/?deployment={deployment.ref}"
    chosen = sent(deployment, "incident-update-reaudit", triggers=EVENT)
    for reply in (client.get("/audits/new/", chosen | {"deployment": deployment.ref}), client.post(here, chosen)):
        page = reply.content.decode()
        assert "After an event this comes first: Containment check within 72 hours of an event" in page
        assert "Open the containment check" in page
        assert "Open the audit</button>" not in page
    with pytest.raises(Refused, match="the containment check comes first"):
        make.audit(deployment=deployment, questionnaire="incident-update-reaudit", reason="re_audit", triggers=EVENT)

    check = make.audit(deployment=deployment, answered=True)
    assert f"Go on with {check.ref}" in client.post(here, chosen).content.decode()
    check.submit(by=asha)
    client.post(here, chosen)
    first = Audit.objects.get(reason="re_audit")
    assert first.triggers == EVENT

    first.withdraw(by=asha, reason="Opened for the wrong tool.")
    client.post(here, chosen)
    assert Audit.objects.filter(reason="re_audit", state="draft").count() == 1  # the withdrawn one used up nothing


def test_one_containment_check_covers_one_event(make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    make.submitted(deployment=deployment)
    make.audit(deployment=deployment, questionnaire="incident-update-reaudit", reason="re_audit", triggers=EVENT)
    version_asked = version("incident-update-reaudit")
    assert deployment.audits.lacks_before(version_asked, EVENT) == "containment-72h"
    assert deployment.audits.lacks_before(version_asked, ["new_site_population_or_use"]) == ""  # planned, no event


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("predeploy-llm", "pre_deployment"),
        ("quarterly-monitoring", "quarterly"),
        ("annual-review", "yearly"),
        ("containment-72h", "containment"),
    ],
)
def test_the_usual_reason_is_filled_in(client: Client, make: Make, asha: User, code: str, reason: str) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, asha)
    client.post(f"/audits/new/?deployment={deployment.ref}", sent(deployment, code))
    assert Audit.objects.get().reason == reason


@pytest.mark.parametrize(
    ("code", "triggers", "sentence"),
    [
        ("incident-update-reaudit", [], "A re-audit needs at least one trigger."),
        ("quarterly-monitoring", ["outage_or_dependency"], "Only the re-audit has triggers."),
        ("incident-update-reaudit", ["nonsense"], "Select a valid choice."),
    ],
)
def test_triggers_belong_to_the_re_audit(
    client: Client, make: Make, asha: User, code: str, triggers: list[str], sentence: str
) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, asha)
    page = client.post(f"/audits/new/?deployment={deployment.ref}", sent(deployment, code, triggers=triggers))
    assert sentence in page.content.decode()
    assert Audit.objects.count() == 0


def test_what_is_asked_already_is_not_opened_twice(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    audit = make.audit(deployment=deployment)
    sign_in(client, asha)
    page = client.post(f"/audits/new/?deployment={deployment.ref}", sent(deployment, "containment-72h"))
    assert f"{audit.ref} asks the same of this deployment and is not finished." in page.content.decode()
    assert Audit.objects.count() == 1


def test_events_and_planned_changes_stand_apart(client: Client, make: Make, asha: User) -> None:
    deployment = make.deployment(live=True)
    sign_in(client, asha)
    page = client.get(f"/audits/new/?deployment={deployment.ref}").content.decode()
    assert page.index("A planned change, not yet live") < page.index("Model or prompt update") < page.index("An event")
