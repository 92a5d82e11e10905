"""Timestamps (RFC 3161): asking an outside authority since when at the latest something is there, and checking it."""

import asyncio
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import cms, crl, pem, tsp
from asn1crypto.x509 import Certificate
from django.conf import settings
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import dummy_digest
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

SECONDS = 10  # for an answer; a signature waits no longer for its timestamp
LARGEST_ANSWER, LARGEST_LIST = 100_000, 5_000_000  # bytes
DIGEST = "sha256"


class Unreachable(Exception):
    """No timestamp that could be trusted was to be had; it can be tried again later."""


@dataclass
class Offer:
    """What a timestamp authority answers with: its certificates, what revokes them, and until when they hold."""

    certificates: list[Certificate]
    lists: list[crl.CertificateList] = field(default_factory=list)

    @property
    def holds_until(self) -> datetime:
        """The end of the certificate that signs the timestamps."""
        ends = [c.not_valid_after for c in self.certificates if _is_for_timestamps(c)]
        return min(ends)


class TimestampAuthority(TimeStamper):
    """An authority reached by HTTP, whose certificates must lead to one of `roots`.

    Whatever goes wrong raises Unreachable: a report is then signed all the same, at a lower level.
    """

    def __init__(self, url: str, roots: list[Certificate]) -> None:
        super().__init__()
        self.url = url
        self.roots = roots

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        kind = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        asked = urllib.request.Request(self.url, data=req.dump(), headers=kind)
        return tsp.TimeStampResp.load(await asyncio.to_thread(_fetched, asked, LARGEST_ANSWER), strict=True)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token over the digest, whose signature and chain were checked."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            trusting = ValidationContext(trust_roots=self.roots, allow_fetching=False)
            said = await validate_tst_signed_data(token["content"], trusting, lambda _algorithm: message_digest)
        except Unreachable:
            raise
        except Exception as problem:  # whatever a server may answer, of many kinds
            raise Unreachable(f"The answer of {self.url} is no timestamp: {type(problem).__name__}.") from problem
        if not (said["intact"] and said["valid"] and _trusted(said)):
            raise Unreachable(f"The timestamp of {self.url} does not lead to a certificate that is trusted here.")
        return token

    def offer(self) -> Offer:
        """Its certificates and their revocation lists, by one request for a timestamp of nothing."""
        token = asyncio.run(self.async_timestamp(dummy_digest(DIGEST), DIGEST))
        return offered(token["content"], self.roots)


def offered(signed: cms.SignedData, roots: Iterable[Certificate]) -> Offer:
    """The certificates of a token, those of the roots that they name, and the lists that they name."""
    inside = [choice.chosen for choice in signed["certificates"] if choice.name == "certificate"]
    issuers = {c.issuer.hashable for c in inside}
    chain = {c.dump(): c for c in [*inside, *(r for r in roots if r.subject.hashable in issuers)]}
    return Offer(list(chain.values()), revocation_lists(chain.values()))


def revocation_lists(certificates: Iterable[Certificate]) -> list[crl.CertificateList]:
    """The lists that certificates name by an http address. Raises Unreachable if one cannot be had."""
    addresses = dict.fromkeys(
        point.url
        for certificate in certificates
        for point in certificate.crl_distribution_points
        if point.url and point.url.startswith(("http://", "https://"))
    )
    lists = []
    for address in addresses:
        content = _fetched(urllib.request.Request(address), LARGEST_LIST)
        if pem.detect(content):
            content = pem.unarmor(content)[2]
        try:
            lists.append(crl.CertificateList.load(content, strict=True))
            _ = lists[-1].native["tbs_cert_list"]["this_update"]
        except (ValueError, TypeError) as problem:
            raise Unreachable(f"{address} is no revocation list.") from problem
    return lists


def _trusted(said: dict[str, Any]) -> bool:
    return said.get("validation_path") is not None and said.get("trust_problem_indic") is None


def _is_for_timestamps(certificate: Certificate) -> bool:
    usage = certificate.extended_key_usage_value
    return usage is not None and "time_stamping" in usage.native


def _fetched(request: urllib.request.Request, largest: int) -> bytes:
    """The body of an answer. Raises Unreachable for everything but a short and complete one."""
    try:
        with urllib.request.urlopen(request, timeout=SECONDS, context=ssl.create_default_context()) as answer:
            content: bytes = answer.read(largest + 1)
    except (OSError, ValueError) as problem:
        if isinstance(problem, urllib.error.HTTPError):
            problem.close()
        raise Unreachable(f"{request.full_url} did not answer.") from problem
    if len(content) > largest:
        raise Unreachable(f"{request.full_url} answered with more than {largest} bytes.")
    return content


def configured() -> TimestampAuthority | None:
    """The authority named in the settings; None when there is none."""
    if not settings.TIMESTAMP_URL:
        return None
    return TimestampAuthority(settings.TIMESTAMP_URL, trusted_roots())


def trusted_roots() -> list[Certificate]:
    """The certificates at which the chain of a timestamp may end."""
    return _roots_in(settings.TIMESTAMP_CERTIFICATES) if settings.TIMESTAMP_CERTIFICATES else []


@cache
def _roots_in(path: Path) -> list[Certificate]:
    return [Certificate.load(der) for _kind, _headers, der in pem.unarmor(path.read_bytes(), multiple=True)]
