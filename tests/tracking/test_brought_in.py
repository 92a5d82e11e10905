"""What comes into a draft by another way than its form waits for whoever must look at it, and for nobody else."""

from typing import Any

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit, SecondReading, SupplierRequest
from auditapp.tracking import my_work
from tests.audits.suppliers import ask, put
from tests.audits.test_paper import enter
from tests.audits.test_second_reading import auditor, read
from tests.factories import Make
from tests.tracking.issued import counted, sign_in


def waiting(person: User) -> dict[str, str]:
    """Verb -> where it is done, of what comes by another way."""
    words = ("statement", "paper", "apart", "read by two")
    tasks = my_work.waiting_for(User.objects.get(pk=person.pk))  # roles read anew
    return {task.verb: task.href for task in tasks if any(word in task.verb for word in words)}


def test_what_a_supplier_states_waits_for_the_auditor_who_asked(make: Make, asha: User, ben: User, vera: User) -> None:
    asked = ask(make.audit(answered=True), asha, "mon-02", "mon-03")
    assert waiting(asha) == {}
    put(asked).keep_reply("Tested.")
    put(asked).keep_reply("Tested monthly.")
    page = f"/audits/{asked.audit.ref}/suppliers/1/"
    assert waiting(asha) == {"Accept or decline 1 statement": page}
    assert waiting(ben) == waiting(vera) == {}
    put(asked, "mon-03").keep_reply("Nobody is alarmed.")
    assert waiting(asha) == {"Accept or decline 2 statements": page}
    put(asked).accept(by=asha, reply=2)
    assert waiting(asha) == {"Accept or decline 1 statement": page}
    put(asked, "mon-03").decline(by=asha, reply=1, reason="Name the test.")
    assert waiting(asha) == {}


def test_a_request_taken_back_leaves_nothing_to_judge(make: Make, asha: User) -> None:
    asked = ask(make.audit(answered=True), asha)
    put(asked).keep_reply("Tested monthly.")
    SupplierRequest.objects.get(pk=asked.pk).revoke(by=asha)
    assert waiting(asha) == {}


def test_a_copy_from_paper_waits_for_anybody_but_who_made_it(
    make: Make, asha: User, ben: User, dora: User, vera: User
) -> None:
    audit = make.audit()
    entry = enter(audit, asha)
    check = {"Check 1 answer against its paper": f"/audits/{audit.ref}/paper/checks/"}
    assert waiting(asha) == waiting(vera) == waiting(dora) == {}
    assert waiting(ben) == check
    entry.confirm(by=ben)
    assert waiting(ben) == {}


def test_a_reading_apart_waits_for_both_readers_and_then_for_a_third(make: Make, asha: User, ada: User) -> None:
    nina, theo = auditor(ada, "Nina"), auditor(ada, "Theo")
    audit = make.audit()
    reading = SecondReading.begin(audit, by=asha, first=asha, second=nina)
    page = f"/audits/{audit.ref}/second-reading/"
    apart = {"Read the audit apart from the other reader": page}
    assert (waiting(asha), waiting(nina), waiting(theo)) == (apart, apart, {})
    assert not any("Answer" in task.verb for task in my_work.waiting_for(asha))
    read(reading, asha)
    assert (waiting(asha), waiting(nina), waiting(theo)) == ({}, apart, {})
    read(reading, nina, mon_03={"verdict": "not_met", "note": "Not on nights."})
    opened = SecondReading.objects.with_people().get(pk=reading.pk)
    assert (waiting(asha), waiting(nina)) == ({}, {})
    assert waiting(theo) == {f"Settle {audit.asked} questions read by two": page}
    opened.take_over_agreed(by=theo)
    assert waiting(theo) == {"Settle 1 question read by two": page}
    opened.settle("mon-03", by=theo, choice="second", reason="I was there at night.")
    assert waiting(theo) == {}


@pytest.mark.parametrize("who", ["sam", "cleo"])
def test_nothing_of_it_waits_at_another_hospital(client: Client, make: Make, asha: User, ada: User, who: str) -> None:
    audit: Audit = make.audit()
    put(ask(audit, asha)).keep_reply("Tested monthly.")
    enter(audit, asha)
    SecondReading.begin(make.audit(), by=asha, first=asha, second=auditor(ada, "Nina"))
    sign_in(client, make.people[who])
    assert client.get("/").context["tasks"] == []


def test_the_page_says_what_on_which_deployment_and_since_when(client: Client, make: Make, asha: User) -> None:
    asked = ask(make.audit(answered=True), asha)
    put(asked).keep_reply("Tested monthly.")
    sign_in(client, asha)
    page = client.get("/").content.decode()
    assert "Accept or decline 1 statement" in page
    assert asked.audit.deployment.name in page


def test_one_and_three_of_each_take_the_same_queries(client: Client, make: Make, asha: User, ada: User) -> None:
    nina = auditor(ada, "Nina")

    def everything() -> None:
        audit = make.audit(answered=True)
        put(ask(audit, asha)).keep_reply("Tested monthly.")
        enter(make.audit(), nina)
        SecondReading.begin(make.audit(), by=asha, first=asha, second=nina)

    def taken() -> Any:
        sign_in(client, asha)
        with counted(28) as queries:
            assert client.get("/").status_code == 200
        return queries()

    everything()
    taken()
    of_one = taken()
    everything()
    everything()
    assert taken() == of_one
