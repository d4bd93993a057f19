"""Conversations with both models: which hears what, and what the page gets of it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, cast

import pytest

from seatrial.errors import CallFailed
from seatrial.evidence.vibes import live
from seatrial.evidence.vibes.live import MAX_TOKENS, WORDS, Lines, revealed, speakable
from seatrial.evidence.vibes.values import Turn
from seatrial.policy import ModelSpec
from seatrial.types import Request, Response
from seatrial.web.safe_html import rendered
from vibe_sessions import trial

CONFIG = {"models": {role: {"model": f"embedded/{role}"} for role in ("baseline", "candidate")}}


class _Model:
    """A simulated model that says its name and how many turns it heard, and writes down what it was asked."""

    def __init__(self, name: str, concurrency: int = 8, seconds: float = 0.0, dead: bool = False) -> None:
        self.name, self.concurrency, self.seconds, self.dead = name, concurrency, seconds, dead
        self.asked: list[Request] = []
        self.open = self.opened = self.at_once = self.most = 0

    async def __aenter__(self) -> _Model:
        self.open += 1
        self.opened += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open -= 1

    async def ask(self, request: Request) -> Response:
        """Answer after a while."""
        self.asked.append(request)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        if self.dead:
            raise CallFailed("no answer")
        return Response(request.item.id, "live", 0, f"{self.name} {len(request.item.messages)}")


Pair = tuple[_Model, _Model]


def _opening(monkeypatch: pytest.MonkeyPatch, *models: _Model) -> list[ModelSpec]:
    """Have these models opened in the place of what a session names, and return what was named."""
    named: list[ModelSpec] = []

    def open_both(before: ModelSpec, after: ModelSpec) -> Pair:
        named.extend((before, after))
        return cast(Pair, models)

    monkeypatch.setattr(live, "open_models", open_both)
    return named


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """The baseline and the candidate, simulated."""
    made = _Model("old"), _Model("new")
    _opening(monkeypatch, *made)
    return made


@pytest.mark.parametrize(("odd", "said"), [("left", ["new 1", "old 1"]), ("right", ["old 1", "new 1"])])
async def test_the_candidate_answers_on_its_side(models: Pair, odd: Any, said: list[str]) -> None:
    """Left text first, whichever model stands there."""
    lines = Lines()
    assert await lines.answers(1, CONFIG, trial("live", odd=odd), [Turn("hi", None, None)]) == said
    await lines.close()


@pytest.mark.parametrize("odd", ["left", "right"])
async def test_each_model_goes_on_from_its_own_words(models: Pair, odd: Any) -> None:
    """Neither hears what the other said; both hear all that the rater said."""
    turns = [Turn("hi", "left one", "right one"), Turn("and?", "left two", "right two"), Turn("so?", None, None)]
    await Lines().answers(1, CONFIG, trial("live", odd=odd), turns)
    for model, side in zip(models, ("right", "left") if odd == "left" else ("left", "right"), strict=True):
        (request,) = model.asked
        assert [(one.role, one.content) for one in request.item.messages] == [
            ("user", "hi"), ("assistant", f"{side} one"), ("user", "and?"), ("assistant", f"{side} two"),
            ("user", "so?"),
        ]  # fmt: skip
        assert request.max_tokens == MAX_TOKENS


@pytest.mark.parametrize("dead", [0, 1])
async def test_a_model_that_dies_is_an_error_of_the_turn(monkeypatch: pytest.MonkeyPatch, dead: Literal[0, 1]) -> None:
    """It is told as such, whichever died, and the other is not cut off in the midst of its words."""
    made = [_Model("old", seconds=0.05), _Model("new", seconds=0.05)]
    made[dead] = _Model("dead", dead=True)
    _opening(monkeypatch, *made)
    lines = Lines()
    with pytest.raises(CallFailed, match="no answer"):
        await lines.answers(1, CONFIG, trial("live"), [Turn("hi", None, None)])
    assert made[1 - dead].at_once == 0
    assert len(made[1 - dead].asked) == 1
    made[dead].dead = False
    assert len(await lines.answers(1, CONFIG, trial("live"), [Turn("hi", None, None)])) == 2


async def test_models_are_opened_once_a_session_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch, models: Pair
) -> None:
    """Ten raters who begin at once share them; another session has its own; afterwards none is left open."""
    named = _opening(monkeypatch, *models)
    lines = Lines()
    turns = [Turn("hi", None, None)]
    await asyncio.gather(*[lines.answers(1, CONFIG, trial("live"), turns) for _ in range(10)])
    assert [model.opened for model in models] == [1, 1]
    assert [spec.model for spec in named] == ["embedded/baseline", "embedded/candidate"]
    await lines.answers(2, CONFIG, trial("live"), turns)
    assert [model.open for model in models] == [2, 2]
    await lines.close()
    assert [model.open for model in models] == [0, 0]


async def test_no_model_answers_more_at_once_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raters wait in turn for a model that takes two calls at a time, and do not for one that takes all."""
    made = _Model("old", concurrency=2, seconds=0.01), _Model("new", concurrency=8, seconds=0.01)
    _opening(monkeypatch, *made)
    lines = Lines()
    turns = [Turn("hi", None, None)]
    both = await asyncio.gather(*[lines.answers(1, CONFIG, trial("live"), turns) for _ in range(8)])
    assert len(both) == 8
    assert (made[0].most, made[1].most) == (2, 8)


