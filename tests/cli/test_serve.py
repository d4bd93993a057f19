"""`seatrial serve token`, `people` and `revoke`; the server itself is run in tests/e2e."""

from __future__ import annotations

import json

from conftest import Command
from seatrial.team.people import People


def test_a_token_is_shown_once_and_ends_by_a_word(seatrial: Command) -> None:
    """What is printed opens a session; the list names it without its secret; revoked, it opens nothing."""
    made = seatrial("serve", "token", "--role", "approver", "--name", "A. Name", "--url", "https://team.example")
    assert made.code == 0, made.err
    token = made.out.splitlines()[0].split(": ")[1]
    assert f"https://team.example/login#{token}" in made.out.replace("\n", "")
    people = People("sqlite:///vibe.db")
    assert people.log_in(token) is not None
    listed = seatrial("serve", "people").out
    assert token.partition(".")[0] in listed and token.partition(".")[2] not in listed and "approver" in listed
    assert "1 token ended" in seatrial("serve", "revoke", "A. Name").out
    assert people.log_in(token) is None
    again = seatrial("serve", "revoke", "A. Name")
    assert (again.code, "no token that is open" in again.err) == (2, True)
    people.engine.dispose()


def test_each_as_json(seatrial: Command) -> None:
    """The token in its parts, the list, and how many ended."""
    made = json.loads(seatrial("serve", "token", "--role", "viewer", "--name", "B", "--json").out)
    assert made["link"].endswith(f"/login#{made['token']}") and made["role"] == "viewer"
    (one,) = json.loads(seatrial("serve", "people", "--json").out)
    assert (one["name"], one["state"]) == ("B", "open")
    assert json.loads(seatrial("serve", "revoke", "B", "--json").out) == {"name": "B", "ended": 1}


def test_a_role_that_is_none_is_named(seatrial: Command) -> None:
    """With those that there are."""
    done = seatrial("serve", "token", "--role", "owner", "--name", "A")
    assert (done.code, "viewer, rater, approver, admin" in " ".join(done.err.split())) == (2, True)
