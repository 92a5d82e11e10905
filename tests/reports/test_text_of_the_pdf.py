"""The text in the PDF, as a tool of others takes it out, holds every answer, note and reason of the facts."""

import copy
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports import signed
from tests.reports.full_facts import full
from tests.reports.test_pdf import NOT_PRINTED, rendered, texts

TYPED = re.compile(
    r"\.(note|evidence_note|gap|owner|control|justification|reasons?|text|title|intended_use|name|url|filename|stated"
    r"|judged_because|evidence_wanted|meaning|label|statement|purpose|definition|because\.\d+)$"
)
# The part of a page between head and foot, in points: a text that goes over a page reads on there.
BODY = ["-r", "72", "-x", "0", "-y", "58", "-W", "596", "-H", "728"]
NUMBER = re.compile(r"\[U\+([0-9A-F]{4,6})\]")
RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
WORD = re.compile(r"\w+")
HYPHENS = "-\u2010"
ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
HEBREW = "אבגדהוזחטיכלמנסעפצקרשתךםןףץ"
CHINESE = "患者安全审计报告版本检查医院风险证据说明问题答案决定条件责任人到期未满足部分不适用"
GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"


def extracted(content: bytes) -> str:
    command = ["pdftotext", "-enc", "UTF-8", *BODY, "-", "-"]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()


def bare(text: str) -> str:
    """Without what layout and pdftotext add or drop: blanks, hyphens (at the end of a line), unseen characters."""
    seen = (c for c in unicodedata.normalize("NFKC", text) if not _is_unseen(c))
    return "".join("".join(seen).split())


def _is_unseen(character: str) -> bool:
    is_selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return unicodedata.category(character) == "Cf" or is_selector or character in HYPHENS


def spelled_out(text: str, numbers: set[str]) -> str:
    """As it is printed where fonts lack characters: their numbers in brackets."""
    return "".join(f"[U+{ord(c):04X}]" if f"{ord(c):04X}" in numbers else c for c in text)


def missing(facts: dict[str, Any], content: bytes) -> list[str]:
    """The paths of texts that are not in the file, of all that people typed and of all they were asked."""
    text = extracted(content)
    numbers = set(NUMBER.findall(text))
    held = bare(text)
    return [path for path, value in typed(facts) if not _is_in(held, spelled_out(value, numbers))]


