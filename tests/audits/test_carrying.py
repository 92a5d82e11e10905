"""Taking over what was signed before: proposed beside each question, an answer only when a person confirms it."""

import json
from datetime import date

import pytest
from django.core.management import call_command

from auditapp.audits import carrying
from auditapp.audits.models import Answer, AnswerEvidence, AnswerRevision, Audit, Saved, Stale
from auditapp.evidence.models import Evidence
from auditapp.refusals import NotAllowed, Refused
from auditapp.reports import jobs
from auditapp.reports.models import Decision, Report
from auditapp.trail.models import Event
from tests.audits.newer import publish_newer
from tests.audits.pages import post_answer, sign_in
from tests.tracking.issued import issued

EVIDENCE = {"title": "Escalation plan", "url": "https://example.org/plan", "effective_date": date(2020, 1, 1)}


@pytest.fixture
def old(make, asha):
    """A signed containment check, with a gap and with evidence that is valid, and that is not any more."""
    deployment = make.deployment(live=True)
    audit = make.audit(deployment=deployment, answered=True, mon_03=make.gap(), mon_05={"verdict": "met"})
    for code, until in {"mon-02": date(2099, 1, 1), "mon-05": date(2020, 2, 1)}.items():
        answer = audit.answers.get(code=code)
        answer.add_evidence(by=asha, **EVIDENCE | {"title": f"Plan for {code}", "valid_until": until})
    audit.submit(by=asha)
    return signed(make, audit)


def signed(make, audit):
    audit.refresh_from_db()
    audit.accept(by=make.people["ben"])
    report = Decision.record(audit, by=make.people["ben"], code="restrict", reasons="The table is late.").report
    jobs.render(report=report.pk, organisation=report.organisation_id, site=report.site_id)
    make.enter_scope()
    for turn in report.signatories:
        person = make.people[{"auditor": "asha", "clinical_safety_officer": "ben"}[turn["role"]]]
        report.sign(by=person, meaning=turn["meaning"], shown_sha256=report.newest_file.sha256)
        jobs.sign(report=report.pk, order=turn["order"], organisation=report.organisation_id, site=report.site_id)
        make.enter_scope()
    return Report.objects.with_names().get(pk=report.pk)


def trail(audit):
    return list(Event.objects.filter(stream=audit.trail_stream).order_by("seq"))


def facts_of(event):
    return json.loads(bytes(event.body))["facts"]


def take_over(audit, code, *, by, source, base=0, key="k"):
    answer = audit.answers.get(code=code)
    return answer.take_over(by=by, base=base, key=key, question=answer.question_id, source=source)


def proposals(audit):
    answers = audit.answers.select_related("question")
    return carrying.proposals(audit, answers, carrying.last_signed(audit))


def test_opening_an_audit_answers_nothing(make, old):
    audit = make.audit(deployment=old.audit.deployment)
    assert (audit.answered, audit.answers.unanswered().count()) == (0, audit.asked)
    assert not AnswerRevision.objects.filter(answer__audit=audit).exists()
    assert not AnswerEvidence.objects.filter(answer__audit=audit).exists()
    with pytest.raises(Refused, match="not complete"):
        audit.submit(by=make.people["asha"])


