"""What is proposed costs a fixed number of queries, whatever the number of questions."""

from typing import Any

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from tests.audits.newer import publish_newer
from tests.audits.pages import counted, sign_in
from tests.audits.wide import CATEGORY, publish_wide
from tests.factories import Make
from tests.tracking.issued import issued


def twice(client: Client, path: str, most: int) -> int:
    """The queries of a page, once it is warm."""
    client.get(path)
    with counted(most) as queries:
        response = client.get(path)
    assert response.status_code == 200
    return len(queries)


def drafted(make: Make, **about: Any) -> Audit:
    """A draft after a signed audit that asked the same."""
    deployment = make.deployment(live=True)
    issued(make, deployment=deployment)
    return make.audit(deployment=deployment, **about)


def test_the_fill_page_takes_the_same_queries_for_any_number_of_proposals(
    make: Make, client: Client, asha: User
) -> None:
    audit = drafted(make)
    sign_in(client, asha)
    pages = {row["asked"]: row["category_code"] for row in audit.answers.progress()}
    assert min(pages) == 1
    assert max(pages) >= 4
    counts = {n: twice(client, f"/audits/{audit.ref}/categories/{code}/", 12) for n, code in pages.items()}
    assert len(set(counts.values())) == 1, counts


@pytest.mark.parametrize("path", ["carry-forward/", "versions/3/"])
def test_the_pages_take_the_same_queries_for_8_questions_as_for_120(
    make: Make, client: Client, asha: User, path: str
) -> None:
    few = drafted(make)
    publish_wide(120)
    wide = drafted(make)
    assert wide.answers.filter(category_code=CATEGORY).count() == 120
    publish_wide(121)
    sign_in(client, asha)
    counts = [twice(client, f"/audits/{audit.ref}/{path}", 14) for audit in (few, wide)]
    assert counts[0] == counts[1], counts


def test_moving_takes_no_more_queries_for_120_questions(make: Make, client: Client, asha: User) -> None:
    few = make.audit()
    publish_wide(120)
    wide = make.audit()
    version = publish_wide(121)
    counts = []
    for audit in (few, wide):
        found = Audit.objects.with_names().get(pk=audit.pk)
        with counted(30) as queries:
            found.move_to_version(version, by=asha)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1, counts


def test_a_set_aside_answer_costs_one_query(make: Make, client: Client, asha: User) -> None:
    audit = make.audit(answered=True)
    audit.move_to_version(publish_newer(), by=asha)
    sign_in(client, asha)
    twice(client, f"/audits/{audit.ref}/categories/monitoring-incidents/", 12)
