"""Loading the content files: idempotent, exact about what is wrong, changing nothing that is published."""

import pytest
from django.core.management import CommandError, call_command

from auditapp.deployments.profile import SEED
from auditapp.questionnaires.canonical import digest
from auditapp.questionnaires.loading import load
from auditapp.questionnaires.models import (
    Category,
    Check,
    Clause,
    Domain,
    Framework,
    Question,
    QuestionnaireVersion,
)
from auditapp.questionnaires.proofreading import complaints
from auditapp.questionnaires.reading import read
from auditapp.refusals import Refused
from auditapp.trail.models import Event
from tests.questionnaires.seeded import version

HAL_01 = "Has a clinician-led review of at least 100 local outputs"
LLM = "- id: predeploy-llm\n"


@pytest.mark.usefixtures("as_owner")
def test_everything_in_the_content_files_is_loaded():
    assert Framework.objects.count() == 19
    assert Clause.objects.count() == 333
    assert Domain.objects.count() == 6
    assert Category.objects.count() == 26
    assert Check.objects.filter(retired=None).count() == 201
    assert [(c.code, c.replaced_by.code) for c in Check.objects.no_longer_asked()] == [
        ("con-08", "mon-06"),
        ("ill-06", "tea-06"),
    ]
    asked = {v.questionnaire.code: v.questions_count for v in QuestionnaireVersion.objects.published().counted()}
    assert asked == {
        "predeploy-llm": 163,
        "predeploy-predictive-imaging": 134,
        "quarterly-monitoring": 36,
        "annual-review": 49,
        "containment-72h": 10,
        "incident-update-reaudit": 93,
    }


@pytest.mark.usefixtures("as_owner")
def test_a_stored_version_is_the_frozen_content_with_its_questions():
    for stored in QuestionnaireVersion.objects.published().with_questions():
        made = version(stored.questionnaire.code)
        assert stored.sha256 == digest(stored.canonical) == made.sha256
        assert stored.content == made.content
        fields = ("code", "text", "criticality", "applies_when", "clauses", "reason", "stages", "scope")
        assert [[getattr(q, f) for f in fields] for q in stored.all_questions] == [
            [getattr(q, f) for f in fields] for q in made.all_questions
        ]
        assert all(q.safety_check.code == q.code for q in stored.questions.select_related("safety_check"))


@pytest.mark.usefixtures("as_owner")
def test_loading_again_does_nothing_in_a_handful_of_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        loaded = load()
    assert (loaded.published, loaded.rows) == ([], 0)


@pytest.mark.usefixtures("as_owner")
@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("checks.yaml", HAL_01, "Has a review of at least 90 local outputs", "questions[hal-01].text"),
        ("checks.yaml", "overall_full: 85", "overall_full: 80", "scoring.limits.overall_full"),
        (
            "checks.yaml",
            "meaning: accepts the residual risk",
            "meaning: has read it",
            "signatories[2].meaning",
        ),
        ("checks.yaml", "label: Reads images or signals", "label: Sees", "profile_facts[is_imaging].label"),
        ("frameworks.yaml", "title: AI system inventory", "title: Inventory", "clauses[GOVERN 1.6].title"),
    ],
)
def test_a_changed_text_under_a_published_version_is_refused(folder, edit, name, old, new, where):
    edit(name, old, new)
    with pytest.raises(Refused) as refusal:
        load(folder)
    assert "Write version 2" in refusal.value.sentence
    assert f"{where}." in refusal.value.sentence
    assert Question.objects.filter(text__startswith=HAL_01).count() == 2
    assert QuestionnaireVersion.objects.count() == 6


@pytest.mark.usefixtures("as_owner")
def test_what_gives_no_answer_its_meaning_may_be_corrected(folder, edit):
    edit("frameworks.yaml", "last_verified: '2026-11-22'", "last_verified: '2027-02-01'")
    edit("checks.yaml", "body_location: Part 1, hallucination paragraph", "body_location: Part 1")
    loaded = load(folder)
    assert (loaded.published, loaded.rows) == ([], 2)
    assert Framework.objects.get(code="nist-ai-rmf").last_verified.isoformat() == "2027-02-01"
    assert Category.objects.get(code="hallucination").review_source["body_location"] == "Part 1"


def write_version_2(folder, edit):
    """A new wording of hal-01 in every questionnaire that asks it."""
    edit("checks.yaml", HAL_01, "Has a review by clinicians of at least 100 local outputs")
    for code in ("predeploy-llm", "incident-update-reaudit"):
        edit("checks.yaml", f"- id: {code}\n", f"- id: {code}\n  version: 2\n")


