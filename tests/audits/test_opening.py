"""Opening an audit from its page."""

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.questionnaires.models import QuestionnaireVersion
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
    for status in ("in_evaluation", "retired"):
        retired.change_status(status, by=make.people["omar"], reason="Over.")
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
    chosen = sent(deployment, "incident-update-reaudit", triggers=["outage_or_dependency"])
    page = client.get("/audits/new/", chosen | {"deployment": deployment.ref})
    assert Audit.objects.count() == 0
    asked = page.context["form"].asked
    assert f"{asked['questions']} questions would be asked" in page.content.decode()
    reply = client.post(f"/audits/new/?deployment={deployment.ref}", chosen)
    audit = Audit.objects.get()
    assert reply["Location"] == audit.get_absolute_url()
    assert (audit.asked, audit.critical_left) == (asked["questions"], asked["critical"])
    assert len(audit.excluded()) == asked["excluded"]
    assert (audit.reason, audit.triggers) == ("re_audit", ["outage_or_dependency"])


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
