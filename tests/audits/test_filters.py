"""Filters of the fill page: of one category and of the whole audit, what was flagged, and what changed meanwhile."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.models import User
from auditapp.audits.fill_page import PER_PAGE
from auditapp.audits.models import Audit, Flag, Look
from auditapp.refusals import NotAllowed, Refused
from auditapp.trail.models import Event
from tests.audits.pages import counted, post_answer, sign_in
from tests.audits.wide import CATEGORY, publish_wide
from tests.factories import Make


def page_of(client: Client, audit: Audit, query: str = "", *, whole: bool = True) -> str:
    place = "questions" if whole else f"categories/{CATEGORY}"
    response = client.get(f"/audits/{audit.ref}/{place}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def codes(page: str) -> list[str]:
    return re.findall(r'<article class="question" id="([^"]+)"', page)


def filters(page: str) -> dict[str, int]:
    """The words of the filters that are offered, with their counts."""
    found = re.findall(r'<a href="\?(?:show=)?(\w*)"[^>]*>[^<]+<span class="filters-count">(\d+)', page)
    return {word: int(count) for word, count in found}


def verbs(audit: Audit) -> list[str]:
    return list(Event.objects.filter(stream=audit.trail_stream).order_by("seq").values_list("verb", flat=True))


def test_one_page_shows_what_a_filter_keeps_of_all_categories(client: Client, make: Make, asha: User) -> None:
    audit = make.audit(answered=True, mon_03=make.gap(), pat_09=make.gap())
    page = page_of(sign_in(client, asha), audit, "?show=not_met")
    assert sorted(codes(page)) == ["mon-03", "pat-09"]
    assert len(re.findall(r'<h2 class="fill-category">', page)) == 2
    assert filters(page) == {"": audit.asked, "unanswered": 0, "critical": 7, "not_met": 2, "flagged": 0}
    assert f'href="/audits/{audit.ref}/categories/{CATEGORY}/"' in page


def test_a_category_says_how_many_more_the_filter_keeps_elsewhere(client: Client, make: Make, asha: User) -> None:
    audit = make.audit(answered=True, mon_03=make.gap(), pat_09=make.gap())
    page = page_of(sign_in(client, asha), audit, "?show=not_met", whole=False)
    assert codes(page) == ["mon-03"]
    assert "1 more in another category" in page
    assert f'href="/audits/{audit.ref}/questions/?show=not_met"' in page


def test_a_filter_that_keeps_nothing_says_so_and_leads_back(client: Client, make: Make, asha: User) -> None:
    page = page_of(sign_in(client, asha), make.audit(), "?show=flagged")
    assert "No question matches" in page
    assert "Show all of them" in page


def test_mine_is_what_is_given_to_me(client: Client, make: Make, asha: User, dora: User) -> None:
    audit = make.audit()
    audit.assign(CATEGORY, dora, by=asha)
    page = page_of(sign_in(client, dora), audit, "?show=mine")
    assert codes(page) == list(audit.answers.of_category(CATEGORY).values_list("code", flat=True))
    assert filters(page)["mine"] == 4
    assert "mine" not in filters(page_of(sign_in(client, asha), audit))


# Flags --------------------------------------------------------------------------------------------------


def test_a_flag_is_seen_by_all_who_see_the_audit_and_stands_on_the_trail(
    client: Client, make: Make, asha: User, vera: User
) -> None:
    audit = make.audit()
    sign_in(client, asha)
    address = f"/audits/{audit.ref}/answers/mon-03/flag/"
    reply = client.post(address, {"flag": "on", "show": "critical", "list": "all"})
    assert reply.url == f"/audits/{audit.ref}/questions/?show=critical&saved=mon-03#mon-03"
    assert client.post(address, {"flag": "on"}).status_code == 302
    page = page_of(sign_in(client, vera), audit, "?show=flagged")
    assert codes(page) == ["mon-03"]
    assert "flagged by Asha Rao, <time" in page
    assert "data-flag" not in page.replace("data-flagged", "")
    assert verbs(audit)[-1] == "answer.flagged"
    assert verbs(audit).count("answer.flagged") == 1


def test_a_flag_that_is_taken_off_is_kept_as_a_row_and_can_be_set_again(
    client: Client, make: Make, asha: User, dora: User
) -> None:
    audit = make.audit()
    audit.assign(CATEGORY, dora, by=asha)
    answer = audit.answers.get(code="mon-03")
    answer.flag(by=asha)
    sign_in(client, dora)
    reply = client.post(
        f"/audits/{audit.ref}/answers/mon-03/flag/", {"flag": "off"}, headers={"accept": "application/json"}
    )
    assert reply.json() == {"flagged": False}
    flag = Flag.objects.get()
    assert (flag.by, flag.lifted_by) == (asha, dora)
    answer.lift_flag(by=asha)  # again: nothing to take off
    answer.flag(by=dora)
    assert [verb for verb in verbs(audit) if "flag" in verb] == [
        "answer.flagged", "answer.flag_lifted", "answer.flagged",
    ]  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Flag.objects.create(**answer.place, answer=answer, by=asha, at=clock.now())


def test_only_who_may_answer_flags_and_only_in_a_draft(make: Make, asha: User, eve: User, dora: User) -> None:
    answer = make.audit().answers.get(code="mon-03")
    for person in (eve, dora):
        with pytest.raises(NotAllowed):
            answer.flag(by=person)
    submitted = make.submitted().answers.get(code="mon-03")
    with pytest.raises(Refused, match="no longer a draft"):
        submitted.flag(by=asha)


# What changed since -------------------------------------------------------------------------------------


def looking(client: Client, audit: Audit, person: User, query: str = "") -> str:
    return page_of(sign_in(client, person), audit, query)


def test_what_others_changed_since_my_last_visit_can_be_shown(
    client: Client, make: Make, asha: User, dora: User
) -> None:
    audit = make.audit()
    audit.assign(CATEGORY, dora, by=asha)
    start = clock.now()
    with clock.at(start):
        assert "changed" not in filters(looking(client, audit, asha))  # a first visit: everything is new
    with clock.at(start + timedelta(hours=1)):
        audit.answers.get(code="mon-03").save_revision(by=dora, base=0, key="k", verdict="met")
        audit.answers.get(code="pat-09").save_revision(by=asha, base=0, key="k", verdict="met")
    with clock.at(start + timedelta(hours=2)):
        page = looking(client, audit, asha, "?show=changed")
        assert codes(page) == ["mon-03"]  # and not what she answered herself
    with clock.at(start + timedelta(hours=2, minutes=20)):
        assert codes(looking(client, audit, asha, "?show=changed")) == ["mon-03"]  # the same visit
    with clock.at(start + timedelta(hours=5)):
        assert codes(looking(client, audit, asha, "?show=changed")) == []  # she has seen it


def test_evidence_that_somebody_added_is_a_change_too(client: Client, make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    start = clock.now()
    with clock.at(start + timedelta(minutes=1)):
        looking(client, audit, ben)
    with clock.at(start + timedelta(minutes=2)):
        audit.answers.get(code="mon-05").add_evidence(
            by=asha, url="https://a.example/", title="Log", effective_date=start.date()
        )
    with clock.at(start + timedelta(hours=1)):
        assert codes(looking(client, audit, ben, "?show=changed")) == ["mon-05"]


def test_a_page_opened_again_within_minutes_writes_nothing(client: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    looking(client, audit, asha)
    noted = Look.objects.get()
    with counted(12) as queries:
        page_of(client, audit)
    assert not [q for q in queries if q.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert Look.objects.get().at == noted.at


def test_when_somebody_looked_is_nobody_elses_business(client: Client, make: Make, asha: User, ben: User) -> None:
    audit = make.audit()
    looking(client, audit, asha)
    assert not Look.objects.visible_to(ben).exists()
    assert Look.objects.visible_to(asha).get().user == asha


def test_flags_and_looks_stay_within_the_hospital(client: Client, make: Make, asha: User, sam: User) -> None:
    audit = make.audit()
    looking(client, audit, asha)
    audit.answers.first().flag(by=asha)
    scope.enter_as(sam)
    with connection.cursor() as cursor:
        for table in ("flag", "look"):
            cursor.execute(f"SELECT count(*) FROM auditapp_{table}")
            assert cursor.fetchone() == (0,)


# Very many questions ------------------------------------------------------------------------------------


@pytest.fixture
def wide(make: Make) -> Audit:
    publish_wide(50)
    return make.audit()


def test_a_category_of_many_questions_comes_in_pages(client: Client, wide: Audit, asha: User) -> None:
    every = list(wide.answers.values_list("code", flat=True))
    sign_in(client, asha)
    pages = [codes(page_of(client, wide, f"?page={n}", whole=False)) for n in (1, 2, 3)]
    assert [code for page in pages for code in page] == every
    assert [len(page) for page in pages] == [PER_PAGE, PER_PAGE, 10]
    assert codes(page_of(client, wide, "?page=2&show=unanswered")) == pages[1]


def test_a_save_without_a_script_comes_back_to_the_card_on_its_page(client: Client, wide: Audit, asha: User) -> None:
    code = list(wide.answers.values_list("code", flat=True))[25]
    sign_in(client, asha)
    reply = post_answer(client, wide, code, page="2")
    assert reply.url == f"/audits/{wide.ref}/categories/{CATEGORY}/?page=2#{code}"
    reply = post_answer(client, wide, code, base=1, key="2", show="unanswered", list="all")
    assert reply.url == f"/audits/{wide.ref}/questions/?show=unanswered&saved={code}#{code}"
    assert code in codes(client.get(reply.url).content.decode())


def test_whoever_comes_from_elsewhere_lands_on_the_right_page(client: Client, wide: Audit, asha: User) -> None:
    code = list(wide.answers.values_list("code", flat=True))[45]
    sign_in(client, asha)
    about = {"title": "Log", "url": "https://a.example/", "effective_date": "2026-01-01", "source": "ours"}
    reply = client.post(f"/audits/{wide.ref}/answers/{code}/evidence/", about)
    assert reply.url == f"/audits/{wide.ref}/categories/{CATEGORY}/?page=3#{code}"
    assert code in codes(client.get(reply.url).content.decode())


def test_the_page_of_all_questions_takes_the_same_queries_for_fifty_as_for_eight(
    client: Client, make: Make, wide: Audit, asha: User
) -> None:
    small = make.audit(questionnaire="quarterly-monitoring", reason="quarterly")
    sign_in(client, asha)
    counts = []
    for audit in (small, wide):
        page_of(client, audit)
        with counted(12) as queries:
            page_of(client, audit)
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
