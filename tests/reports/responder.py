"""A timestamp authority (RFC 3161) of our own on 127.0.0.1: OpenSSL answers, and its revocation list is served too."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditapp.reports.timestamps import TimestampAuthority

CONFIGURATION = """
[tsa]
default_tsa = this
[this]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Responder:
    """Files of the authority in a folder, and a server in front of them that can be told to fail."""

    def __init__(self, folder: Path, *, days: int = 3650) -> None:
        self.folder = folder
        self.silent = False  # answers with an error instead
        self.asked = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate("Example timestamp root", self.root_key, days=7300)
        (folder / "root.pem").write_bytes(self.root.public_bytes(Encoding.PEM))
        (folder / "ts.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01")
        self.renew(days)

    def renew(self, days: int) -> None:
        """From now on timestamps are signed with another key, whose certificate ends after so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate("Example timestamp authority", key, days=days)
        (self.folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (self.folder / "tsa.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def authority(self) -> TimestampAuthority:
        return TimestampAuthority(self.url, [Certificate.load(self.root.public_bytes(Encoding.DER))])

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, *, days: int) -> x509.Certificate:
        is_root = name.endswith("root")
        issuer_key = key if is_root else self.root_key
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if is_root else self.root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )
        if is_root:
            builder = builder.add_extension(_may_certify(), critical=True)
        else:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
            address = [x509.UniformResourceIdentifier(f"{self.url}/list.crl")]
            builder = builder.add_extension(usage, critical=True).add_extension(
                x509.CRLDistributionPoints([x509.DistributionPoint(address, None, None, None)]), critical=False
            )
        return builder.sign(issuer_key, hashes.SHA256())

    def revocation_list(self) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.root.subject)
            .last_update(now - timedelta(minutes=1))
            .next_update(now + timedelta(days=30))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root_key.public_key()), critical=False
            )
        )
        return builder.sign(self.root_key, hashes.SHA256()).public_bytes(Encoding.DER)

    def reply(self, query: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as asked:
            asked.write(query)
            asked.flush()
            command = ["openssl", "ts", "-reply", "-config", self.folder / "ts.cnf", "-queryfile", asked.name]
            environment = {"PATH": os.environ["PATH"], "RANDFILE": str(self.folder / "random")}
            return subprocess.run(command, capture_output=True, check=True, env=environment).stdout

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        responder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                responder.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                self._answer("application/timestamp-reply", lambda: responder.reply(query))

            def do_GET(self) -> None:
                self._answer("application/pkix-crl", responder.revocation_list)

            def _answer(self, kind: str, make: Any) -> None:
                content = b"" if responder.silent else make()
                self.send_response(503 if responder.silent else 200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests print nothing."""

        return Handler


def _may_certify() -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    unused = dict.fromkeys([*names, "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **unused)


@contextmanager
def answering(*, days: int = 3650) -> Iterator[Responder]:
    """A responder while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        responder = Responder(Path(folder), days=days)
        threading.Thread(target=responder.server.serve_forever, daemon=True).start()
        try:
            yield responder
        finally:
            responder.server.shutdown()
            responder.server.server_close()
