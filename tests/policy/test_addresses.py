"""Addresses of models: what may stand in them, whose they are, and what can be read on the way."""

from __future__ import annotations

import pytest

from seatrial.policy.addresses import checked_address, is_openai, is_readable_on_the_way


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@host/v1",
        "https://s3cret@host/v1",
        "https://host/v1?key=s3cret",
        "https://host/v1?api-version=1&sig=s3cret",
        "https://host/v1#s3cret",
        "https://me:s3cret@[::1/v1",
        "ftp://s3cret.host/v1",
        "http:///s3cret",
        "https://host:s3cret/v1",
        "https://host/s3cret v1",
    ],
)
def test_no_address_holds_a_secret(url: str) -> None:
    """A name, a password or a query is refused, and the message does not repeat what it may hold."""
    with pytest.raises(ValueError, match="address") as told:
        checked_address(url)
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("url", ["http://localhost:8000/v1", "https://host/a/b/v1", "http://[::1]:8000/v1"])
def test_an_address_without_one_stays_as_it_is(url: str) -> None:
    """What a review asks is what the policy names."""
    assert checked_address(url) == url


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://API.OpenAI.com:443/v1", True),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com:8443/v1", False),
        ("https://api.openai.com.evil.net/v1", False),
        ("https://notapi.openai.com/v1", False),
        ("https://evil.net/api.openai.com/v1", False),
        ("http://localhost:8000/v1", False),
    ],
)
def test_openai_is_known_by_its_host_over_https(url: str, own: bool) -> None:
    """No host that only looks like OpenAI's, and no connection that others can read."""
    assert is_openai(url) == own


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("http://10.0.0.7:8000/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("http://localhost.evil.net/v1", True),
        ("http://0.0.0.0/v1", True),
        ("https://gpu-box:8000/v1", False),
        ("http://localhost:8000/v1", False),
        ("http://127.0.0.5:8000/v1", False),
        ("http://[::1]:8000/v1", False),
    ],
)
def test_plain_http_is_readable_beyond_this_machine(url: str, readable: bool) -> None:
    """Only this machine's own addresses need no encryption."""
    assert is_readable_on_the_way(url) == readable