@pytest.mark.usefixtures("as_owner")
def test_a_new_version_is_published_and_the_old_one_stays_as_it_was(folder, edit):
    old = QuestionnaireVersion.objects.with_questions().get(questionnaire__code="predeploy-llm")
    before = (old.sha256, old.canonical, [q.text for q in old.all_questions])
    write_version_2(folder, edit)
    assert load(folder).published == ["predeploy-llm v2", "incident-update-reaudit v2"]
    old = QuestionnaireVersion.objects.with_questions().get(pk=old.pk)
    assert old.state == "retired"
    assert (old.sha256, old.canonical, [q.text for q in old.all_questions]) == before
    new = QuestionnaireVersion.objects.published().get(questionnaire__code="predeploy-llm")
    assert (new.number, new.about["version"]) == (2, 2)
    assert load(folder).published == []
    wording = {q.code: q.text for q in Question.objects.current_wording()}
    assert wording["hal-01"].startswith("Has a review by clinicians")
    assert len(wording) == 201


@pytest.mark.usefixtures("as_owner")
def test_publishing_and_retiring_leave_lines_on_the_trail(folder, edit):
    write_version_2(folder, edit)
    load(folder)
    lines = Event.objects.filter(stream__startswith="questionnaire_version:predeploy-llm:").order_by("pk")
    assert [(line.stream[-1], line.verb, line.actor) for line in lines] == [
        ("1", "questionnaire_version.published", None),
        ("1", "questionnaire_version.retired", None),
        ("2", "questionnaire_version.published", None),
    ]


@pytest.mark.usefixtures("as_owner")
def test_a_version_that_is_not_the_next_one_is_refused(folder, edit):
    edit("checks.yaml", LLM, f"{LLM}  version: 3\n")
    with pytest.raises(Refused, match=r"questionnaires\[predeploy-llm\].version: is 3; the next version is 2"):
        load(folder)


@pytest.mark.usefixtures("as_owner")
def test_a_check_that_vanished_without_being_retired_is_refused(folder, edit):
    text = (folder / "checks.yaml").read_text(encoding="utf-8")
    begin, end = text.index("    - id: soc-09\n"), text.index("retired_checks:")
    (folder / "checks.yaml").write_text(text[:begin] + text[end:], encoding="utf-8")
    for code in ("predeploy-llm", "predeploy-predictive-imaging"):
        edit("checks.yaml", f"- id: {code}\n", f"- id: {code}\n  version: 2\n")
    with pytest.raises(Refused, match="soc-09 is gone"):
        load(folder)
    assert QuestionnaireVersion.objects.count() == 6


@pytest.mark.usefixtures("as_owner")
def test_the_command_says_what_is_wrong_and_where(folder, edit):
    edit("checks.yaml", "criticality: critical\n      stages", "criticality: frightful\n      stages")
    with pytest.raises(CommandError) as error:
        call_command("load_questionnaires", folder=folder)
    line = (folder / "checks.yaml").read_text().split("criticality: frightful")[0].count("\n") + 1
    assert str(error.value).splitlines() == [
        "The content files cannot be published as they are.",
        f"  checks.yaml:{line}: domains[llm-function].categories[hallucination].checks[hal-01].criticality: "
        "frightful has no weight in scoring.weights",
    ]


def test_the_seeded_content_has_nothing_to_complain_about():
    assert complaints(read(SEED.parent)) == []


