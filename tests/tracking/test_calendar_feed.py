"""The calendar feed: what is due for a person, at an address that they alone know, and for nobody else."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.feeds import CalendarFeed, digest_of
from auditapp.accounts.models import Membership, User
from auditapp.findings.models import Finding
from auditapp.refusals import Refused
from auditapp.trail.models import Event
from tests.factories import Make
from tests.tracking.issued import counted, issued, sign_in

NOBODY = "/calendar/nobody-was-ever-given-this.ics"


def address_of(person: User, *, only_mine: bool = False) -> str:
    """As the person makes it, who alone may; the test's own scope is then as before."""
    scope.enter_as(person)
    token = CalendarFeed.make(by=person, only_mine=only_mine)
    scope.enter(int(Make.organisation_in_scope))
    return reverse("tracking:calendar_feed", args=[token])


def calendar(client: Client, address: str) -> Any:
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return Calendar.from_ical(response.content)


def events(client: Client, address: str) -> list[tuple[str, date]]:
    return [(str(event["SUMMARY"]), event.decoded("DTSTART")) for event in calendar(client, address).walk("VEVENT")]


def finding(make: Make, deployment: Any, **about: Any) -> Finding:
    given = {"title": "Mrs Jones’s note was lost", "owner": "Digital health", "due": date(2026, 3, 2), "priority": "P1"}
    return Finding.enter(deployment, by=make.people["asha"], **given | about)


