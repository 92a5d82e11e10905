"""The printed report: all that was frozen is on it, and the same facts give the same bytes."""

import copy
import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from auditapp.reports import fields, pdf
from tests.reports import example_facts, signed
from tests.reports.full_facts import full

# Frozen for machines and not printed as it stands: codes that are printed as words, times that are printed as
# people read them, and texts that only the attached facts repeat (the guidance beside a question).
NOT_PRINTED = re.compile(
    r"""^(schema|layer
    |submission\.(schema|layer|findings\..*|organisation\.code|site\.(code|zone)|deployment\.live)
    |submission\.(audit\.(reason|round|revision)|categories\.\d+\.(code|domain))
    |submission\.categories\.\d+\.questions\.\d+\.(guidance|expected_evidence|criticality|scope|clauses\.\d+)
    |submission\.categories\.\d+\.questions\.\d+\.answer\.((inherited|deviation\.from)\.)?(verdict|state)
    |submission\.categories\.\d+\.questions\.\d+\.evidence\.\d+\.(kind|source|document)
    |submission\.categories\.\d+\.questions\.\d+\.asked_of_suppliers\.\d+\.(requested|supplied|not_supplied_by)
    |submission\.second_reading\.questions\.\d+\.((first|second)\.verdict|settled\.choice)
    |rounds\.\d+\.returns\.\d+\.(said|answered)\.(verdict|state)
    |submission\.(profile\.(n|facts\.\d+\.(id|value))|excluded\.\d+\.(criticality|category))
    |submission\.result\..*|result_at_decision\..*|definitions\.(matrix|severity)\..*
    |report\.public_id|live_at_decision|decision\.(id|role|stage_group)|rounds\.\d+\.result\.calculated_result
    |hazard_ratings\.\d+\.state|findings\.\d+\.state|thresholds\.items\.\d+\.rule
    |signatories\.\d+\.(role|field)|frameworks\.\d+\.id|submission\.submitted\.date
    |.*\.(at|opened_at|submitted_at|filled_at|begun_at|checked_at|confirmed_at|added_at|prepared_at)
    |.*\.(due|first_due|effective_date|valid_until|last_verified|from|to|on|size))$""",
    re.VERBOSE,
)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text in the facts with its path: ("decision.reasons", "…")."""
    if isinstance(value, str):
        yield path.strip("."), value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}")
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from texts(item, f"{path}.{n}")


def with_tokens(value: Any, kept: dict[str, str], path: str = "") -> Any:
    """The facts with a text of its own, such as “tok17x”, in place of each one that must be printed."""
    if isinstance(value, str):
        name = path.strip(".")
        if not value or NOT_PRINTED.match(name):
            return value
        kept[name] = f"https://t.example/tok{len(kept)}x" if value.startswith("https:") else f"tok{len(kept)}x"
        return kept[name]
    if isinstance(value, dict):
        return {key: with_tokens(item, kept, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [with_tokens(item, kept, f"{path}.{n}") for n, item in enumerate(value)]
    return value


def printed(content: bytes, *options: str) -> str:
    command = ["pdftotext", "-enc", "UTF-8", *options, "-", "-"]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode()


def pages(content: bytes) -> list[str]:
    return printed(content, "-layout").split("\f")


def rendered(facts: dict[str, Any]) -> bytes:
    return pdf.render(facts, facts_bytes=example_facts.canonical(facts))


def example(size: str) -> dict[str, Any]:
    """A copy of the example that a test may change."""
    return copy.deepcopy(signed.facts(size))


def test_every_text_that_was_frozen_is_printed() -> None:
    kept: dict[str, str] = {}
    text = printed(rendered(with_tokens(full(), kept)))
    missing = [path for path, token in kept.items() if not re.search(rf"{re.escape(token)}\b", text)]
    assert missing == []
    assert len(kept) > 250


def test_every_text_that_a_person_typed_is_printed_as_typed() -> None:
    facts = full()
    text = " ".join(printed(rendered(facts)).split())
    typed = re.compile(
        r"\.(note|evidence_note|gap|owner|control|justification|reasons?|text|title|intended_use|name|url|filename)$"
    )
    missing = [
        (path, value)
        for path, value in texts(facts)
        if typed.search(path) and not NOT_PRINTED.match(path) and " ".join(value.split()) not in text
    ]
    across_pages = [value for _path, value in missing if len(value) > 40]  # a page may end within a long text
    assert len(missing) == len(across_pages) < 5


@pytest.mark.parametrize("size", ["small", "large"])
def test_every_question_stands_with_its_verdict_in_words(size: str) -> None:
    words = {"met": "Met", "partial": "Partly met", "not_met": "Not met", "not_applicable": "Not applicable"}
    words |= {"unevidenced": "Met, without evidence"}
    text = " ".join(printed(signed.unsigned(size)).split())
    for category in signed.facts(size)["submission"]["categories"]:
        for question in category["questions"]:
            word = words[question["answer"]["state"]]
            assert re.search(rf"[●◐○–?] {word} {question['code']}, {question['criticality'].title()}", text)


def test_digests_of_evidence_are_printed_whole() -> None:
    text = printed(signed.unsigned("large"))
    digests = re.findall(r'"sha256":"([0-9a-f]{64})"', example_facts.canonical(signed.facts("large")).decode())
    assert len(digests) > 100
    assert [d for d in digests if d not in text] == []


def test_page_one_alone_serves_a_board() -> None:
    facts = signed.facts("large")
    cover = " ".join(pages(signed.unsigned("large"))[0].split())
    result = facts["result_at_decision"]
    for expected in [
        facts["submission"]["deployment"]["name"],
        facts["submission"]["site"]["name"],
        "version 2.3",
        "Approve with contingencies",
        "Calculated result:",
        "Critical gate passed with conditions",
        result["overall"]["shown"],
        result["lowest_counted_part"]["score"]["shown"],
        f"{result['applicable']} of {result['applicable']}",
        "What falls short, gravest first",
        "What must happen, and by when",
        "15 Dec 2026",
        "Chair of the AI governance committee",
        "OFFICIAL: for the AI governance committee",
    ]:
        assert expected in cover


def test_the_fields_for_signatures_stand_on_page_one_in_order() -> None:
    for size in ("small", "large"):
        with pikepdf.open(io.BytesIO(signed.unsigned(size))) as report:
            names = [str(field.T) for field in report.Root.AcroForm.Fields]
            here = [str(a.T) for a in report.pages[0].Annots if a.Subtype == "/Widget"]
        assert names[:-5] == here == [s["field"] for s in signed.facts(size)["signatories"]]
        assert names[-5:] == [fields.SEAL, *fields.TIMESTAMPS]


def test_page_one_keeps_its_signatures_however_long_its_texts_are() -> None:
    facts = example("large")
    facts["submission"]["deployment"]["name"] = (
        "Ambient scribe for all outpatient clinics and day wards of the Royal " * 2
    )
    facts["decision"]["reasons"] = "A reason that goes on and on. " * 300
    for condition in facts["decision"]["conditions"]:
        condition["text"] = "A condition that is spelled out at length. " * 20
    content = rendered(facts)
    with pikepdf.open(io.BytesIO(content)) as report:
        assert len([a for a in report.pages[0].Annots if a.Subtype == "/Widget"]) == 4
    assert " ".join(printed(content).split()).count("A reason that goes on and on.") >= 299  # one ends a page


def test_the_facts_are_attached_byte_for_byte() -> None:
    for size in ("small", "large"):
        with pikepdf.open(io.BytesIO(signed.unsigned(size))) as report:
            attached = report.attachments["audit-facts.json"].get_file()
            (specification,) = report.Root.AF
            assert specification.AFRelationship == "/Data"
            assert attached.read_bytes() == example_facts.canonical(signed.facts(size))
            assert attached.mime_type == "application/json"


def test_every_page_says_which_report_it_belongs_to_and_how_to_check_it() -> None:
    facts = signed.facts("large")
    digest = hashlib.sha256(example_facts.canonical(facts)).hexdigest()
    short = " ".join(digest[i : i + 4] for i in range(0, 16, 4))
    all_pages = pages(signed.unsigned("large"))[:-1]
    for n, text in enumerate(all_pages, 1):
        for expected in ["A-2026-014, revision 2", facts["marking"], short, facts["report"]["verify_url"]]:
            assert expected in text
        assert f"{n} / {len(all_pages)}" in text
    assert digest in printed(signed.unsigned("large"))


def test_without_a_marking_there_is_none() -> None:
    assert "OFFICIAL" not in printed(signed.unsigned("small"))


def test_the_same_facts_give_the_same_bytes_in_another_process() -> None:
    script = """
