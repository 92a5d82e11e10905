"""A newer list of frameworks, taken over without a release: exact about what is wrong, undone by nothing older."""

from datetime import UTC, datetime

import pytest
import yaml
from django.core.management import CommandError, call_command

from auditapp import clock
from auditapp.deployments.profile import SEED
from auditapp.questionnaires.framework_lists import load_frameworks
from auditapp.questionnaires.loading import load
from auditapp.questionnaires.models import Clause, Framework, FrozenContent, Question
from auditapp.refusals import Refused
from auditapp.trail.models import Event

pytestmark = pytest.mark.usefixtures("as_owner", "today")


@pytest.fixture
def today():
    with clock.at(datetime(2027, 3, 1, 9, tzinfo=UTC)):
        yield


@pytest.fixture
def written(tmp_path):
    """written(framework, …): a file with these frameworks."""

    def write(*frameworks, name="ours.yaml"):
        path = tmp_path / name
        path.write_text(yaml.safe_dump({"frameworks": list(frameworks)}, sort_keys=False, allow_unicode=True))
        return path

    return write


def shipped(code: str) -> dict:
    data = yaml.safe_load((SEED.parent / "frameworks.yaml").read_text(encoding="utf-8"))
    return next(row for row in data["frameworks"] if row["id"] == code)


def newer(code: str, **changes) -> dict:
    return shipped(code) | {"last_verified": "2027-02-01"} | changes


def titles(code: str) -> dict[str, str]:
    return dict(Clause.objects.filter(framework__code=code).values_list("code", "title"))


def named(code: str) -> set[str]:
    links = {link for clauses in Question.objects.values_list("clauses", flat=True) for link in clauses}
    return {link.split(":", 1)[1] for link in links if link.startswith(f"{code}:")}


def test_a_newer_list_brings_clauses_titles_and_dates(written):
    clauses = [{"id": "GOVERN 1.6", "title": "Inventory of AI systems"}, *shipped("nist-ai-rmf")["clauses"]]
    clauses = [c for n, c in enumerate(clauses) if n == 0 or c["id"] != "GOVERN 1.6"]
    (change,) = load_frameworks(written(newer("nist-ai-rmf", clauses=[*clauses, {"id": "GOVERN 9", "title": "Nine"}])))
    assert (change.added, change.retitled, change.removed) == (["GOVERN 9"], ["GOVERN 1.6"], [])
    assert change.in_words() == (
        "nist-ai-rmf: 1 clause added (GOVERN 9); 1 title corrected (GOVERN 1.6); last verified 2027-02-01."
    )
    framework = Framework.objects.get(code="nist-ai-rmf")
    assert framework.last_verified.isoformat() == "2027-02-01"
    assert framework.clauses.first().code == "GOVERN 1.6"
    assert titles("nist-ai-rmf")["GOVERN 9"] == "Nine"


def test_a_newer_list_brings_a_new_framework_and_leaves_the_others_alone(written):
    before = list(Framework.objects.values())
    row = newer("nist-ai-rmf", id="house-rules", clauses=[{"id": "1", "title": "Ask first"}])
    (change,) = load_frameworks(written(row))
    assert change.in_words() == "house-rules: 1 clause added (1); new, last verified 2027-02-01."
    assert list(Framework.objects.exclude(code="house-rules").values()) == before
    assert Framework.objects.last().code == "house-rules"


def test_a_newer_list_removes_no_clause_that_a_questionnaire_names(written):
    kept = named("nist-ai-rmf")
    unnamed = set(titles("nist-ai-rmf")) - kept
    (change,) = load_frameworks(written(newer("nist-ai-rmf", clauses=[{"id": "NEW 1", "title": "New"}])))
    assert set(change.kept) == kept
    assert set(change.removed) == unnamed
    assert set(titles("nist-ai-rmf")) == kept | {"NEW 1"}
    assert "kept although not listed, because a questionnaire names them" in change.in_words()


def test_a_newer_list_alters_no_published_version(written):
    before = dict(FrozenContent.objects.values_list("version", "canonical"))
    load_frameworks(written(newer("nist-ai-rmf", name="Another name", clauses=[{"id": "N", "title": "New"}])))
    assert {k: bytes(v) for k, v in FrozenContent.objects.values_list("version", "canonical")} == {
        k: bytes(v) for k, v in before.items()
    }
    assert load().published == []


def test_a_newer_list_is_on_the_trail_in_numbers_and_digests(written):
    path = written(newer("nist-ai-rmf", name="Another name"))
    load_frameworks(path)
    event = Event.objects.get(verb="framework.updated")
    assert (event.stream, event.actor, event.organisation) == ("framework:nist-ai-rmf", None, None)
    assert b"Another name" not in bytes(event.body)
    assert b'"added":0' in bytes(event.body)
    load_frameworks(path)
    assert Event.objects.filter(verb="framework.updated").count() == 1


def test_a_newer_list_is_not_undone_by_the_list_that_is_shipped(written):
    load_frameworks(written(newer("nist-ai-rmf", name="Our name", clauses=[{"id": "N", "title": "New"}])))
    ours = (list(Framework.objects.values()), titles("nist-ai-rmf"))
    assert load().rows == 0
    assert (list(Framework.objects.values()), titles("nist-ai-rmf")) == ours


