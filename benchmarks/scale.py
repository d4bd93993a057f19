"""What a replay takes, on one machine and past it: one process, two workers of a Ray cluster, a store of a million answers.

`worked_out` turns what was measured into what a replay of any size takes.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.calls import IN_FLIGHT, SAID, SECONDS, bare, largest_memory, served

if TYPE_CHECKING:
    from seatrial.collect import Ask
    from seatrial.types import Item

__all__ = [
    "CONVERSATIONS",
    "REPLICAS",
    "Memory",
    "Reopened",
    "Setting",
    "Turn",
    "Worked",
    "memory",
    "reopened",
    "turns",
    "worked_out",
]

CONVERSATIONS = 1_300_000
REPLICAS = (1, 8, 32)
"""Of the model's server."""
LETTERS_OF_A_TOKEN = 4
"""In English, roughly."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Calls a second: of a bare HTTP client, of one process, and of the shards of a cluster right after it."""

    bare: float
    one: float
    shards: float


@dataclass(frozen=True, slots=True)
class Reopened:
    """A store that is opened again.

    Attributes:
        answers: How many it holds.
        seconds: Seconds until it can be used.
        megabytes: Memory that it takes: where each answer is.
        bytes_each: Bytes of an answer on disk, of which its letters are `letters`.
        letters: Letters of an answer.
    """

    answers: int
    seconds: float
    megabytes: float
    bytes_each: float
    letters: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of a process that has conversations of a few words answered, in MB.

    Attributes:
        conversations: How many, each answered by two models with `LONG` letters.
        before: While it held the conversations and had asked nothing.
        largest: The largest.
    """

    conversations: int
    before: float
    largest: float


@dataclass(frozen=True, slots=True)
class Setting:
    """What is supposed of the traffic and of the model's servers, and cannot be measured here.

    Attributes:
        tokens_in: Tokens of a conversation up to its last user turn.
        tokens_out: Tokens of an answer.
        letters: Letters of an answer.
        a_second: Tokens out a second of one replica, all of its calls together.
        behaviors: Behaviors that a judge grades.
        graded: Conversations that are graded for each.
        judge_in: Tokens of what a judge is shown.
        judge_out: Tokens of its reply.
    """

    tokens_in: int = 1000
    tokens_out: int = 300
    letters: int = 1200
    a_second: int = 2500
    behaviors: int = 13
    graded: int = 2500
    judge_in: int = 1500
    judge_out: int = 50


@dataclass(frozen=True, slots=True)
class Worked:
    """What a replay takes.

    Attributes:
        answers: Calls of the two models.
        grades: Calls of judges: both models' answers and production's.
        tokens_in: Tokens in, of all calls.
        tokens_out: Tokens out.
        gigabytes: Of the store.
        driver_gigabytes: Memory of the process that plans and weighs: the conversations, and where each answer is.
        reopening: Seconds to open the store again.
        model_hours: Replicas → hours that they take for the tokens out.
        process_hours: Hours that one process takes to ask and store so many calls.
    """

    answers: int
    grades: int
    tokens_in: int
    tokens_out: int
    gigabytes: float
    driver_gigabytes: float
    reopening: float
    model_hours: dict[int, float]
    process_hours: float


def worked_out(
    conversations: int, setting: Setting, store: Reopened, memory: Sequence[Memory], calls_a_second: float
) -> Worked:
    """Return what a replay of so many conversations takes, by what was measured and what is supposed."""
    answers, grades = 2 * conversations, 3 * setting.behaviors * min(setting.graded, conversations)
    tokens_out = answers * setting.tokens_out + grades * setting.judge_out
    kept = answers + grades
    each = store.bytes_each - store.letters + setting.letters
    fewer, more = memory[-2:]
    grown = 1e6 * (more.largest - fewer.largest) / (more.conversations - fewer.conversations)
    held = grown + setting.tokens_in * LETTERS_OF_A_TOKEN
    return Worked(
        answers,
        grades,
        answers * setting.tokens_in + grades * setting.judge_in,
        tokens_out,
        kept * each / 1e9,
        conversations * held / 1e9,
        kept * store.seconds / store.answers,
        {count: tokens_out / (count * setting.a_second) / 3600 for count in REPLICAS},
        kept / calls_a_second / 3600,
    )


POLICY = """
name: scale
baseline: {{model: openai-compatible/now, base_url: "{url}", concurrency: {in_flight}, logprobs: 0}}
candidate: {{model: openai-compatible/next, base_url: "{url}", concurrency: {in_flight}, logprobs: 0}}
gates:
  - {{signal: behavior/unearned-praise, margin: 0.1, instrument: text/praise}}
