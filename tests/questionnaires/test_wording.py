"""The difference of two wordings: nothing is lost, and it reads without colour."""

from itertools import pairwise

from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from auditapp.questionnaires.wording import word_difference

WORDS = st.text(alphabet=st.sampled_from("ab .,-\n<&éß"), max_size=40) | st.text(max_size=40)


@given(WORDS, WORDS)
def test_the_stretches_join_to_both_wordings_and_none_is_empty(before, after):
    changes = word_difference(before, after)
    assert "".join(c.text for c in changes if c.kind != "added") == before
    assert "".join(c.text for c in changes if c.kind != "removed") == after
    assert all(c.text for c in changes)
    assert all(one.kind != two.kind for one, two in pairwise(changes))


@given(WORDS)
def test_the_same_wording_has_no_change(text):
    assert word_difference(text, text) == ([("kept", text)] if text else [])


def test_changed_words_stand_beside_each_other_and_space_does_not_part_them():
    before = "Is the sensitivity reviewed every quarter, by a clinician?"
    after = "Is the specificity reviewed once a year, by a clinician?"
    assert word_difference(before, after) == [
        ("kept", "Is the "),
        ("removed", "sensitivity"),
        ("added", "specificity"),
        ("kept", " reviewed "),
        ("removed", "every quarter"),
        ("added", "once a year"),
        ("kept", ", by a clinician?"),
    ]


def test_a_word_added_at_the_end_leaves_the_word_before_it_alone():
    assert word_difference("Is it safe?", "Is it safe for children?") == [
        ("kept", "Is it safe"),
        ("added", " for children"),
        ("kept", "?"),
    ]


def test_texts_too_long_to_compare_count_as_replaced():
    assert [c.kind for c in word_difference("a " * 10_000, "a " * 9_000)] == ["removed", "added"]


def test_the_tag_says_in_words_what_is_struck_out_and_what_is_new():
    template = Template("{% load wordings %}{% word_changes before after %}")
    assert template.render(Context({"before": "Is <b> safe?", "after": "Is <i> safe?"})) == (
        '<span class="wording">Is &lt;<del><span class="visually-hidden"> removed: </span>b</del>'
        '<ins><span class="visually-hidden"> added: </span>i</ins>&gt; safe?</span>'
    )