def typed(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, value in texts(facts):
        if TYPED.search(f".{path}") and not NOT_PRINTED.match(path):
            yield path, value


def _is_in(held: str, value: str) -> bool:
    """Whole, and in order; of what runs from right to left each word, since tools order such lines differently."""
    if RIGHT_TO_LEFT.search(value):
        return all(_joined(bare(word)) in _joined(held) for word in WORD.findall(value))
    return bare(value) in held


def _joined(text: str) -> str:
    """Without lam: joined with alef it is one sign of two letters, which pdftotext gives in either order."""
    return text.replace("\u0644", "")


@pytest.mark.parametrize("name", ["small", "large"])
def test_every_text_of_the_examples_is_in_the_text_of_the_pdf(name: str) -> None:
    facts = signed.facts(name)
    assert missing(facts, signed.unsigned(name)) == []
    assert missing(facts, signed.signed(name, 1)) == []


def test_a_text_that_is_not_there_is_found_missing() -> None:
    facts = copy.deepcopy(signed.facts("small"))
    facts["decision"]["reasons"] += " And this."
    assert missing(facts, signed.unsigned("small")) == ["decision.reasons"]


def test_every_text_is_there_where_every_key_is_used() -> None:
    facts = full()
    assert missing(facts, rendered(facts)) == []
    assert len(list(typed(facts))) > 150


def fields(facts: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Where people typed something: (dictionary, key)."""
    questions = [q for c in facts["submission"]["categories"] for q in c["questions"] if q["answer"]]
    keys = ("note", "gap", "control", "justification", "evidence_note", "owner")
    places = [(q["answer"], key) for q in questions for key in keys]
    places += [(item, key) for q in questions for item in q["evidence"] for key in ("title", "filename")]
    places += [(said, "text") for q in questions for said in q.get("comments", [])]
    places += [(facts["decision"], "reasons"), (facts["submission"]["deployment"], "intended_use")]
    places += [(condition, "text") for condition in facts["decision"]["conditions"]]
    places += [(back, "reason") for one in facts["rounds"] for back in one["returns"]]
    places += [(one["review"], "note") for one in facts["rounds"] if one["review"]]
    places += [(finding, key) for finding in facts["findings"][:3] for key in ("gap", "owner")]
    return places


def filled(some: list[str]) -> dict[str, Any]:
    """Facts in which these texts, again and again, stand wherever people type."""
    facts = copy.deepcopy(full())
    for n, (place, key) in enumerate(fields(facts)):
        place[key] = some[n % len(some)]
    return facts


def words(alphabet: str) -> st.SearchStrategy[str]:
    return st.lists(st.text(alphabet, min_size=1, max_size=9), min_size=1, max_size=12).map(" ".join)


ANY = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]).filter(lambda c: not RIGHT_TO_LEFT.match(c)),
    min_size=1,
    max_size=60,
)
LONG_WORDS = st.text("abcdefgXYZäöß_0123456789", min_size=80, max_size=300)
EMOJI = st.lists(st.sampled_from("😀🩺👩🏥✅❌☎🌈👍🏽"), min_size=1, max_size=8).map("".join)
SCRIPTS = st.sampled_from([ARABIC, HEBREW, CHINESE, GREEK, CYRILLIC]).flatmap(words)
MIXED = st.tuples(words("abcdefgh"), words(HEBREW), words("0123456789"), words(ARABIC)).map(" ".join)
LINES = st.lists(words("abcdefghijklmnopqrstuvwxyz.,;:()-"), min_size=2, max_size=5).map("\n".join)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ANY | LONG_WORDS | EMOJI | SCRIPTS | MIXED | LINES, min_size=30, max_size=60))
def test_every_text_is_there_whatever_people_type(some: list[str]) -> None:
    facts = filled([text for text in some if text.strip()] or ["x"])
    assert missing(facts, rendered(facts)) == []


def test_a_note_of_twenty_thousand_characters_is_there_over_all_its_pages() -> None:
    facts = copy.deepcopy(full())
    questions = [q for c in facts["submission"]["categories"] for q in c["questions"] if q["answer"]]
    sentences = [f"Sentence {n} of a note that does not end soon, and says so." for n in range(400)]
    questions[0]["answer"]["note"] = " ".join(sentences)[:20_000]
    questions[1]["answer"]["gap"] = "W" * 20_000
    questions[3]["answer"]["note"] = (CHINESE * 500)[:20_000]
    questions[5]["answer"]["note"] = "\n".join(f"line {n}" for n in range(2_500))
    content = rendered(facts)
    assert missing(facts, content) == []


def test_arabic_hebrew_chinese_and_japanese_are_printed_as_themselves() -> None:
    facts = copy.deepcopy(full())
    facts["decision"]["reasons"] = f"{ARABIC} {HEBREW} {CHINESE} ひらがな カタカナ {GREEK} {CYRILLIC} ՀԱՅ ქართული"
    content = rendered(facts)
    assert missing(facts, content) == []
    assert NUMBER.findall(extracted(content)) == []
    fonts = subprocess.run(["pdffonts", "-"], input=content, capture_output=True, check=True).stdout.decode()
    assert "Droid-Sans-Fallback" in fonts
    assert all(re.search(r" yes +yes +yes +\d+", line) for line in fonts.splitlines()[2:])


def test_what_no_font_has_is_printed_as_its_number_and_nothing_else_is() -> None:
    facts = copy.deepcopy(full())
    facts["decision"]["reasons"] = "ancient \U00013000 and plain"
    text = extracted(rendered(facts))
    assert set(NUMBER.findall(text)) == {"13000"}
    assert "ancient [U+13000] and plain" in " ".join(text.split())
