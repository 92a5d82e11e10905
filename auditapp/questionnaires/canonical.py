"""Frozen content as bytes: RFC 8785, and the SHA-256 by which it is known."""

import hashlib
from typing import Any

import rfc8785


def canonical_bytes(content: dict[str, Any]) -> bytes:
    """The same bytes for the same content. Raises for a fraction, which is never frozen."""
    return rfc8785.dumps(content)


def digest(canonical: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(canonical).hexdigest()
