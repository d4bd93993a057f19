"""Recorded answers: JSONL, CSV, Parquet or JSON of prompts and completions, as a model that costs nothing.

Understood are rows with a prompt and a completion (under their usual names, or mapped by `columns`), OpenAI's
chat format (`messages` that end with the assistant's turn) and AlpacaEval's (`instruction`, `output`). A column
`targets` holds accepted answers, a column `model` says whose answer a row is. Every column without a part of its own is
kept as a label of the row, and so are these two.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from seatrial.errors import EvidenceError, NoAnswer
from seatrial.formats.tables import BY_POLICY, DRAW, Row, TableReader, as_word, listed
from seatrial.models.conversations import difference, spoken
from seatrial.policy import ModelSpec
from seatrial.replies import Malformed, Reply, how_ended, reply_of
from seatrial.types import Item, Message, Request, Response

__all__ = ["SUITE", "TranscriptsModel"]

SUITE = "transcripts"
"""Name of the suite that recorded items belong to."""
USUAL = {
    "item": ("item", "item_id", "id"),
    "prompt": ("prompt", "instruction", "question", "input"),
    "completion": ("completion", "output", "response", "answer"),
    "messages": ("messages",),
    "targets": ("targets", "target"),
    "model": ("model", "model_id"),
    "draw": DRAW,
    "cluster": ("cluster", "cluster_id"),
    "use_case": ("use_case",),
}
LABELS = ("targets", "model")
"""Columns with a part of their own that stay labels of the row, as every other column."""
ENDED = ("finish_reason", "stop_reason", "finishreason", "stopreason", "done_reason")
"""Columns, in small letters, that say why an answer ended; the first of them that a row fills counts."""
SPEAKERS: Mapping[object, Literal["system", "user", "assistant"]]
SPEAKERS = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
WHOLE = re.compile(r"[-+]?\d{1,18}")
READER = TableReader("transcripts", EvidenceError, USUAL, absent=BY_POLICY)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """One recorded answer; `place` says where it stands, `draw` what it is called. Without an answer `said` is None."""

    place: str
    item: Item
    draw: str
    said: Reply | None


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
        self._file = path.name
        self.name = f"transcripts/{path.name}" + (f" ({spec.name})" if spec.name else "")
        content = READER.content(path)
        known = {"model": "transcripts", "sha256": hashlib.sha256(content).hexdigest()}
        self.identity = json.dumps(known if spec.name is None else {**known, "name": spec.name})
        rows = list(READER.rows(path, content))
        if not rows:
            raise EvidenceError(f"{path}: holds no row")
        names = _columns(path, rows, spec.columns)
        chosen = _of_model(path, rows, names.get("model"), spec.name)
        recorded = [_recorded(row, names) for row in chosen]
        self._items: dict[str, Item] = {}
        self._answers: dict[str, list[Response]] = {}
        self._alike: dict[str, list[str]] = {}
        self._places: dict[tuple[str, int], str] = {}
        self._used: set[tuple[str, int]] = set()
        self._read(recorded)
        others = len(rows) - len(chosen)
        unread = [f"{path.name}: {others:,} rows of other models than {spec.name} were not read."] if others else []
        self._told = (*READER.told(path, names, spec.columns), *unread, *self._gaps(path, recorded))

    def _read(self, rows: Sequence[_Recorded]) -> None:
        """Take all rows, the answers to each item in the order of their draws, whatever those are called."""
        places: dict[tuple[str, str], str] = {}
        for row in rows:
            item, place = row.item, places.setdefault((row.item.id, row.draw), row.place)
            if place != row.place:
                raise EvidenceError(
                    f"{row.place}: the item {item.id!r} stands already in {place}. If these are several answers to one "
                    "question, number them in a column `draw`."
                )
            known = self._items.setdefault(item.id, item)
            if told := difference(known.messages, item.messages):
                raise EvidenceError(
                    f"{row.place}: the item {item.id!r} has another prompt than in an earlier row: {told}"
                )
            if set(known.targets) != set(item.targets):
                raise EvidenceError(f"{row.place}: the item {item.id!r} accepts other answers than in an earlier row")
            if (known.cluster, known.use_case) != (item.cluster, item.use_case):
                raise EvidenceError(f"{row.place}: the item {item.id!r} has another cluster or use case than before")
            alike = self._alike.setdefault(_conversation(item.messages), [])
            if item.id not in alike:
                alike.append(item.id)
        order = _order(row.draw for row in rows)
        for row in sorted(rows, key=lambda row: order[row.draw]):
            answers = self._answers.setdefault(row.item.id, [])
            if (said := row.said) is not None:
                self._places[row.item.id, len(answers)] = row.place
                labels, own = row.item.labels, (row.item.id, SUITE, len(answers), said.text)
                answers.append(Response(*own, stop=said.stop, labels=labels, thinking=said.thinking or None))

    def _gaps(self, path: Path, rows: Sequence[_Recorded]) -> list[str]:
        """Return how many rows hold no answer, and whether some items have fewer answers than others."""
        empty = sum(row.said is None for row in rows)
        counts = {len(answers) for answers in self._answers.values() if answers}
        said = [f"{path.name}: {empty:,} of {len(rows):,} rows hold no answer."] if empty else []
        if len(counts) > 1:
            said.append(f"{path.name}: some items have {min(counts)} answers, others up to {max(counts)}; all count.")
        return said

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

    def answers(self, item: Item) -> tuple[Response, ...]:
        """Return all recorded answers to the same conversation (or, for a recorded item, to its id), draw by draw."""
        alike = [item.id] if item.suite == SUITE else self._alike.get(_conversation(item.messages), [])
        return tuple(answer for name in alike for answer in self._answers.get(name, ()))

    def place(self, answer: Response) -> str:
        """Return where an answer of `answers` stands."""
        return self._places[answer.item, answer.draw]

    def told(self) -> tuple[str, ...]:
        """Return how the file was read, where there was a choice, and how many answers no gate asked for."""
        held = sum(map(len, self._answers.values()))
        unread = held - len(self._used)
        left = f"{self._file}: {unread:,} of {held:,} recorded answers were not read, for no gate asked for them."
        return (*self._told, left) if unread else self._told

    async def ask(self, request: Request) -> Response:
        """Return the recorded answer of that draw, as `answers` counts them.

        Raises:
            NoAnswer: nothing is recorded for it.
        """
        item, found = request.item, self.answers(request.item)
        if request.draw >= len(found):
            raise NoAnswer(f"{self.name} holds no answer to this item.")
        answer = found[request.draw]
        self._used.add((answer.item, answer.draw))
        return replace(answer, item=item.id, suite=item.suite, draw=request.draw)


def _conversation(messages: Sequence[Message]) -> str:
    """Return what makes two conversations the same; the system prompt is the model's business, not the item's."""
    turns = [turn for turn in spoken(messages) if turn[0] != "system"]
    return hashlib.sha256(json.dumps(turns, ensure_ascii=False).encode()).hexdigest()


def _order(draws: Iterable[str]) -> dict[str, int]:
    """Return the place of each draw: by its number where all are whole numbers, else by its name."""
    names = sorted(set(draws))
    if all(WHOLE.fullmatch(name) for name in names):
        names.sort(key=int)
    return {name: place for place, name in enumerate(names)}


def _columns(path: Path, rows: Sequence[Row], mapped: Mapping[str, str]) -> dict[str, str]:
    """Return what → name of its column, the same in all rows."""
    held = dict.fromkeys(chain.from_iterable(row.cells for row in rows))
    names = READER.names(path, held, mapped)
    if "messages" not in names and not {"prompt", "completion"} <= names.keys():
        raise EvidenceError(
            f"{path}: expected `prompt` and `completion`, or `messages`; found {listed(held)}. Map other names with "
            "columns: {prompt: …, completion: …}"
        )
    return names


def _recorded(row: Row, names: Mapping[str, str]) -> _Recorded:
    place, raw = row.place, row.cells
    chat, completion = (_cell(row, names, what) for what in ("messages", "completion"))
    if chat is not None or "prompt" not in names:
        conversation, answer = _split_chat(place, chat)
        if completion is not None and completion != answer.get("content"):
            raise EvidenceError(
                f"{place}: {names['messages']!r} ends with one answer, and {names['completion']!r} holds another; take "
                "out the one that is not meant"
            )
    else:
        conversation, answer = (Message("user", _words(place, names["prompt"], raw)),), {"content": completion}
    identifier = row.name(names.get("item"))
    if "item" in names and not identifier:
        raise EvidenceError(f"{place}: the id is empty")
    taken = {name for what, name in names.items() if what not in LABELS}
    labels = tuple((name, _label(place, name, value)) for name, value in raw.items() if name not in taken)
    item = Item(
        identifier or _conversation(conversation)[:16],
        SUITE,
        conversation,
        _targets(place, names.get("targets", ""), _cell(row, names, "targets")),
        use_case=row.name(names.get("use_case")) or "general",
        cluster=row.name(names.get("cluster")),
        labels=labels,
    )
    return _Recorded(place, item, row.name(names.get("draw")) or "0", _answer(place, answer, labels))


def _of_model(path: Path, rows: Sequence[Row], column: str | None, name: str | None) -> list[Row]:
    """Return the rows of the model that `name` picks; all of them where the file says of none whose they are."""
    if column is None:
        if name is not None:
            raise EvidenceError(
                f"{path}: `name` is given, yet the transcripts have no column `model`; map one with "
                "columns: {model: …}"
            )
        return list(rows)
    held = list(dict.fromkeys(row.name(column) for row in rows))
    if name is None:
        if len(held) > 1:
            listed = ", ".join(word or "(none named)" for word in held)
            raise EvidenceError(f"{path}: holds answers of {len(held)} models; pick one with `name`: {listed}")
        return list(rows)
    if "" in held:
        row = next(row for row in rows if not row.name(column))
        raise EvidenceError(f"{row.place}: {column} names no model, and `name` picks {name!r}")
    chosen = [row for row in rows if row.name(column) == name]
    if not chosen:
        raise EvidenceError(f"{path}: no model {name!r}; it holds {', '.join(held)}")
    return chosen


def _cell(row: Row, names: Mapping[str, str], what: str) -> Any:
    """Return what a row holds of that kind; None where the file has no column for it, whatever else it has."""
    return row.cells.get(names[what]) if what in names else None


def _targets(place: str, name: str, value: Any) -> tuple[str, ...]:
    """Return the accepted answers: the texts of a list, or the parts of a text between `|`."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    listed = value if isinstance(value, list) else (as_word(value) or "").split("|")
    if any(isinstance(one, (list, dict)) for one in listed):
        raise EvidenceError(f"{place}: {name} is no list of accepted answers: {value!r}")
    return tuple(text for one in listed if (text := (as_word(one) or "").strip()))


