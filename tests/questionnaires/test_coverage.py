"""Frameworks: which clauses checks help to evidence, which none covers, for all checks and for one version."""

from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from auditapp.questionnaires.models import Clause, Question, QuestionnaireVersion
from tests.questionnaires.own import published, role
from tests.tracking.issued import sign_in

COVERAGE = "/questionnaires/containment-72h/v1/coverage/"
NOTE = "helps evidence, is not compliance and not legal advice"


def text_of(client, address) -> str:
    return " ".join(unescape(strip_tags(client.get(address).content.decode())).split())


def test_the_page_of_a_framework_counts_and_lists_the_clauses_that_no_check_covers(client, asha):
    client.force_login(asha)
    named = {link for links in Question.objects.current_wording().values_list("clauses", flat=True) for link in links}
    clauses = Clause.objects.filter(framework__code="eu-ai-act")
    uncovered = [clause for clause in clauses if f"eu-ai-act:{clause.code}" not in named]
    page = text_of(client, "/questionnaires/frameworks/eu-ai-act/")
    assert client.get("/questionnaires/frameworks/eu-ai-act/").context["covered"].uncovered == uncovered
    if uncovered:
        assert f"{len(uncovered)} clause" in page
    assert NOTE in page
    assert "last verified 22 Nov 2026" in page


def test_a_clause_that_nothing_names_is_listed_as_not_covered(client, asha):
    role("")
    framework = Clause.objects.filter(framework__code="eu-ai-act").first().framework
    framework.clauses.create(code="Article 999", title="A clause of its own", position=999)
    role("auditapp_web")
    client.force_login(asha)
    page = text_of(client, "/questionnaires/frameworks/eu-ai-act/")
    assert "Article 999 A clause of its own" in page.split("that no check covers")[-1]


def test_the_coverage_of_a_version_has_every_framework_with_what_it_names_of_all(client, asha):
    client.force_login(asha)
    response = client.get(COVERAGE)
    rows = {row.framework.code: row for group in response.context["groups"] for row in group["rows"]}
    assert len(rows) == 19
    version = QuestionnaireVersion.objects.get(questionnaire__code="containment-72h")
    for code, row in rows.items():
        links = {link for q in version.all_questions for link in q.clauses if link.startswith(f"{code}:")}
        assert {f"{code}:{clause.code}" for clause, _questions in row.named} == links
        assert len(row.named) + len(row.uncovered) == Clause.objects.filter(framework__code=code).count()
    page = text_of(client, COVERAGE)
    assert NOTE in page
    nist = rows["nist-ai-rmf"]
    assert f"{len(nist.named)} of 72" in page


def test_the_jurisdiction_chooses_what_comes_first_and_hides_nothing(client, asha):
    client.force_login(asha)
    asha.organisation.jurisdiction = "EU"
    asha.organisation.save(update_fields=["jurisdiction"])
    for address in (COVERAGE, "/questionnaires/frameworks/"):
        here, elsewhere = client.get(address).context["groups"]
        assert "eu-ai-act" in [row.framework.code for row in here["rows"]]
        assert "nist-ai-600-1" in [row.framework.code for row in elsewhere["rows"]]
        assert len(here["rows"]) + len(elsewhere["rows"]) == 19
    assert "In other jurisdictions" in text_of(client, COVERAGE)


def test_the_coverage_of_another_organisations_version_does_not_exist(client, make):
    published("ours", own=make.organisations["northshire"])
    client.force_login(make.people["asha"])
    assert client.get("/questionnaires/ours/v1/coverage/").status_code == 200
    sign_in(client, make.people["cleo"])
    assert client.get("/questionnaires/ours/v1/coverage/").status_code == 404
    assert client.get("/questionnaires/nothing/v1/coverage/").status_code == 404


@pytest.mark.parametrize(
    ("small", "large"), [(COVERAGE, "/questionnaires/predeploy-llm/v1/coverage/")], ids=["coverage"]
)
def test_the_number_of_queries_does_not_grow_with_the_questions(client, asha, small, large):
    client.force_login(asha)
    client.get(small)
    counts = []
    for address in (small, large):
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1]
