"""Questionnaires that nobody would write: generated questions under the rules of a seeded version, in memory."""

from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from auditapp.deployments.profile import facts_in
from auditapp.questionnaires import assembling
from auditapp.questionnaires.models import Category, Domain, DraftQuestion
from auditapp.questionnaires.spreadsheets.values import Known
from auditapp.text import clean
from tests.questionnaires import seeded

BASE = "predeploy-llm"
CONTENT = seeded.version(BASE).content
CATEGORIES = [
    Category(
        code=category["id"],
        domain=Domain(code=domain["id"], title=domain["title"], description=domain["description"]),
        **{name: category[name] for name in assembling.CATEGORY},
        review_source=category["review_source"],
    )
    for domain in seeded.content().checks["domains"]
    for category in domain["categories"]
]


def _framework(row: dict[str, Any]) -> SimpleNamespace:
    clauses = [SimpleNamespace(code=clause["id"], title=clause["title"]) for clause in row["clauses"]]
    about = {"code": row["id"], "name": row["name"], "version": row["version"]}
    return SimpleNamespace(**about, clauses=SimpleNamespace(all=lambda: clauses))


FRAMEWORKS = [_framework(row) for row in seeded.content().frameworks["frameworks"]]
CLAUSES = sorted(f"{f.code}:{c.code}" for f in FRAMEWORKS for c in f.clauses.all())
FACTS = facts_in(CONTENT["applicability"]["profile_facts"])
YES_OR_NO = [fact.id for fact in FACTS if not fact.is_level]
KNOWN = Known(
    categories={category.code: category.title for category in CATEGORIES},
    stages=CONTENT["stages"],
    asked_at=CONTENT["questionnaire"]["stages"],
    facts=FACTS,
    clauses=frozenset(CLAUSES),
    roles=CONTENT["signatory_roles"],
)

# What spreadsheets and YAML would like to take for something else.
FORMULAS = ["=1+1", "-1", "+x", "@x", "#N/A", "_x0041_", "a|b\\n", "a\n\n b ", "\ta"]
SCALARS = [
    "yes",
    "No",
    "null",
    "~",
    "1.50",
    "0x1f",
    "1:30",
    "2026-01-01",
    "on",
    "a: b",
    "- a",
    "# a",
    "'a'",
    '"a"',
    "a # b",
]
MARKS = ["a # b", "...", "---", "&a", "*a", "!a", "%a", "`a`"]
AWKWARD = st.sampled_from([*FORMULAS, *SCALARS, *MARKS])
SIGNS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(st.text(SIGNS, max_size=40), AWKWARD).map(clean)
SAID = TEXTS.filter(bool)


def some(values: list[str], *, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3, unique=True)


CONDITIONS = st.one_of(
    st.just("always"),
    st.fixed_dictionaries({"all": some([*YES_OR_NO, "autonomy_level>=2"], least=1)}),
    st.fixed_dictionaries({"any": some([*YES_OR_NO, "autonomy_level<=1"], least=1)}),
    st.fixed_dictionaries({"all": some(YES_OR_NO, least=1), "any": some(YES_OR_NO, least=1)}),
)
THRESHOLDS = st.fixed_dictionaries(
    {"name": SAID, "rule": st.sampled_from(["at_least", "at_most"]), "value": SAID, "unit": SAID}
)
QUESTIONS = st.fixed_dictionaries(
    {
        "category": st.sampled_from(CATEGORIES),
        "text": SAID,
        "guidance": TEXTS,
        "expected_evidence": TEXTS,
        "criticality": st.sampled_from(["critical", "major", "minor"]),
        "stages": some(["live", "change"]).map(lambda more: ["pre", *more]),
        "applies_when": CONDITIONS,
        "scope": st.sampled_from(["deployment", "organisation"]),
        "not_applicable_backed_by": TEXTS,
        "criticality_option": st.one_of(
            st.just({}), st.fixed_dictionaries({"criticality": st.just("critical"), "offer_when": SAID})
        ),
        "clauses": some(CLAUSES),
        "reason": TEXTS,
        "thresholds": st.lists(THRESHOLDS, max_size=2),
    }
)
ABOUT = st.fixed_dictionaries(
    {
        "title": SAID,
        "purpose": SAID,
        "frequency": SAID,
        "defaults": st.dictionaries(st.sampled_from(YES_OR_NO), st.booleans(), max_size=2),
        "trigger_sets": st.lists(
            st.fixed_dictionaries({"trigger": SAID, "categories": some([c.code for c in CATEGORIES], least=1)}),
            max_size=2,
            unique_by=lambda row: row["trigger"],
        ),
        "trigger_rule": TEXTS,
    }
)


def content_of(about: dict[str, Any], questions: list[dict[str, Any]]) -> dict[str, Any]:
    """What would be frozen of these questions, in the order in which a draft has them."""
    order = {category.code: n for n, category in enumerate(CATEGORIES)}
    by_code = {category.code: category for category in CATEGORIES}
    asked = [
        DraftQuestion(**{name: value for name, value in question.items() if name != "category"})
        for question in questions
    ]
    for row, question in zip(asked, questions, strict=True):
        category = question["category"]
        row.category = category if isinstance(category, Category) else by_code[category]
    asked.sort(key=lambda row: order[row.category.code])
    about = about | {"code": "ours", "version": 1}
    return assembling.assembled(about, asked, rules=CONTENT, frameworks=FRAMEWORKS)


@st.composite
def contents(draw: Any) -> dict[str, Any]:
    """The frozen content of a generated questionnaire."""
    about = CONTENT["questionnaire"] | draw(ABOUT)
    questions = draw(st.lists(QUESTIONS, min_size=1, max_size=6))
    return content_of(about, [{"code": f"own-{n:02d}", **question} for n, question in enumerate(questions)])
