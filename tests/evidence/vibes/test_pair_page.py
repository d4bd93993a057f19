"""What a pair's page shows, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.evidence.vibes.pair_page import UNRATED, pair_content
from seatrial.evidence.vibes.trials import Kind, Trial
from seatrial.evidence.vibes.values import Shown, Turn
from seatrial.web.safe_html import rendered
from vibe_sessions import said, trial

OUTLINE = ["first", "second", "third"]
KINDS: tuple[Kind, ...] = ("pair", "same", "spike", "repeat", "second", "witness", "live")


def _content(shown: Trial, name: str = "second", turns: tuple[Turn, ...] = (), **more: Any) -> dict[str, Any]:
    held = {"rating": None, "version": 0, **more}
    return pair_content(OUTLINE, Shown(name, 7, shown, **held), ["flattery", "cold"], turns)


@pytest.mark.parametrize(
    ("name", "number", "before", "after"),
    [("first", 1, "", "second"), ("second", 2, "first", "third"), ("third", 3, "second", "")],
)
def test_a_page_knows_its_neighbors(name: str, number: int, before: str, after: str) -> None:
    """By their public names; the first has none before it, and the last none after."""
    found = _content(trial(), name)
    assert (found["trial"], found["number"], found["count"]) == (name, number, 3)
    assert (found["before"], found["after"]) == (before, after)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("live", "witness", "second")])
def test_controls_look_like_any_other_pair(kind: Kind) -> None:
    """Of one text, the page of a control is that of a pair, and neither side tells which is the odd one."""
    odd = "left" if kind != "same" else ""
    shown = Trial(kind, "praise", trial().item, "a **text**", "another", odd, 0 if kind == "repeat" else -1)  # type: ignore[arg-type]
    plain = Trial("pair", "manners", trial().item, "a **text**", "another", "right")
    assert _content(shown) == _content(plain)


def test_both_texts_and_what_was_asked_are_harmless_html() -> None:
    """Left stays left and right stays right, rendered as Markdown without anything that acts."""
    shown = Trial("pair", "praise", trial().item, "**left** <script>", "*right*", "left")
    found = _content(shown)
    assert (found["left"], found["right"]) == (rendered("**left** <script>"), rendered("*right*"))
    assert found["turns"] == [("user", rendered("What of poem?"))]
    assert "<script>" not in str(found)


def test_what_was_said_before_is_shown_again() -> None:
    """A rating comes back with its version and the edit it came from; without one, there is nothing to fill in."""
    before = said(note="hm", off_left=2, tags=["gushing", "cold"])
    found = _content(trial(), rating=before, version=3, tab="abc", step=5)
    assert (found["rating"], found["version"], found["tab"], found["step"]) == (before, 3, "abc", 5)
    assert found["tags"] == ["flattery", "cold", "gushing"]
    assert (_content(trial())["rating"], _content(trial())["tags"]) == (UNRATED, ["flattery", "cold"])


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("pair", "Two answers to one conversation"),
        ("second", "Two answers to one conversation"),
        ("live", "Talk to two models at once"),
        ("witness", "Two conversations that somebody else had"),
    ],
)
def test_a_heading_says_what_is_to_be_looked_at(kind: Kind, heading: str) -> None:
    """A pair, a conversation of one's own, or another's; a second look says under which tag."""
    found = _content(trial(kind, tag="gushing" if kind == "second" else ""))
    assert found["heading"] == heading
    assert found["live"] is (kind == "live")
    assert found["again"] == ("gushing" if kind == "second" else "")


@pytest.mark.parametrize(
    ("turns", "heard", "waiting"),
    [
        ((), 0, ""),
        ((Turn("hi", "a", "b"),), 1, ""),
        ((Turn("hi", "a", "b"), Turn("and?", None, None)), 1, "and?"),
        ((Turn("hi", None, None),), 0, "hi"),
    ],
)
def test_a_question_without_answers_stands_ready_to_be_put_again(
    turns: tuple[Turn, ...], heard: int, waiting: str
) -> None:
    """Answered turns are shown with both answers, and words that got none are still there."""
    found = _content(trial("live"), turns=turns)
    assert found["talk"] == [("hi", rendered("a"), rendered("b"))] * heard
    assert found["open_turn"] == waiting
