"""Private links: what is valid, what was altered, what has ended."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine

from seatrial.web.access import LINK_SECONDS, csrf_token, is_valid, new_link, shared_key, token_hash

KEY = "a key of this test"
TOKEN, ENDS = new_link(KEY)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


def test_a_link_is_valid_until_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the moment on that it is made, for fourteen days, and not a second longer."""
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    token, ends = new_link(KEY)
    assert ends == 1_700_000_000.0 + LINK_SECONDS
    assert LINK_SECONDS == 14 * 24 * 3600
    for now, valid in ((1_700_000_000.0, True), (ends - 1, True), (ends + 1, False), (ends + 10**6, False)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert is_valid(KEY, token) is valid


def test_a_link_opens_what_it_was_signed_for() -> None:
    """The administrator's is no rater's, and the other way round."""
    admin, _ = new_link(KEY, "admin")
    assert [is_valid(KEY, admin, to) for to in ("admin", "link")] == [True, False]
    assert [is_valid(KEY, TOKEN, to) for to in ("admin", "link")] == [False, True]


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(LETTERS))
def test_a_changed_letter_is_not_valid(place: int, letter: str) -> None:
    """Whichever letter of the random part, the time or the signature is changed, the link is turned away."""
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    assert is_valid(KEY, changed) == (changed == TOKEN)


def test_a_signature_has_one_spelling() -> None:
    """The last letter of Base64 holds bits that are not read: the same signature spelled otherwise is turned away."""
    others = [TOKEN[:-1] + letter for letter in LETTERS if TOKEN[:-1] + letter != TOKEN]
    assert not any(is_valid(KEY, other) for other in (*others, f"{TOKEN}!", f"{TOKEN}="))


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 10), st.sampled_from([*LETTERS, "!", "=", " "]))
def test_a_shortened_or_lengthened_link_is_not_valid(place: int, count: int, letter: str) -> None:
    """Letters left out or put in at any place are seen, those that Base64 passes over as well."""
    assert not is_valid(KEY, TOKEN[:place] + TOKEN[place + count :])
    assert not is_valid(KEY, TOKEN[:place] + letter * count + TOKEN[place:])


@given(st.text(max_size=80))
@example("")
@example(".")
@example("...")
@example(TOKEN.rpartition(".")[0])
@example("é.é.é")
def test_what_nobody_signed_is_not_valid(text: str) -> None:
    """Any text at all is turned away, never by a traceback."""
    assert not is_valid(KEY, text)
    assert not is_valid(KEY, f"{text}.{TOKEN}")


def test_a_later_time_needs_another_signature() -> None:
    """Nobody lengthens a link by writing another time into it, nor takes the signature of another link."""
    body, _, signature = TOKEN.split(".")
    later, other = "zzzzzz", new_link(KEY)[0].split(".")
    stamp = TOKEN.split(".")[1]
    assert not is_valid(KEY, f"{body}.{later}.{signature}")
    assert not is_valid(KEY, f"{body}.{stamp}.{other[2]}")
    assert not is_valid(KEY, f"{other[0]}.{stamp}.{signature}")


def test_another_key_and_another_purpose_open_nothing() -> None:
    """A link of one database is no link of another, and what the same key signs for something else is no link."""
    assert is_valid(KEY, TOKEN)
    assert not is_valid(KEY + " ", TOKEN)
    assert not is_valid("", TOKEN)
    signer = TimestampSigner(KEY, salt="something else", key_derivation="hmac", digest_method=hashlib.sha256)
    assert not is_valid(KEY, signer.sign("a" * 22).decode())


def test_links_are_random_and_hold_what_they_say() -> None:
    """A thousand links differ in 22 letters of 128 random bits, and each ends two weeks from now."""
    made = [new_link(KEY) for _ in range(1000)]
    secrets = {token.split(".")[0] for token, _ in made}
    assert len(secrets) == 1000
    assert {len(secret) for secret in secrets} == {22}
    for letters in zip(*secrets, strict=True):
        assert len(set(letters)) > 1
    assert all(abs(ends - time.time() - LINK_SECONDS) < 60 for _, ends in made)


def test_only_a_digest_is_kept() -> None:
    """What is kept of a link is its SHA-256, from which nobody finds the link."""
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_token_of_a_page_belongs_to_one_link() -> None:
    """Another rater's page has another token, which does not give the link away; it is the HMAC-SHA-256 of the page."""
    assert csrf_token("key") == "bd86fbae891a29754b580b04c3be4b65baf6e981d4f4825632bf191d9565e836"
    assert csrf_token(TOKEN) != csrf_token(new_link(KEY)[0])
    assert TOKEN not in csrf_token(TOKEN)


def test_whoever_opens_a_database_signs_with_one_key(tmp_path: Path) -> None:
    """The first makes it, also of several at once; it is never made anew."""
    table = Table("keys", MetaData(), Column("id", Integer, primary_key=True), Column("secret", String(64)))
    engine = create_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    table.create(engine)
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: shared_key(engine, table), range(8)))
    assert len(found) == 1 and len(found.pop()) == 64
    engine.dispose()