def test_a_newer_list_gives_way_to_a_shipped_list_that_is_newer_still(written, folder, edit):
    load_frameworks(written(newer("nist-ai-rmf", name="Our name")))
    edit("frameworks.yaml", "last_verified: '2026-11-22'", "last_verified: '2027-02-20'")
    load(folder)
    framework = Framework.objects.get(code="nist-ai-rmf")
    assert (framework.name, framework.last_verified.isoformat()) == (shipped("nist-ai-rmf")["name"], "2027-02-20")


def test_a_newer_list_gets_a_clause_back_that_a_shipped_check_names(written):
    code = sorted(named("nist-ai-rmf"))[0]
    load_frameworks(written(newer("nist-ai-rmf", name="Our name")))
    Clause.objects.filter(framework__code="nist-ai-rmf", code=code).delete()
    assert load().rows == 1
    assert code in titles("nist-ai-rmf")
    assert Framework.objects.get(code="nist-ai-rmf").name == "Our name"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"last_verified": "2026-10-01"},
            "is older than the list that is here (2026-11-22); write the day on which",
        ),
        ({"last_verified": "2026-11-22", "name": "Changed"}, "is the day of the list here, which differs"),
        ({"last_verified": "2028-01-01"}, "lies in the future"),
    ],
)
def test_a_list_that_is_not_newer_is_refused_with_what_to_write(written, changes, why):
    with pytest.raises(Refused) as refusal:
        load_frameworks(path := written(shipped("nist-ai-rmf") | changes))
    (reason,) = refusal.value.reasons
    line = 1 + next(n for n, text in enumerate(path.read_text().splitlines()) if "last_verified" in text)
    assert reason.startswith(f"ours.yaml, line {line}: frameworks[nist-ai-rmf].last_verified: ")
    assert why in reason


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"name": ""}, "frameworks[nist-ai-rmf].name", "is missing; write a text"),
        ({"version": 2}, "frameworks[nist-ai-rmf].version", "write it in quotes"),
        ({"url": "example.org"}, "frameworks[nist-ai-rmf].url", "beginning with https://"),
        ({"verification": "yes"}, "frameworks[nist-ai-rmf].verification", "write primary"),
        ({"last_verified": "1 Feb 2027"}, "frameworks[nist-ai-rmf].last_verified", "'2026-11-22'"),
        ({"last_verified": "2027-02-30"}, "frameworks[nist-ai-rmf].last_verified", "'2026-11-22'"),
        ({"sources_read": []}, "frameworks[nist-ai-rmf].sources_read", "write a list"),
        ({"clauses": []}, "frameworks[nist-ai-rmf].clauses", "write a list of clauses"),
        ({"clauses": [{"id": 1, "title": "x"}]}, "frameworks[nist-ai-rmf].clauses[0]", "in quotes"),
        (
            {"clauses": [{"id": "A", "title": "x" * 301}]},
            "frameworks[nist-ai-rmf].clauses[A].title",
            "301 characters",
        ),
        ({"clauses": [{"id": "A", "text": "x"}]}, "frameworks[nist-ai-rmf].clauses[A].text", "write id and title"),
        ({"clauses": [{"id": "A", "title": "x"}] * 2}, "frameworks[nist-ai-rmf].clauses[A]", "listed 2 times"),
        (
            {"jurisdictions": "UK"},
            "frameworks[nist-ai-rmf].jurisdictions",
            "write one of clauses, id, jurisdiction",
        ),
        ({"id": "NIST AI"}, "frameworks[NIST AI].id", "write small letters"),
    ],
)
def test_a_list_that_is_not_sound_is_refused_with_file_line_place_and_what_to_write(written, changes, where, what):
    before = (list(Framework.objects.values()), list(Clause.objects.values()))
    with pytest.raises(Refused) as refusal:
        load_frameworks(written(newer("eu-ai-act"), newer("nist-ai-rmf", **changes)))
    reasons = [reason for reason in refusal.value.reasons if f": {where}: " in reason]
    assert reasons, refusal.value.reasons
    assert reasons[0].startswith("ours.yaml, line ")
    assert what in reasons[0]
    assert (list(Framework.objects.values()), list(Clause.objects.values())) == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"frameworks: [", "line 2"),
        (b"\xff\xfe", "is not UTF-8. Save the file as UTF-8."),
        (b"- one", "holds no mapping"),
        (b"frameworks: none", "line 1: frameworks: write a list"),
        (b"other: 1", "line 1: frameworks: write a list"),
        (b"frameworks:\n- text", "line 2: frameworks[0]: write"),
        (b"frameworks:\n- id: a\n  id: b", "the key id is given twice"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path, content, why):
    path = tmp_path / "ours.yaml"
    path.write_bytes(content)
    with pytest.raises(CommandError) as error:
        call_command("load_frameworks", path)
    assert why in str(error.value)


def test_a_newer_list_is_reported_line_by_line(written, capsys):
    path = written(newer("nist-ai-rmf", name="Our name"))
    call_command("load_frameworks", path)
    call_command("load_frameworks", path)
    said = capsys.readouterr().out.splitlines()
    assert said == ["nist-ai-rmf: last verified 2027-02-01.", "Nothing has changed."]


def test_a_file_that_is_missing_says_so(tmp_path):
    with pytest.raises(CommandError, match=r"nothing.yaml is missing"):
        call_command("load_frameworks", tmp_path / "nothing.yaml")
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("load_frameworks", tmp_path)


def test_the_shipped_list_changes_nothing(capsys):
    call_command("load_frameworks", SEED.parent / "frameworks.yaml")
    assert capsys.readouterr().out == "Nothing has changed.\n"
