"""{% load stencils %}: parts that stand on a page many times and differ in a few places, rendered once.

A stencil is a part's own template, rendered with a mark in each place that differs. What is put into the places is
escaped as the template would have escaped it. So the page of twenty questions does not cost twenty forms.
"""

import re
from typing import Any
from weakref import WeakKeyDictionary

from django import template
from django.http import HttpRequest
from django.template.base import FilterExpression, Node, Parser, Token, token_kwargs
from django.template.context import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

CODE = "code-of-the-question-9d41c7"  # fits where a code fits, also into an address
VALUE = "\ue001"  # of the private use area: in no text of ours, and never escaped
PLACES = re.compile(f"({CODE}|{VALUE})")
MOST = 2000  # renderings kept per place in a template


@register.tag
def stencil(parser: Parser, token: Token) -> "Stencil":
    """{% stencil "audits/_text.html" name="note" label=_("Note") value=… errors=… held=… %}: a part of `code`.

    The template may read `code`, `value`, `errors`, `held` and what else is named here, and nothing of the page.
    """
    _tag, name, *rest = token.split_contents()
    return Stencil(name.strip("\"'"), token_kwargs(rest, parser))


class Stencil(Node):
    """Remembers what was rendered for the words that it was given; `code` and `value` are put in each time."""

    def __init__(self, template_name: str, about: dict[str, FilterExpression]) -> None:
        self.template_name = template_name
        self.value = about.pop("value", None)
        self.seldom = {name: about.pop(name) for name in ("errors", "held") if name in about}
        self.fixed = {name: expression for name, expression in about.items() if not expression.is_var}
        self.varied = {name: expression for name, expression in about.items() if expression.is_var}
        self.cut: dict[Any, list[str]] = {}

    def render(self, context: Context) -> SafeString:
        code = context.get("code", "")
        value: Any = self.value.resolve(context) if self.value else ""
        said = {name: expression.resolve(context) for name, expression in self.seldom.items()}
        varied = [expression.resolve(context) for expression in self.varied.values()]
        if any(said.values()):
            return self._rendered(context, varied, code=code, value=value, **said)
        key = (get_language(), *varied)
        pieces = self.cut.get(key)
        if pieces is None:
            if len(self.cut) >= MOST:
                self.cut.clear()
            pieces = self.cut[key] = PLACES.split(self._rendered(context, varied, code=CODE, value=VALUE))
        put = {CODE: conditional_escape(str(code)), VALUE: conditional_escape("" if value is None else str(value))}
        made = [put.get(piece, piece) for piece in pieces]
        return mark_safe("".join(made))

    def _rendered(self, context: Context, varied: list[Any], **put: Any) -> SafeString:
        fixed = {name: expression.resolve(context) for name, expression in self.fixed.items()}
        about = fixed | dict(zip(self.varied, varied, strict=True)) | put
        return SafeString(get_template(self.template_name).render(about))


@register.simple_tag(takes_context=True)
def repeated(context: Context, template_name: str, **about: Any) -> SafeString:
    """{% repeated "audits/_place.html" %}: a part that differs from question to question in its `code` alone.

    Rendered once for the page, for each of what is named with it, and so may read all that is the same on the page.
    """
    request: HttpRequest = context["request"]
    made, key = _of_request.setdefault(request, {}), (template_name, *about.values())
    if key not in made:
        with context.push(code=CODE, **about):
            made[key] = get_template(template_name).template.render(context)  # type: ignore[attr-defined]
    return mark_safe(made[key].replace(CODE, conditional_escape(context["code"])))


_of_request: WeakKeyDictionary[HttpRequest, dict[Any, str]] = WeakKeyDictionary()
