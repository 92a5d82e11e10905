"""The list of audits."""

import csv
import io
import re

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits import listing
from auditapp.audits.models import Audit
from tests.audits.pages import counted, sign_in
from tests.factories import Make


def refs(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a class="ref" href="[^"]+">([^<]+)</a>', page)


@pytest.fixture
def three(make: Make) -> list[Audit]:
    """A draft on a scribe, one in review on a sepsis model, a withdrawn one on the same."""
    scribe = make.deployment(live=True, name="Scribe of the clinic")
    sepsis = make.deployment(live=True, kind="sepsis model", name="Sepsis alert")
    draft = make.audit(deployment=scribe, questionnaire="quarterly-monitoring", reason="quarterly")
    submitted = make.submitted(deployment=sepsis)
    withdrawn = make.audit(deployment=sepsis, questionnaire="quarterly-monitoring", reason="quarterly")
    withdrawn.withdraw(by=make.people["asha"], reason="Opened by mistake.")
    return [draft, submitted, withdrawn]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("?sort=ref", [0, 1, 2]),
        ("?sort=-ref", [2, 1, 0]),
        ("?sort=progress", [0, 2, 1]),
        ("?sort=deployment", [0, 1, 2]),
        ("?sort=nonsense", [2, 1, 0]),
        ("?state=draft", [0]),
        ("?state=submitted", [1]),
        ("?state=nonsense", [2, 1, 0]),
        ("?questionnaire=containment-72h", [1]),
        ("?q=sepsis", [2, 1]),
        ("?q=SEPSIS+alert", [2, 1]),
        ("?q=D-001+scribe", [0]),
        ("?q=%00", [2, 1, 0]),
        ("?q=nothing+of+the+kind", []),
        ("?page=99", [2, 1, 0]),
    ],
)
def test_the_address_says_which_are_shown_and_in_which_order(
    client: Client, three: list[Audit], asha: User, query: str, found: list[int]
) -> None:
    query = query.replace("D-001", three[0].deployment.ref)
    sign_in(client, asha)
    page = client.get(f"/audits/{query}").content.decode()
    assert refs(page) == [three[n].ref for n in found]
    assert ("No audit matches" in page) == (not found)


def test_progress_is_said_with_its_denominator(client: Client, three: list[Audit], asha: User) -> None:
    sign_in(client, asha)
    page = client.get("/audits/?state=draft").content.decode()
    assert f"0 of {three[0].asked} answered" in page
    assert f"{three[0].critical_left} critical left" in page


def test_only_the_states_that_something_is_in_are_offered(client: Client, three: list[Audit], asha: User) -> None:
    sign_in(client, asha)
    links = client.get("/audits/").context["states"]
    assert [(link["label"], link["count"]) for link in links] == [
        ("All", 3),
        ("Draft", 1),
        ("In review", 1),
        ("Withdrawn", 1),
    ]


def test_the_file_has_all_that_is_found_and_runs_nothing(client: Client, make: Make, asha: User) -> None:
    audits = [make.audit(deployment=make.deployment(live=True, name=f"=SUM({n})")) for n in range(3)]
    sign_in(client, asha)
    reply = client.get("/audits/?format=csv&sort=ref")
    assert reply["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [audit.ref for audit in audits]
    assert rows[1][5] == "'=SUM(0)"


def test_without_an_audit_it_says_what_will_appear(client: Client, asha: User) -> None:
    sign_in(client, asha)
    assert "No audit has been opened yet" in client.get("/audits/").content.decode()


@pytest.mark.parametrize("person", ["sam", "cleo"])
def test_nobody_sees_the_audits_of_another_place(client: Client, three: list[Audit], make: Make, person: str) -> None:
    sign_in(client, make.people[person])
    assert refs(client.get("/audits/").content.decode()) == []


@pytest.mark.parametrize("audits", [1, 3])
def test_it_takes_the_same_few_queries_for_one_audit_and_for_three(
    client: Client, make: Make, grace: User, audits: int
) -> None:
    for _ in range(audits):
        make.audit()
    sign_in(client, grace)
    with counted(8) as queries:
        page = client.get("/audits/").content.decode()
    assert len(refs(page)) == audits
    assert len(queries) == 8
    assert not [query for query in queries if "auditapp_answer" in query]


def test_it_goes_on_a_next_page(client: Client, make: Make, asha: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 2)
    audits = [make.audit() for _ in range(3)]
    sign_in(client, asha)
    assert refs(client.get("/audits/?sort=ref").content.decode()) == [audits[0].ref, audits[1].ref]
    assert refs(client.get("/audits/?sort=ref&page=2").content.decode()) == [audits[2].ref]
