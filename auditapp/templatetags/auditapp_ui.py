"""The tags of the interface: states as shape and word, dates in words, progress, pages, charts.

`docs/interface.md` shows each in use. The library is a template builtin: no {% load %} is needed.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from html import unescape
from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.templatetags import moments, signs
from auditapp.templatetags.signs import Sign, drawing, sign_for

register = template.Library()


REFERENCE = re.compile(r"\b([AD]-(?:\d{4}-)?\d{3,}(?:-r\d+)?)\b")


@register.filter
def whole_refs(text: str) -> SafeString:
    """{{ task.what|whole_refs }}: a sentence in which no reference is broken over two lines."""
    parts = REFERENCE.split(text)  # every second part is a reference
    return format_html_join("", "{}", ((format_html('<span class="ref">{}</span>', part) if n % 2 else part,)
                                       for n, part in enumerate(parts)))  # fmt: skip


# States ----------------------------------------------------------------------------------------------


def _mark(sign: Sign, *, kind: str, word: object | None = None) -> SafeString:
    return format_html(
        '<span class="sign {} tone-{}">{}<span>{}</span></span>',
        kind,
        sign.tone,
        drawing(sign.shape),
        sign.word if word is None else word,
    )


@register.simple_tag
def verdict(code: str, evidenced: bool = True) -> SafeString:
    """{% verdict answer.verdict %}: met, partial, not_met, not_applicable, unanswered, unevidenced.

    An empty code is unanswered; met with `evidenced=False` is shown as met without evidence.
    """
    code = str(code or "unanswered")
    return _mark(sign_for(signs.VERDICTS, "unevidenced" if code == "met" and not evidenced else code), kind="verdict")


@register.simple_tag
def state(code: str, round: int = 1) -> SafeString:
    """{% state audit.state audit.round %}: a draft after round 1 is one that was returned."""
    if code == "draft" and round and round > 1:
        word = _("Returned, round %(round)s") % {"round": round}
        return _mark(signs.AUDIT_STATES["returned"], kind="badge-state", word=word)
    return _mark(sign_for(signs.AUDIT_STATES, code), kind="badge-state")


@register.simple_tag
def deployment_status(code: str) -> SafeString:
    """{% deployment_status deployment.status %}."""
    return _mark(sign_for(signs.DEPLOYMENT_STATUSES, code), kind="badge-state")


@register.simple_tag
def finding_state(code: str) -> SafeString:
    """{% finding_state finding.state %}: open or closed."""
    return _mark(sign_for(signs.FINDING_STATES, code), kind="badge-state")


@register.simple_tag
def criticality(code: str) -> SafeString:
    """{% criticality question.criticality %}: critical, major or minor."""
    return _mark(sign_for(signs.CRITICALITIES, code), kind="quiet" if code != "critical" else "verdict")


@register.simple_tag
def priority(code: str) -> SafeString:
    """{% priority finding.priority %}: P1 to P4. The page says once that it is a provisional priority."""
    return _mark(sign_for(signs.PRIORITIES, code), kind="verdict")


@register.simple_tag
def result(code: str) -> SafeString:
    """{% result audit.result %}: the calculated result, never without the word "Calculated"."""
    if code not in signs.RESULTS:
        return _mark(Sign("dash", "neutral", _("Not yet calculated")), kind="verdict")
    return _mark(signs.RESULTS[code], kind="verdict")


@register.simple_tag
def gate(code: str) -> SafeString:
    """{% gate scores.gate %}: passed, passed_with_conditions or not_passed."""
    return _mark(sign_for(signs.GATES, code), kind="verdict")


@register.simple_tag
def mark(tone: str, word: str, shape: str = "") -> SafeString:
    """{% mark "attention" _("Stale") "clock" %}: any other state, in one of the five tones."""
    return _mark(Sign(shape or signs.TONE_SHAPES[tone], tone, word), kind="verdict")


@register.simple_tag
def shape(name: str) -> SafeString:
    """{% shape "paperclip" %}, or a tone's own: {% shape "good" %}. Text beside it must say what it means."""
    return drawing(signs.TONE_SHAPES.get(name, name))


@register.inclusion_tag("_components/saved.html")
def saved(state: str, by: object = "", at: datetime | None = None, zone: str | None = None) -> dict[str, Any]:
    """{% saved "saved" answer.by answer.at site.zone %}: saving, saved or failed, in a card's foot."""
    sign = signs.SAVINGS[state]
    return {"state": state, "sign": sign, "drawing": drawing(sign.shape), "by": by, "at": at, "zone": zone}


# Numbers ---------------------------------------------------------------------------------------------


@register.simple_tag
def progress(answered: int, asked: int, what: str = "") -> SafeString:
    """{% progress 61 126 %}: a bar and "61 of 126 answered"; `what` replaces the word "answered"."""
    words = _("%(answered)s of %(asked)s %(what)s") % {
        "answered": answered,
        "asked": asked,
        "what": what or _("answered"),
    }
    return format_html(
        '<span class="tally"><progress value="{}" max="{}" aria-hidden="true"></progress><span>{}</span></span>',
        answered,
        max(asked, 1),
        words,
    )


@register.simple_tag
def verdict_counts(counts: Mapping[str, int]) -> SafeString:
    """{% verdict_counts category.counts %}: how many of each verdict, as shapes with numbers; no zeros."""
    present = [(sign, counts[code]) for code, sign in signs.VERDICTS.items() if counts.get(code)]
    items = format_html_join(
        "",
        '<li class="tone-{}">{}<span class="visually-hidden">{}: </span>{}</li>',
        ((sign.tone, drawing(sign.shape), sign.word, count) for sign, count in present),
    )
    return format_html('<ul class="counts" role="list">{}</ul>', items)


