"""What the clinical safety officer judges: the review, and hazards."""

from typing import Any

import pytest
from django.test import Client

from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.findings.models import HazardRating
from tests.audits.pages import sign_in
from tests.factories import Make


@pytest.fixture
def audit(make: Make) -> Audit:
    """In review: one critical gap, one critical met without evidence, one major gap, all else in order."""
    return make.submitted(mon_03=make.gap(), mon_02={"verdict": "met"}, val_08=make.gap("not_met"))


def groups(client: Client, audit: Audit) -> dict[str, list[str]]:
    context = client.get(f"/audits/{audit.ref}/review/").context
    return {group["title"]: [item.question["code"] for item in group["items"]] for group in context["first"]}


def test_what_needs_judgement_stands_first_each_question_once(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    assert groups(client, audit) == {
        "Critical and not fully met": ["mon-02", "mon-03"],
        "Not or only partly met": ["val-08"],
    }
    rest = client.get(f"/audits/{audit.ref}/review/").context["rest"]
    folded = [item.question["code"] for group in rest for item in group["items"]]
    assert sorted([*folded, "mon-02", "mon-03", "val-08"]) == sorted(audit.answers.values_list("code", flat=True))


def test_the_result_is_called_calculated_and_a_priority_provisional(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    page = client.get(f"/audits/{audit.ref}/review/").content.decode()
    assert "Calculated result: thresholds reached, with conditions" in page
    assert "It is not a decision." in page
    assert "Provisional priority, not a clinical risk estimate" in page
    for word in ("approved", "safe to", "compliant", "certified"):
        assert word not in page.lower()


def test_questions_go_back_with_reasons(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    sent = {"act": "return", "return-mon-03": "Which table,\r\nand since when?", "return-val-08": "  "}
    assert client.post(f"/audits/{audit.ref}/review/", sent)["Location"] == audit.get_absolute_url()
    audit.refresh_from_db()
    assert (audit.state, audit.round) == ("draft", 2)
    (row,) = audit.submission.returns.all()
    assert (row.answer.code, row.reason, row.by) == ("mon-03", "Which table,\nand since when?", ben)


def test_it_is_accepted_with_a_note(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    assert client.post(f"/audits/{audit.ref}/review/", {"act": "accept", "note": "Read in full."}).status_code == 302
    audit.refresh_from_db()
    assert (audit.state, audit.submission.review.note) == ("reviewed", "Read in full.")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"act": "return"}, "Give a reason for at least one question, or accept the audit."),
        ({"act": "accept", "return-mon-03": "Why?"}, "You gave reasons to return mon-03."),
        ({}, "Choose whether to accept the audit or to return questions."),
        ({"act": "burn"}, "Select a valid choice."),
    ],
)
def test_an_unclear_review_keeps_what_was_typed(
    client: Client, audit: Audit, ben: User, sent: dict[str, str], sentence: str
) -> None:
    sign_in(client, ben)
    page = client.post(f"/audits/{audit.ref}/review/", sent | {"note": "A long note."}).content.decode()
    assert sentence in page
    assert "A long note." in page
    assert sent.get("return-mon-03", "") in page
    audit.refresh_from_db()
    assert audit.state == "submitted"


def test_what_changed_since_the_last_round_is_marked(
    client: Client, make: Make, audit: Audit, asha: User, ben: User
) -> None:
    audit.return_questions({"mon-03": "Which?", "mon-09": "Since when?"}, by=ben)
    answers = {a.code: a for a in audit.answers.filter(code__in=["mon-03", "mon-09"])}
    answers["mon-03"].save_revision(by=asha, base=1, key="r2", verdict="met", evidence_note="The table of May.")
    audit.refresh_from_db()
    audit.submit(by=asha)
    sign_in(client, ben)
    assert groups(client, audit)["Changed"] == ["mon-03"]
    assert "Changed since round 1" in client.get(f"/audits/{audit.ref}/review/").content.decode()


