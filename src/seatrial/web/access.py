"""Private links: random, signed, for one rater, and ended by their own date."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

__all__ = ["LINK_SECONDS", "guard_of", "hashed", "new_link", "standing"]

LINK_SECONDS = 14 * 24 * 3600


def new_link(key: str) -> tuple[str, float]:
    """Return a new link's secret and when it ends (seconds since 1970).

    The secret holds 128 random bits, the end, and a signature of both, so that a forged or lengthened link is turned
    away without a look at the database. Only its hash is kept, so that the database opens no session to who reads it.
    """
    ends = int(time.time()) + LINK_SECONDS
    body = f"{secrets.token_urlsafe(16)}.{ends:x}"
    return f"{body}.{_signature(key, body)}", float(ends)


def standing(key: str, token: str) -> bool:
    """Return whether a link was signed with the key and has not ended."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, body).encode()):
        return False
    return int(body.rpartition(".")[2], 16) > time.time()


def hashed(token: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def guard_of(token: str) -> str:
    """Return what a page of this rater's own must send along with a change: no other site can know it."""
    return hmac.new(token.encode(), b"page", hashlib.sha256).hexdigest()


def _signature(key: str, body: str) -> str:
    return hmac.new(key.encode(), body.encode(), hashlib.sha256).hexdigest()[:32]