@register.simple_tag
def score(value: Mapping[str, Any] | None) -> SafeString:
    """{% score row.score %}: {"numerator", "denominator", "shown"}; None: nothing was applicable."""
    if not value or value.get("shown") in (None, ""):
        return format_html('<span class="score muted">{}</span>', _("no score"))
    points = _("%(numerator)s of %(denominator)s weighted points") % value
    return format_html('<span class="score" title="{}">{}&nbsp;%</span>', points, value["shown"])


# Dates -----------------------------------------------------------------------------------------------


@register.simple_tag
def local_time(instant: datetime | None, zone: str | tzinfo | None = None) -> str:
    """{% local_time event.at site.zone %}: today 14:02 GMT, yesterday 09:10 GMT, 22 Nov 2026, 14:02 GMT."""
    if instant is None:
        return "–"
    words, title = moments.time_in_words(instant, zone, now=clock.now()), moments.full_time(instant, zone)
    return format_html('<time datetime="{}" title="{}">{}</time>', moments.utc_attribute(instant), title, words)


@register.simple_tag
def local_date(day: date | str | None) -> str:
    """{% local_date version.since %}: 22 Nov 2026. Frozen facts hold days as ISO texts."""
    if day is None:
        return "–"
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), moments.short_date(day))


@register.simple_tag
def due(day: date | None, zone: str | tzinfo | None = None) -> str:
    """{% due action.due site.zone %}: in 3 days, due today, 2 days late; the title has the date."""
    if day is None:
        return format_html('<span class="muted">{}</span>', _("no date"))
    today = clock.now().astimezone(moments.zone_of(zone)).date()
    words, tone, on = (
        moments.due_in_words(day, today=today),
        moments.due_tone(day, today=today),
        moments.short_date(day),
    )
    hidden = "" if on in words else format_html('<span class="visually-hidden"> ({})</span>', on)
    sign = drawing("clock") if tone != "plain" else ""
    return format_html(
        '<time class="due tone-{}" datetime="{}" title="{}">{}{}{}</time>',
        tone,
        day.isoformat(),
        on,
        sign,
        words,
        hidden,
    )


# Pages -----------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def words_of_block(context: RequestContext, name: str) -> str:
    """The text of a block, without markup: so the browser's title can repeat the page's heading."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return " ".join(unescape(strip_tags(block.render(context))).split()) if block else ""


@register.filter
def holds(person: Any, role: str) -> bool:
    """{% if user|holds:"administrator" %}: whether the signed-in person holds the role anywhere."""
    return bool(getattr(person, "is_authenticated", False)) and person.holds(role)


@register.filter
def reads(person: Any, site: Any) -> bool:
    """{% if user|reads:audit.site %}: whether the person reads the hospital's audits as a whole."""
    return bool(person.reads_all_at(site.pk))


@register.simple_tag
def reason(value: str | tuple[str, str]) -> SafeString | str:
    """One reason of a refusal: a text, or a (text, address) pair that links to what is missing."""
    return value if isinstance(value, str) else format_html('<a href="{}">{}</a>', value[1], value[0])


@register.simple_tag
def tone_of_message(message: Any) -> str:
    """The tone of one of Django's messages, by its level."""
    return {"error": "bad", "warning": "attention", "success": "good"}.get(message.level_tag, "info")


@register.inclusion_tag("_components/breadcrumb.html")
def breadcrumb(*pairs: str) -> dict[str, Any]:
    """{% breadcrumb _("Audits") audits_url audit.ref audit_url %}: label, address, ...; at most three."""
    if len(pairs) % 2 or len(pairs) > 6:
        raise template.TemplateSyntaxError("A breadcrumb is one to three pairs of label and address.")
    return {"crumbs": [{"label": label, "href": href} for label, href in zip(pairs[::2], pairs[1::2], strict=True)]}


@register.inclusion_tag("_components/sort_header.html", takes_context=True)
def sort_header(context: RequestContext, key: str, label: str, kind: str = "") -> dict[str, Any]:
    """{% sort_header "due" _("Due") %}: a <th> whose link sets ?sort=due, then ?sort=-due (downwards).

    `kind` "number" aligns the column to the right.
    """
    query = context["request"].GET.copy()
    now = query.get("sort", "")
    query["sort"] = f"-{key}" if now == key else key
    query.pop("page", None)
    direction = {key: "ascending", f"-{key}": "descending"}.get(now, "")
    return {"label": label, "href": f"?{query.urlencode()}", "direction": direction, "kind": kind}


@register.simple_tag(takes_context=True)
def query_with(context: RequestContext, **changes: Any) -> str:
    """{% query_with page=2 %}: this page's query with some keys changed; None or "" removes a key."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def query_with_all(context: RequestContext, keys: Mapping[str, str], **changes: Any) -> str:
    """{% query_with_all group.key state="overdue" %}: the same, with keys that only the page knows; back to page 1."""
    return query_with(context, page=None, **{**keys, **changes})


@register.inclusion_tag("_components/pagination.html", takes_context=True)
def pagination(context: RequestContext, page: Any, label: str = "") -> dict[str, Any]:
    """{% pagination page %}: links to a paginator's pages, keeping the filters; nothing for a single page."""
    numbers: Iterable[int | str] = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    links = [{"number": n, "href": query_with(context, page=n) if isinstance(n, int) else ""} for n in numbers]
    return {
        "page": page,
        "label": label,
        "links": links,
        "previous": query_with(context, page=page.number - 1),
        "next": query_with(context, page=page.number + 1),
    }