def test_who_submitted_it_does_not_review_it(client: Client, make: Make, ada: User, asha: User, ben: User) -> None:
    ben.give_role("auditor", site=None, by=ada)
    audit = make.audit(answered=True)
    audit.submit(by=type(ben).objects.get(pk=ben.pk))
    sign_in(client, ben)
    assert client.get(f"/audits/{audit.ref}/review/").status_code == 409


def test_a_review_happens_once(client: Client, make: Make, ben: User) -> None:
    audit = make.reviewed()
    sign_in(client, ben)
    assert client.get(f"/audits/{audit.ref}/review/").status_code == 409
    assert client.post(f"/audits/{audit.ref}/review/", {"act": "accept"}).status_code == 409


# Hazards -------------------------------------------------------------------------------------------------

RATED = {
    "title": "A dose is copied",
    "severity": "Major",
    "likelihood": "Medium",
    "reason": "Seen twice.",
    "finding": "",
}


def open_ratings(audit: Audit) -> list[HazardRating]:
    return list(HazardRating.objects.filter(deployment=audit.deployment_id).open())


def rate(client: Client, audit: Audit, **more: Any) -> Any:
    return client.post(f"/audits/{audit.ref}/hazard-ratings/", RATED | more)


def test_a_hazard_gets_its_level_from_the_matrix(client: Client, audit: Audit, ben: User) -> None:
    finding = audit.deployment.findings.first()
    sign_in(client, ben)
    assert rate(client, audit, finding=finding.ref).status_code == 302
    (rating,) = open_ratings(audit)
    assert (rating.level, rating.finding, rating.by) == (3, finding, ben)
    page = client.get(f"/audits/{audit.ref}/hazard-ratings/").content.decode()
    assert "A dose is copied" in page
    assert "Level 3" in page


def test_nothing_is_rated_by_default(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    page = client.get(f"/audits/{audit.ref}/hazard-ratings/").content.decode()
    assert "No hazard is rated" in page
    assert "checked" not in page


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("title", "Name the hazard."),
        ("severity", "This field is required."),
        ("likelihood", "This field is required."),
        ("reason", "Give the reason for this rating."),
    ],
)
def test_a_rating_needs_all_its_parts(client: Client, audit: Audit, ben: User, missing: str, sentence: str) -> None:
    sign_in(client, ben)
    page = rate(client, audit, **{missing: ""}).content.decode()
    assert sentence in page
    assert open_ratings(audit) == []


def test_a_lower_level_needs_the_control_and_replaces_the_rating(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    rate(client, audit)
    (old,) = open_ratings(audit)
    where = f"/audits/{audit.ref}/hazard-ratings/{old.ref}/"
    lower = RATED | {"likelihood": "Very low", "reason": "A second check is made."}
    assert "The level goes down: name the control" in client.post(where, lower).content.decode()
    assert client.post(where, lower | {"control": "Two nurses read it."}).status_code == 302
    (new,) = open_ratings(audit)
    assert (new.level, new.replaces) == (2, old)
    assert new.reason == "A second check is made.\nControl in place: Two nurses read it."
    assert client.post(where, lower | {"control": "Again."}).status_code == 404


def test_a_rating_closes_with_its_control(client: Client, audit: Audit, ben: User) -> None:
    sign_in(client, ben)
    rate(client, audit)
    (rating,) = open_ratings(audit)
    where = f"/audits/{audit.ref}/hazard-ratings/{rating.ref}/closure/"
    assert "Name the control that is in place." in client.post(where, {"reason": ""}).content.decode()
    assert client.post(where, {"reason": "The field is gone."}).status_code == 302
    assert open_ratings(audit) == []
    assert client.get(where).status_code == 404


def test_others_read_the_ratings_and_cannot_give_them(client: Client, audit: Audit, asha: User) -> None:
    sign_in(client, asha)
    assert '<form method="post" novalidate' not in client.get(f"/audits/{audit.ref}/hazard-ratings/").content.decode()
    assert rate(client, audit).status_code == 403
