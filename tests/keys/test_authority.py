"""The authority of an organisation: made once, it names who signs, and its keys are for the service alone."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection

from auditapp.keys.models import Authority
from auditapp.keys.store import Folder

BEGINNING = datetime(2025, 5, 1, 9, 0, tzinfo=UTC)
LATER = BEGINNING + timedelta(days=550)


@pytest.fixture
def authority(db: None) -> Authority:
    return Authority.for_code("northshire", "Northshire Hospitals Group", at=BEGINNING)


def loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes(der))


def test_an_authority_is_made_once_and_found_again(authority: Authority) -> None:
    again = Authority.for_code("northshire", "Another name", at=LATER)
    assert (again.pk, again.name, bytes(again.certificate)) == (
        authority.pk,
        authority.name,
        bytes(authority.certificate),
    )


def test_each_organisation_has_an_authority_of_its_own(authority: Authority) -> None:
    other = Authority.for_code("westmark", "Westmark Health", at=BEGINNING)
    _key, certificate = other.issue(person="Cleo Vance", role="Auditor", at=LATER)
    with pytest.raises(Exception, match=r"issuer"):
        certificate.verify_directly_issued_by(loaded(authority.certificate))
    certificate.verify_directly_issued_by(loaded(other.certificate))


def test_the_authority_may_issue_certificates_and_nothing_else(authority: Authority) -> None:
    root = loaded(authority.certificate)
    root.verify_directly_issued_by(root)
    assert isinstance(root.public_key(), ec.EllipticCurvePublicKey)
    assert root.public_key().curve.name == "secp384r1"  # type: ignore[union-attr]
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_cert_sign
    assert not usage.digital_signature
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)
    assert root.not_valid_before_utc < BEGINNING
    assert root.not_valid_after_utc > BEGINNING + timedelta(days=20 * 365)


def test_a_certificate_names_person_role_and_organisation_and_may_sign_only(authority: Authority) -> None:
    key, certificate = authority.issue(person="Ben Okafor", role="Clinical safety officer", at=LATER)
    named = {a.oid: a.value for a in certificate.subject}
    assert named == {
        NameOID.ORGANIZATION_NAME: "Northshire Hospitals Group",
        NameOID.TITLE: "Clinical safety officer",
        NameOID.COMMON_NAME: "Ben Okafor",
    }
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert certificate.not_valid_before_utc < LATER < certificate.not_valid_after_utc
    assert certificate.public_key() == key.public_key()


def test_each_signature_has_a_fresh_key_that_is_kept_nowhere(authority: Authority, settings: Any) -> None:
    keys = [authority.issue(person="Ben Okafor", role="Auditor", at=LATER)[0] for _ in range(2)]
    assert keys[0].private_numbers() != keys[1].private_numbers()
    kept = "".join(path.read_text() for path in Path(settings.AUDITAPP_KEYS_DIR).iterdir())
    for key in keys:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        assert pem.decode().splitlines()[1] not in kept


@pytest.mark.parametrize("at", [BEGINNING - timedelta(days=2), BEGINNING + timedelta(days=31 * 365)])
def test_no_certificate_is_issued_for_a_time_when_the_authority_is_not_valid(
    authority: Authority, at: datetime
) -> None:
    with pytest.raises(ValueError, match="not valid"):
        authority.issue(person="Asha Rao", role="Auditor", at=at)


def test_a_certificate_never_outlives_its_authority(authority: Authority) -> None:
    late = BEGINNING + timedelta(days=29 * 365)
    _key, certificate = authority.issue(person="Asha Rao", role="Auditor", at=late)
    assert certificate.not_valid_after_utc == loaded(authority.certificate).not_valid_after_utc


def test_names_longer_than_a_certificate_allows_keep_authority_and_seal_apart(db: None) -> None:
    authority = Authority.for_code("long", "The " + "very " * 20 + "long hospital group", at=BEGINNING)
    root, seal = loaded(authority.certificate), loaded(authority.seal_certificate)
    assert root.subject != seal.subject
    _key, certificate = authority.issue(person="A" * 90, role="R" * 90, at=LATER)
    assert all(len(str(a.value)) <= 64 for a in certificate.subject)


def test_the_seal_holds_for_exactly_what_was_sealed(authority: Authority) -> None:
    sealed = authority.seal(b'{"heads": []}')
    assert authority.check_seal(b'{"heads": []}', sealed)
    assert not authority.check_seal(b'{"heads": [1]}', sealed)
    assert not authority.check_seal(b'{"heads": []}', sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert not authority.check_seal(b'{"heads": []}', b"")


def test_a_seal_of_another_organisation_does_not_hold(authority: Authority) -> None:
    other = Authority.for_code("westmark", "Westmark Health", at=BEGINNING)
    assert not authority.check_seal(b"data", other.seal(b"data"))


def test_the_database_holds_no_private_key(authority: Authority) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM auditapp_authority a")
        rows = " ".join(row[0] for row in cursor.fetchall())
    numbers = Folder().read("northshire-authority").private_numbers().private_value
    assert f"{numbers:096x}" not in rows
    assert "PRIVATE" not in rows


def test_key_files_and_their_folder_are_for_the_service_alone(authority: Authority, settings: Any) -> None:
    folder = Path(settings.AUDITAPP_KEYS_DIR)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert files == {"northshire-authority.pem": 0o600, "northshire-seal.pem": 0o600}


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_end_with_one_authority_that_can_sign(settings: Any) -> None:
    ready = Barrier(4)

    def begin(_n: int) -> tuple[int, bytes]:
        try:
            ready.wait(timeout=10)
            made = Authority.for_code("race", "Race Hospital", at=BEGINNING)
            return made.pk, bytes(made.certificate)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(begin, range(4)))
    assert len(made) == 1
    authority = Authority.objects.get(code="race")
    _key, certificate = authority.issue(person="Asha Rao", role="Auditor", at=LATER)
    certificate.verify_directly_issued_by(loaded(authority.certificate))
    assert authority.check_seal(b"data", authority.seal(b"data"))


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    store = Folder(tmp_path / "keys")
    first = store.keep("one", ec.generate_private_key(ec.SECP256R1()))
    second = store.keep("one", ec.generate_private_key(ec.SECP256R1()))
    assert first.private_numbers() == second.private_numbers() == store.read("one").private_numbers()


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", "-a", "A", "a.pem"])
def test_a_name_cannot_lead_out_of_the_key_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        Folder(tmp_path / "keys").keep(name, ec.generate_private_key(ec.SECP256R1()))


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path).read("nobody-authority")


def test_a_signature_that_waited_for_its_job_is_certified_for_the_time_when_it_was_given(db: None) -> None:
    authority = Authority.for_code("northshire", "Northshire Hospitals Group", at=BEGINNING)
    given = BEGINNING - timedelta(hours=20)
    _key, certificate = authority.issue(person="Asha Rao", role="Auditor", at=given)
    assert loaded(authority.certificate).not_valid_before_utc <= certificate.not_valid_before_utc <= given
