"""A check's page: how it was worded in every version that asked it, and where two wordings differ."""

from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from tests.questionnaires.own import published
from tests.tracking.issued import sign_in


def histories(client, code="mon-03"):
    return client.get(f"/questionnaires/checks/{code}/").context["histories"]


def text_of(client, code="mon-03") -> str:
    return " ".join(unescape(strip_tags(client.get(f"/questionnaires/checks/{code}/").content.decode())).split())


def test_the_newest_wording_comes_first_and_says_what_differs(client, asha):
    new = "Is the tool watched, and by whom?"
    published("containment-72h", reworded={"mon-03": {"text": new, "criticality": "minor"}})
    client.force_login(asha)
    history = next(h for h in histories(client) if h.questionnaire.code == "containment-72h")
    assert [w.question.version.number for w in history.wordings] == [2, 1]
    newest, oldest = history.wordings
    assert newest.is_reworded
    assert [str(part) for part in newest.changes] == ["the question", "its criticality"]
    assert (oldest.is_reworded, oldest.changes) == (False, [])
    page = text_of(client)
    said = "Reworded In the words at the top of this page. Differs from version 1 in: the question, its criticality."
    assert said in page
    assert oldest.question.text in page.split("Wording over time")[1]


def test_a_version_in_which_nothing_changed_says_so(client, asha):
    published("containment-72h")
    client.force_login(asha)
    assert "Nothing differs from version 1." in text_of(client)


def test_a_check_that_was_dropped_says_from_which_version_on_and_keeps_its_wordings(client, asha):
    published("containment-72h", dropped=("mon-03",))
    published("containment-72h", dropped=("mon-03",))
    client.force_login(asha)
    history = next(h for h in histories(client) if h.questionnaire.code == "containment-72h")
    assert history.dropped_in.number == 2
    assert [w.question.version.number for w in history.wordings] == [1]
    assert "No longer asked from this version on." in text_of(client)


def test_the_wordings_of_another_organisations_questionnaire_are_not_shown(client, make):
    secret = "Is this what only Northshire asks?"
    published("ours", own=make.organisations["northshire"], reworded={"mon-03": {"text": secret}})
    client.force_login(make.people["asha"])
    assert secret in text_of(client)
    sign_in(client, make.people["cleo"])
    page = text_of(client)
    assert secret not in page
    assert "Title of ours" not in page


def test_the_number_of_queries_does_not_grow_with_the_versions(client, asha):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/questionnaires/checks/mon-03/")
        return len(captured)

    client.force_login(asha)
    published("containment-72h")
    queries()
    few = queries()
    for n in range(3):
        published("containment-72h", reworded={"mon-03": {"text": f"Wording {n}?"}})
    queries()  # the newest content is read once by each process
    assert queries() == few