import hashlib, os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "auditapp.settings"
django.setup()
from tests.reports import signed
sys.stdout.write(hashlib.sha256(signed.unsigned("small")).hexdigest())
"""
    here = hashlib.sha256(rendered(example("small"))).hexdigest()
    root = Path(__file__).resolve().parents[2]
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, check=True
        )
        assert done.stdout.decode() == here


def test_what_a_report_was_printed_with_is_said_and_is_the_same_for_the_same_machine() -> None:
    facts = example("small")
    first, again = (pdf.printed(facts, facts_bytes=example_facts.canonical(facts)) for _ in range(2))
    assert first == again
    assert re.fullmatch(
        r"auditapp [0-9a-f]{16}; weasyprint [\d.]+; pydyf [\d.]+; fonttools [\d.]+; pikepdf [\d.]+; pango [\d.]+; "
        r"fonts [0-9a-f]{16}",
        first.with_,
    )
    other = example("small")
    other["decision"]["reasons"] = "漢字"  # needs one font more
    assert pdf.printed(other, facts_bytes=example_facts.canonical(other)).with_ != first.with_


def test_other_facts_give_other_bytes() -> None:
    facts = example("small")
    facts["decision"]["reasons"] += "."
    assert rendered(facts) != signed.unsigned("small")


def test_dates_in_the_file_are_those_of_the_facts() -> None:
    with pikepdf.open(io.BytesIO(signed.unsigned("small"))) as report:
        assert str(report.docinfo["/CreationDate"]) == str(report.docinfo["/ModDate"]) == "D:20261122164510Z"
        with report.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            assert metadata["xmp:CreateDate"] == "2026-11-22T16:45:10Z"


def test_the_file_is_titled_tagged_bookmarked_and_its_fonts_embedded() -> None:
    content = signed.unsigned("large")
    with pikepdf.open(io.BytesIO(content)) as report:
        assert str(report.Root.Lang) == "en-GB"
        assert bool(report.Root.MarkInfo.Marked)
        assert "Ambient scribe" in str(report.docinfo["/Title"])
        with report.open_outline() as outline:
            bookmarks = [item.title for item in outline.root]
            answers = next(item for item in outline.root if item.title == "Questions and answers")
            assert len(answers.children) == len(signed.facts("large")["submission"]["categories"])
        with report.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert metadata["pdfuaid:part"] == "1"
        fonts = [o for o in report.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        assert fonts
        assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts)
    assert bookmarks[:3] == ["Contents", "Decision", "Calculated result"]


def test_contents_name_the_page_on_which_each_category_begins() -> None:
    all_pages = pages(signed.unsigned("large"))
    contents = all_pages[1]
    for category in signed.facts("large")["submission"]["categories"]:
        line = re.search(rf"^ *(\d+) +{re.escape(category['title'])}$", contents, re.MULTILINE)
        assert line
        assert category["title"] in all_pages[int(line[1]) - 1]


def test_structure_is_clean_for_qpdf(tmp_path: Path) -> None:
    for size in ("small", "large"):
        path = tmp_path / f"{size}.pdf"
        path.write_bytes(signed.unsigned(size))
        done = subprocess.run(["qpdf", "--check", path], capture_output=True, check=True)
        assert b"No syntax or stream encoding errors" in done.stdout


def test_headers_and_footers_are_no_content_for_a_screen_reader() -> None:
    with pikepdf.open(io.BytesIO(signed.unsigned("small"))) as report:
        for page in report.pages:
            spoken, depth, artifact = [], 0, None
            for operands, operator in pikepdf.parse_content_stream(page):
                name = str(operator)
                if name in {"BMC", "BDC"}:
                    depth += 1
                    if artifact is None and str(operands[0]) == "/Artifact":
                        artifact = depth
                elif name == "EMC":
                    artifact = None if artifact == depth else artifact
                    depth -= 1
                elif name == "TJ" and artifact is None:
                    spoken.append(depth)
            assert spoken
            assert all(spoken)  # each piece of text is either tagged or furniture


def test_what_fonts_cannot_draw_is_printed_as_its_number_and_attached_as_typed() -> None:
    facts = example("small")
    facts["decision"]["reasons"] = "Named \U00013000 and \x07 by \u0645\u0631\u064a\u0645."
    content = rendered(facts)
    text = printed(content)
    assert "[U+13000]" in text
    assert "[U+0007]" in text
    assert "Unicode number in square brackets" in " ".join(text.split())
    with pikepdf.open(io.BytesIO(content)) as report:
        assert report.attachments["audit-facts.json"].get_file().read_bytes() == example_facts.canonical(facts)


def test_text_that_looks_like_markup_is_printed_as_text() -> None:
    facts = example("small")
    facts["decision"]["reasons"] = "<script>alert(1)</script> {% now %} <img src='https://evil.example/x.png'> & more"
    assert facts["decision"]["reasons"] in " ".join(printed(rendered(facts)).split())


def test_long_words_and_addresses_stay_on_the_page() -> None:
    facts = example("small")
    question = facts["submission"]["categories"][0]["questions"][0]
    question["answer"]["note"] = "W" * 600
    question["evidence"] = [
        copy.deepcopy(example("large")["submission"]["categories"][0]["questions"][1]["evidence"][0])
    ]
    question["evidence"][0] |= {"kind": "link", "url": "https://intranet.example/" + "a" * 400, "sha256": ""}
    boxes = re.findall(r'xMax="([\d.]+)"', printed(rendered(facts), "-bbox"))
    assert max(map(float, boxes)) < 595.3 - 40  # A4 less a part of its margin, in points


def test_facts_of_another_schema_are_refused() -> None:
    with pytest.raises(ValueError, match="schema 1"):
        rendered(example("small") | {"schema": 2})
    with pytest.raises(ValueError, match="report facts"):
        rendered(example("small")["submission"] | {"report": example("small")["report"]})
