"""The published schemas: everything that is frozen or exported keeps to them, and what was frozen first still does."""

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource

from auditapp.reports import document, pdf, schemas
from auditapp.reports.verify import inspect
from tests.factories import Make
from tests.reports import example_facts, signed
from tests.reports.full_facts import full
from tests.reports.test_pdf import printed
from tests.tracking.issued import issued

FIRST = Path(__file__).parent / "frozen" / "report-1-first.json"
FIRST_SHA256 = "4633b19d956968094d1940e6a5b3f191685923d4336060311ec67b4a3a64d7df"


def schema(name: str) -> dict[str, Any]:
    found = schemas.content(f"{name}.schema.json")
    assert found is not None
    return json.loads(found)


def wrong(value: Any, name: str) -> list[str]:
    """Where a value does not keep to a schema, in sentences."""
    known = Registry().with_resources(
        (n, Resource.from_contents(json.loads(schemas.content(n)))) for n in schemas.NAMES
    )
    found = Draft202012Validator(schema(name), registry=known).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


@pytest.mark.parametrize("name", schemas.NAMES)
def test_a_schema_is_one_of_draft_2020_12(name: str) -> None:
    found = json.loads(schemas.content(name) or b"")
    assert validator_for(found) is Draft202012Validator
    Draft202012Validator.check_schema(found)
    assert found["$id"] == name


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_examples_keep_to_them(size: str) -> None:
    assert wrong(signed.facts(size), "report-1") == []


def test_facts_that_use_every_key_keep_to_them_and_use_every_key() -> None:
    facts = full()
    assert wrong(facts, "report-1") == []
    used = set(keys(facts))
    unused = [key for name in ("report-1", "submission-1") for key in promised(schema(name)) if key not in used]
    assert sorted(set(unused)) == []


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def promised(value: Any) -> Iterator[str]:
    """Every key that a schema names."""
    if isinstance(value, dict):
        yield from value.get("properties", {})
        for item in value.values():
            yield from promised(item)
    elif isinstance(value, list):
        for item in value:
            yield from promised(item)


def test_what_the_product_freezes_and_exports_keeps_to_them(make: Make) -> None:
    report = issued(make)
    assert wrong(report.decision.submission.facts, "submission-1") == []
    assert wrong(report.facts, "report-1") == []
    assert wrong(json.loads(json.dumps(report.envelope())), "export-1") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.pop("decision"),
        lambda f: f.update(signatures=[]),
        lambda f: f["submission"].update(schema=2),
        lambda f: f["submission"]["submitted"].update(at="2026-11-22 14:02"),
        lambda f: f["submission"]["categories"][0]["questions"][0]["answer"].update(verdict="maybe"),
        lambda f: f["result_at_decision"]["overall"].update(numerator=93.5),
        lambda f: f["submission"]["categories"][0]["questions"][0].update(comments=[]),
    ],
)
def test_facts_of_another_shape_do_not(change: Any) -> None:
    facts = copy.deepcopy(full())
    change(facts)
    assert wrong(facts, "report-1")


def test_the_first_facts_that_were_frozen_still_keep_to_their_schema_and_are_printed_signed_and_verified() -> None:
    """Frozen before any of the later keys was there, and kept as bytes: nobody writes it anew."""
    canonical = FIRST.read_bytes()
    facts = json.loads(canonical)
    assert hashlib.sha256(canonical).hexdigest() == FIRST_SHA256
    assert wrong(facts, "report-1") == []
    later = {"comments", "asked_of_suppliers", "second_reading", "carried_from", "from_paper", "said", "document"}
    assert not later & set(keys(facts))
    content = pdf.render(facts, facts_bytes=canonical)
    text = " ".join(printed(content).split())
    assert FIRST_SHA256 in text
    assert " ".join(facts["decision"]["reasons"].split()) in text
    found = inspect(signed.sign_next(content, facts, 1), roots=[signed.AUTHORITY.der])
    (signature,) = found.signatures
    assert signature.intact
    assert signature.trusted
    assert not signature.changed_after
    assert found.facts == facts


def test_a_schema_that_no_renderer_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="schema 1"):
        document.document(full() | {"schema": 2}, example_facts.sha("x"))


@pytest.mark.django_db
def test_anyone_may_read_the_schemas(client: Client) -> None:
    for name in schemas.NAMES:
        reply = client.get(f"/schemas/{name}")
        assert reply.status_code == 200
        assert reply["Content-Type"] == "application/schema+json"
        assert reply.json()["$id"] == name
    assert client.get("/schemas/report-9.schema.json").status_code == 404
    assert client.get("/schemas/..%2Fmodels.py").status_code == 404
