"""What a supplier tells of a product: entered once, never changed, and answered by each owner."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from auditapp import clock
from auditapp.deployments.models import Deployment, NoticeAcknowledgement, SupplierNotice
from auditapp.deployments.models.notice import name_digest
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.factories import Make


def received(make: Make, deployment: Deployment, by: str = "asha", **other: Any) -> SupplierNotice:
    said = {
        "kind": "recall", "issued_on": clock.today("UTC"), "title": "Recall of 1.0", "text": "Stop using it.",
        "questions": True, "versions": ["1.0"],
    }  # fmt: skip
    return SupplierNotice.receive(deployment.product, by=make.people[by], **said | other)


@pytest.mark.parametrize("who", ["asha", "ben", "ada"])
def test_a_notice_is_entered_once_for_every_hospital(make: Make, who: str) -> None:
    notice = received(make, make.deployment(), by=who, versions=["2.0 ", "1.0", "1.0", ""])
    assert notice.versions == ["1.0", "2.0"]
    assert SupplierNotice.objects.visible_to(make.people["sam"]).questioning().get() == notice
    assert not SupplierNotice.objects.visible_to(make.people["cleo"]).exists()
    event = Event.objects.filter(verb="notice.received").last()
    assert event.stream == f"product:{notice.product_id}"
    assert name_digest("2.0") in bytes(event.body).decode()
    assert "Recall" not in bytes(event.body).decode()


@pytest.mark.parametrize("who", ["omar", "eve", "grace", "vera", "dora"])
def test_others_do_not_enter_notices(make: Make, who: str) -> None:
    with pytest.raises(NotAllowed):
        received(make, make.deployment(), by=who)


@pytest.mark.parametrize(
    "wrong", [{"title": " "}, {"text": ""}, {"kind": "rumour"}, {"issued_on": clock.today("UTC") + timedelta(days=3)}]
)
def test_a_notice_says_what_kind_when_and_what(make: Make, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        received(make, make.deployment(), **wrong)


def test_a_notice_concerns_the_versions_it_names_or_all(make: Make) -> None:
    deployment = make.deployment()
    assert received(make, deployment).concerns("1.0")
    assert not received(make, deployment).concerns("1.1")
    assert received(make, deployment, versions=[]).concerns("1.1")


def test_the_owner_says_what_was_done_and_so_may_the_safety_officer(make: Make) -> None:
    deployment = make.deployment()
    notice = received(make, deployment)
    for who in ("omar", "ben"):
        NoticeAcknowledgement.give(notice, deployment, by=make.people[who], done="Switched off.")
    assert notice.acknowledgements.count() == 2
    for who in ("olga", "asha"):
        with pytest.raises(NotAllowed):
            NoticeAcknowledgement.give(notice, deployment, by=make.people[who], done="Read.")
    with pytest.raises(Refused):
        NoticeAcknowledgement.give(notice, deployment, by=make.people["omar"], done=" ")
    other = make.deployment(kind="sepsis model")
    with pytest.raises(Refused, match="another product"):
        NoticeAcknowledgement.give(notice, other, by=make.people["omar"], done="Read.")


def refused_by_the_database(role: str, statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}" if role else "RESET ROLE")
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["auditapp_suppliernotice", "auditapp_noticeacknowledgement"])
def test_nobody_changes_a_notice_or_what_was_done(make: Make, statement: str, table: str) -> None:
    deployment = make.deployment()
    notice = received(make, deployment)
    NoticeAcknowledgement.give(notice, deployment, by=make.people["omar"], done="Switched off.")
    for role in ("auditapp_web", ""):
        with pytest.raises(DatabaseError):
            refused_by_the_database(role, statement.format(table))
