"""The profile's page: what the facts remove, the second person's word, and filling it in anew."""

from typing import Any

import pytest
from django.test import Client

from auditapp.deployments import profile
from auditapp.deployments.models import Deployment
from auditapp.questionnaires import applicability
from auditapp.trail.models import Event
from tests.factories import PROFILES, Make
from tests.tracking.issued import counted, sign_in


def address(deployment: Deployment, *more: str) -> str:
    return "/".join(["", "deployments", deployment.ref, "profile", *more, ""])


def typed(facts: dict[str, Any]) -> dict[str, str]:
    """Facts as the form sends them."""
    words = {True: "yes", False: "no"}
    return {f"fact_{f.id}": str(facts[f.id]) if f.is_level else words[facts[f.id]] for f in profile.facts()}


def test_the_page_says_what_each_answer_and_all_together_remove(client: Client, make: Make) -> None:
    deployment = make.deployment(kind="sepsis model", confirmed=False)
    sign_in(client, make.people["asha"])
    page = client.get(address(deployment))
    rows = {row.fact.id: row for row in page.context["rows"]}
    assert rows["is_llm"].value == "No"
    assert rows["autonomy_level"].value.startswith("0: informs only")
    assert rows["is_predictive"].removed == []
    assert rows["is_llm"].removed
    removed = page.context["removed"]
    assert {question.code for question in rows["is_llm"].removed} <= {question.code for question in removed}
    assert not any(applicability.applies(q.applies_when, deployment.newest_profile.facts) for q in removed)
    assert f"remove {len(removed)} of {page.context['critical']} critical checks" in page.content.decode()


def test_a_second_person_confirms_what_was_read(client: Client, make: Make) -> None:
    deployment = make.deployment(confirmed=False)
    sign_in(client, make.people["asha"])
    page = client.get(address(deployment))
    assert page.context["may_confirm"]
    assert "I, Asha Rao, have read profile 1" in page.content.decode()
    answer = client.post(address(deployment, "confirmation"), {"n": "1"}, follow=True)
    assert "Profile 1 is confirmed" in answer.content.decode()
    assert "Profile 1 · Confirmed" in answer.content.decode()
    assert deployment.newest_profile.confirmation.by == make.people["asha"]
    assert Event.objects.filter(verb="profile.confirmed").last().actor == make.people["asha"]


def test_who_filled_it_in_cannot_confirm_it(client: Client, make: Make) -> None:
    deployment = make.deployment(confirmed=False)
    sign_in(client, make.people["omar"])
    page = client.get(address(deployment))
    assert "You filled it in, so somebody else confirms it" in page.content.decode()
    assert "<form" not in page.content.decode().split("<main")[1]
    assert client.post(address(deployment, "confirmation"), {"n": "1"}).status_code == 403
    assert not deployment.newest_profile.is_confirmed


def test_a_profile_that_was_filled_in_anew_meanwhile_is_not_confirmed(client: Client, make: Make) -> None:
    deployment = make.deployment(confirmed=False)
    deployment.fill_profile(deployment.newest_profile.facts | {"patient_facing": True}, by=make.people["omar"])
    sign_in(client, make.people["asha"])
    refused = client.post(address(deployment, "confirmation"), {"n": "1"})
    assert refused.status_code == 409
    assert "has been filled in anew" in refused.content.decode()
    for nonsense in ("", "x", "7", "²", "99999999999999999999"):
        assert client.post(address(deployment, "confirmation"), {"n": nonsense}).status_code == 404
    assert client.post(address(deployment, "confirmation"), {"n": "2"}).status_code == 302
    assert client.post(address(deployment, "confirmation"), {"n": "2"}).status_code == 409


def test_filling_it_in_anew_starts_from_the_facts_and_shows_what_changed(client: Client, make: Make) -> None:
    deployment = make.deployment()
    before = deployment.newest_profile.facts
    sign_in(client, make.people["asha"])
    form = client.get(address(deployment, "new")).context["form"]
    assert {name: str(value) for name, value in form.initial.items()} == typed(before)
    answer = client.post(address(deployment, "new"), typed(before | {"patient_facing": True}), follow=True)
    words = answer.content.decode()
    assert "Profile 2 · Waiting for a second person" in words
    changed = {row.fact.id: (row.before, row.value) for row in answer.context["rows"] if row.before}
    assert changed == {"patient_facing": ("No", "Yes")}
    assert [len(facts) for _profile, facts in answer.context["history"]] == [1, 0]


def test_a_profile_in_which_nothing_changed_is_not_taken(client: Client, make: Make) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["asha"])
    page = client.post(address(deployment, "new"), typed(deployment.newest_profile.facts))
    assert "Nothing differs from the profile as it stands" in page.content.decode()
    page = client.post(address(deployment, "new"), {"fact_is_llm": "no"})
    assert len(page.context["form"].errors) == len(profile.facts()) - 1
    assert page.context["form"]["fact_is_llm"].value() == "no"
    assert deployment.profiles.count() == 1


@pytest.mark.parametrize(
    ("who", "read", "fill", "confirm"),
    [
        ("asha", 200, 200, 302),
        ("ben", 200, 200, 302),
        ("olga", 200, 200, 302),
        ("omar", 200, 200, 403),
        ("vera", 200, 403, 403),
        ("eve", 200, 403, 403),
        ("dora", 200, 403, 403),
        ("sam", 404, 404, 404),
        ("cleo", 404, 404, 404),
    ],
)
def test_who_may_read_fill_and_confirm(
    client: Client, make: Make, who: str, read: int, fill: int, confirm: int
) -> None:
    deployment = make.deployment(confirmed=False)
    sign_in(client, make.people[who])
    assert client.get(address(deployment)).status_code == read
    assert client.get(address(deployment, "new")).status_code == fill
    assert client.post(address(deployment, "confirmation"), {"n": "1"}).status_code == confirm
    assert client.get(address(deployment, "confirmation")).status_code == 405


def test_the_header_says_that_these_pages_belong_to_the_deployments(client: Client, make: Make) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["asha"])
    for page in ("/deployments/new/", address(deployment), address(deployment, "new"), "/portfolio/"):
        section = client.get(page).context["section"]
        assert section == ("portfolio" if page == "/portfolio/" else "deployments")


def test_without_signing_in_there_is_nothing(client: Client, make: Make) -> None:
    deployment = make.deployment(confirmed=False)
    assert client.get(address(deployment)).status_code == 302
    assert client.get(address(deployment, "new")).status_code == 302
    assert client.post(address(deployment, "confirmation"), {"n": "1"}).status_code == 302
    assert not deployment.newest_profile.is_confirmed


def test_one_profile_and_three_take_the_same_queries(client: Client, make: Make) -> None:
    deployment = make.deployment()
    sign_in(client, make.people["asha"])
    with counted(8) as queries:
        client.get(address(deployment))
    one = queries()
    for kind in ("patient chatbot", "LLM agent"):
        facts = {f.id: False for f in profile.facts()} | PROFILES[kind]
        deployment.fill_profile(facts, by=make.people["omar"]).confirm(by=make.people["ben"])
    with counted(8) as queries:
        client.get(address(deployment))
    assert queries() == one
