"""Scripts of users: what can be walked, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from seatrial.personas.script import Version, handed_on

WORDS = {key: "words" for key in ("wants", "hides", "mood", "leans_in", "backs_off", "ends")}


def version(**states: dict[str, Any]) -> Version:
    """Return a version with these states."""
    return Version.model_validate({**WORDS, "states": states})


def good() -> dict[str, dict[str, Any]]:
    """Return states that can be walked."""
    return {
        "start": {"lines": ["a", "b"], "moved": 0.2, "to": {"agreed": "sure"}, "then": "over"},
        "sure": {"lines": ["c"], "moved": 0.6, "then": "over"},
        "over": {"lines": ["d"], "moved": 1.0, "ends": True},
    }


def test_a_script_hands_on_to_an_end() -> None:
    """From each state `then` leads to one that ends."""
    states = version(**good()).states
    assert handed_on(states, "start") == ["start", "over"]
    assert handed_on(states, "over") == ["over"]


@pytest.mark.parametrize(
    ("state", "changes", "said"),
    [
        ("start", {"to": {"agreed": "nowhere"}}, "there is no such state"),
        ("start", {"to": {}}, "nothing leads to 'sure'"),
        ("sure", {"then": "start"}, None),
        ("start", {"then": "sure", "to": {}}, None),
        ("over", {"ends": False, "then": "start"}, "no state ends"),
        ("over", {"then": "start"}, "a state that ends leads nowhere"),
        ("sure", {"then": None}, "needs `then`"),
        ("sure", {"lines": ["a"]}, "the same line"),
        ("start", {"lines": ["a", "a"]}, "a line stands twice"),
        ("start", {"to": {"cheered": "sure"}}, "refused"),
        ("sure", {"moved": 1.2}, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_walked_is_refused(state: str, changes: dict[str, Any], said: str | None) -> None:
    """Unknown, unreachable and endless states are named; what is only another order is taken."""
    states = good()
    states[state] = {**states[state], **changes}
    if said is None:
        version(**states)
        return
    with pytest.raises(ValidationError) as error:
        version(**states)
    assert said in str(error.value)


def test_a_circle_of_thens_is_refused() -> None:
    """A user whom nothing moves comes to an end."""
    states = good()
    states["start"]["then"] = "sure"
    states["sure"] |= {"then": "start", "to": {"refused": "over"}}
    with pytest.raises(ValidationError, match="leads round in a circle"):
        version(**states)
