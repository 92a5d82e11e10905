"""Registering a deployment: one form, and what each answer of its profile removes."""

from typing import Any

import pytest
from django.test import Client

from auditapp.deployments import profile
from auditapp.deployments.models import Deployment, Product
from tests.factories import Make
from tests.tracking.issued import counted, sign_in

NEW = "/deployments/new/"


@pytest.fixture
def typed(make: Make) -> dict[str, Any]:
    """A form filled in as it should be: every fact yes, the highest level of autonomy."""
    facts = {f"fact_{f.id}": str(f.maximum) if f.is_level else "yes" for f in profile.facts()}
    return facts | {
        "product": "Quiet Scribe",
        "vendor": "Calder Health",
        "name": "Ambient scribe, clinics",
        "intended_use": "Drafts the clinic note.\r\nNot for children.",
        "site": str(make.sites["royal"].pk),
        "owner": str(make.people["omar"].pk),
        "version_name": "2.4",
        "version_starts": "2026-03-02",
    }


def test_a_registered_deployment_waits_for_a_second_person(client: Client, make: Make, typed: dict[str, Any]) -> None:
    sign_in(client, make.people["asha"])
    page = client.post(NEW, typed, follow=True)
    deployment = Deployment.objects.get()
    assert page.redirect_chain == [(f"/deployments/{deployment.ref}/", 302)]
    assert "A second person has to confirm its profile." in page.content.decode()
    assert deployment.newest_profile.facts == {f.id: 3 if f.is_level else True for f in profile.facts()}
    assert not deployment.newest_profile.is_confirmed
    assert deployment.intended_use == "Drafts the clinic note.\nNot for children."
    assert [(v.name, v.starts.isoformat()) for v in deployment.versions.all()] == [("2.4", "2026-03-02")]


def test_a_known_product_is_taken_whatever_its_letters_look_like(
    client: Client, make: Make, typed: dict[str, Any]
) -> None:
    known = Product.named("Quiet Scribe", vendor="Calder Health", organisation=make.organisations["northshire"])
    sign_in(client, make.people["asha"])
    assert 'value="Quiet Scribe"' in client.get(NEW).content.decode()
    client.post(NEW, typed | {"product": " quiet scribe", "vendor": "CALDER HEALTH"})
    assert Deployment.objects.get().product == known


def test_every_unanswered_fact_is_an_error_beside_it_and_what_was_answered_stays(
    client: Client, make: Make, typed: dict[str, Any]
) -> None:
    sign_in(client, make.people["asha"])
    some = {key: value for key, value in typed.items() if key not in {"fact_is_llm", "fact_autonomy_level"}}
    page = client.post(NEW, some | {"fact_patient_facing": "no", "fact_is_imaging": "perhaps"})
    errors = page.context["form"].errors
    assert errors["fact_is_llm"] == ["Answer yes or no."]
    assert errors["fact_autonomy_level"] == ["Choose a level."]
    assert "perhaps" in errors["fact_is_imaging"][0]
    assert set(errors) == {"fact_is_llm", "fact_autonomy_level", "fact_is_imaging"}
    html = page.content.decode()
    assert 'href="#div_id_fact_is_llm"' in html
    assert page.context["form"]["fact_patient_facing"].value() == "no"
    assert html.count("checked") == len(profile.facts()) - 3  # two unanswered, one that is neither
    assert "Drafts the clinic note." in html
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "Enter a name"),
        ({"product": " \x00 "}, "product", "Enter the product"),
        ({"intended_use": ""}, "intended_use", "Describe the intended use"),
        ({"site": "0"}, "site", "You cannot register at this hospital"),
        ({"owner": "0"}, "owner", "not a deployment owner"),
        ({"version_name": ""}, "version_name", "Enter the version"),
        ({"version_starts": "soon"}, "version_starts", "Enter a valid date"),
        ({"fact_autonomy_level": "4"}, "fact_autonomy_level", "4"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_the_field(
    client: Client, make: Make, typed: dict[str, Any], change: dict[str, str], field: str, words: str
) -> None:
    sign_in(client, make.people["asha"])
    page = client.post(NEW, typed | change)
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert words in page.context["form"].errors[field][0]
    assert "There is a problem" in page.content.decode()
    assert not Deployment.objects.exists()


def test_an_owner_must_own_deployments_at_that_hospital(client: Client, make: Make, typed: dict[str, Any]) -> None:
    sign_in(client, make.people["ben"])
    olga = {"owner": str(make.people["olga"].pk)}
    refused = client.post(NEW, typed | olga | {"site": str(make.sites["general"].pk)})
    assert "Olga Marsh is not a deployment owner at Northshire General" in refused.context["form"].errors["owner"][0]
    assert client.post(NEW, typed | olga).status_code == 302


def test_a_name_is_taken_once_per_hospital(client: Client, make: Make, typed: dict[str, Any]) -> None:
    make.deployment(name="AMBIENT scribe, clinics")
    make.deployment(name="Elsewhere", site="general")
    sign_in(client, make.people["asha"])
    refused = client.post(NEW, typed)
    assert "already has a deployment of that name" in refused.context["form"].errors["name"][0]
    assert client.post(NEW, typed | {"name": "Elsewhere"}).status_code == 302


def test_one_may_register_only_where_one_keeps_records(client: Client, make: Make, typed: dict[str, Any]) -> None:
    sign_in(client, make.people["sam"])
    assert [site.code for site in client.get(NEW).context["form"].fields["site"].queryset] == ["general"]
    assert "site" in client.post(NEW, typed).context["form"].errors
    sign_in(client, make.people["cleo"])
    page = client.post(NEW, typed)
    assert {"site", "owner"} <= set(page.context["form"].errors)
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [("asha", 200), ("omar", 200), ("ben", 200), ("vera", 403), ("eve", 403), ("ada", 403), ("dora", 403)],
)
def test_who_may_register(client: Client, make: Make, typed: dict[str, Any], who: str, status: int) -> None:
    sign_in(client, make.people[who])
    assert client.get(NEW).status_code == status
    assert client.post(NEW, typed).status_code == (302 if status == 200 else 403)


def test_without_signing_in_there_is_no_form(client: Client, db: None) -> None:
    assert client.get(NEW).status_code == 302


def test_each_no_says_which_critical_checks_it_removes(client: Client, make: Make) -> None:
    sign_in(client, make.people["asha"])
    page = client.get(NEW)
    rows = {row["field"].name: row for row in page.context["form"].rows()}
    ((value, removed),) = rows["fact_patient_facing"]["removed"]
    labels = dict(rows["fact_patient_facing"]["field"].field.choices)
    assert (value, labels["yes"]) == ("No", "Yes")
    assert labels["no"] == f"No (removes {len(removed)} critical checks)"
    assert all(question.criticality == "critical" for question in removed)
    html = page.content.decode()
    assert removed[0].code in html
    assert removed[0].text[:30] in html
    levels = dict(rows["fact_autonomy_level"]["removed"])
    assert any(words.startswith("0: informs only") for words in levels)


def test_the_form_takes_the_same_queries_with_one_and_with_three_products(client: Client, make: Make) -> None:
    make.deployment()
    sign_in(client, make.people["asha"])
    with counted(12) as queries:
        client.get(NEW)
    one = queries()
    make.deployment(kind="patient chatbot")
    make.deployment(kind="sepsis model")
    with counted(12) as queries:
        client.get(NEW)
    assert queries() == one
