"""A supplier's model card fills in a registration; a hostile one is refused before anything of it is read."""

from datetime import date
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, transaction
from django.test import Client
from django.utils.html import strip_tags

from auditapp.deployments import profile
from auditapp.deployments.models import Deployment
from auditapp.exchange.card import meaning
from auditapp.exchange.card.reading import BYTES, KNOWN, NAMESPACE, read
from auditapp.exchange.models import ModelCard
from auditapp.refusals import Refused
from auditapp.trail.models import Event
from tests.exchange.brought import CARD
from tests.factories import Make

TEXT = CARD.read_bytes()
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))


@pytest.fixture
def omar(client: Client, make: Make) -> Client:
    client.force_login(make.people["omar"])
    return client


def text_of(response: Any) -> str:
    return " ".join(unescape(strip_tags(response.content.decode())).split())


def send(client: Client, data: bytes) -> Any:
    return client.post("/deployments/model-card/", {"file": SimpleUploadedFile("linden.xml", data)})


def answers(page: Any) -> dict[str, Any]:
    """What the form proposes, as it would be sent."""
    return {field.html_name: value for field in page.context["form"] if (value := field.value()) not in (None, "")}


def test_a_card_fills_in_the_form_and_the_person_completes_it(omar: Client, make: Make) -> None:
    response = send(omar, TEXT)
    page = omar.get(response.url)
    filled = answers(page)
    assert (filled["product"], filled["vendor"], filled["version_name"]) == (
        "Linden Discharge Scribe", "Calder Health", "3.1",
    )  # fmt: skip
    assert "Not for: Children; psychiatric wards." in filled["intended_use"]
    assert filled["fact_is_llm"] == "yes"
    assert "fact_is_imaging" not in filled
    assert "fact_autonomy_level" not in filled
    assert "May leave out a medicine that was stopped." in text_of(page)

    unfinished = omar.post(response.url, filled)
    assert unfinished.status_code == 422
    assert not Deployment.objects.exists()

    rest = {f"fact_{fact.id}": "1" if fact.is_level else "no" for fact in profile.facts()}
    mine = {"name": "Discharge letters, ward 4", "site": make.sites["royal"].pk, "version_starts": "2026-05-01"}
    omar.post(response.url, rest | filled | mine | {"owner": make.people["omar"].pk})
    deployment = Deployment.objects.get()
    assert (deployment.product.name, deployment.product.vendor.name) == ("Linden Discharge Scribe", "Calder Health")
    assert deployment.newest_profile.facts["is_llm"] is True
    assert deployment.versions.get().starts == date(2026, 5, 1)
    kept = ModelCard.objects.get()
    assert (kept.deployment, bytes(kept.content)) == (deployment, TEXT)
    body = bytes(Event.objects.get(stream=deployment.trail_stream, verb="model_card.kept").body)
    assert kept.sha256.encode() in body
    assert omar.get(response.url).status_code == 404
    assert "The supplier’s model card" in text_of(omar.get(deployment.get_absolute_url()))
    assert omar.get(f"/deployments/model-card/{kept.pk}/file/").content == TEXT


def test_every_element_is_told_what_became_of_it() -> None:
    card = read(TEXT.replace(b"<Bibliography/>", b"<Bibliography/><Extra>words</Extra>"))
    told = {line.path: line.became for line in meaning.lines(card)}
    assert {path for path, wanted in KNOWN.items() if wanted} <= set(told)
    assert told["BasicInfo/ModelName"] == "read into: Product"
    assert told["Extra"] == "ignored: not part of version 0.2"
    assert told["KeyMetrics/FairnessEquity/MetricGoal"] == "missing, though version 0.2 asks for it"
    assert told["BasicInfo/DeveloperContact"] == "not read, kept with the card"


def test_facts_are_proposed_as_a_yes_with_the_words_that_point_to_them() -> None:
    signs = {sign.fact: sign for sign in meaning.signs(read(TEXT))}
    assert {"is_llm", "generates_clinical_text", "handles_phi", "vendor_hosted", "ehr_write"} == set(signs)
    assert "Large language model" in signs["is_llm"].words
    assert signs["ehr_write"].path == "UsesAndDirections/HowToUse"


