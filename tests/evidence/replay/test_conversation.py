"""Where a conversation is cut, and which cannot be replayed."""

from __future__ import annotations

import pytest

from seatrial.evidence.replay import conversation
from seatrial.evidence.replay.conversation import Conversation, Raw, Turn, conversation_of, turns_of


def _made(*turns: tuple[str, str], **more: str) -> Conversation | str:
    return conversation_of(Raw(tuple(Turn(role, text) for role, text in turns), **more))  # type: ignore[arg-type]


def test_it_is_cut_before_its_last_answer() -> None:
    """Answers in a row are one; what the user says after them is a reaction; thinking is no part of an answer."""
    made = _made(
        ("system", "be brief"),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
        ("assistant", "<think>hm</think>d"),
        ("assistant", "e"),
        ("user", "thanks"),
    )
    assert isinstance(made, Conversation)
    assert [one.content for one in made.messages] == ["be brief", "a", "b", "c"]
    assert made.answer == "d\n\ne"


def test_a_question_without_an_answer_can_be_asked() -> None:
    """It has none of production's."""
    made = _made(("user", "a"))
    assert isinstance(made, Conversation) and made.answer is None and len(made.messages) == 1


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ((), conversation.EMPTY),
        ((("assistant", "hello"),), conversation.SILENT),
        ((("user", " "), ("assistant", "hello")), conversation.SILENT),
    ],
)
def test_what_nobody_asked_is_not_replayed(turns: tuple[tuple[str, str], ...], why: str) -> None:
    """No turns, an answer alone, a blank question."""
    assert _made(*turns) == why


TEXT = {"role": "user", "content": "q"}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, conversation.TOOLS),
        ({"role": "tool", "content": "42"}, conversation.TOOLS),
        ({"role": "assistant", "content": [{"type": "tool_use", "name": "x"}]}, conversation.TOOLS),
        ({"role": "assistant", "parts": [{"type": "tool_call", "name": "x"}]}, conversation.TOOLS),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, conversation.FILES),
        ({"role": "wizard", "content": "x"}, conversation.ROLE),
        ({"role": "user", "content": 7}, conversation.NO_TEXT),
        ({"role": "user"}, conversation.NO_TEXT),
        ("hello", conversation.NO_TEXT),
        ({"role": "user", "content": "x" * (conversation.LONGEST + 1)}, conversation.TOO_LONG),
    ],
)
def test_what_a_replay_has_not_is_said(message: object, why: str) -> None:
    """Tools, images, roles nobody knows, turns that are no text or longer than any model reads."""
    turns = turns_of([TEXT, message, {"role": "assistant", "content": "a"}])
    assert conversation_of(Raw(tuple(turns))) == why


def test_what_comes_after_the_last_answer_does_no_harm() -> None:
    """A tool that is called later has no part in it."""
    turns = turns_of([TEXT, {"role": "assistant", "content": "a"}, {"role": "tool", "content": "x"}])
    assert isinstance(conversation_of(Raw(tuple(turns))), Conversation)


@pytest.mark.parametrize(
    ("message", "role", "text"),
    [
        ({"from": "human", "value": "x"}, "user", "x"),
        ({"from": "gpt", "value": "x"}, "assistant", "x"),
        ({"role": "developer", "content": "x"}, "system", "x"),
        ({"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}, "user", "x\ny"),
        (
            {"role": "assistant", "content": [{"type": "thinking", "text": "no"}, {"type": "text", "text": "x"}]},
            "assistant",
            "x",
        ),
        ({"role": "user", "parts": [{"type": "text", "content": "x"}]}, "user", "x"),
        ({"lc": 1, "id": ["langchain", "schema", "AIMessageChunk"], "kwargs": {"content": "x"}}, "assistant", "x"),
        ({"type": "human", "data": {"content": "x"}}, "user", "x"),
    ],
)
def test_turns_are_read_however_they_are_written(message: object, role: str, text: str) -> None:
    """OpenAI, Anthropic, ShareGPT, LangChain, OpenTelemetry."""
    (turn,) = turns_of([message])
    assert (turn.role, turn.text, turn.fault) == (role, text, "")


def test_who_they_are_is_a_digest() -> None:
    """A user's name does not leave the log; conversations of one user share a cluster, and others their own."""
    one, other, third = (
        _made(("user", text), id=name, user=user)
        for text, name, user in (("a", "1", "ann@home"), ("b", "2", "ann@home"), ("c", "3", ""))
    )
    assert isinstance(one, Conversation) and isinstance(other, Conversation) and isinstance(third, Conversation)
    assert one.cluster == other.cluster != third.cluster
    assert "ann" not in one.cluster
    assert one.digest != other.digest
