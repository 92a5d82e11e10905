"""The error pages: a sentence, why, and a way on; the last resort needs neither request nor database."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import get_template
from django.test import RequestFactory

from auditapp.refusals import Refused


def page(name: str, **context: object) -> str:
    request = RequestFactory().post(
        "/audits/A-2026-014/submission/", HTTP_REFERER="http://testserver/audits/A-2026-014/"
    )
    request.user = AnonymousUser()
    return get_template(name).render(context, request)


@pytest.mark.parametrize("name", ["500.html", "400.html"])
def test_a_page_that_django_renders_without_a_request_is_whole(name):
    html = get_template(name).render()
    assert html.count("<h1>") == 1
    assert '<a href="/">Go to your work</a>' in html


def test_the_last_resort_looks_up_no_address(settings):
    settings.ROOT_URLCONF = "tests.no_such_addresses"
    assert "Something went wrong" in get_template("500.html").render()


def test_a_refusal_gives_its_sentence_its_reasons_and_the_way_back():
    refusal = Refused(
        "2 questions still have no answer.",
        [("hal-01: no answer", "/audits/A-2026-014/#hal-01"), "Name an owner."],
    )
    html = page("errors/409.html", refusal=refusal)
    assert "2 questions still have no answer." in html
    assert '<a href="/audits/A-2026-014/#hal-01">hal-01: no answer</a>' in html
    assert "<li>Name an owner.</li>" in html
    assert '<a href="http://testserver/audits/A-2026-014/">Back to where you were</a>' in html


def test_a_forbidden_act_names_its_rule():
    assert "Only the clinical safety officer can lower this." in page(
        "403.html", exception="Only the clinical safety officer can lower this."
    )
    assert "Your roles do not include this." in page("403.html", exception="")


@pytest.mark.parametrize("name", ["404.html", "errors/413.html", "errors/csrf.html", "errors/locked.html"])
def test_every_error_page_has_one_heading_and_repeats_it_in_the_title(name):
    html = page(name)
    heading = html.split("<h1>")[1].split("</h1>")[0]
    assert f"<title>{heading} · auditapp</title>" in html