def _split_chat(place: str, messages: Any) -> tuple[tuple[Message, ...], Mapping[str, Any]]:
    """Return the conversation before the last assistant turn, and that turn."""
    if isinstance(messages, str):  # as a CSV holds them
        with suppress(ValueError, RecursionError):
            messages = json.loads(messages)
    turns = messages if isinstance(messages, list) else []
    wanted = f"{place}: `messages` must be turns with role and content that end with the assistant's"
    if len(turns) < 2:
        raise EvidenceError(wanted)
    for number, turn in enumerate(turns, 1):
        role = turn.get("role") if isinstance(turn, dict) else None
        if role not in SPEAKERS:
            raise EvidenceError(f"{wanted}; turn {number} has the role {role!r}, not system, user or assistant")
    if turns[-1]["role"] != "assistant":
        raise EvidenceError(f"{wanted}; the last turn is the {turns[-1]['role']}'s")
    return tuple(Message(SPEAKERS[turn["role"]], _said(place, turn)) for turn in turns[:-1]), turns[-1]


def _said(place: str, turn: Mapping[str, Any]) -> str:
    """Return the text of a turn before the answer."""
    try:
        text = reply_of(turn).text
    except Malformed as wrong:
        raise EvidenceError(f"{place}: a turn of `messages` cannot be read: {wrong}") from None
    if not isinstance(turn.get("content"), (str, list)):
        raise EvidenceError(f"{place}: a turn of `messages` has no content; each needs one, tools' calls are not read")
    return text


