"""Acts on an organisation's certificate authority that are rare, and done by whoever runs the installation."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from django.utils.translation import gettext as _

from auditapp import clock
from auditapp.accounts import scope
from auditapp.accounts.checkpoints import Tenant, tenants
from auditapp.keys.models import Authority, Revocation
from auditapp.refusals import Refused
from auditapp.trail.models import Event


@dataclass(frozen=True)
class _Stream:
    """The trail of an authority; the installation's belongs to no organisation."""

    tenant: Tenant

    @property
    def trail_stream(self) -> str:
        return f"authority:{self.tenant.code}"

    @property
    def organisation_id(self) -> int | None:
        return self.tenant.id


def tenant_of(code: str) -> Tenant:
    """The organisation of a code, or the installation. Raises Refused when there is none."""
    found = next((tenant for tenant in tenants() if tenant.code == code), None)
    if found is None:
        raise Refused(_("There is no organisation “%(code)s”.") % {"code": code})
    return found


def rotate(code: str) -> Authority:
    """A new authority with a new seal, for everything from now on; what earlier ones certified stays trusted."""
    tenant = tenant_of(code)
    with scope.entered(tenant.id):
        at = clock.now()
        Authority.for_code(tenant.code, tenant.name, at=at)
        authority = Authority.follow(tenant.code, at=at)
        Event.record(None, "authority.followed", _Stream(tenant), generation=authority.generation)
        return authority


def revoke(code: str, certificate: x509.Certificate, *, reason: str) -> Revocation:
    """Say that a certificate is not to be trusted from now on, and issue the list that says so."""
    tenant = tenant_of(code)
    if not reason.strip():
        raise Refused(_("Give the reason why the certificate is not to be trusted."))
    with scope.entered(tenant.id):
        authority = next((a for a in Authority.objects.filter(code=code) if _issued(a, certificate)), None)
        if authority is None:
            raise Refused(_("This certificate was not issued by “%(code)s”.") % {"code": code})
        at = clock.now()
        revoked = authority.revoke(certificate.serial_number, reason=reason.strip(), at=at)
        listed = authority.revocation_list(at=at)
        Event.record(
            None, "certificate.revoked", _Stream(tenant), generation=authority.generation, serial=revoked.serial,
            list=listed.number,
        )  # fmt: skip
        return revoked


def _issued(authority: Authority, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