def test_a_foundation_model_that_is_none_points_to_nothing() -> None:
    data = TEXT.replace(b"Large language model with retrieval", b"Rules").replace(b"Willow 2", b"N/A")
    assert "is_llm" not in {sign.fact for sign in meaning.signs(read(data))}


def test_a_signature_inside_is_set_aside_and_said_to_be_unchecked() -> None:
    signature = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>x</SignedInfo></Signature>'
    card = read(TEXT.replace(b"<Bibliography/>", b"<Bibliography/>" + signature))
    assert card.is_signed
    assert meaning.lines(card)[-1].became == "ignored: its signature is not checked here"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'<!DOCTYPE c [<!ENTITY l0 "ha">' + LAUGHS + b"]><c>&l9;</c>", "declares a document type"),
        (b'<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><c>&x;</c>', "declares a document type"),
        (b'<!DOCTYPE c SYSTEM "http://127.0.0.1:9/x.dtd"><c/>', "declares a document type"),
        (b'<!DOCTYPE c [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><c/>', "declares a document type"),
        (TEXT.replace(b"3.1<", b"&undefined;<"), "cannot be read as XML"),
        (b"<c" + b' xmlns="%s"' % NAMESPACE.encode() + b"/>", "no applied model card"),
        (TEXT.replace(b"v0.2", b"v0.1"), "no applied model card"),
        (b"%PDF-1.7", "cannot be read as XML"),
        (TEXT[:-30], "cannot be read as XML"),
        (TEXT.replace(b"<Bibliography/>", b"<x>" * 400 + b"</x>" * 400), "built in a way"),
        (TEXT.replace(b"<Bibliography/>", b"<Bibliography/>" * 6000), "built in a way"),
        (TEXT.replace(b"Calder Health", b"x" * 500_000), "more text than is read"),
        (TEXT.replace(b"<Bibliography/>", b"<!--" + b"x" * BYTES + b"-->"), "larger than 1 MB"),
        (TEXT.replace(b"Calder Health", b" "), "does not say BasicInfo/ModelDeveloper"),
        (b"", "cannot be read as XML"),
    ],
    ids=[
        "billion laughs", "external entity", "external subset", "parameter entity", "undefined entity", "another root",
        "another version", "no XML", "cut short", "deep", "many", "long", "large", "without a developer", "empty",
    ],
)  # fmt: skip
def test_what_is_hostile_or_no_card_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read(data)


def test_a_refusal_stands_beside_the_field_and_nothing_is_kept(omar: Client) -> None:
    response = send(omar, b'<!DOCTYPE c [<!ENTITY x "y">]><c>&x;</c>')
    assert response.status_code == 422
    assert "declares a document type" in text_of(response)
    assert not ModelCard.objects.exists()


def test_one_card_registers_one_deployment(make: Make) -> None:
    omar = make.people["omar"]
    card = ModelCard.bring(by=omar, name="linden.xml", data=TEXT)
    card.keep_with(make.deployment(), by=omar)
    with pytest.raises(Refused, match="registered from this card already"):
        card.keep_with(make.deployment(), by=omar)


def test_a_card_stays_with_its_deployment(make: Make) -> None:
    omar = make.people["omar"]
    card = ModelCard.bring(by=omar, name="linden.xml", data=TEXT)
    card.keep_with(make.deployment(), by=omar)
    for tampering in (
        lambda: ModelCard.objects.update(deployment=None, kept_at=None),
        lambda: ModelCard.objects.update(content=b"another"),
        lambda: ModelCard.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError), transaction.atomic():
            tampering()


def test_a_card_that_waits_is_seen_by_who_brought_it(omar: Client, make: Make) -> None:
    address = send(omar, TEXT).url
    omar.force_login(make.people["ben"])
    assert omar.get(address).status_code == 404
