"""What every list does: filters as links, order, pages, and the rows that are shown as a CSV file."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import F, OrderBy
from django.http import HttpResponse, QueryDict

from auditapp.text import clean

PER_PAGE = 50
M = TypeVar("M", bound=models.Model)
Rows = TypeVar("Rows", bound=models.QuerySet[Any])


def typed(query: QueryDict, key: str) -> str:
    """What a person typed into a field of the address, as it can be searched for."""
    return clean(query.get(key, ""))


def chosen(query: QueryDict, key: str, options: Iterable[str]) -> str:
    """The option that the address names; "" when it names none of them."""
    value = query.get(key, "")
    return value if value in set(options) else ""


def links(
    query: QueryDict, key: str, options: Iterable[tuple[str, Any]], counts: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    """Filters as links for `_components/filters.html`; the option "" removes the filter."""
    found = []
    for value, label in options:
        changed = query.copy()
        changed.pop("page", None)
        changed.pop(key, None)
        if value:
            changed[key] = value
        count = None if counts is None else counts.get(value, 0)
        current = query.get(key, "") == value
        found.append({"label": label, "href": f"?{changed.urlencode()}", "current": current, "count": count})
    return found


def menu(query: QueryDict, key: str, label: Any, options: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A filter with many options, as `_components/search.html` draws it; the first, "", means all."""
    return {"key": key, "label": label, "options": options, "chosen": query.get(key, "")}


def kept(query: QueryDict, *fields: str) -> list[tuple[str, str]]:
    """What a search form carries along: all of the address but its own fields and the page."""
    return [(key, str(value)) for key, value in query.items() if key not in {*fields, "page", "format"}]


def ordered(rows: Rows, query: QueryDict, orders: Mapping[str, Sequence[str]], default: str) -> Rows:
    """Sorted by `?sort=due` or `?sort=-due`: `orders` maps the word to fields. No value comes last."""
    asked = query.get("sort", "")
    word = asked if asked.removeprefix("-") in orders else default
    fields = orders[word.removeprefix("-")]
    order = [OrderBy(F(field), descending=word.startswith("-"), nulls_last=True) for field in fields]
    return rows.order_by(*order, "pk")


def page(rows: models.QuerySet[M], query: QueryDict) -> "Page[M]":
    """The page that the address asks for, or the nearest there is."""
    return Paginator(rows, PER_PAGE).get_page(query.get("page"))


def csv_file(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """For spreadsheets: UTF-8 with its mark, and no cell that they would run as a formula."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(header)
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    return response


def _as_text(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
