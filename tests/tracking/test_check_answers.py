"""How a check was last answered on each deployment: from frozen submissions, for those who may see the deployments."""

from html import unescape

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils.html import strip_tags

from auditapp.audits.models import Submission
from tests.tracking.issued import counted, issued, sign_in

PAGE = "/questionnaires/checks/mon-03/answers/"


def answers(client, **query) -> dict[str, str]:
    return {row.audit.deployment.name: row.answer for row in client.get(PAGE, query).context["page"]}


def test_each_deployment_shows_its_last_answer_with_the_audit_it_is_from(client, make):
    good = make.deployment(live=True, name="Scribe")
    bad = make.deployment(live=True, name="Chatbot")
    make.submitted(deployment=good)
    audit = make.submitted(deployment=bad, mon_03=make.gap("not_met"))
    client.force_login(make.people["asha"])
    assert answers(client) == {"Chatbot": "not_met", "Scribe": "met"}
    assert list(answers(client)) == ["Chatbot", "Scribe"]  # the worst first
    page = client.get(PAGE)
    text = " ".join(unescape(strip_tags(page.content.decode())).split())
    assert "2 deployments" in text
    assert "Not met 1" in text
    assert f"/audits/{audit.ref}/rounds/1/#mon-03" in page.content.decode()
    assert answers(client, answer="met") == {"Scribe": "met"}
    assert answers(client, answer="nonsense") == {"Chatbot": "not_met", "Scribe": "met"}
    assert "No deployment has this answer" in client.get(PAGE, {"answer": "partial"}).content.decode()


def test_a_newer_audit_takes_the_place_of_an_older_one(client, make):
    tool = make.deployment(live=True, name="Scribe")
    issued(make, deployment=tool, mon_03=make.gap("not_met"), code="restrict")
    client.force_login(make.people["asha"])
    assert answers(client) == {"Scribe": "not_met"}
    newer = make.audit(deployment=tool, answered=True)
    assert answers(client) == {"Scribe": "not_met"}  # what is being answered does not count yet
    newer.submit(by=make.people["asha"])
    assert answers(client) == {"Scribe": "met"}
    newer.refresh_from_db()
    newer.return_questions({"mon-03": "Look again."}, by=make.people["ben"])
    assert answers(client) == {"Scribe": "not_met"}


def test_nobody_sees_the_answers_of_another_hospital_or_of_another_group(client, make):
    make.submitted(deployment=make.deployment(live=True, name="Scribe"))
    for person in ("sam", "cleo"):
        sign_in(client, make.people[person])
        response = client.get(PAGE)
        assert response.status_code == 200
        assert list(response.context["page"]) == []
        assert response.context["total"] == 0
        assert "Scribe" not in response.content.decode()
        assert "No answer yet" in response.content.decode()
        assert "Scribe" not in client.get(PAGE, {"format": "csv"}).content.decode()
    sign_in(client, make.people["vera"])
    assert answers(client) == {"Scribe": "met"}


def test_the_answers_can_be_had_as_a_file(client, asha, make):
    make.submitted(deployment=make.deployment(live=True, name="=Scribe"))
    client.force_login(asha)
    lines = client.get(PAGE, {"format": "csv"}).content.decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("mon-03,Met,D-")
    assert "'=Scribe" in lines[1]


def test_the_states_are_those_of_the_frozen_bytes_and_nobody_can_write_them(make):
    submission = make.submitted(mon_03=make.gap()).submission
    said = {q["code"]: q["answer"]["state"] for c in submission.facts["categories"] for q in c["questions"]}
    assert Submission.objects.get(pk=submission.pk).states == said
    assert said["mon-03"] == "partial"
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE auditapp_submission SET states = '{}'")


def test_the_number_of_queries_does_not_grow_with_the_deployments(client, make):
    client.force_login(make.people["asha"])
    make.submitted()
    client.get(PAGE)
    with counted(11) as queries:
        client.get(PAGE)
        one = queries()
    for _n in range(2):
        make.submitted()
    with counted(one):
        assert len(client.get(PAGE).context["page"]) == 3
