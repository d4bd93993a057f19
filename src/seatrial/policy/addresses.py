"""Addresses of models: no secret inside, whose they are, and whether what goes there can be read on the way."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

__all__ = ["ON_THE_WAY", "OPENAI_KEY", "UNNAMED", "checked_address", "is_openai", "is_readable_on_the_way"]

OPENAI_KEY = "OPENAI_API_KEY"
"""The environment variable that holds OpenAI's key by custom; it is sent to OpenAI alone."""
UNNAMED = (
    "Name the environment variable of its key with api_key_env: an address that the policy gives is sent no other key; "
    f"{OPENAI_KEY} goes to OpenAI's own."
)
ON_THE_WAY = "{} is plain http: the key, prompts and answers can be read on the way. Give an address with https."


def checked_address(url: str) -> str:
    """Return the address as it is.

    Raises:
        ValueError: it is none, or holds a place for a secret; the message does not show it.
    """
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or any(sign.isspace() or not sign.isprintable() for sign in url):
        raise ValueError("is no address such as https://HOST/v1 or http://localhost:8000/v1")
    if "@" in parts.netloc:
        raise ValueError(
            "an address holds no name and password, for a review keeps a copy of it: put the key into an environment "
            "variable and name that with api_key_env"
        )
    if "?" in url or "#" in url:
        raise ValueError(
            "an address ends with its path, as in https://HOST/v1: give what stood after `?` or `#` as `headers` or "
            '`extra_body`, and a secret there as "${NAME}" of an environment variable'
        )
    return url


def is_openai(url: str) -> bool:
    """Return whether an address is OpenAI's own, reached so that nobody on the way can read what is sent."""
    parts = urlsplit(url)
    host = _host(parts)
    own = host == "api.openai.com" or host.endswith(".api.openai.com")
    return parts.scheme == "https" and own and parts.port in (None, 443)


def is_readable_on_the_way(url: str) -> bool:
    """Return whether what is sent to an address leaves this machine without being encrypted."""
    parts = urlsplit(url)
    host = _host(parts)
    if parts.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".")