def test_what_is_due_stands_in_it_as_whole_days_with_title_place_and_link(
    client: Client, make: Make, vera: User
) -> None:
    with make.at("2026-01-05 09:00"):
        deployment = make.deployment(name="Scribe, outpatients; north", live=True)
    with make.at("2026-01-20 09:00"):
        issued(make, deployment=deployment, questionnaire="annual-review", reason="yearly")
        late = finding(make, deployment)
        finding(make, make.deployment(name="Not in use"), due=None)
    address = address_of(vera)
    with make.at("2026-02-01 09:00"):
        found = calendar(client, address)
        shown = {str(event["SUMMARY"]): event for event in found.walk("VEVENT")}
    assert set(shown) == {
        "Quarterly check: Scribe, outpatients; north",
        "Yearly review: Scribe, outpatients; north",
        f"Finding {late.ref}: Scribe, outpatients; north",
    }
    event = shown["Quarterly check: Scribe, outpatients; north"]
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 2, 19), date(2026, 2, 20))
    assert event["LOCATION"] == "Royal Northshire Hospital"
    assert str(event["URL"]).endswith(f"/deployments/{deployment.ref}/")
    assert (event["STATUS"], event["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")
    assert event.decoded("DTSTAMP") == datetime.fromisoformat("2026-02-01T09:00:00+00:00")
    assert str(shown[f"Finding {late.ref}: Scribe, outpatients; north"]["URL"]).endswith(f"/findings/{late.ref}/")
    assert (found["NAME"], found["X-WR-CALNAME"]) == ("auditapp: what is due", "auditapp: what is due")
    assert found["REFRESH-INTERVAL"].to_ical() == found["X-PUBLISHED-TTL"].to_ical() == b"PT6H"
    assert found["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert "Jones" not in found.to_ical().decode()


def test_an_entry_keeps_its_name_when_its_day_moves(client: Client, make: Make, vera: User) -> None:
    with make.at("2026-01-05 09:00"):
        deployment = make.deployment(live=True)
    address = address_of(vera)
    seen = []
    for day in ("2026-01-20", "2026-02-10"):
        with make.at(f"{day} 09:00"):
            issued(make, deployment=deployment, questionnaire="quarterly-monitoring", reason="quarterly")
            (event,) = (
                e for e in calendar(client, address).walk("VEVENT") if str(e["SUMMARY"]).startswith("Quarterly")
            )
            seen.append((str(event["UID"]), event.decoded("DTSTART")))
    assert [day for _uid, day in seen] == [date(2026, 2, 19), date(2026, 3, 12)]
    assert len({uid for uid, _day in seen}) == 1


def test_the_day_is_that_of_the_hospital(client: Client, make: Make, vera: User) -> None:
    with make.at("2026-06-30 23:30"):  # already the first of July in London
        make.deployment(name="Scribe", live=True)
        assert events(client, address_of(vera)) == [("First audit: Scribe", date(2026, 7, 1))]


def test_only_what_is_mine_leaves_out_what_others_own(
    client: Client, make: Make, omar: User, olga: User, asha: User
) -> None:
    with make.at("2026-01-05 09:00"):
        deployment = make.deployment(name="Scribe", live=True)
        of_omar, of_olga = finding(make, deployment), finding(make, deployment, person=olga, owner="Olga")
    audit = ("First audit: Scribe", date(2026, 1, 5))
    first, second = [(f"Finding {row.ref}: Scribe", date(2026, 3, 2)) for row in (of_omar, of_olga)]
    assert events(client, address_of(omar, only_mine=True)) == [audit, first]
    assert events(client, address_of(olga, only_mine=True)) == [second]
    assert events(client, address_of(asha, only_mine=True)) == []
    assert events(client, address_of(olga)) == [audit, first, second]


def test_nobody_else_s_things_are_ever_in_it(client: Client, make: Make, vera: User, sam: User, cleo: User) -> None:
    make.deployment(name="Ours", live=True)
    make.deployment(name="Of the other site", site="general", live=True)
    own = {"vera": "First audit: Ours", "sam": "First audit: Of the other site"}
    for name, person in (("vera", vera), ("sam", sam)):
        assert [title for title, _day in events(client, address_of(person))] == [own[name]]
    assert events(client, address_of(cleo)) == []


def test_a_category_lead_is_told_of_no_finding_that_is_not_theirs_to_read(
    client: Client, make: Make, dora: User
) -> None:
    deployment = make.deployment(name="Scribe", live=True)
    finding(make, deployment)
    assert [title for title, _day in events(client, address_of(dora))] == ["First audit: Scribe"]


def test_what_is_retired_is_over(client: Client, make: Make, vera: User) -> None:
    deployment = make.deployment(live=True)
    finding(make, deployment)
    make.step(deployment, "retired")
    assert events(client, address_of(vera)) == []


def gone(client: Client, address: str) -> None:
    """Answers as an address does that never was, to the letter."""
    client = type(client)()  # no session: nothing else waits to be said
    response, never = client.get(address), client.get(NOBODY)
    assert (response.status_code, response.content) == (404, never.content)
    assert sorted(response.headers) == sorted(never.headers)


def test_a_replaced_and_a_revoked_address_lead_nowhere(client: Client, make: Make, vera: User) -> None:
    old = address_of(vera)
    new = address_of(vera)
    gone(client, old)
    assert events(client, new) == []
    scope.enter_as(vera)
    CalendarFeed.revoke(by=vera)
    CalendarFeed.revoke(by=vera)  # a second tab
    make.enter_scope()
    gone(client, new)
    token = new.split("/")[-1].removesuffix(".ics")
    acts = Event.objects.filter(verb__startswith="calendar.").order_by("pk")
    assert [event.verb for event in acts] == ["calendar.made", "calendar.made", "calendar.revoked"]
    told = b"".join(bytes(event.body) for event in acts).decode()
    assert token not in told
    assert digest_of(token) not in told


def test_who_lost_the_role_or_the_account_is_told_nothing_more(
    client: Client, make: Make, vera: User, ada: User, dora: User
) -> None:
    make.deployment(name="Scribe", live=True)
    of_vera, of_dora = address_of(vera), address_of(dora)
    assert len(events(client, of_vera)) == len(events(client, of_dora)) == 1
    vera.take_role(Membership.objects.get(user=vera), by=ada)
    dora.deactivate(by=ada)
    gone(client, of_vera)
    gone(client, of_dora)
    vera.give_role("viewer", site=make.sites["general"], by=ada)
    assert events(client, of_vera) == []  # of another hospital now, where nothing is due


def test_without_a_role_there_is_nothing_to_make(client: Client, make: Make, vera: User, ada: User) -> None:
    vera.take_role(Membership.objects.get(user=vera), by=ada)
    with pytest.raises(Refused):
        CalendarFeed.make(by=User.objects.get(pk=vera.pk))
    sign_in(client, vera)
    assert client.post("/schedule/calendar/", {"what": "all"}).status_code == 409


def test_it_needs_no_session_and_looks_at_none(client: Client, make: Make, vera: User, cleo: User) -> None:
    make.deployment(name="Scribe", live=True)
    address = address_of(vera)
    assert len(events(client, address)) == 1
    sign_in(client, cleo)
    assert len(events(client, address)) == 1
    assert client.post(address).status_code == 405


def test_the_page_makes_an_address_shows_it_once_and_tells_of_its_use(client: Client, make: Make, vera: User) -> None:
    make.deployment(name="Scribe", live=True)
    sign_in(client, vera)
    assert "You have no address yet" in client.get("/schedule/calendar/").content.decode()
    assert client.post("/schedule/calendar/", {"what": "everything"}).status_code == 422
    with make.at("2026-03-01 09:00"):
        response = client.post("/schedule/calendar/", {"what": "all"})
    address = response.context["address"]
    assert response.status_code == 201
    assert address in response.content.decode()
    token = address.split("/")[-1].removesuffix(".ics")
    page = client.get("/schedule/calendar/").content.decode()
    assert token not in page
    assert "not yet" in page
    with make.at("2026-03-04 09:00"):
        assert len(events(client, reverse("tracking:calendar_feed", args=[token]))) == 1
    assert "4 Mar 2026" in client.get("/schedule/calendar/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT count(*) FROM auditapp_calendarfeed WHERE token_sha256 = %s", [digest_of(token)])
        assert cursor.fetchone() == (1,)
        cursor.execute("SET ROLE auditapp_web")
    assert client.post("/schedule/calendar/end/").status_code == 302
    gone(client, reverse("tracking:calendar_feed", args=[token]))


def test_nobody_sees_or_ends_the_address_of_somebody_else(client: Client, make: Make, vera: User, asha: User) -> None:
    address = address_of(vera)
    sign_in(client, asha)
    assert "You have no address yet" in client.get("/schedule/calendar/").content.decode()
    client.post("/schedule/calendar/end/")
    client.post("/schedule/calendar/", {"what": "all"})
    assert calendar(client, address)
    scope.enter_as(asha)
    assert not CalendarFeed.objects.filter(user=vera).exists()


def test_what_has_not_changed_is_not_sent_again(client: Client, make: Make, vera: User) -> None:
    with make.at("2026-01-05 09:00"):
        deployment = make.deployment(name="Scribe", live=True)
    address = address_of(vera)
    with make.at("2026-01-06 09:00"):
        first = client.get(address)
    assert first["Cache-Control"] == "private, no-cache"
    with make.at("2026-01-07 15:00"):
        again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    finding(make, deployment)
    changed = client.get(address, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert client.head(address).content == b""


def test_it_takes_the_same_queries_for_one_deployment_and_for_three(client: Client, make: Make, vera: User) -> None:
    address = address_of(vera)
    client.get(address)  # notes the day
    counts = []
    for more in (1, 2):
        for _ in range(more):
            deployment = make.deployment(live=True)
            issued(make, deployment=deployment)
            finding(make, deployment, due=clock.today("UTC"))
        with counted(20) as queries:
            found = events(client, address)
        counts.append(queries())
    assert len(found) == 9
    assert counts[0] == counts[1]
