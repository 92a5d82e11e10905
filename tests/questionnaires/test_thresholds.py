"""The numbers that a hospital group makes its own: who may, what is taken, and what is shown where."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.questionnaires import threshold_page
from auditapp.questionnaires.models import ThresholdAdoption
from auditapp.questionnaires.thresholds import Threshold, as_value
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.pages import counted, sign_in
from tests.factories import Make


@pytest.fixture
def links(vera: User) -> Threshold:
    """Of hal-03: at least 95 percent of links."""
    return next(t for t in threshold_page.numbers(vera) if t.check == "hal-03")


def address(threshold: Threshold) -> str:
    return f"/questionnaires/thresholds/{threshold.code}/"


def number(unit: str, default: str = "20", rule: str = "at_least") -> Threshold:
    return Threshold("hal-01", "something", rule, unit, default)


@pytest.mark.parametrize(
    ("unit", "typed", "stored"),
    [
        ("percent of links", "97.50", "97.5"),
        ("percent of links", " 100 ", "100"),
        ("outputs", "020", "20"),
        ("times baseline", "1.5", "1.5"),
        ("working days", "0.5", "0.5"),
        ("percent relative, per week", "250", "250"),
    ],
)
def test_a_number_is_stored_in_plain_digits(unit: str, typed: str, stored: str) -> None:
    assert as_value(number(unit), typed) == stored


@pytest.mark.parametrize(
    ("unit", "typed", "sentence"),
    [
        ("percent of links", "101", "enter a number from 0 to 100"),
        ("outputs", "20.5", "enter a whole number"),
        ("outputs", "0", "would ask for nothing"),
        ("hours", "1,5", "with a point"),
        ("hours", "-3", "Enter a number"),
        ("hours", "1e3", "Enter a number"),
        ("hours", "NaN", "Enter a number"),
        ("hours", "", "Enter a number"),
        ("hours", ".", "Enter a number"),
        ("hours", "٣", "Enter a number"),
        ("hours", "9" * 13, "at most 12 characters"),
        ("hours", "1.23456", "at most 4 digits"),
    ],
)
def test_what_is_no_number_in_the_unit_is_refused_with_a_reason(unit: str, typed: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        as_value(number(unit), typed)


def test_every_default_of_the_content_is_a_number_that_could_be_adopted(vera: User) -> None:
    numbers = threshold_page.numbers(vera)
    assert len(numbers) == len({n.code for n in numbers}) >= 50
    assert [n for n in numbers if as_value(n, n.default) != n.default] == []


def test_a_default_is_adopted_as_it_is_and_later_changed_for_a_reason(make: Make, ben: User, links: Threshold) -> None:
    first = ThresholdAdoption.adopt(links, by=ben, value="95", base=0)
    second = ThresholdAdoption.adopt(links, by=ben, value="98", base=1, reason="Two wrong links in May.")
    assert [a.value for a in ThresholdAdoption.objects.visible_to(ben).of(links)] == ["98", "95"]
    assert (first.n, second.n, second.default) == (1, 2, "95")
    assert ThresholdAdoption.objects.visible_to(ben).by_key()[links.key] == second
    assert [e.verb for e in Event.objects.filter(stream="organisation:northshire")] == ["threshold.adopted"] * 2


def test_another_number_than_before_needs_its_reason(ben: User, links: Threshold) -> None:
    with pytest.raises(Refused, match="Give the reason"):
        ThresholdAdoption.adopt(links, by=ben, value="98", base=0)
    ThresholdAdoption.adopt(links, by=ben, value="98", base=0, reason="Stricter here.")
    with pytest.raises(Refused, match="Give the reason"):
        ThresholdAdoption.adopt(links, by=ben, value="95", base=1, reason=" ")
    with pytest.raises(Refused, match="adopted already"):
        ThresholdAdoption.adopt(links, by=ben, value="98.0", base=1, reason="Again.")


def test_who_had_an_old_page_open_overwrites_nobody(ben: User, grace: User, links: Threshold) -> None:
    ThresholdAdoption.adopt(links, by=ben, value="95", base=0)
    with pytest.raises(Refused, match="after you opened the page"):
        ThresholdAdoption.adopt(links, by=grace, value="90", base=0, reason="Too strict.")
    assert ThresholdAdoption.objects.visible_to(ben).of(links).get().value == "95"


@pytest.mark.parametrize("who", ["asha", "eve", "omar", "vera", "dora", "sam"])
def test_who_does_not_speak_for_the_whole_group_adopts_nothing(make: Make, links: Threshold, who: str) -> None:
    with pytest.raises(NotAllowed, match="of the whole organisation"):
        ThresholdAdoption.adopt(links, by=make.people[who], value="95", base=0)


def test_another_group_neither_sees_nor_shares_it(make: Make, client: Client, ben: User, links: Threshold) -> None:
    ThresholdAdoption.adopt(links, by=ben, value="98", base=0, reason="Stricter here.")
    cleo = make.people["cleo"]
    sign_in(client, cleo)
    for page in ("/questionnaires/thresholds/", address(links), "/questionnaires/checks/hal-03/"):
        text = client.get(page).content.decode()
        assert "98" not in text
        assert "Ben Okafor" not in text
    scope.enter(cleo.organisation_id)
    assert ThresholdAdoption.objects.count() == 0
    ThresholdAdoption.adopt(links, by=cleo, value="95", base=0)


@pytest.mark.parametrize("role", ["web role", "owner"])
@pytest.mark.parametrize(
    "sql", ["UPDATE auditapp_thresholdadoption SET value = '1'", "DELETE FROM auditapp_thresholdadoption"]
)
def test_what_was_adopted_is_changed_by_nobody(ben: User, links: Threshold, role: str, sql: str) -> None:
    ThresholdAdoption.adopt(links, by=ben, value="95", base=0)
    with connection.cursor() as cursor:
        if role == "owner":
            cursor.execute("RESET ROLE")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(sql)


def test_the_page_takes_a_number_and_says_it_on_the_list(client: Client, ben: User, links: Threshold) -> None:
    sign_in(client, ben)
    page = client.get(address(links)).content.decode()
    assert 'value="95"' in page
    reply = client.post(address(links), {"value": "95", "reason": "", "base": 0}, follow=True)
    text = reply.content.decode()
    assert "Adopted: at least 95 percent of links." in text
    assert "Adopted as it is" in text
    assert client.get("/questionnaires/thresholds/?show=adopted").content.decode().count("<tr>") == 2


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"value": "120"}, "from 0 to 100"),
        ({"value": "98"}, "Give the reason"),
        ({"value": ""}, "Enter the number."),
        ({"value": "95", "reason": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_bad_input_is_said_beside_the_field_and_kept(
    client: Client, ben: User, links: Threshold, sent: dict[str, str], sentence: str
) -> None:
    sign_in(client, ben)
    page = client.post(address(links), {"base": 0, "reason": ""} | sent).content.decode()
    assert sentence in page
    assert "error-summary" in page
    assert f'value="{sent["value"]}"' in page or not sent["value"]
    assert ThresholdAdoption.objects.count() == 0


def test_a_second_tab_is_told_what_was_adopted_meanwhile_and_keeps_what_was_typed(
    client: Client, ben: User, grace: User, links: Threshold
) -> None:
    sign_in(client, grace)
    client.get(address(links))
    ThresholdAdoption.adopt(links, by=ben, value="98", base=0, reason="Stricter here.")
    sent = {"value": "90", "reason": "Our links are short-lived.", "base": 0}
    page = client.post(address(links), sent).content.decode()
    assert "Ben Okafor adopted 98 after you opened this page" in page
    assert "Our links are short-lived." in page
    assert 'name="base" value="1"' in page
    client.post(address(links), sent | {"base": 1})
    assert ThresholdAdoption.objects.visible_to(ben).by_key()[links.key].value == "90"


def test_who_only_reads_finds_the_history_and_no_form(client: Client, ben: User, vera: User, links: Threshold) -> None:
    ThresholdAdoption.adopt(links, by=ben, value="98", base=0, reason="Two wrong links in May.")
    sign_in(client, vera)
    page = client.get(address(links)).content.decode()
    assert "Two wrong links in May." in page
    assert 'name="value"' not in page
    assert client.post(address(links), {"value": "95", "base": 1}).status_code == 403
    assert client.get("/questionnaires/thresholds/nothing-00000000/").status_code == 404


def test_questions_show_the_hospitals_own_number_with_its_date(
    make: Make, client: Client, ben: User, asha: User, links: Threshold
) -> None:
    sign_in(client, asha)
    audit = make.audit(deployment=make.deployment(), questionnaire="predeploy-llm", reason="pre_deployment")
    places = [
        "/questionnaires/checks/hal-03/",
        "/questionnaires/predeploy-llm/v1/?category=hallucination",
        f"/audits/{audit.ref}/categories/hallucination/",
    ]
    for place in places:
        page = client.get(place).content.decode()
        assert "source links that support their statement: at least 95 percent of links" in page
        assert "Local default, not yet adopted by Northshire Hospitals Group." in page
        assert "adopted by Northshire Hospitals Group on" not in page
    with make.at("2026-03-05 11:00"):
        ThresholdAdoption.adopt(links, by=ben, value="98", base=0, reason="Two wrong links in May.")
    for place in places:
        page = client.get(place).content.decode()
        assert "source links that support their statement: at least 98 percent of links" in page
        assert "adopted by Northshire Hospitals Group on <time" in page
        assert "5 Mar 2026</time>." in page
        assert "The questionnaire’s own default is 95." in page


def test_the_list_costs_the_same_however_much_is_adopted(client: Client, ben: User) -> None:
    sign_in(client, ben)
    client.get("/questionnaires/thresholds/")
    with counted(8) as before:
        client.get("/questionnaires/thresholds/")
    for threshold in threshold_page.numbers(ben)[:9]:
        ThresholdAdoption.adopt(threshold, by=ben, value=threshold.default, base=0)
    with counted(8) as after:
        client.get("/questionnaires/thresholds/")
    assert len(before) == len(after)
