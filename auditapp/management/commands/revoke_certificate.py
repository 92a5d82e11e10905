"""Say that a certificate is not to be trusted from now on (docs/keys.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError

from auditapp.accounts import authorities
from auditapp.keys.models import Authority
from auditapp.refusals import Refused


class Command(BaseCommand):
    help = "Revoke the seal of an organisation, or the certificate of one signature in a report's PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--reason", required=True)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--seal", action="store_true", help="the seal that is in use")
        which.add_argument("--signature", nargs=2, metavar=("REPORT.pdf", "FIELD"), help="such as signature-2")

    def handle(self, *args: Any, **options: Any) -> None:
        certificate = self._seal(options["code"]) if options["seal"] else self._of(*options["signature"])
        try:
            revoked = authorities.revoke(options["code"], certificate, reason=options["reason"])
        except Refused as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"{revoked.serial} is revoked; the revocation list says so from now on.")

    def _seal(self, code: str) -> x509.Certificate:
        newest = Authority.objects.filter(code=code).last()
        if newest is None:
            raise CommandError(f"There is no authority of “{code}”.")
        return x509.load_der_x509_certificate(bytes(newest.seal_certificate))

    def _of(self, path: str, field: str) -> x509.Certificate:
        from auditapp.reports import signing  # noqa: PLC0415 - heavy, and not needed for the seal

        found = signing.certificate_in(Path(path).read_bytes(), field)
        if found is None:
            raise CommandError(f"{path} has no signature in the field “{field}”.")
        return x509.load_der_x509_certificate(found)