def _words(place: str, name: str, raw: Mapping[str, Any]) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise EvidenceError(f"{place}: {name} is empty or not text: {value!r}")
    return value


def _answer(place: str, answer: Mapping[str, Any], labels: Sequence[tuple[str, str]]) -> Reply | None:
    """Return the answer with its thinking and how it ended; None where the record says that there is none."""
    held = answer.get("content")
    if not any(value for name, value in answer.items() if name != "role") and held is None:
        return None
    if isinstance(held, list) and len(held) > 1 and all(isinstance(part, str) for part in held):
        raise EvidenceError(
            f"{place}: the completion is a list of {len(held)} texts. If these are several answers, give each its own "
            "row and number them in a column `draw`"
        )
    ended = {name.replace(" ", "_").casefold(): value for name, value in labels if value}
    stop = next((ended[name] for name in ENDED if name in ended), "")
    try:
        said = reply_of(answer, stop)
    except Malformed:
        raise EvidenceError(f"{place}: the completion is not text: {held!r:.200}") from None
    called = bool(answer.get("tool_calls") or answer.get("function_call")) and how_ended(stop) in ("", "stop")
    return replace(said, stop="tool_calls") if called else said


def _label(place: str, name: str, value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        raise EvidenceError(f"{place}: {name} is not a number (NaN or infinite)")
    return as_word(value) or ""
