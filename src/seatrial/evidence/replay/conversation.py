"""A conversation of real traffic, cut before its last answer; or why it cannot be replayed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seatrial.replies import visible_answer
from seatrial.runs.json_files import digest_of
from seatrial.types import Message

__all__ = ["LONGEST", "TOOLS", "Conversation", "Raw", "Role", "Turn", "asked_in", "conversation_of", "turns_of"]

LONGEST = 200_000
"""Letters of one turn; what is longer is a file that was pasted in, and more than most models can read."""
Role = Literal["system", "user", "assistant", "tool", ""]
_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("user", "human", "prompter", "customer"), "user"),
    **dict.fromkeys(("assistant", "ai", "model", "bot", "gpt", "chatgpt", "bing", "bard", "claude"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "ipython", "observation", "function_call", "tool_call"), "tool"),
}
_TEXT = ("text", "input_text", "output_text", "refusal")
_THINKING = ("thinking", "reasoning", "redacted_thinking")
_TOOLS = ("tool", "function")
"""How the kind of a part begins that calls a tool or holds what one gave."""

TOOLS, FILES, ROLE, SILENT = (
    "its answer rests on tools, which a replay has not",
    "it holds images, sounds or files, which a replay cannot send",
    "a turn is by a role that is not known",
    "no user says anything before the last answer",
)
TOO_LONG = f"a turn is longer than {LONGEST:,} letters"
NO_TEXT = "a turn is no text"
EMPTY = "it holds no turns"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it was logged.

    Attributes:
        role: Whose it is; empty where that is not known.
        text: What it says.
        fault: Why it cannot be replayed, or empty.
    """

    role: Role
    text: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """What a log holds of a conversation, before it is known whether it can be replayed.

    Attributes:
        turns: Its turns in order.
        id: Of the conversation, or empty.
        user: Whose it is, or empty.
        time: Seconds since 1970 of its last answer; NaN where that is not known.
        requested: The model that was asked for, or empty.
        served: The model that answered, or empty.
        language: As the log names it, or empty.
        backwards: Whether a turn is earlier than the one before it.
    """

    turns: tuple[Turn, ...]
    id: str = ""
    user: str = ""
    time: float = math.nan
    requested: str = ""
    served: str = ""
    language: str = ""
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation up to its last answer.

    Attributes:
        id: As in the log, or a digest of its words.
        user: Digest of whose it is; empty where that is not known.
        messages: The turns before the last answer; the last of them is the user's.
        answer: The last answer, as production gave it; None where the log has none.
        time: Seconds since 1970 of its last answer; NaN where that is not known.
        requested: The model that was asked for, or empty.
        served: The model that answered, or empty.
        language: As the log names it, or empty.
        backwards: Whether a turn is earlier than the one before it.
    """

    id: str
    user: str
    messages: tuple[Message, ...]
    answer: str | None
    time: float = math.nan
    requested: str = ""
    served: str = ""
    language: str = ""
    backwards: bool = False

    @property
    def cluster(self) -> str:
        """What stands or falls together: all conversations of a user, else the conversation."""
        return f"user {self.user}" if self.user else f"conversation {self.id}"

    @property
    def digest(self) -> str:
        """Digest of who said what, by which a conversation that is there twice is known."""
        named = not self.id.startswith("words ")
        turns = [(one.role, one.content) for one in self.messages]
        return digest_of([self.id if named else self.user, turns, self.answer])


def conversation_of(raw: Raw) -> Conversation | str:
    """Return a conversation cut before its last answer, or why it cannot be replayed.

    What a user says after the last answer is a reaction, and no replay shows one; it is left off. Several answers in a
    row are one.
    """
    turns = raw.turns
    last = max((place for place, turn in enumerate(turns) if turn.role == "assistant"), default=-1)
    first = last
    while first > 0 and turns[first - 1].role == "assistant":
        first -= 1
    kept = turns if last < 0 else turns[: last + 1]
    if fault := next((turn.fault for turn in kept if turn.fault), ""):
        return fault
    before, answers = (kept, ()) if last < 0 else (kept[:first], kept[first:])
    if not turns:
        return EMPTY
    if not any(turn.role == "user" and turn.text.strip() for turn in before):
        return SILENT
    messages = tuple(Message(turn.role, turn.text) for turn in before if turn.role in ("system", "user", "assistant"))
    answer = visible_answer("\n\n".join(turn.text for turn in answers)) if answers else None
    user = digest_of(["user", raw.user]) if raw.user else ""
    name = _whole(raw.id) or f"words {digest_of([[(one.role, one.content) for one in messages], answer, user])}"
    requested, served, language = (_whole(word) for word in (raw.requested, raw.served, raw.language))
    return Conversation(name, user, messages, answer, raw.time, requested, served, language, raw.backwards)


def asked_in(messages: Iterable[Message]) -> str:
    """Return what the user says in a conversation."""
    return "\n".join(one.content for one in messages if one.role == "user")


def turns_of(messages: Iterable[object]) -> list[Turn]:
    """Return messages as turns: of role and content, of LangChain, of OpenTelemetry's parts, or of ShareGPT."""
    return [_turn(one) if isinstance(one, Mapping) else Turn("", "", NO_TEXT) for one in messages]


def _turn(message: Mapping[str, Any]) -> Turn:
    inner = message.get("kwargs", message.get("data"))
    if isinstance(inner, Mapping):  # as LangChain writes a message
        kinds = message.get("id")
        kind = str(kinds[-1]) if isinstance(kinds, Sequence) and kinds else str(message.get("type", ""))
        message = {"type": kind.removesuffix("Chunk").removesuffix("Message"), **inner}
    named = message.get("role", message.get("from", message.get("type", "")))
    role = _ROLES.get(str(named).strip().lower(), "")
    content = next(
        (message[key] for key in ("content", "parts", "value", "text") if message.get(key) is not None), None
    )
    calls = any(message.get(key) for key in ("tool_calls", "function_call", "tool_call_id"))
    text, fault = _text(content)
    if role == "tool" or calls:
        fault = TOOLS
    elif not role:
        fault = fault or ROLE
    elif content is None:
        fault = NO_TEXT
    return Turn(role, text, fault)


def _text(content: object) -> tuple[str, str]:
    """Return the text of a turn, and why it cannot be replayed."""
    parts = content if isinstance(content, list) else [content]
    texts, faults = [], []
    for part in parts:
        text, fault = _part(part)
        texts.append(text)
        faults.append(fault)
    joined = _whole("\n".join(filter(None, texts)))
    fault = next(filter(None, faults), "")
    return joined, fault or (TOO_LONG if len(joined) > LONGEST else "")


def _whole(text: str) -> str:
    """Return a text with a question mark for each half of a letter, which nothing can store or send."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _part(part: object) -> tuple[str, str]:
    if part is None:
        return "", ""
    if isinstance(part, str):
        return part, ""
    if not isinstance(part, Mapping):
        return "", NO_TEXT
    kind = str(part.get("type", "text"))
    if kind in _THINKING:
        return "", ""
    if kind.startswith(_TOOLS):
        return "", TOOLS
    text = part.get("text", part.get("content"))
    if kind in _TEXT and isinstance(text, str):
        return text, ""
    return "", FILES if kind not in _TEXT else NO_TEXT
