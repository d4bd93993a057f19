"""Tokens and sessions: what is kept of them, what ends them, what is written down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrial.errors import SeatrialError
from seatrial.team.people import People


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """A database of nobody yet."""
    made = People(f"sqlite:///{tmp_path / 'team.db'}")
    yield made
    made.engine.dispose()


def test_nothing_that_opens_anything_is_kept(people: People, tmp_path: Path) -> None:
    """Neither a token's secret nor a session's cookie stands in the database in any form but a hash."""
    token = people.new_token("ann", "admin", 5)
    found = people.log_in(token)
    assert found is not None
    with sqlite3.connect(tmp_path / "team.db") as link:
        kept = "\n".join(link.iterdump())
    assert token.partition(".")[2] not in kept and found[0] not in kept
    assert token.partition(".")[0] in kept


def test_a_login_begins_a_session_and_ends_the_one_before(people: People) -> None:
    """Two logins, two cookies; the one that was brought along opens nothing after."""
    token = people.new_token("ann", "viewer", 5)
    first = people.log_in(token)
    assert first is not None
    second = people.log_in(token, first[0])
    assert second is not None and second[0] != first[0]
    assert people.person(first[0]) is None
    person = people.person(second[0])
    assert person == second[1] and (person.name, person.role) == ("ann", "viewer")
    people.log_out(person, second[0])
    assert people.person(second[0]) is None


@pytest.mark.parametrize("wrong", ["", ".", "x", "\0", "é" * 40, "\ud800.\udfff", "0" * 16 + ".x", "a" * 10_000])
def test_what_is_no_token_opens_nothing(people: People, wrong: str) -> None:
    """Whatever letters it is made of; the try is written down without them."""
    assert people.log_in(wrong) is None
    (deed,) = people.deeds()
    assert (deed.who, deed.what, deed.outcome) == ("", "log in", "refused: no such token, or it has ended")


def test_revoking_ends_all_tokens_of_a_name_or_one(people: People) -> None:
    """By the name, or by the token's public half; a second time there is nothing to end."""
    tokens = [people.new_token("ann", role, 5) for role in ("viewer", "admin")]
    other = people.new_token("bo", "viewer", 5)
    sessions = [found[0] for token in (*tokens, other) if (found := people.log_in(token))]
    assert people.revoke(tokens[0].partition(".")[0]) == 1
    assert [people.person(one) is None for one in sessions] == [True, False, False]
    assert (people.revoke("ann"), people.revoke("ann"), people.revoke("nobody")) == (1, 0, 0)
    assert [people.person(one) is None for one in sessions] == [True, True, False]
    assert people.log_in(tokens[1]) is None
    assert {(one.name, one.role): one.state for one in people.tokens()} == {
        ("ann", "viewer"): "revoked", ("ann", "admin"): "revoked", ("bo", "viewer"): "open",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "role", "days"),
    [(" \u200b", "viewer", 5), ("x" * 101, "viewer", 5), ("ann", "owner", 5), ("ann", "viewer", 0)],
)
def test_a_token_is_somebodys_for_something_until_a_day(people: People, name: str, role: str, days: int) -> None:
    """A name that nobody sees, a role that is none, and no time at all are refused."""
    with pytest.raises(SeatrialError, match=r"^--(name|role|days) "):
        people.new_token(name, role, days)
    assert people.tokens() == []


def test_what_somebody_did_is_kept_as_it_came(people: People) -> None:
    """The latest first, with the entry that it made; letters that no database takes are left out."""
    found = people.log_in(people.new_token("ann", "approver", 5))
    assert found is not None
    people.note(found[1], "Waiver: a\0b\ud800", "begun")
    people.note(found[1], "Waiver: ab", "waived", 12)
    done, begun, came, made = people.deeds()
    assert (done.who, done.role, done.what, done.outcome, done.entry) == ("ann", "approver", "Waiver: ab", "waived", 12)
    assert (begun.what, begun.entry) == ("Waiver: ab?", None)
    assert (came.what, made.role) == ("log in", "command line")
    assert [one.number for one in people.deeds()] == [4, 3, 2, 1]
    assert people.deeds(2, before=begun.number) == [came, made]