"""


def turns(calls: int, count: int) -> list[Turn]:
    """Return so many turns of one process and of a cluster on this machine, each of so many calls of one server."""
    with served(SECONDS) as url:
        return asyncio.run(_turns(url, calls, count))


async def _turns(url: str, calls: int, count: int) -> list[Turn]:
    from seatrial.collect import Progress
    from seatrial.evidence.replay.hands import Hands, Here
    from seatrial.evidence.replay.on_ray import OnRay
    from seatrial.policy import parse_policy

    policy = parse_policy(POLICY.format(url=url, in_flight=IN_FLIGHT))
    progress = Progress("off")

    async def timed(hands: Hands, turn: int) -> float:
        asks = _asks(f"{turn}", calls)
        began = time.perf_counter()
        made = await hands.collect(asks)
        assert len(made.responses) == calls
        return calls / (time.perf_counter() - began)

    made = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        async with (
            OnRay(policy, {}, Path(two), progress, "local") as shards,
            Here(policy, {}, Path(one), progress) as here,
        ):
            gc.collect()
            gc.freeze()  # what a bare client would not have loaded costs none of the turns a search for cycles
            for turn in range(-1, count):  # what is loaded or connected for the first time is no one's cost
                began = time.perf_counter()
                await bare(url, calls)
                plain = calls / (time.perf_counter() - began)
                alone = await timed(here, turn)
                made.append(Turn(plain, alone, await timed(shards, turn)))
    gc.unfreeze()
    return made[1:]


def memory(conversations: int) -> Memory:
    """Return the memory of a process that has two models answer so many conversations as a replay has."""
    code = f"from benchmarks.scale import answered; answered({conversations})"
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    before, largest = map(float, done.stdout.split())
    return Memory(conversations, before, largest)


def answered(conversations: int) -> None:
    """Have conversations answered by a server that answers at once; print memory in MB before it, and the largest."""
    from seatrial.collect import Progress
    from seatrial.evidence.replay.answering import answered_anew
    from seatrial.evidence.replay.hands import Here
    from seatrial.policy import parse_policy

    async def asked(url: str, items: Sequence[Item]) -> int:
        policy = parse_policy(POLICY.format(url=url, in_flight=IN_FLIGHT))
        with tempfile.TemporaryDirectory() as folder:
            async with Here(policy, {}, Path(folder), Progress("off")) as here:
                made = await answered_anew(here, policy, items, Path(folder))
                return sum(map(len, made.answers.values()))

    items, before = _items("m", conversations), largest_memory()
    with served(0.0, "long") as url:
        assert asyncio.run(asked(url, items)) == 2 * conversations
    print(before, largest_memory())


def _asks(turn: str, calls: int) -> Sequence[Ask]:
    from seatrial.collect import Ask
    from seatrial.types import Request

    return [Ask("candidate", Request(item)) for item in _items(turn, calls)]


def _items(turn: str, count: int) -> Sequence[Item]:
    from seatrial.types import Item, Message

    return [Item(f"{turn}-{n}", "s", (Message("user", f"Question {n} of {turn}?"),)) for n in range(count)]


def reopened(answers: int) -> Reopened:
    """Return what it takes to open a store of so many answers, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "responses" / "answers.jsonl"
        path.parent.mkdir()
        letters = _written(path, answers)
        code = f"from benchmarks.scale import opened; opened({folder!r})"
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        }
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        seconds, megabytes, count = map(float, done.stdout.split())
        assert count == answers
        return Reopened(answers, seconds, megabytes, path.stat().st_size / answers, letters)


def _written(path: Path, answers: int) -> int:
    from datetime import UTC, datetime

    from seatrial.collect.answer_lines import Answer, line_of
    from seatrial.types import Response, Usage

    text = f"{SAID} " * 5
    with path.open("wb") as file:
        for number in range(answers):
            said = Response(f"{number:016x}", "replay", 0, text, usage=Usage(1000, 300, 2.5), served=("sim", "fp"))
            file.write(line_of(_key(number), "candidate", Answer(said, datetime.now(UTC))))
    return len(text)


def opened(folder: str) -> None:
    """Open a store, and print seconds, the memory in MB that it takes, and how many answers it holds."""
    from seatrial.collect import ResponseStore

    before, began = largest_memory(), time.perf_counter()
    with ResponseStore(Path(folder)) as store:
        print(time.perf_counter() - began, largest_memory() - before, len(store))
        assert store.get(_key(0)) is not None


def _key(number: int) -> str:
    return hashlib.sha256(f"{number}".encode()).hexdigest()
