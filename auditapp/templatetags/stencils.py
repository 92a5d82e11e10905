"""{% load stencils %}: parts that stand on a page many times and differ in a few places, rendered once.

A stencil is a part's own template, rendered with a mark in each place that differs. What is put into the places is
escaped as the template would have escaped it. The page of twenty questions costs a fraction of twenty forms so.
"""

import re
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

CODE = "code-of-the-question-9d41c7"  # fits where a code fits, also into an address
VALUE = "\ue001"  # of the private use area: in no text of ours, and never escaped
PLACES = re.compile(f"({CODE}|{VALUE})")


@register.simple_tag(takes_context=True)
def stencil(context: Context, template_name: str, value: Any = "", errors: Any = None, **about: Any) -> SafeString:
    """{% stencil "audits/_text.html" name="note" label=_("Note") value=… errors=… %}: a field of the question `code`.

    The template may read `code`, `value`, `errors` and what else is named here, and nothing of the page.
    """
    code = context["code"]
    if errors:
        return get_template(template_name).render(about | {"code": code, "value": value, "errors": errors})
    put = {CODE: str(conditional_escape(code)), VALUE: str(conditional_escape("" if value is None else value))}
    pieces = _cut(template_name, get_language(), tuple(sorted(about.items())))
    return mark_safe("".join([put.get(piece, piece) for piece in pieces]))  # noqa: S308 - both are escaped above


@lru_cache(maxsize=256)
def _cut(template_name: str, _language: str, about: tuple[tuple[str, Any], ...]) -> list[str]:
    """The rendered template, cut at its places."""
    return PLACES.split(get_template(template_name).render(dict(about) | {"code": CODE, "value": VALUE}))


@register.simple_tag(takes_context=True)
def repeated(context: Context, name: str) -> SafeString:
    """{% repeated "audits/_evidence_form.html" %}: a part that differs from question to question in its `code` alone.

    Rendered once for the page, and so may read everything that is the same all over it.
    """
    request: HttpRequest = context["request"]
    made = _of_request.setdefault(request, {})
    if name not in made:
        with context.push(code=CODE):
            made[name] = get_template(name).template.render(context)  # type: ignore[attr-defined]
    return mark_safe(made[name].replace(CODE, str(conditional_escape(context["code"]))))  # noqa: S308 - escaped here


_of_request: WeakKeyDictionary[HttpRequest, dict[str, str]] = WeakKeyDictionary()
