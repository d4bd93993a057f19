"""Private links: random, signed, for one rater, and ended by their own date."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from itsdangerous import BadSignature, TimestampSigner
from sqlalchemy import Engine, Table, insert, select
from sqlalchemy.exc import IntegrityError

__all__ = ["LINK_SECONDS", "csrf_token", "is_valid", "new_link", "shared_key", "token_hash"]

LINK_SECONDS = 14 * 24 * 3600


def new_link(key: str, to: str = "link") -> tuple[str, float]:
    """Return a new link's token and when it ends (seconds since 1970); what it opens, `to`, is signed with it.

    The token holds 128 random bits, when it was signed, and the signature, so that a forged or lengthened link is
    turned away without a look at the database. Only its hash is kept, so that the database opens no session to who
    reads it.
    """
    ends = int(time.time()) + LINK_SECONDS
    return _signer(key, to).sign(secrets.token_urlsafe(16)).decode(), float(ends)


def is_valid(key: str, token: str, to: str = "link") -> bool:
    """Return whether a link was signed with the key, to the letter, for what it is to open, and has not ended."""
    signer = _signer(key, to)
    try:
        signer.unsign(token, max_age=LINK_SECONDS)
    except BadSignature:
        return False
    # Base64 can spell one signature in many ways; each would be a rater of its own to whoever counts requests.
    signed, _, signature = token.rpartition(".")
    return signature == signer.get_signature(signed).decode()


def shared_key(engine: Engine, keys: Table) -> str:
    """Return the key that signs links, from a table of a number and a secret; the first to open a database makes it."""
    with engine.connect() as link:
        held = link.execute(select(keys.c.secret).where(keys.c.id == 1)).scalar()
    if held is not None:
        return str(held)
    try:
        with engine.begin() as link:
            link.execute(insert(keys).values(id=1, secret=secrets.token_hex(32)))
    except IntegrityError:
        pass  # another process was first
    return shared_key(engine, keys)


def token_hash(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(token: str) -> str:
    """Return what a page of this rater's own must send along with a change: no other site can know it."""
    return hmac.new(token.encode(), b"page", hashlib.sha256).hexdigest()


def _signer(key: str, to: str) -> TimestampSigner:
    return TimestampSigner(key, salt=to, key_derivation="hmac", digest_method=hashlib.sha256)
