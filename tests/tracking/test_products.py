"""A product and a vendor across hospitals, and the notices that suppliers send: who sees, who is told, who answered."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from auditapp import clock
from auditapp.deployments import letters
from auditapp.deployments.models import Deployment, NoticeAcknowledgement, SupplierNotice
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


@pytest.fixture
def two(make: Make) -> list[Deployment]:
    """One product at two places of the Royal: both audited, answered differently, and one runs a newer version."""
    scribe, other = make.deployment(live=True, name="Scribe"), make.deployment(live=True, name="Scribe, wards")
    issued(make, deployment=scribe)
    issued(make, deployment=other, code="restrict", mon_03=make.gap("not_met"), mon_05=make.gap("partial"))
    other.add_version(by=make.people["omar"], name="2.0", starts=clock.today(other.site.zone))
    return [scribe, other]


def entered(make: Make, product: Any, **other: Any) -> SupplierNotice:
    said = {"kind": "recall", "issued_on": clock.today("UTC"), "title": "Recall of 1.0", "text": "Stop using it."}
    return SupplierNotice.receive(product, by=make.people["asha"], **({"questions": True} | said | other))


def test_versions_and_answers_stand_beside_each_other(client: Client, make: Make, two: list[Deployment]) -> None:
    there = make.deployment(live=True, site="general", name="Scribe there")
    address = f"/products/{there.product_id}/"
    sign_in(client, make.people["eve"])
    shown = client.get(address).context
    assert [(row["name"], row["n"]) for row in shown["versions"]] == [("1.0", 2), ("2.0", 1)]
    assert [deployment.name for deployment, _row in shown["rows"]] == ["Scribe there", "Scribe", "Scribe, wards"]
    differing = {
        row.code: [(answer, [d.name for d in where]) for answer, where in row.answers] for row in shown["differences"]
    }
    assert differing == {
        "mon-03": [("not_met", ["Scribe, wards"]), ("met", ["Scribe"])],
        "mon-05": [("partial", ["Scribe, wards"]), ("met", ["Scribe"])],
    }
    assert shown["findings"]["P1"] == 1
    sign_in(client, make.people["sam"])  # at the General alone
    shown = client.get(address).context
    assert [deployment.name for deployment, _row in shown["rows"]] == ["Scribe there"]
    assert (shown["differences"], shown["findings"]) == ([], {})
    sign_in(client, make.people["dora"])  # who answers her part sees what runs, and nothing of what was found
    shown = client.get(address).context
    assert [row for _deployment, row in shown["rows"]] == [None, None]
    assert (shown["differences"], shown["findings"]) == ([], {})
    sign_in(client, make.people["cleo"])
    assert client.get(address).status_code == 404


def test_a_vendor_page_sums_up_its_products(client: Client, make: Make, two: list[Deployment]) -> None:
    make.deployment(kind="sepsis model", live=True)
    sign_in(client, make.people["vera"])
    rows = client.get(f"/vendors/{two[0].product.vendor_id}/").context["rows"]
    found = {row["product"].name: row for row in rows}
    scribe, sepsis = found["Ambient scribe"], found["Sepsis model"]
    assert (scribe["deployments"], scribe["used"], scribe["without"], scribe["findings"]) == (2, 2, 1, 2)
    assert scribe["versions"] == ["1.0", "2.0"]
    assert (sepsis["deployments"], sepsis["without"]) == (1, 1)


def test_a_notice_is_entered_once_and_asks_every_owner(client: Client, make: Make, two: list[Deployment]) -> None:
    product = two[0].product
    sign_in(client, make.people["ben"])
    typed = {
        "kind": "new_version", "title": "Version 2.1", "issued_on": clock.today("UTC").isoformat(), "text": "Faster.",
        "known": ["1.0"], "others": "1.9\n\n 1.8 ", "questions": "yes",
    }  # fmt: skip
    page = client.post(f"/products/{product.pk}/notices/new/", typed)
    notice = SupplierNotice.objects.get()
    assert page["Location"] == notice.get_absolute_url()
    assert (notice.versions, notice.questions) == (["1.0", "1.8", "1.9"], True)
    sign_in(client, make.people["omar"])
    tasks = [task for task in client.get("/").context["tasks"] if "what you did" in task.verb]
    assert {task.what for task in tasks} == {
        "Scribe, Royal Northshire Hospital",
        "Scribe, wards, Royal Northshire Hospital",
    }
    assert client.post(tasks[0].href, {"done": "Switched to 2.0."}).status_code == 302
    assert len([task for task in client.get("/").context["tasks"] if "what you did" in task.verb]) == 1
    shown = client.get(notice.get_absolute_url()).context
    assert (shown["answered"], shown["asked"]) == (1, 2)
    assert [(row["version"].name, row["concerned"]) for row in shown["rows"]] == [("2.0", False), ("1.0", True)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Enter a title"),
        ({"kind": ""}, "Choose what kind"),
        ({"questions": ""}, "Say whether approvals still hold"),
        ({"issued_on": "2999-01-01"}, "cannot have been issued in the future"),
        ({"others": "x" * 61}, "too long for a version"),
        ({"text": "Patient John Smith, date of birth 03/04/1956, NHS number 943 476 5919"}, "looks like patient data"),
    ],
)
def test_a_wrong_notice_says_why_and_keeps_what_was_typed(
    client: Client, make: Make, wrong: dict[str, str], words: str
) -> None:
    product = make.deployment().product
    sign_in(client, make.people["asha"])
    typed = {
        "kind": "recall", "title": "Recall", "issued_on": "2026-01-05", "text": "Stop.", "questions": "no",
    }  # fmt: skip
    page = client.post(f"/products/{product.pk}/notices/new/", typed | wrong).content.decode()
    assert words in page
    assert "Stop." in page or "943 476 5919" in page
    assert not SupplierNotice.objects.exists()


def test_every_owner_gets_a_letter_with_titles_and_links(make: Make, two: list[Deployment]) -> None:
    notice = entered(make, two[0].product)
    jobs = ProcrastinateJob.objects.filter(task_name="mail.notice")
    assert [job.args for job in jobs] == [{"notice": notice.pk, "organisation": notice.organisation_id}]
    letters.tell(notice=notice.pk, organisation=notice.organisation_id)
    owners = [job.args["owner"] for job in ProcrastinateJob.objects.filter(task_name="mail.notice_to_owner")]
    assert owners == [make.people["omar"].pk]
    make.enter_scope()
    NoticeAcknowledgement.give(notice, two[0], by=make.people["omar"], done="Switched off.")
    letters.tell_owner(notice=notice.pk, owner=owners[0], organisation=notice.organisation_id)
    (letter,) = mail.outbox
    assert "Scribe, wards" in letter.body
    assert "Scribe, Royal" not in letter.body
    assert "Stop using it" not in letter.body
    assert notice.answer_url(two[1]) in letter.body
    make.enter_scope()
    NoticeAcknowledgement.give(notice, two[1], by=make.people["ben"], done="Switched off.")
    letters.tell_owner(notice=notice.pk, owner=owners[0], organisation=notice.organisation_id)
    assert len(mail.outbox) == 1


def test_retired_deployments_are_asked_nothing(client: Client, make: Make, two: list[Deployment]) -> None:
    notice = entered(make, two[0].product)
    make.step(two[0], "retired", reason="Replaced.")
    assert [row.name for row in notice.unanswered()] == ["Scribe, wards"]


def test_the_pages_cost_the_same_however_much_there_is(client: Client, make: Make, two: list[Deployment]) -> None:
    product = two[0].product
    notice = entered(make, product)
    sign_in(client, make.people["eve"])
    pages = [f"/products/{product.pk}/", f"/vendors/{product.vendor_id}/", notice.get_absolute_url(), "/"]

    def cost(page: str) -> int:
        client.get(page)
        with counted(24) as queries:
            client.get(page)
        return queries()

    before = [cost(page) for page in pages]
    issued(make, deployment=make.deployment(live=True), code="restrict", mon_03=make.gap("not_met"))
    make.deployment(live=True, site="general")
    entered(make, product, issued_on=clock.today("UTC") - timedelta(days=2))
    NoticeAcknowledgement.give(notice, two[0], by=make.people["omar"], done="Read.")
    assert [cost(page) for page in pages] == before
