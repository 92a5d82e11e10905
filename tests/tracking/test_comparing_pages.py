"""The pages on which two audits are compared: which may be, what they say, and what they cost."""

import csv
import io
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from auditapp.audits.models import Audit
from tests.audits.newer import publish_newer
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in


@pytest.fixture
def two(make: Make) -> list[Audit]:
    """Two issued audits of a deployment by two versions: mon-03 reworded, pat-09 dropped, mon-01 new."""
    with make.at("2026-03-02T09:00"):
        deployment = make.deployment(live=True, name="Scribe")
        first = issued(
            make, code="restrict", deployment=deployment, mon_05=make.gap("partial"), mon_03=make.gap("not_met")
        ).audit
    publish_newer()
    with make.at("2026-06-02T09:00"):
        second = issued(
            make, code="restrict", deployment=deployment, acc_10=make.gap("not_met"), mon_01=make.gap("partial")
        ).audit
    return [first, second]


def address(audits: list[Audit]) -> str:
    return f"/comparison/{audits[0].ref}/{audits[1].ref}/"


def test_the_page_names_what_differs_and_what_it_did_to_the_score(client: Client, make: Make, two: list[Audit]) -> None:
    sign_in(client, make.people["vera"])
    page = client.get(address(two))
    shown = page.context
    assert {row.found.code for row in shown["changed"]} == {"mon-03", "mon-05", "acc-10"}
    assert shown["changed"][0].found.code == "acc-10"
    assert [row.found.code for row in shown["new"]] == ["mon-01"]
    assert [row.found.code for row in shown["dropped"]] == ["pat-09"]
    (mon_03,) = (row for row in shown["changed"] if row.found.code == "mon-03")
    assert [str(label) for label, _before, _after in mon_03.words] == ["The question"]
    words = page.content.decode()
    assert "3 checks are answered otherwise: 1 worse, 2 better." in words
    assert two[0].submissions.get().sha256 in words


def test_the_shares_add_up_to_the_difference_of_the_stored_scores(client: Client, make: Make, two: list[Audit]) -> None:
    sign_in(client, make.people["vera"])
    page = client.get(address(two))
    first, second = (audit.submissions.get() for audit in two)
    difference = Fraction(second.numerator, second.denominator) - Fraction(first.numerator, first.denominator)
    overall = page.context["comparison"].overall
    assert overall.difference == difference
    assert sum((cause.share for cause in overall.causes), Fraction(0)) == difference
    rows = list(csv.reader(io.StringIO(client.get(f"{address(two)}?format=csv").content.decode("utf-8-sig"))))
    assert sum((Fraction(row[-1].lstrip("'")) for row in rows[1:]), Fraction(0)) == difference
    assert len(rows) - 1 == len(first.states | second.states)


def test_the_chooser_offers_audits_of_the_deployment_and_of_the_product_elsewhere(
    client: Client, make: Make, two: list[Audit]
) -> None:
    other = make.deployment(live=True, site="general", name="Scribe there")
    there = make.audit(deployment=other, answered=True, auditor="sam")
    there.submit(by=make.people["sam"])
    make.submitted(deployment=make.deployment(kind="sepsis model", live=True))
    draft = make.audit()
    sign_in(client, make.people["eve"])
    page = client.get(f"/comparison/{two[1].ref}/")
    assert [(row.audit.ref, link) for row, link in page.context["rows"]] == [(two[0].ref, address(two))]
    page = client.get(f"/comparison/{two[1].ref}/?of=product")
    assert [row.audit.ref for row, _link in page.context["rows"]] == [there.ref]
    assert client.get(page.context["rows"][0][1]).status_code == 200
    assert client.get(f"/comparison/{draft.ref}/").status_code == 404
    sign_in(client, make.people["asha"])  # at the Royal alone
    assert not client.get(f"/comparison/{two[1].ref}/?of=product").context["rows"]
    assert client.get(address([two[0], there])).status_code == 404


def test_different_products_are_not_compared(client: Client, make: Make, two: list[Audit]) -> None:
    other = make.submitted(deployment=make.deployment(kind="sepsis model", live=True))
    sign_in(client, make.people["vera"])
    page = client.get(address([two[0], other]))
    assert page.status_code == 409
    assert "different products" in page.content.decode()


def test_nothing_is_read_from_live_rows(client: Client, make: Make, two: list[Audit]) -> None:
    sign_in(client, make.people["vera"])
    before = client.get(f"{address(two)}?format=csv").content
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE auditapp_answer DISABLE TRIGGER USER")
        cursor.execute("UPDATE auditapp_answer SET current_id = NULL")
        cursor.execute("SET ROLE auditapp_web")
    assert client.get(f"{address(two)}?format=csv").content == before


def test_a_stored_submission_that_was_tampered_with_is_not_compared(
    client: Client, make: Make, two: list[Audit]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE auditapp_submission DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE auditapp_submission SET canonical = convert_to(replace(convert_from(canonical, 'UTF8'), "
            "'not_met', 'met'), 'UTF8') WHERE audit_id = %s",
            [two[0].pk],
        )
        cursor.execute("SET ROLE auditapp_web")
    sign_in(client, make.people["vera"])
    page = client.get(address(two))
    assert page.status_code == 409
    assert "is not what was handed over" in page.content.decode()


def test_it_costs_the_same_whatever_differs(client: Client, make: Make, two: list[Audit]) -> None:
    sign_in(client, make.people["vera"])
    client.get(address(two))
    with counted(14) as own:
        client.get(address([two[0], two[0]]))
        least = own()
    with counted(14) as other:
        client.get(address(two))
        assert other() <= least + 2  # the content of a second version

    def choose() -> Any:
        with counted(14) as queries:
            client.get(f"/comparison/{two[1].ref}/")
        return queries()

    first = choose()
    issued(make, deployment=two[0].deployment)
    issued(make, deployment=two[0].deployment)
    assert choose() == first
