"""Each published attack on signed PDFs, built from our own report: refused from the bytes and the roots alone, with
a reason that names it."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

import pytest

from auditapp.reports.verify import Inspection, inspect, words
from tests.reports import attacks, example_facts, signed

ROOTS = [signed.AUTHORITY.der]


def refused(content: bytes, because: str, lists: list[bytes] = ()) -> Inspection:  # type: ignore[assignment]
    """The file does not hold, and one of the reasons says this."""
    found = inspect(content, roots=ROOTS, revocation_lists=lists)
    reasons = words.faults(found)
    assert any(because in reason for reason in reasons), reasons
    assert not words.holds(found)
    return found


@cache
def report() -> bytes:
    """Complete: both who must sign have signed."""
    return signed.signed("small", 2)


def half() -> bytes:
    return signed.signed("small", 1)


def test_what_the_attacks_are_made_of_holds() -> None:
    assert words.faults(inspect(report(), roots=ROOTS)) == []


@pytest.mark.parametrize(
    ("forge", "because"),
    [
        (attacks.without_byte_range, "does not say what it covers: it is forged"),
        (lambda c: attacks.with_byte_range(c, b""), "does not say what it covers: it is forged"),
        (lambda c: attacks.with_byte_range(c, b"0 0 0 0"), "does not cover the whole document: it is forged"),
        (lambda c: attacks.with_byte_range(c, b"0 10"), "does not cover the whole document: it is forged"),
        (lambda c: attacks.with_byte_range(c, b"0 -1 5 9"), "does not cover the whole document: it is forged"),
        (lambda c: attacks.with_byte_range(c, b"0 1 2 999999999"), "does not cover the whole document: it is forged"),
        (lambda c: attacks.with_byte_range(c, b"0 10 20 30"), "leaves room for something that it does not cover"),
        (lambda c: attacks.with_byte_range(c, b"null"), "does not cover the whole document: it is forged"),
        (attacks.without_contents, "is empty: it is forged"),
        (lambda c: attacks.with_contents(c, b"null"), "is empty: it is forged"),
        (lambda c: attacks.with_contents(c, b"<>"), "is empty: it is forged"),
        (lambda c: attacks.with_contents(c, b"<0000>"), "is empty: it is forged"),
        (lambda c: attacks.with_contents(c, b"(a)"), "leaves room for something that it does not cover"),
    ],
)
def test_universal_forgery(forge: Callable[[bytes], bytes], because: str) -> None:
    """Eight ways to leave a signature with nothing that it covers, or without itself."""
    refused(forge(report()), because)


@pytest.mark.parametrize(
    ("save", "because"),
    [
        (attacks.saved_with_another_page, "a page was added or taken out"),
        (attacks.saved_without_cross_references, "There are bytes after the end of the signed document."),
        (attacks.saved_with_a_trailer_alone, ""),
        (attacks.saved_with_a_copied_signature, "Ben Okafor"),
    ],
)
def test_incremental_saving(save: Callable[[bytes], bytes], because: str) -> None:
    content = save(report())
    assert content.startswith(report())
    refused(content, because)


def test_wrapping() -> None:
    refused(attacks.wrapped(report()), "leaves room for something that it does not cover: it is forged")


@pytest.mark.parametrize(
    ("shadow", "because"),
    [
        (attacks.shadow_hide, "a page was changed"),
        (attacks.shadow_replace, "something on a page or in its structure was replaced"),
        (attacks.shadow_hide_and_replace, "a page was added or taken out"),
    ],
)
def test_shadow_attacks(shadow: Callable[[bytes], bytes], because: str) -> None:
    found = refused(shadow(report()), because)
    assert all(signature.intact for signature in found.signatures)  # every signed byte is still there


@pytest.mark.parametrize("evil", [attacks.evil_annotation, attacks.evil_stamp])
@pytest.mark.parametrize("content", [half, report])
def test_an_annotation_in_front_of_what_was_signed(
    evil: Callable[[bytes], bytes], content: Callable[[], bytes]
) -> None:
    refused(evil(content()), "an annotation was added or changed")


def test_a_sneaky_signature_in_a_field_that_was_not_printed() -> None:
    refused(attacks.sneaky_signature(report()), "signed in “sneaky”, which the report does not ask for")


def test_a_turned_page() -> None:
    refused(signed.turned_page(report()), "a page was changed")


def test_other_facts_attached_after_signing() -> None:
    refused(attacks.other_facts_attached(report()), "the attached facts were swapped")


def test_a_digest_on_the_pages_that_the_attached_facts_do_not_give() -> None:
    found = refused(attacks.printed_with_another_digest(), "do not give the digest that is printed on the pages")
    assert all(signature.holds for signature in found.signatures)


def test_a_certificate_of_another_authority_of_the_same_name() -> None:
    content = attacks.signature_of(half(), "Ben Okafor", authority=signed.new_authority())
    refused(content, "The certificate of Ben Okafor was not issued by the hospital")


def test_a_certificate_on_the_hospitals_revocation_list() -> None:
    listed = attacks.revocation_list(report(), revoked_at=signed.when(1))
    refused(report(), "The certificate of Ben Okafor was revoked on 22 Nov 2026", [listed])
    inside = attacks.with_security_store(report(), [listed], [])
    refused(inside, "The certificate of Ben Okafor was revoked on 22 Nov 2026")


def test_a_later_revocation_counts_too_where_nothing_proves_the_time_of_signing() -> None:
    listed = attacks.revocation_list(report(), revoked_at=signed.when(2) + timedelta(days=300))
    refused(report(), "was revoked on", [listed])


def test_a_revocation_list_of_somebody_else_says_nothing() -> None:
    stranger = signed.new_authority()  # of the very same name
    listed = attacks.revocation_list(report(), revoked_at=signed.when(1), authority=stranger)
    found = inspect(report(), roots=ROOTS, revocation_lists=[listed])
    assert words.faults(found) == []
    assert [s.revocation.state for s in found.signatures] == ["unknown", "unknown"]


def test_a_signature_of_another_report_pasted_in() -> None:
    refused(attacks.signature_of_another_report(report()), "was changed under the signature of Ben Okafor")


def test_a_box_that_names_somebody_else() -> None:
    content = attacks.signature_of(half(), "Ben Okafor", shown="Grace Whitfield")
    refused(content, "The box of Ben Okafor on the page shows other words than the signature: “Grace Whitfield")


def test_a_picture_where_a_signature_shows_its_words() -> None:
    refused(attacks.picture_for_a_signature(half()), "shows a picture instead of a signature’s words")


def test_somebody_else_than_the_facts_name_signs() -> None:
    content = attacks.signature_of(half(), "Grace Whitfield")
    refused(content, "Grace Whitfield signed where the report names Ben Okafor.")


def test_somebody_signs_in_another_role_or_with_another_meaning() -> None:
    refused(attacks.signature_of(half(), "Ben Okafor", role="Viewer"), "signed where the Clinical safety officer must")
    refused(attacks.signature_of(half(), "Ben Okafor", meaning="has seen it"), "does not state “reviewed the check")


def test_one_person_signs_for_two() -> None:
    refused(attacks.signature_of(half(), "Asha Rao"), "One person signed more than once.")


def test_signing_out_of_turn() -> None:
    facts = signed.facts("small")
    backwards = signed.sign_next(signed.sign_next(signed.unsigned("small"), facts, 2), facts, 1)
    refused(backwards, "were not given in the order that the report asks for")


def test_a_report_that_not_all_have_signed_is_not_complete() -> None:
    found = refused(half(), "It is not signed by: clinical safety officer.")
    assert words.on_its_own(found) == "Not complete: all there is holds, but not everybody has signed."


def test_facts_that_are_none() -> None:
    content = attacks.pdf.render(signed.facts("small"), facts_bytes=b"[]")
    signed_content = attacks.signed_by_all(content, signed.facts("small"))
    refused(signed_content, "The facts that the report was printed from are not attached to it.")
    other = example_facts.small()
    content = attacks.pdf.render(other, facts_bytes=b"{}")
    refused(attacks.signed_by_all(content, other), "The attached facts are not those of a report.")
