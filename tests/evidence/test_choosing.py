"""One file for several answers and audits; the same bytes known again; what has expired; what it costs without."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from auditapp import clock
from auditapp.accounts.models import User
from auditapp.audits.models import Audit
from auditapp.evidence.models import Evidence
from auditapp.refusals import NotAllowed
from auditapp.trail.models import Event
from tests.audits.pages import counted, sign_in
from tests.evidence import files
from tests.factories import Make

ABOUT = {"title": "Incident policy", "effective_date": date(2026, 10, 1), "source": "ours"}


@pytest.fixture
def audit(make: Make) -> Audit:
    return make.audit()


@pytest.fixture
def at_work(client: Client, asha: User) -> Client:
    return sign_in(client, asha)


def keep(audit: Audit, by: User, code: str = "mon-02", content: bytes = b"policy", **about: Any) -> Evidence:
    file = SimpleUploadedFile("policy.txt", content)
    answer = audit.answers.get(code=code)
    return answer.add_evidence(by=by, content=file, filename="policy.txt", **ABOUT | about).evidence


def send(client: Client, audit: Audit, code: str, **more: Any) -> Any:
    return client.post(f"/audits/{audit.ref}/answers/{code}/evidence/", ABOUT | more)


def use(client: Client, audit: Audit, code: str, *items: Evidence) -> Any:
    sent = {"item": [item.pk for item in items]}
    return client.post(f"/audits/{audit.ref}/answers/{code}/evidence/choice/", sent)


def choice(client: Client, audit: Audit, code: str = "mon-03", query: str = "") -> str:
    return client.get(f"/audits/{audit.ref}/answers/{code}/evidence/choice/{query}").content.decode()


def named(audit: Audit, code: str) -> list[Evidence]:
    return [link.evidence for link in audit.answers.for_reading().get(code=code).evidence_now]


def test_one_item_is_used_for_several_answers_and_audits(at_work: Client, audit: Audit, make: Make, asha: User) -> None:
    policy = keep(audit, asha)
    other = make.audit()
    for where, code in ((audit, "mon-03"), (other, "mon-02")):
        assert use(at_work, where, code, policy)["Location"].endswith(f"#{code}")
        assert named(where, code) == [policy]
    assert Evidence.objects.count() == 1
    assert Event.objects.filter(verb="evidence.attached", stream=f"audit:{other.ref}").count() == 1


def test_the_choice_tells_what_is_here_and_where_it_is_used(
    at_work: Client, audit: Audit, make: Make, asha: User
) -> None:
    keep(audit, asha)
    elsewhere = keep(make.audit(), asha, title="Rota", content=b"rota", document="log")
    page = choice(at_work, audit)
    assert page.index("Incident policy") < page.index("Rota")  # this deployment's first
    assert "This deployment:" in page
    assert f"mon-02 · {audit.ref}" in page
    assert "Rota" not in choice(at_work, audit, query="?where=deployment")
    assert "Incident policy" not in choice(at_work, audit, query="?q=rota")
    assert "Rota" in choice(at_work, audit, query=f"?q={elsewhere.sha256[:12]}")
    assert "Incident policy" not in choice(at_work, audit, query="?document=log")
    assert "No evidence matches" in choice(at_work, audit, query="?q=nothing+like+it")
    assert "Incident policy" not in choice(at_work, audit, "mon-02")  # it stands there already


def test_the_choice_of_an_empty_hospital_says_so(at_work: Client, audit: Audit) -> None:
    assert "No other evidence is here yet" in choice(at_work, audit)


def test_what_stands_there_is_not_named_twice(at_work: Client, audit: Audit, asha: User) -> None:
    policy = keep(audit, asha)
    assert use(at_work, audit, "mon-02", policy).status_code == 302
    assert named(audit, "mon-02") == [policy]


def test_evidence_of_another_hospital_cannot_be_used(at_work: Client, audit: Audit, make: Make, sam: User) -> None:
    theirs = keep(make.audit(deployment=make.deployment(site="general", live=True), auditor="sam"), sam)
    assert use(at_work, audit, "mon-03", theirs).status_code == 302
    assert named(audit, "mon-03") == []
    assert "Incident policy" not in choice(at_work, audit)
    assert send(at_work, audit, "mon-03", again=theirs.pk).status_code == 422


def test_nonsense_is_chosen_without_harm(at_work: Client, audit: Audit) -> None:
    address = f"/audits/{audit.ref}/answers/mon-03/evidence/choice/"
    assert at_work.post(address, {"item": ["x", "-1", "9" * 30]}).status_code == 302
    assert at_work.post(address).status_code == 302
    assert named(audit, "mon-03") == []


def test_who_may_not_answer_does_not_name_evidence(audit: Audit, asha: User, vera: User) -> None:
    policy = keep(audit, asha)
    with pytest.raises(NotAllowed):
        audit.answers.get(code="mon-03").use_evidence([policy], by=vera)


def test_the_choice_takes_the_same_queries_for_one_item_as_for_ten(at_work: Client, audit: Audit, asha: User) -> None:
    counts = []
    for n in range(10):
        keep(audit, asha, title=f"Policy {n}", content=b"%d" % n)
        if n in {0, 9}:
            choice(at_work, audit)
            with counted(10) as queries:
                choice(at_work, audit)
            counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_the_same_bytes_are_known_again_and_the_person_decides(at_work: Client, audit: Audit, asha: User) -> None:
    policy = keep(audit, asha)
    reply = send(at_work, audit, "mon-03", title="Policy, again", file=SimpleUploadedFile("other name.txt", b"policy"))
    assert reply.status_code == 409
    page = reply.content.decode()
    assert "Already kept as “Incident policy”, added" in page
    assert "by Asha Rao." in page
    assert named(audit, "mon-03") == []
    assert Evidence.objects.count() == 1

    assert use(at_work, audit, "mon-03", policy).status_code == 302
    assert named(audit, "mon-03") == [policy]


def test_the_same_bytes_can_be_another_document(at_work: Client, audit: Audit, asha: User) -> None:
    policy = keep(audit, asha)
    assert send(at_work, audit, "mon-03", title="Policy of 2027", version="2", again=policy.pk).status_code == 302
    (other,) = named(audit, "mon-03")
    assert (other.title, other.version, other.sha256) == ("Policy of 2027", "2", policy.sha256)
    assert other.pk != policy.pk


def test_a_picture_is_known_again_by_what_was_sent_and_by_what_is_kept(
    at_work: Client, audit: Audit, asha: User
) -> None:
    sent = files.photograph(6)
    send(at_work, audit, "mon-02", file=SimpleUploadedFile("poster.jpg", sent))
    (poster,) = named(audit, "mon-02")
    assert poster.is_altered
    downloaded = b"".join(at_work.get(f"/audits/{audit.ref}/evidence/{poster.sha256}/").streaming_content)
    for content in (sent, downloaded):
        reply = send(at_work, audit, "mon-03", file=SimpleUploadedFile("copy.jpg", content))
        assert "Already kept as “Incident policy”" in reply.content.decode()
    page = at_work.get(f"/audits/{audit.ref}/categories/monitoring-incidents/").content.decode()
    assert poster.sha256 in page
    assert poster.uploaded_sha256 in page
    assert "Kept without the place, time and device" in page


def test_several_files_are_added_at_once_and_told_apart_by_their_names(at_work: Client, audit: Audit) -> None:
    sent = [SimpleUploadedFile(f"{n}.txt", b"page %d" % n) for n in (1, 2)]
    assert send(at_work, audit, "mon-03", title="Rota", file=sent).status_code == 302
    assert [item.title for item in named(audit, "mon-03")] == ["Rota, 1.txt", "Rota, 2.txt"]


def test_of_several_files_none_is_kept_when_one_is_refused(at_work: Client, audit: Audit) -> None:
    sent = [SimpleUploadedFile("1.txt", b"page"), SimpleUploadedFile("2.pdf", files.script_pdf())]
    reply = send(at_work, audit, "mon-03", file=sent)
    assert "2.pdf: The PDF holds a script" in reply.content.decode()
    assert named(audit, "mon-03") == []
    (event,) = Event.objects.filter(stream=f"audit:{audit.ref}", verb="evidence.not_taken")
    assert b'"why":"script"' in bytes(event.body)


def test_what_has_expired_says_so_wherever_it_is_shown(client: Client, make: Make, asha: User, ben: User) -> None:
    audit = make.audit(answered=True)
    yesterday = clock.today("Europe/London") - timedelta(days=1)
    about = {"effective_date": date(2025, 1, 1), "valid_until": yesterday, "document": "certificate", "version": "7"}
    keep(audit, asha, "mon-03", **about)
    keep(audit, asha, "mon-02", title="Still good", content=b"good", valid_until=clock.today("Europe/London"))
    sign_in(client, asha)
    pages = [
        f"/audits/{audit.ref}/categories/monitoring-incidents/",
        f"/audits/{audit.ref}/answers/mon-05/evidence/choice/",
    ]
    audit.submit(by=asha)
    pages += [f"/audits/{audit.ref}/rounds/1/"]
    shown = [client.get(page).content.decode() for page in (pages[0], pages[2])]
    sign_in(client, ben)
    shown.append(client.get(f"/audits/{audit.ref}/review/").content.decode())
    for page in shown:
        assert page.count("Expired on") == 1
        assert "Certificate or declaration, Ours, version 7, dated 1 Jan 2025" in page


def test_frozen_facts_hold_what_was_said_and_nothing_where_nothing_was(make: Make, asha: User) -> None:
    audit = make.audit(answered=True)
    keep(audit, asha, "mon-02", document="policy", version="3")
    keep(audit, asha, "mon-03", content=b"plain")
    audit.submit(by=asha)
    audit.refresh_from_db()
    items = {
        q["code"]: q["evidence"][0]
        for category in audit.submission.facts["categories"]
        for q in category["questions"]
        if q["evidence"]
    }
    assert (items["mon-02"]["document"], items["mon-02"]["version"]) == ("policy", "3")
    assert not {"document", "version", "uploaded_sha256"} & set(items["mon-03"])


def test_a_met_without_evidence_says_what_it_costs(at_work: Client, make: Make, asha: User) -> None:
    audit = make.audit()
    audit.answers.get(code="mon-03").save_revision(by=asha, base=0, key="a", verdict="met")
    page = f"/audits/{audit.ref}/categories/monitoring-incidents/"
    costs = "“Met” without evidence scores 0.5 instead of 1."
    assert 'class="costs costs-now"' in at_work.get(page).content.decode()
    assert costs in at_work.get(page).content.decode()
    assert audit.version.without_evidence == "0.5"
    keep(audit, asha, "mon-03")
    assert 'class="costs costs-now"' not in at_work.get(page).content.decode()


@pytest.mark.parametrize(
    ("name", "content", "told_as", "policy"),
    [
        ("poster.png", files.picture("PNG"), "image/png", "sandbox; default-src 'none'"),
        ("notes.md", b"<script>alert(1)</script> is only text", None, None),
        ("table.csv", b"a;b\n", "text/plain; charset=utf-8", "sandbox; default-src 'none'"),
        ("notes.txt", "café".encode(), "text/plain; charset=utf-8", "sandbox; default-src 'none'"),
        ("plan.pdf", files.pdf(), "application/pdf", "default-src 'none'"),
        ("letter.docx", files.office(), "", ""),
    ],
)
def test_a_file_is_looked_at_without_ever_being_run(
    at_work: Client, audit: Audit, make: Make, name: str, content: bytes, told_as: str | None, policy: str | None
) -> None:
    reply = send(at_work, audit, "mon-03", file=SimpleUploadedFile(name, content))
    if told_as is None:
        assert reply.status_code == 422  # it begins like a page
        return
    (item,) = named(audit, "mon-03")
    address = f"/audits/{audit.ref}/evidence/{item.sha256}/preview/"
    shown = at_work.get(address)
    b"".join(shown.streaming_content) if shown.streaming else None
    assert shown.status_code == (200 if told_as else 404)
    if told_as:
        assert shown["Content-Type"] == told_as
        assert shown["Content-Security-Policy"].startswith(str(policy))
        assert "script-src" not in shown["Content-Security-Policy"]
        assert shown["X-Content-Type-Options"] == "nosniff"
        assert shown["Content-Disposition"].startswith("inline")
    page = at_work.get(f"/audits/{audit.ref}/categories/monitoring-incidents/").content.decode()
    assert (address in page) == bool(told_as)
    for stranger in ("sam", "cleo"):
        assert sign_in(type(at_work)(), make.people[stranger]).get(address).status_code == 404


def test_who_answers_a_part_alone_is_not_shown_what_others_keep(
    client: Client, audit: Audit, make: Make, asha: User, dora: User
) -> None:
    policy, shared = keep(audit, asha), keep(audit, asha, "mon-03", b"rota", title="Rota")
    audit.assign("monitoring-incidents", dora, by=asha, check_code="mon-03")
    sign_in(client, dora)
    page = choice(client, audit, "mon-03")
    assert policy.title not in page
    use(client, audit, "mon-03", policy)
    assert named(audit, "mon-03") == [shared]
    reply = send(client, audit, "mon-03", title="A copy", file=SimpleUploadedFile("copy.txt", b"policy"))
    assert policy.title not in reply.content.decode()
    assert {item.title for item in named(audit, "mon-03")} == {shared.title, "A copy"}
