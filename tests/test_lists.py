"""What every list does: filters, order, pages, files."""

import csv
import io

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from auditapp import lists


def test_a_filter_keeps_the_rest_of_the_address_and_begins_at_page_one() -> None:
    query = QueryDict("q=x&page=3&state=open")
    found = lists.links(query, "state", [("", "All"), ("open", "Open"), ("closed", "Closed")], {"open": 4})
    assert [(link["href"], link["current"], link["count"]) for link in found] == [
        ("?q=x", False, 0),
        ("?q=x&state=open", True, 4),
        ("?q=x&state=closed", False, 0),
    ]


def test_an_option_that_is_none_filters_nothing() -> None:
    assert lists.chosen(QueryDict("state=open"), "state", ["open"]) == "open"
    assert lists.chosen(QueryDict("state=nonsense"), "state", ["open"]) == ""
    assert lists.chosen(QueryDict(""), "state", ["open"]) == ""


def test_a_search_form_carries_along_what_it_does_not_hold() -> None:
    assert lists.kept(QueryDict("q=x&site=a&sort=-due&page=2&format=csv"), "q", "site") == [("sort", "-due")]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_a_file_is_a_formula(cell: str) -> None:
    content = lists.csv_file("findings", ["What"], [[cell]]).content.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content, newline="")))[1] == [f"'{cell}"]


@given(st.text())
def test_what_is_searched_for_can_always_be_asked_of_the_database(typed: str) -> None:
    query = QueryDict(mutable=True)
    query["q"] = typed
    assert "\x00" not in lists.typed(query, "q")
    lists.typed(query, "q").encode("utf-8")
