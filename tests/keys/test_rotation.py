"""Authorities follow each other, and say which of their certificates are no longer to be trusted."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command

from auditapp import clock
from auditapp.accounts import authorities, checkpoints, scope
from auditapp.keys.models import Authority
from auditapp.reports import jobs
from auditapp.reports.verification import verification_of
from auditapp.trail.models import Event
from tests.factories import Make
from tests.reports.course import content_of, periodically, printed, sign_all

CODE = "northshire"


@pytest.fixture(autouse=True)
def founded(make: Make) -> Authority:
    """The organisation's first authority, which entering an organisation makes."""
    return Authority.for_code(CODE, "Northshire Hospitals Group", at=clock.now() - timedelta(minutes=10))


def ours() -> list[Authority]:
    return list(Authority.objects.filter(code=CODE).order_by("generation"))


def rotate() -> None:
    call_command("rotate_authority", CODE, verbosity=0)
    scope.enter(int(Make.organisation_in_scope))


def loaded(list_of: Any) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(bytes(list_of.content))


def test_a_new_authority_certifies_and_what_the_old_one_certified_stays_trusted(make: Make) -> None:
    before = sign_all(make, printed(make))
    rotate()
    old, new = ours()
    assert old.root.subject != new.root.subject
    with clock.at(clock.now() + timedelta(minutes=1)):
        after = sign_all(make, printed(make))
    said = [verification_of(content_of(report)) for report in (before, after)]
    assert [verification.ok for verification in said] == [True, True]
    _key, certificate = new.issue(person="Asha Rao", role="Auditor", at=clock.now())
    certificate.verify_directly_issued_by(new.root)
    assert Event.objects.filter(stream=f"authority:{CODE}", verb="authority.followed").count() == 1


def test_a_signature_that_waited_over_the_change_is_certified_by_the_authority_of_its_time(make: Make) -> None:
    given = clock.now() - timedelta(minutes=2)
    rotate()
    assert Authority.for_code(CODE, "", at=given).generation == 1
    assert Authority.for_code(CODE, "", at=clock.now()).generation == 2


def test_checkpoints_sealed_before_and_after_the_change_hold(make: Make) -> None:
    make.audit()
    checkpoints.make_all()
    rotate()
    make.audit()
    checkpoints.make_all()
    assert not list(checkpoints.problems())


def test_revocation_lists_are_renewed_before_they_end_and_count_upwards(make: Make) -> None:
    (authority,) = ours()
    now = clock.now()
    first = authority.revocation_list(at=now)
    assert authority.revocation_list(at=now + timedelta(days=19)) == first
    with clock.at(now + timedelta(days=21)):
        periodically(jobs.renew_proofs)
    assert list(authority.lists.order_by("number").values_list("number", flat=True)) == [1, 2]
    newest = loaded(authority.lists.latest("number"))
    assert newest.is_signature_valid(authority.root.public_key())  # type: ignore[arg-type]
    assert newest.next_update_utc > now + timedelta(days=50)  # type: ignore[operator]


def test_the_certificate_of_a_signature_can_be_revoked_with_a_reason(make: Make, tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(content_of(sign_all(make, printed(make))))
    arguments = [CODE, "--signature", str(report), "signature-2"]
    call_command("revoke_certificate", *arguments, "--reason", "Signed in his name by somebody else.")
    scope.enter(int(Make.organisation_in_scope))
    (authority,) = ours()
    (revoked,) = authority.revocations.all()
    newest = loaded(authority.lists.latest("number"))
    assert newest.get_revoked_certificate_by_serial_number(int(revoked.serial, 16))
    event = Event.objects.get(stream=f"authority:{CODE}", verb="certificate.revoked")
    assert "somebody else" not in bytes(event.body).decode()


def test_a_seal_can_be_revoked_and_followed_by_another(make: Make) -> None:
    call_command("revoke_certificate", CODE, "--seal", "--reason", "The folder of keys was copied.")
    rotate()
    old, new = ours()
    assert old.revocations.count() == 1
    assert bytes(old.seal_certificate) != bytes(new.seal_certificate)
    assert new.revocations.count() == 0


def test_nobody_revokes_what_an_authority_did_not_issue(make: Make) -> None:
    (authority,) = ours()
    elsewhere = Authority.for_code("westmark", "Westmark Health", at=clock.now())
    _key, certificate = elsewhere.issue(person="Cleo Vance", role="Auditor", at=clock.now())
    with pytest.raises(authorities.Refused, match="was not issued by"):
        authorities.revoke(CODE, certificate, reason="A mistake.")
    assert authority.revocations.count() == 0


def test_an_unknown_organisation_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="no organisation"):
        call_command("rotate_authority", "nowhere")
