"""Recorded answers: JSONL, CSV, Parquet or JSON of prompts and completions, as a model that costs nothing.

Understood are rows with a prompt and a completion (under their usual names, or mapped by `columns`), OpenAI's
chat format (`messages` that end with the assistant's turn) and AlpacaEval's (`instruction`, `output`). Every
other column is kept as a label of the row.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seatrial.errors import EvidenceError, NoAnswer
from seatrial.formats.tables import BY_POLICY, TABLES, Row, TableReader
from seatrial.policy import ModelSpec
from seatrial.replies import Malformed, reply_of
from seatrial.types import Item, Message, Request, Response

__all__ = ["SUITE", "TranscriptsModel"]

SUITE = "transcripts"
"""Name of the suite that recorded items belong to."""
USUAL = {
    "item": ("item", "item_id", "id"),
    "prompt": ("prompt", "instruction", "question", "input"),
    "completion": ("completion", "output", "response", "answer"),
    "messages": ("messages",),
    "draw": ("draw", "epoch"),
    "cluster": ("cluster", "cluster_id"),
    "use_case": ("use_case",),
}
READER = TableReader("transcripts", EvidenceError, USUAL, absent=BY_POLICY, suffixes=(*TABLES, ".json"))


@dataclass(frozen=True, slots=True)
class _Recorded:
    """One recorded answer; `place` says where it stands. Without an answer the response is None."""

    place: str
    item: Item
    response: Response | None


class TranscriptsModel:
    """Answers from a file."""

    live = False
    logprobs = 0
    concurrency = 1

    def __init__(self, spec: ModelSpec) -> None:
        """Read and check the file.

        Raises:
            EvidenceError: it cannot be read, or a row is wrong.
        """
        path = Path(spec.target)
        self.name = f"transcripts/{path.name}"
        content = READER.content(path)
        self.identity = json.dumps({"model": "transcripts", "sha256": hashlib.sha256(content).hexdigest()})
        self._items: dict[str, Item] = {}
        self._answers: dict[str, dict[int, Response]] = {}
        self._by_conversation: dict[str, str] = {}
        places: dict[tuple[str, int], str] = {}
        for row in READER.rows(path, content):
            self._add(_recorded(row, spec.columns), places)
        if not self._items:
            raise EvidenceError(f"{path}: holds no row")

    def _add(self, row: _Recorded, places: dict[tuple[str, int], str]) -> None:
        item, draw = row.item, row.response.draw if row.response else 0
        if (item.id, draw) in places:
            raise EvidenceError(
                f"{row.place}: the item {item.id!r} stands already in {places[item.id, draw]}. If these are several "
                "answers to one question, number them in a column `draw`."
            )
        places[item.id, draw] = row.place
        known = self._items.setdefault(item.id, item)
        if known.messages != item.messages:
            raise EvidenceError(f"{row.place}: the item {item.id!r} has another prompt than in an earlier row")
        self._by_conversation.setdefault(_conversation(item.messages), item.id)
        answers = self._answers.setdefault(item.id, {})
        if row.response is not None:
            answers[draw] = row.response

    async def __aenter__(self) -> Self:
        """Nothing to start."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to stop."""

    def items(self) -> tuple[Item, ...]:
        """Return the recorded items, in the file's order, with the other columns of their rows as labels."""
        return tuple(self._items.values())

    def answers(self, item: str) -> tuple[Response, ...]:
        """Return all recorded answers to the item of that id, by draw; empty if there are none."""
        found = self._answers.get(item, {})
        return tuple(found[draw] for draw in sorted(found))

    async def ask(self, request: Request) -> Response:
        """Return the recorded answer to the same conversation (or, for a recorded item, to its id).

        Raises:
            NoAnswer: nothing is recorded for it.
        """
        item = request.item
        key = item.id if item.suite == SUITE else self._by_conversation.get(_conversation(item.messages), "")
        answer = self._answers.get(key, {}).get(request.draw)
        if answer is None:
            raise NoAnswer(f"{self.name} holds no answer to this item.")
        return replace(answer, item=item.id, suite=item.suite)


def _conversation(messages: Sequence[Message]) -> str:
    """Return what makes two conversations the same; the system prompt is the model's business, not the item's."""
    turns = [[turn.role, " ".join(turn.content.split())] for turn in messages if turn.role != "system"]
    return hashlib.sha256(json.dumps(turns, ensure_ascii=False).encode()).hexdigest()


def _recorded(row: Row, columns: Mapping[str, str]) -> _Recorded:
    place, raw = row.place, row.cells
    names = READER.names(place, raw, columns)
    if "messages" in names:
        conversation, completion = _split_chat(place, raw[names["messages"]])
    elif "prompt" in names and "completion" in names:
        conversation = (Message("user", _words(place, names["prompt"], raw)),)
        completion = raw[names["completion"]]
    else:
        raise EvidenceError(
            f"{place}: expected `prompt` and `completion`, or `messages`; found {', '.join(raw)}. Map other names with "
            "columns: {prompt: …, completion: …}"
        )
    identifier = row.text(names.get("item")).strip()
    if "item" in names and not identifier:
        raise EvidenceError(f"{place}: the id is empty")
    labels = tuple((name, _label(place, name, value)) for name, value in raw.items() if name not in names.values())
    item = Item(
        identifier or _conversation(conversation)[:16],
        SUITE,
        conversation,
        use_case=row.text(names.get("use_case")) or "general",
        cluster=row.text(names.get("cluster")),
        labels=labels,
    )
    text = _completion(place, completion)
    draw = _draw(place, raw[names["draw"]]) if "draw" in names else 0
    response = None if text is None else Response(item.id, SUITE, draw, text, stop=_stop(labels), labels=labels)
    return _Recorded(place, item, response)


def _split_chat(place: str, messages: Any) -> tuple[tuple[Message, ...], Any]:
    """Return the conversation before the last assistant turn, and that turn's content."""
    turns = messages if isinstance(messages, list) else []
    known = all(
        isinstance(turn, dict)
        and turn.get("role") in ("system", "user", "assistant")
        and isinstance(turn.get("content"), str)
        for turn in turns
    )
    if len(turns) < 2 or not known or turns[-1]["role"] != "assistant":
        raise EvidenceError(f"{place}: `messages` must be turns with role and content that end with the assistant's")
    return tuple(Message(turn["role"], turn["content"]) for turn in turns[:-1]), turns[-1]["content"]


def _words(place: str, name: str, raw: Mapping[str, Any]) -> str:
    value = raw[name]
    if not isinstance(value, str) or not value.strip():
        raise EvidenceError(f"{place}: {name} is empty or not text: {value!r}")
    return value


def _completion(place: str, value: Any) -> str | None:
    """Return the answer; None where the record says that there is none."""
    if value is None:
        return None
    try:
        return reply_of({"content": value}).text
    except Malformed:
        raise EvidenceError(f"{place}: the completion is not text: {value!r}") from None


def _draw(place: str, value: Any) -> int:
    try:
        draw = int(str(value))
    except ValueError:
        raise EvidenceError(f"{place}: draw must be a whole number, got {value!r}") from None
    if draw < 0:
        raise EvidenceError(f"{place}: draw must not be negative, got {draw}")
    return draw


def _stop(labels: Sequence[tuple[str, str]]) -> str:
    """Return why a recorded answer ended, where its row says so."""
    held = dict(labels)
    return held.get("finish_reason") or held.get("stop_reason") or "stop"


def _label(place: str, name: str, value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise EvidenceError(f"{place}: {name} is not a number (NaN or infinite)")
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
