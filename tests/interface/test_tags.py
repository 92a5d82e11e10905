"""The tags: each state as shape and word, dates as people say them, headings repeated in the title."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from auditapp import clock
from auditapp.audits.models import Audit
from auditapp.deployments.models import Deployment
from auditapp.findings.models import Finding
from auditapp.templatetags import signs

CONTENT = yaml.safe_load((Path(__file__).parents[2] / "fixtures" / "seed" / "checks.yaml").read_text())
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def render(text: str, query: str = "", **context: object) -> str:
    request = RequestFactory().get(f"/audits/{query}")
    return Template(text).render(Context({"request": request, **context})).strip()


def word(text: str, **context: object) -> str:
    """What is read: the rendered text without its markup."""
    return render("{% filter striptags %}" + text + "{% endfilter %}", **context)


def test_a_reference_in_a_sentence_stays_on_one_line_and_everything_else_is_escaped():
    assert render("{{ said|whole_refs }}", said="Scribe <b> · A-2026-030-r2 · D-001, A-frame 4") == (
        'Scribe &lt;b&gt; · <span class="ref">A-2026-030-r2</span> · <span class="ref">D-001</span>, A-frame 4'
    )


def test_the_signs_cover_the_content_and_the_states():
    scoring, findings = CONTENT["scoring"], CONTENT["findings"]
    assert set(signs.RESULTS) == {r["id"] for r in scoring["calculated_results"]}
    assert set(signs.GATES) == set(scoring["critical_gate"])
    assert set(signs.CRITICALITIES) == set(scoring["weights"])
    assert set(signs.PRIORITIES) == {p["id"] for p in findings["priorities"]}
    assert set(signs.VERDICTS) == {a["id"] for a in CONTENT["answer_scale"]} | {"unanswered", "unevidenced"}
    assert set(signs.DEPLOYMENT_STATUSES) == set(Deployment.Status.values)
    assert set(signs.FINDING_STATES) == set(Finding.State.values)
    assert set(Audit.State.values) <= set(signs.AUDIT_STATES)


TABLES = [
    signs.VERDICTS,
    signs.AUDIT_STATES,
    signs.DEPLOYMENT_STATUSES,
    signs.FINDING_STATES,
    signs.CRITICALITIES,
    signs.PRIORITIES,
    signs.RESULTS,
    signs.GATES,
    signs.SAVINGS,
]


@pytest.mark.parametrize("table", TABLES)
def test_no_two_states_of_a_kind_share_shape_and_tone(table):
    assert all(sign.word and sign.shape in signs.SHAPES for sign in table.values())
    assert len({(sign.shape, sign.tone) for sign in table.values()}) == len(table)


def test_each_verdict_can_be_told_by_its_shape_alone():
    assert len({sign.shape for sign in signs.VERDICTS.values()}) == len(signs.VERDICTS)


@pytest.mark.parametrize("code", [*signs.RESULTS, "", "something_new"])
def test_a_calculated_result_is_never_shown_without_the_word(code):
    assert "calculated" in word("{% result code %}", code=code).lower()


def test_no_result_is_worded_as_a_decision():
    words = " ".join(word("{% result code %}", code=code) for code in signs.RESULTS).lower()
    assert not any(banned in words for banned in ("approved", "safe", "compliant", "certified"))


@pytest.mark.parametrize(
    ("tag", "reads"),
    [
        ('{% verdict "met" %}', "Met"),
        ('{% verdict "met" evidenced=False %}', "Met, no evidence"),
        ('{% verdict "" %}', "Unanswered"),
        ('{% state "draft" 1 %}', "Draft"),
        ('{% state "draft" 2 %}', "Returned, round 2"),
        ('{% state "submitted" 2 %}', "In review"),
        ('{% deployment_status "in_evaluation" %}', "In evaluation"),
        ('{% priority "P1" %}', "Priority 1"),
        ('{% gate "passed" %}', "Critical gate passed"),
        ('{% criticality "as_told" %}', "As told"),
        ("{% progress 61 126 %}", "61 of 126 answered"),
        ('{% progress 1 3 "signed" %}', "1 of 3 signed"),
    ],
)
def test_a_state_reads_as_its_word(tag, reads):
    assert word(tag) == reads


def test_a_word_from_outside_is_escaped():
    assert "<b>" not in render("{% mark 'info' outside %}", outside="<b>")


@pytest.mark.parametrize(
    ("instant", "zone", "reads"),
    [
        (NOON - timedelta(minutes=5), "Europe/London", "today 11:55 GMT"),
        (NOON - timedelta(hours=13), "Europe/London", "yesterday 23:00 GMT"),
        (NOON - timedelta(hours=13), "Europe/Berlin", "today 00:00 CET"),
        (NOON - timedelta(days=2), "Asia/Dubai", "20 Nov 2026, 16:00 UTC+04"),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), "Europe/London", "1 Jul 2026, 13:00 BST"),
    ],
)
def test_a_time_is_told_in_the_zone_of_the_place(instant, zone, reads):
    with clock.at(NOON):
        assert word("{% local_time instant zone %}", instant=instant, zone=zone) == reads


@pytest.mark.parametrize(
    ("days", "reads", "tone"),
    [
        (-2, "2 days late (20 Nov 2026)", "bad"),
        (-1, "1 day late (21 Nov 2026)", "bad"),
        (0, "due today (22 Nov 2026)", "attention"),
        (1, "due tomorrow (23 Nov 2026)", "attention"),
        (3, "in 3 days (25 Nov 2026)", "attention"),
        (30, "in 30 days (22 Dec 2026)", "plain"),
        (128, "by 30 Mar 2027", "plain"),
    ],
)
def test_a_due_date_says_how_long_is_left(days, reads, tone):
    with clock.at(NOON):
        html = render("{% due day 'Europe/London' %}", day=date(2026, 11, 22) + timedelta(days))
        assert word("{% due day 'Europe/London' %}", day=date(2026, 11, 22) + timedelta(days)) == reads
    assert f"tone-{tone}" in html


def test_the_day_that_counts_is_the_one_at_the_place():
    with clock.at(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)):
        assert word("{% due day 'Asia/Tokyo' %}", day=date(2026, 11, 22)).startswith("1 day late")


def test_a_score_keeps_its_points():
    html = render("{% score s %}", s={"numerator": 187, "denominator": 200, "shown": "93.5"})
    assert "93.5&nbsp;%" in html
    assert "187 of 200 weighted points" in html
    assert word("{% score s %}", s=None) == "no score"


@pytest.mark.parametrize(("numerator", "shape"), [(699, "half"), (700, "full"), (499, "ring"), (500, "half")])
def test_a_cell_of_the_heatmap_is_compared_unrounded(numerator, shape):
    score = {"numerator": numerator, "denominator": 1000, "shown": "70.0"}
    assert signs.drawing(shape) in render("{% load auditapp_charts %}{% heat s %}", s=score)


def test_the_title_repeats_the_heading_without_markup():
    base = Template("<title>{% words_of_block 'heading' %}</title><h1>{% block heading %}{{ t }}{% endblock %}</h1>")
    page = Template("{% extends base %}{% block heading %}Close “{{ t }}” {% state 'void' %}{% endblock %}")
    html = page.render(Context({"base": base, "t": "A & <B>"}))
    assert "<title>Close “A &amp; &lt;B&gt;” Void</title>" in html
    assert html.count("<h1>Close “A &amp; &lt;B&gt;”") == 1


def test_a_breadcrumb_has_at_most_three_steps():
    assert render("{% breadcrumb 'Audits' '/audits/' 'A-2026-014' '/audits/A-2026-014/' %}").count("<li>") == 2
    with pytest.raises(TemplateSyntaxError):
        render("{% breadcrumb 'a' '/' 'b' '/' 'c' '/' 'd' '/' %}")


def test_sorting_by_the_same_header_again_turns_it_round_and_keeps_the_filters():
    first = render("{% sort_header 'due' 'Due' %}", "?state=open&page=3")
    assert 'href="?state=open&amp;sort=due"' in first
    assert "aria-sort" not in first
    again = render("{% sort_header 'due' 'Due' %}", "?state=open&sort=due")
    assert 'href="?state=open&amp;sort=-due"' in again
    assert 'aria-sort="ascending"' in again


def test_pages_keep_the_filters_and_mark_the_present_one():
    html = render("{% pagination page %}", "?state=open", page=Paginator(range(60), 25).page(2))
    assert "26 to 50 of 60" in html
    assert 'href="?state=open&amp;page=3" rel="next"' in html
    assert 'href="?state=open&amp;page=2" aria-current="page"' in html


def test_a_single_page_needs_no_links():
    assert render("{% pagination page %}", page=Paginator(range(3), 25).page(1)) == ""


def test_a_reason_links_to_what_is_missing():
    assert render("{% reason r %}", r=("hal-01 <no answer>", "/a/#x")) == '<a href="/a/#x">hal-01 &lt;no answer&gt;</a>'
    assert render("{% reason r %}", r="An owner is missing.") == "An owner is missing."


@pytest.mark.parametrize(
    ("level", "tone"), [("error", "bad"), ("warning", "attention"), ("success", "good"), ("info", "info")]
)
def test_a_message_has_the_tone_of_its_level(level, tone):
    html = render("{% include '_components/messages.html' %}", messages=[SimpleNamespace(level_tag=level)])
    assert f"notice tone-{tone}" in html
    assert 'role="status"' in html


class ExampleForm(forms.Form):
    owner = forms.CharField(label="Owner", help_text="The person who will see that it is done.")
    likelihood = forms.ChoiceField(
        label="Likelihood", choices=[("1", "Low")], widget=forms.RadioSelect, help_text="As measured."
    )
    note = forms.CharField(label="Note", required=False)

    def clean(self) -> None:
        raise forms.ValidationError("The owner cannot close it.")


def test_fields_are_joined_to_their_help_and_errors_and_only_optional_ones_are_marked():
    html = render("{% load crispy_forms_tags %}{{ form|crispy }}", form=ExampleForm({}))
    assert 'aria-describedby="id_owner_helptext id_owner_error"' in html
    assert 'aria-describedby="id_likelihood_helptext id_likelihood_error"' in html
    for part in ("id_owner_helptext", "id_owner_error", "id_likelihood_helptext", "id_likelihood_error"):
        assert html.count(f'id="{part}"') == 1
    assert 'aria-invalid="true"' in html
    assert html.count("(optional)") == 1
    assert html.index("id_owner_helptext") < html.index("id_owner_error") < html.index('name="owner"')


def test_the_error_summary_comes_with_links_to_the_fields_and_takes_the_focus():
    html = render("{% include '_components/error_summary.html' %}", form=ExampleForm({}))
    assert '<a href="#id_owner">Owner: ' in html
    assert '<a href="#div_id_likelihood">Likelihood: ' in html
    assert "<li>The owner cannot close it.</li>" in html
    assert 'role="alert"' in html
    assert "autofocus" in html
    assert render("{% include '_components/error_summary.html' %}", form=ExampleForm()) == ""


POINTS = [
    {
        "label": "A-2025-031",
        "date": date(2025, 5, 12),
        "value": "58.3",
        "href": "/a/",
        "result": "gate_not_passed",
    },
    {
        "label": "A-2026-014",
        "date": date(2026, 3, 30),
        "value": "81.4",
        "href": "/b/",
        "result": "thresholds_reached",
    },
]


def test_a_trend_says_in_words_and_in_a_table_what_it_draws():
    html = render("{% load auditapp_charts %}{% trend_chart points %}", points=POINTS)
    assert "From 58.3 % on 12 May 2025 to 81.4 % on 30 Mar 2026; lowest 58.3 %, highest 81.4 %." in html
    assert '<a href="/b/">A-2026-014</a>' in html
    assert html.count('role="img"') == 2  # one for wide columns and one for narrow ones
    assert "style=" not in html


def test_a_chart_without_data_says_what_will_appear():
    assert "No audit has been issued yet" in render("{% load auditapp_charts %}{% trend_chart points %}", points=[])
    assert "Nothing has happened yet" in render("{% load auditapp_charts %}{% timeline_chart spans %}", spans=[])


def test_a_timeline_lists_what_it_draws_the_latest_first():
    spans = [
        {"kind": "version", "label": "2.4", "from": date(2026, 11, 10), "to": None, "href": "/v/"},
        {"kind": "incident", "label": "Wrong medicine", "at": date(2026, 11, 20), "href": "/i/"},
    ]
    with clock.at(NOON):
        html = render("{% load auditapp_charts %}{% timeline_chart spans %}", spans=spans)
    assert html.index('<a href="/i/">Wrong medicine</a>') < html.index('<a href="/v/">2.4</a>')
    assert "until now" in html