HALLUCINATION = "domains[llm-function].categories[hallucination]"


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("checks.yaml", "id: hal-02", "id: hal-01", "checks and retired_checks: hal-01 is given 2 times"),
        ("checks.yaml", "id: hal-02", "id: ill-06", "checks and retired_checks: ill-06 is given 2 times"),
        (
            "checks.yaml",
            "id: hal-02",
            "id: abc-02",
            f"{HALLUCINATION}.checks[abc-02].id: does not begin with hal-",
        ),
        (
            "checks.yaml",
            "      - pre\n",
            "      - never\n",
            f"{HALLUCINATION}.checks[hal-01].stages: names no",
        ),
        ("checks.yaml", "- nist-ai-600-1:2.2", "- nist-ai-600-1:99", "has no clause nist-ai-600-1:99"),
        (
            "checks.yaml",
            "- is_llm\n      maps_to",
            "- is_magic\n      maps_to",
            "is_magic is no fact of the profile",
        ),
        (
            "checks.yaml",
            "autonomy_level<=1",
            "autonomy_level<1",
            "autonomy_level<1 is no fact of the profile",
        ),
        (
            "checks.yaml",
            "        all:\n",
            "        most:\n",
            "is neither always nor a mapping of all and any",
        ),
        (
            "checks.yaml",
            "origin: review\n",
            "origin: hearsay\n",
            f"{HALLUCINATION}.review_source.origin: is not one",
        ),
        ("checks.yaml", "replaced_by: tea-06", "replaced_by: tea-99", "there is no check tea-99"),
        ("checks.yaml", "  - hallucination\n", "  - delusion\n", "categories: there is no category delusion"),
        ("checks.yaml", "  - hal-07\n", "  - hal-01\n", "check_ids: hal-01 is not asked at stage live"),
        ("checks.yaml", "role: executive\n    meaning: acc", "role: king\n    meaning: acc", "has no king"),
        (
            "checks.yaml",
            "scores 0.5 and is marked",
            "scores half",
            "scoring.definitions.unevidenced: does not say",
        ),
        ("checks.yaml", "at least 20 characters", "a few words", "does not say how many characters"),
        (
            "checks.yaml",
            "score: 0.5",
            "score: 0.3",
            "answer_scale[partial].score: is not a whole number of halves",
        ),
        ("checks.yaml", "rule: at_least", "rule: about", "local_thresholds[hal-01].rule: is neither"),
        (
            "checks.yaml",
            "    prefix: hal\n",
            "",
            f"{HALLUCINATION}.prefix: is missing, empty or of the wrong kind",
        ),
        (
            "checks.yaml",
            "signatory_rule: ",
            "signatory_rules: ",
            "signatory_rule: is missing, empty or of the",
        ),
        ("checks.yaml", "    part_low: 50\n", "", "scoring.limits.part_low: is missing"),
        (
            "checks.yaml",
            "  - id: thresholds_not_reached",
            "  - id: poor",
            "scoring.calculated_results: are not gate",
        ),
        (
            "checks.yaml",
            "      - re_review\n",
            "      - wait\n",
            "permitted_decisions.gate_not_passed.pre: permits",
        ),
        ("checks.yaml", "    decline: first use", "    no: first use", "does not say what decline means"),
        (
            "checks.yaml",
            "- criticality: major\n",
            "- criticality: minor\n",
            "findings.priorities: major not_met is not",
        ),
        (
            "checks.yaml",
            "    - 3\n    - 4\n    - 4\n",
            "    - 3\n    - 4\n",
            "risk_rating.matrix.Very high: is not",
        ),
        (
            "checks.yaml",
            "'Calculated result: thresholds reached'",
            "Approved",
            "label: sounds like a decision",
        ),
        ("frameworks.yaml", "  publisher: NIST\n", "", "frameworks[nist-ai-rmf].publisher: is missing"),
        ("frameworks.yaml", "id: GOVERN 1.2", "id: GOVERN 1.1", "GOVERN 1.1 is given 2 times"),
        (
            "checks.yaml",
            "        - autonomy_level<=1\n",
            "        - autonomy_level<=1\n        - autonomy_level>=2\n",
            "applies_when: can never hold, so nobody would be asked",
        ),
        (
            "checks.yaml",
            "  replaced_by: tea-06\n",
            "  replaced_by: ill-06\n",
            "retired_checks[ill-06].replaced_by: goes in a circle: ill-06, ill-06",
        ),
    ],
)
def test_unsound_content_is_refused_with_file_and_path(folder, edit, name, old, new, complaint):
    edit(name, old, new)
    found = complaints(read(folder))
    assert any(complaint in line and line.startswith(f"{name}: ") for line in found), found


def test_checks_that_replace_each_other_are_named(folder, edit):
    row = "- id: old-{}\n  replaced_by: old-{}\n  retired: '2026-11-22'\n  reason: merged\n"
    edit(
        "checks.yaml", "retired_checks:\n", "retired_checks:\n" + row.format(1, 2) + row.format(2, 3) + row.format(3, 1)
    )
    circles = [line for line in complaints(read(folder)) if "goes in a circle" in line]
    assert circles[0] == "checks.yaml: retired_checks[old-1].replaced_by: goes in a circle: old-1, old-2, old-3, old-1"
    assert len(circles) == 3


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "weights:\n    critical: 3",
            "weights:\n    critical: 3\n    critical: 4",
            "the key critical is given twice",
        ),
        ("score: 0.5", "score: .nan", ".nan is not a decimal number"),
        ("stages:\n  pre:", "stages:\n pre: [", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_exactly_is_refused(folder, edit, old, new, sentence):
    edit("checks.yaml", old, new)
    with pytest.raises(Refused) as refusal:
        read(folder)
    assert sentence in refusal.value.sentence
    assert refusal.value.sentence.startswith("checks.yaml cannot be read")


def test_a_missing_file_is_named(folder):
    (folder / "frameworks.yaml").unlink()
    with pytest.raises(Refused, match=r"frameworks.yaml is missing"):
        read(folder)


@pytest.mark.usefixtures("as_owner")
def test_sources_are_texts_however_the_file_quotes_them():
    sources = [source for framework in Framework.objects.all() for source in framework.sources]
    assert all(isinstance(source, str) for source in sources)
    assert "public copy: DCB0160 section table" in sources