@pytest.mark.parametrize(
    ("model", "can"),
    [("embedded/smollm2-135m", True), ("openai/gpt-x", True), ("transcripts/a.jsonl", False), ("scores/a.csv", False)],
)
def test_only_a_model_that_can_go_on_can_be_talked_to(model: str, can: bool) -> None:
    """Recorded answers and scores have no more to say than they hold."""
    assert speakable(ModelSpec(model=model)) is can


async def _stream(answers: Sequence[str] | Exception, seconds: float = 0.0) -> list[tuple[float, dict[str, Any]]]:
    """Return each line of a conversation's stream with the seconds since its beginning."""

    async def answer() -> list[str]:
        await asyncio.sleep(seconds)
        if isinstance(answers, Exception):
            raise answers
        return list(answers)

    began = time.monotonic()
    return [
        (time.monotonic() - began, json.loads(line)) async for line in revealed(asyncio.create_task(answer()))
    ]  # fmt: skip


@pytest.mark.parametrize(
    "answers",
    [["one two three four five six", "a"], ["a", "one two three four five six"], ["", ""], ["x" * 50, "é 😀"]],
)
async def test_both_sides_come_piece_by_piece_together(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    """As many pieces as the longer answer has, each with both sides; joined they are the answers, then both as HTML."""
    monkeypatch.setattr(live, "TICK", 0.001)
    *pieces, last = [line for _, line in await _stream(answers)]
    assert all(list(piece) == ["left", "right"] for piece in pieces)
    for side, text in zip(("left", "right"), answers, strict=True):
        assert "".join(piece[side] for piece in pieces).split() == text.split()
        assert all(len(piece[side].split()) <= WORDS for piece in pieces)
    assert len(pieces) == -(-max(len(text.split()) for text in answers) // WORDS)
    assert last == {"done": True, "left": rendered(answers[0]), "right": rendered(answers[1])}


@pytest.mark.slow
@pytest.mark.parametrize("slow", ["left", "right"])
async def test_the_stream_is_the_same_whichever_model_is_slow(slow: str) -> None:
    """Pieces of both sides come together, none before both are whole, however long either took."""
    long, short = "one two three four five six", "a"
    seen = await _stream([long, short] if slow == "left" else [short, long], 0.3)
    assert seen[0][0] >= 0.3
    assert all({"left", "right"} <= piece.keys() for _, piece in seen)
    assert len(seen) == 3


async def test_signs_of_life_come_while_both_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty lines keep the connection open for as long as it takes, and say nothing of either side."""
    monkeypatch.setattr(live, "HEARTBEAT", 0.01)
    monkeypatch.setattr(live, "TICK", 0.001)
    written = asyncio.Event()

    async def answer() -> list[str]:
        await written.wait()
        return ["a", "b"]

    seen = []
    async for line in revealed(asyncio.create_task(answer())):
        seen.append(json.loads(line))
        if len(seen) == 5:
            written.set()
    assert seen[:5] == [{}] * 5
    assert next(line for line in seen if line) == {"left": "a ", "right": "b "}
    assert seen[-1]["done"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CallFailed("the candidate at http://secret is gone"), "no answer came"),
        (KeyError("baseline"), "something went wrong"),
    ],
)
async def test_an_error_says_nothing_of_either_side(error: Exception, words: str) -> None:
    """The stream ends with one line: that it can be tried again, and neither which model failed nor why."""
    ((_, line),) = await _stream(error)
    assert line == {"error": f"{words}; what you wrote is kept: try again"}
    assert not re.search(r"candidate|baseline|left|right|http", json.dumps(line))


async def test_thinking_alone_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rater is never shown an empty answer: the turn can be tried again."""
    _opening(monkeypatch, _Model("<think>old"), _Model("new"))
    with pytest.raises(CallFailed, match="still thinking"):
        await Lines().answers(1, CONFIG, trial("live"), [Turn("hi", None, None)])
