"""The fill page loads Bootstrap without what no page uses; what it uses is all there."""

from tests.interface.bootstrap_cut import CUT, cut, kept, rules


def test_the_cut_is_what_bootstrap_and_the_pages_of_today_make() -> None:
    """After a change of templates or of Bootstrap: `python -m tests.interface.bootstrap_cut`."""
    assert CUT.read_text() == cut()


def test_a_rule_stays_when_all_its_classes_are_used() -> None:
    css = "a{b:c}.btn,.alert{d:e}.btn .x{f:g}@media print{.btn{h:i}.y{j:k}}@media all{.y{l:m}}:root{--z:1}"
    assert kept(css, {"btn", "alert"}) == "a{b:c}.btn,.alert{d:e}@media print{.btn{h:i}}:root{--z:1}"
    assert [head for head, _body in rules("a{b:c}@media x{d{e:f}}")] == ["a", "@media x"]
