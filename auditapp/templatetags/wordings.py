"""The difference of two wordings, for eyes, for ears and without colour."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from auditapp.questionnaires.wording import word_difference

register = template.Library()


@register.simple_tag
def word_changes(before: str, after: str) -> SafeString:
    """{% word_changes old.text new.text %}: the new wording with what was removed struck out and what was added marked.

    Struck out and underlined, with the words "removed" and "added" for those who hear the page.
    """
    changes = format_html_join("", "{}", ((_marked(*change),) for change in word_difference(before, after)))
    return format_html('<span class="wording">{}</span>', changes)


@register.simple_tag
def only_here(text: str, other: str) -> SafeString | str:
    """{% only_here row.mine row.theirs %}: a text in which the words that the other one lacks are marked."""
    if not text:
        return _("(empty)")
    here = [change for change in word_difference(other, text) if change.kind != "removed"]
    return format_html_join("", "{}", ((text if kind == "kept" else _mark(text),) for kind, text in here))


def _mark(text: str) -> SafeString:
    return format_html("<mark>{}</mark>", text)


def _marked(kind: str, text: str) -> SafeString | str:
    if kind == "kept":
        return text
    tag, word = ("del", _("removed:")) if kind == "removed" else ("ins", _("added:"))
    return format_html(
        '<{tag}><span class="visually-hidden"> {word} </span>{text}</{tag}>', tag=tag, word=word, text=text
    )