def test_looking_at_what_was_signed_answers_nothing(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    page = sign_in(client, asha).get(f"/audits/{audit.ref}/carry-forward/")
    assert page.status_code == 200
    assert len(page.context["unchanged"]) == audit.asked
    card = client.get(f"/audits/{audit.ref}/categories/monitoring-incidents/").content.decode()
    assert "Last signed answer" in card
    assert "Still true: take it over" in card
    audit.refresh_from_db()
    assert audit.answered == 0


def test_a_person_makes_it_an_answer_of_this_audit_in_their_own_name(make, old, asha):
    audit = make.audit(deployment=old.audit.deployment)
    outcome = take_over(audit, "mon-03", by=asha, source=old.audit.ref)
    assert isinstance(outcome, Saved)
    answer = audit.answers.get(code="mon-03")
    before = old.audit.answers.get(code="mon-03").current
    assert answer.current.values == before.values
    assert (answer.current.by, answer.current.carried_from, answer.n) == (asha, old.audit.ref, 1)
    audit.refresh_from_db()
    assert audit.answered == 1
    event = trail(audit)[-1]
    assert event.verb == "answer.saved"
    assert facts_of(event)["carried_from"] == old.audit.ref


def test_changing_it_afterwards_makes_it_an_ordinary_answer(make, old, asha):
    audit = make.audit(deployment=old.audit.deployment)
    take_over(audit, "mon-03", by=asha, source=old.audit.ref)
    audit.answers.get(code="mon-03").save_revision(by=asha, base=1, key="k2", verdict="met", evidence_note="Now there.")
    assert audit.answers.get(code="mon-03").current.carried_from == ""


def test_what_is_proposed_is_what_was_frozen_not_what_stands_in_the_rows(make, old):
    audit = make.audit(deployment=old.audit.deployment)
    frozen = {q["code"]: q for c in old.facts["submission"]["categories"] for q in c["questions"]}
    assert {code: p.before for code, p in proposals(audit).items()} == frozen


def test_valid_evidence_is_named_again_and_past_evidence_is_not(make, old, asha):
    audit = make.audit(deployment=old.audit.deployment)
    stored = Evidence.objects.count()
    for code in ("mon-02", "mon-05"):
        take_over(audit, code, by=asha, source=old.audit.ref)
    links = AnswerEvidence.objects.filter(answer__audit=audit)
    (link,) = links
    assert (link.answer.code, link.added_by, link.evidence.title) == ("mon-02", asha, "Plan for mon-02")
    assert link.evidence_id == old.audit.answers.get(code="mon-02").attached.get().evidence_id
    assert Evidence.objects.count() == stored
    assert [e.verb for e in trail(audit)].count("evidence.attached") == 1


def test_the_page_says_which_evidence_is_not_taken_over_and_why(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    page = sign_in(client, asha).get(f"/audits/{audit.ref}/carry-forward/").content.decode()
    assert "Not taken over: Plan for mon-05, because it was valid until" in page
    assert "Without it this is met without evidence, which scores 0.5 instead of 1." in page
    assert "Not taken over: Plan for mon-02" not in page


def test_evidence_is_valid_to_the_end_of_its_last_day_at_the_hospital(make, old):
    audit = make.audit(deployment=old.audit.deployment)
    with make.at("2020-02-01T23:59:00"):
        assert [item["title"] for item in proposals(audit)["mon-05"].valid] == ["Plan for mon-05"]
    with make.at("2020-02-02T00:00:00"):
        assert [item["title"] for item in proposals(audit)["mon-05"].past] == ["Plan for mon-05"]


def test_an_answer_given_meanwhile_stays_and_both_are_shown(make, old, client, asha, ben):
    audit = make.audit(deployment=old.audit.deployment)
    answer = audit.answers.get(code="mon-03")
    answer.save_revision(by=asha, base=0, key="first", verdict="met", evidence_note="Here it is.")
    outcome = take_over(audit, "mon-03", by=asha, source=old.audit.ref)
    assert isinstance(outcome, Stale)
    assert audit.answers.get(code="mon-03").current.evidence_note == "Here it is."
    sent = {"base": 0, "key": "again", "question": answer.question_id, "source": old.audit.ref}
    page = sign_in(client, asha).post(f"/audits/{audit.ref}/answers/mon-03/taking-over/", sent)
    assert page.status_code == 409
    assert "Here it is." in page.content.decode()
    assert not audit.answers.get(code="mon-03").attached.exists()


def test_confirming_twice_is_one_act(make, old, asha):
    audit = make.audit(deployment=old.audit.deployment)
    one = take_over(audit, "mon-02", by=asha, source=old.audit.ref)
    two = take_over(audit, "mon-02", by=asha, source=old.audit.ref)
    assert one.revision == two.revision
    assert audit.answers.get(code="mon-02").attached.count() == 1


def test_only_what_was_read_is_confirmed(make, old, asha):
    audit = make.audit(deployment=old.audit.deployment)
    with pytest.raises(Refused, match="changed since you read it"):
        take_over(audit, "mon-03", by=asha, source="A-2020-001")
    answer = audit.answers.get(code="mon-03")
    other = audit.answers.get(code="mon-02").question_id
    with pytest.raises(Refused, match="The wording of mon-03 has changed"):
        answer.take_over(by=asha, base=0, key="k", question=other, source=old.audit.ref)
    assert audit.answers.get(code="mon-03").current is None


def test_a_form_that_was_tampered_with_confirms_nothing(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    sign_in(client, asha)
    for sent in ({}, {"base": "x"}, {"base": 0, "key": "k", "question": 0, "source": ""}):
        assert client.post(f"/audits/{audit.ref}/answers/mon-03/taking-over/", sent).status_code == 409
    assert audit.answers.unanswered().count() == audit.asked


def test_who_may_not_answer_may_not_take_over(make, old, client, vera, dora, sam, cleo):
    audit = make.audit(deployment=old.audit.deployment)
    for person in (vera, dora):
        with pytest.raises(NotAllowed):
            take_over(audit, "mon-03", by=person, source=old.audit.ref)
    for person in (sam, cleo):
        for path in ("carry-forward/", "answers/mon-03/taking-over/"):
            assert sign_in(client, person).post(f"/audits/{audit.ref}/{path}").status_code == 404


def test_a_lead_takes_over_in_the_own_category_alone(make, old, client, asha, dora):
    audit = make.audit(deployment=old.audit.deployment)
    audit.assign("monitoring-incidents", dora, by=asha)
    page = sign_in(client, dora).get(f"/audits/{audit.ref}/carry-forward/")
    ticks = page.context["offered"]
    assert {tick.split(":")[0][:3] for tick in ticks} == {"mon"}
    sent = {"source": old.audit.ref, "key": "k", "take": [*ticks, "acc-10:0"]}
    assert client.post(f"/audits/{audit.ref}/carry-forward/", sent).status_code == 422
    with pytest.raises(NotAllowed):
        audit.take_over_unchanged({"acc-10": 0}, source=old.audit.ref, by=dora, key="k")
    client.post(f"/audits/{audit.ref}/carry-forward/", sent | {"take": ticks})
    assert {a.current.by for a in audit.answers.exclude(current=None)} == {dora}


def test_several_unchanged_answers_are_confirmed_each_as_an_act_of_its_own(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    page = sign_in(client, asha).get(f"/audits/{audit.ref}/carry-forward/")
    take = page.context["offered"][:3]
    sent = {"source": old.audit.ref, "key": "k", "take": take}
    assert client.post(f"/audits/{audit.ref}/carry-forward/", sent).status_code == 302
    saved = [e for e in trail(audit) if e.verb == "answer.saved"]
    assert [f"{facts_of(e)['check']}:0" for e in saved] == take
    assert {e.actor_id for e in saved} == {asha.pk}
    audit.refresh_from_db()
    assert audit.answered == 3


def test_several_of_which_one_was_answered_meanwhile_are_read_again(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    take = sign_in(client, asha).get(f"/audits/{audit.ref}/carry-forward/").context["offered"][:2]
    post_answer(client, audit, take[0].split(":")[0], evidence_note="Seen.")
    sent = {"source": old.audit.ref, "key": "k", "take": take}
    page = client.post(f"/audits/{audit.ref}/carry-forward/", sent)
    assert page.status_code == 422
    assert "has changed since you read it" in page.content.decode()
    audit.refresh_from_db()
    assert audit.answered == 1


def test_nothing_ticked_is_said(make, old, client, asha):
    audit = make.audit(deployment=old.audit.deployment)
    page = sign_in(client, asha).post(f"/audits/{audit.ref}/carry-forward/", {"source": old.audit.ref, "key": "k"})
    assert (page.status_code, "Tick at least one" in page.content.decode()) == (422, True)


def test_reworded_answers_are_confirmed_singly_with_the_difference_in_view(make, old, client, asha):
    publish_newer()
    audit = make.audit(deployment=old.audit.deployment)
    assert audit.version.number == 2
    page = sign_in(client, asha).get(f"/audits/{audit.ref}/carry-forward/")
    assert [line.answer.code for line in page.context["reworded"]] == ["mon-03"]
    assert [answer.code for answer in page.context["new"]] == ["mon-01"]
    assert [question["code"] for question in page.context["no_longer_asked"]] == ["pat-09"]
    assert "mon-03:0" not in page.context["offered"]
    text = page.content.decode()
    assert '<del><span class="visually-hidden"> removed: </span>organization</del>' in text
    assert '<ins><span class="visually-hidden"> added: </span>hospital</ins>' in text
    with pytest.raises(Refused, match="mon-03"):
        audit.take_over_unchanged({"mon-03": 0}, source=old.audit.ref, by=asha, key="k")
    assert isinstance(take_over(audit, "mon-03", by=asha, source=old.audit.ref), Saved)


def test_the_last_audit_of_the_same_questionnaire_goes_before_a_later_one_of_another(make, old):
    deployment = old.audit.deployment
    issued(make, deployment=deployment, questionnaire="quarterly-monitoring", reason="quarterly")
    assert carrying.last_signed(make.audit(deployment=deployment)).ref == old.audit.ref
    other = make.audit(deployment=deployment, questionnaire="annual-review", reason="yearly")
    assert carrying.last_signed(other).title == "Quarterly monitoring check"


def test_nothing_is_proposed_from_another_deployment_or_from_what_was_never_signed(make, old):
    elsewhere = make.deployment(live=True)
    make.submitted(deployment=elsewhere)
    other = make.audit(deployment=elsewhere, questionnaire="quarterly-monitoring", reason="quarterly")
    assert (carrying.last_signed(other), proposals(other)) == (None, {})


def test_the_round_the_report_and_the_check_of_facts_know_what_was_taken_over(make, old, client, asha):
    bytes_before = {f.step: bytes(f.content) for f in old.files.all()}
    canonical, sha256 = bytes(old.canonical), old.sha256
    publish_newer()
    audit = make.audit(deployment=old.audit.deployment)
    for answer in audit.answers.all():
        if answer.code != "mon-01":
            take_over(audit, answer.code, by=asha, source=old.audit.ref)
    audit.answers.get(code="mon-01").save_revision(by=asha, base=0, key="k", verdict="met", evidence_note="Seen.")
    audit.submit(by=asha)
    report = signed(make, audit)
    questions = {q["code"]: q for c in report.facts["submission"]["categories"] for q in c["questions"]}
    assert {c: q["answer"].get("carried_from") for c, q in questions.items()} == {
        code: None if code == "mon-01" else old.audit.ref for code in questions
    }
    page = sign_in(client, asha).get(f"/audits/{audit.ref}/rounds/1/").content.decode()
    assert "Taken over from" in page
    assert "confirmed by Asha" in page
    call_command("verify_facts")
    make.enter_scope()
    old = Report.objects.get(pk=old.pk)
    assert (bytes(old.canonical), old.sha256) == (canonical, sha256)
    assert {f.step: bytes(f.content) for f in old.files.all()} == bytes_before


def test_a_revision_proposes_nothing_since_it_starts_from_every_answer(make, old, asha):
    revision = Audit.objects.get(ref=old.audit.ref).revise(by=asha, reason="A date was wrong.")
    assert revision.answers.unanswered().count() == 0
    assert Answer.objects.filter(audit=revision).exclude(current__carried_from="").count() == 0
