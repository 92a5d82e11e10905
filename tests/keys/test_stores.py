"""Where keys may live: in files, in encrypted files, in a token. Whoever signs does not see the difference."""

import logging
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from auditapp.keys.models import Authority
from auditapp.keys.store import Folder, Pkcs12Folder, key_store
from auditapp.reports import signing
from tests.reports import signed

BEGINNING = datetime(2025, 5, 1, 9, 0, tzinfo=UTC)
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
PIN = "270941"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="session")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SoftHSM token in a folder of its own; its library reads where that is once in a process."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    command = ["softhsm2-util", "--init-token", "--free", "--label", "auditapp", "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(params=["folder", "pkcs12", "pkcs11"])
def store(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> str:
    """Each kind of store in turn, as the settings name it."""
    secret = tmp_path / "secret"
    secret.write_text(PIN if request.param == "pkcs11" else PASSPHRASE)
    settings.KEY_STORE, settings.KEY_STORE_SECRET = request.param, secret
    settings.AUDITAPP_KEYS_DIR = tmp_path / "keys"
    if request.param == "pkcs11":
        request.getfixturevalue("token")
        settings.PKCS11_MODULE = next(path for path in MODULES if Path(path).exists())
        settings.PKCS11_TOKEN = "auditapp"
    return str(request.param)


def authority_of(store: str) -> Authority:
    return Authority.for_code(f"north-{store}", "Northshire Hospitals Group", at=BEGINNING)


def test_an_authority_certifies_seals_and_revokes_whatever_keeps_its_keys(store: str, db: None) -> None:
    authority = authority_of(store)
    authority.root.verify_directly_issued_by(authority.root)
    _key, certificate = authority.issue(person="Asha Rao", role="Auditor", at=BEGINNING)
    certificate.verify_directly_issued_by(authority.root)
    assert authority.check_seal(b"data", authority.seal(b"data"))
    authority.revoke(certificate.serial_number, reason="Issued to the wrong person.", at=BEGINNING)
    listed = x509.load_der_x509_crl(bytes(authority.revocation_list(at=BEGINNING + timedelta(1)).content))
    assert listed.is_signature_valid(authority.root.public_key())  # type: ignore[arg-type]
    assert listed.get_revoked_certificate_by_serial_number(certificate.serial_number)


def test_a_report_is_sealed_whatever_keeps_the_key(store: str, db: None, tmp_path: Path) -> None:
    authority = authority_of(store)
    content = signing.sign(
        signed.unsigned("small"),
        field="seal",
        person=authority.name,
        role_label="Seal of the organisation",
        meaning="sealed after all had signed",
        at=BEGINNING,
        local="1 May 2025, 10:00 BST",
        key=authority.seal_key,
        certificate=x509.load_der_x509_certificate(bytes(authority.seal_certificate)),
        authority_certificate=bytes(authority.certificate),
    )
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, check=False).stdout.decode()
    assert said.count("Signature is Valid.") == 1


def test_a_key_is_made_once(store: str) -> None:
    name = f"once-{store}"
    first = key_store().make(name, ec.SECP256R1())
    again = key_store().make(name, ec.SECP256R1())
    assert first.public_key() == again.public_key() == key_store().read(name).public_key()
    first.public_key().verify(again.sign(b"data", ec.ECDSA(hashes.SHA256())), b"data", ec.ECDSA(hashes.SHA256()))


def test_a_key_that_is_not_there_is_said_to_be_missing(store: str) -> None:
    with pytest.raises(FileNotFoundError):
        key_store().read("nobody-authority")


def test_no_log_and_no_row_holds_a_key_or_what_opens_it(store: str, db: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    authority = authority_of(store)
    authority.issue(person="Asha Rao", role="Auditor", at=BEGINNING)
    authority.seal(b"data")
    authority.revocation_list(at=BEGINNING)
    with connection.cursor() as cursor:
        rows = ""
        for table in ("authority", "revocation", "revocationlist"):
            cursor.execute(f"SELECT row_to_json(a)::text FROM auditapp_{table} a")
            rows += " ".join(row[0] for row in cursor.fetchall())
    secrets = ["PRIVATE", PIN, PASSPHRASE]
    if store != "pkcs11":
        number = authority.seal_key.private_numbers().private_value  # type: ignore[attr-defined]
        secrets += [f"{number:064x}", str(number)]
    assert not [secret for secret in secrets if secret in rows or secret in caplog.text]


def test_a_token_gives_no_private_key_away(store: str, settings: Any) -> None:
    if store != "pkcs11":
        return
    key = key_store().make("kept-inside", ec.SECP256R1())
    assert not hasattr(key, "private_numbers")
    assert not settings.AUDITAPP_KEYS_DIR.exists()


def test_encrypted_files_open_with_their_passphrase_alone(tmp_path: Path) -> None:
    Pkcs12Folder(tmp_path, passphrase=b"right").make("one", ec.SECP256R1())
    content = (tmp_path / "one.p12").read_bytes()
    assert pkcs12.load_key_and_certificates(content, b"right")[0]
    with pytest.raises(ValueError, match="password"):
        Pkcs12Folder(tmp_path, passphrase=b"wrong").read("one")


def test_a_file_that_the_hospital_brings_is_used_as_it_is(tmp_path: Path) -> None:
    key = Folder(tmp_path / "elsewhere").make("any", ec.SECP384R1())
    keys = Pkcs12Folder(tmp_path, passphrase=b"right")
    keys.keep("northshire-authority", key)
    assert keys.make("northshire-authority", ec.SECP384R1()).public_key() == key.public_key()


def test_without_its_secret_a_store_does_not_open(settings: Any) -> None:
    settings.KEY_STORE, settings.KEY_STORE_SECRET = "pkcs12", None
    with pytest.raises(ImproperlyConfigured, match="KEY_STORE_SECRET"):
        key_store()
