"""What a call and an answer cost: beside a bare HTTP client in turns, within a review, in memory, by the number of gates.

`python -m benchmarks.calls SECONDS` serves answers, each after so many seconds, and prints its port: always the same
one, or with `graded` as a second argument one of all graded answers of the suites, by what was asked, or with `long` one
of `LONG` letters.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import aiohttp

__all__ = [
    "GATES",
    "IN_FLIGHT",
    "IN_REVIEW",
    "LONG",
    "MARGIN",
    "ROUND",
    "SECONDS",
    "Asking",
    "Turn",
    "asking",
    "bare",
    "largest_memory",
    "memory",
    "reading",
    "served",
    "turns",
]

IN_FLIGHT, SECONDS = 256, 0.05
"""Calls in flight, and how long the server takes for each."""
IN_REVIEW = (32, IN_FLIGHT)
"""Calls in flight of both models of a review; the first as it is where a policy says nothing of it."""
MARGIN = 0.02
"""Margin of its families: so narrow that all the budget is spent."""
GATES = (1, 3, 13)
"""Gates over one pair of transcripts."""
ROUND, LONG = 1000, 2000
"""Where memory is measured: calls that are asked at once, and letters of a long answer."""
SAID = "Yes, of course. I would go there by train and book a seat."


def _answer(said: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 13}
    body = json.dumps({"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


@dataclass(frozen=True, slots=True)
class Turn:
    """Calls a second and processor seconds a call, of a bare client and of seatrial right after it."""

    bare: float
    ours: float
    bare_seconds: float
    our_seconds: float

    @property
    def ratio(self) -> float:
        """Calls a second of seatrial, as a share of the bare client's."""
        return self.ours / self.bare


@dataclass(frozen=True, slots=True)
class Asking:
    """A review from start to report.

    Attributes:
        in_flight: Calls in flight, of both models.
        calls: How many were made.
        seconds: Seconds that it took, from the start of the process to its end.
        asking: Seconds of these in which it waited for answers.
    """

    in_flight: int
    calls: int
    seconds: float
    asking: float


class _Answering(asyncio.Protocol):
    """Answers every request of a connection, whatever it asks, after a while."""

    def __init__(self, seconds: float, answers: Sequence[bytes]) -> None:
        self._seconds, self._answers, self._held = seconds, answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._held) < end + 4 + length:
                return
            asked, self._held = self._held[end + 4 : end + 4 + length], self._held[end + 4 + length :]
            answer = self._answers[zlib.crc32(asked) % len(self._answers)]
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, answer)


async def _serve(seconds: float, kind: str) -> None:
    said = {(f"{SAID} " * LONG)[:LONG] if kind == "long" else SAID}
    if kind == "graded":
        from seatrial.suites import find_suites, load_suite

        said = {anchor.text for folder in find_suites([]).values() for anchor in load_suite(folder).anchors}
    answers = [_answer(one) for one in sorted(said)]
    server = await asyncio.get_running_loop().create_server(lambda: _Answering(seconds, answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def served(seconds: float, kind: str = "") -> Iterator[str]:
    """Serve answers of a kind from a process of its own; yield the address."""
    command = [sys.executable, "-m", "benchmarks.calls", str(seconds), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.kill()


async def bare(url: str, calls: int) -> None:
    """Ask as a loop around aiohttp does that stores nothing and tries nothing again."""
    waiting = iter(range(calls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def work() -> None:
            for number in waiting:
                messages = [{"role": "user", "content": f"Question {number}?"}]
                body = {"model": "sim", "messages": messages, "max_tokens": 64, "temperature": 0.0, "seed": 1}
                async with session.post(f"{url}/chat/completions", json=body) as answer:
                    assert (await answer.json())["choices"][0]["message"]["content"] == SAID

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


async def _ours(url: str, calls: int, at_once: int) -> None:
    """Ask as a review does, so many at once, every answer stored before the next is asked."""
    from seatrial.collect import Ask, Collector, Progress, ResponseStore
    from seatrial.models import open_models
    from seatrial.policy import ModelSpec
    from seatrial.types import Item, Message, Request

    (model,) = open_models(ModelSpec(model="openai-compatible/sim", base_url=url, concurrency=IN_FLIGHT, logprobs=0))
    items = (Item(f"i{number}", "s", (Message("user", f"Question {number}?"),)) for number in range(calls))
    asks = (Ask("candidate", Request(item)) for item in items)
    with tempfile.TemporaryDirectory() as folder:
        async with model:
            with ResponseStore(Path(folder)) as store:
                collector = Collector({"candidate": model}, store, 10**9, Progress("off"))
                while together := list(islice(asks, at_once)):
                    made = await collector.collect(together)
                    assert len(made.responses) == len(together)
                assert len(store) == calls


def _timed(client: str, url: str, calls: int) -> tuple[float, float]:
    """Return calls a second and processor seconds a call."""
    began, used = time.perf_counter(), time.process_time()
    asyncio.run(bare(url, calls) if client == "bare" else _ours(url, calls, calls))
    return calls / (time.perf_counter() - began), (time.process_time() - used) / calls


def turns(calls: int, count: int) -> list[Turn]:
    """Return so many turns of both clients, each of so many calls, one after another at the same server."""
    made = []
    with served(SECONDS) as url:
        for client in ("bare", "ours"):  # what is loaded or connected for the first time is no one's cost
            _timed(client, url, IN_FLIGHT)
        for _ in range(count):
            (bare, bare_seconds), (ours, our_seconds) = (_timed(client, url, calls) for client in ("bare", "ours"))
            made.append(Turn(bare, ours, bare_seconds, our_seconds))
    return made


def asking(in_flight: int, budget: int) -> Asking:
    """Return what a review of all suites takes with so many calls in flight and such a budget.

    Its policy is the one that `seatrial init` writes for two endpoints, with `MARGIN` for each family.
    """
    with tempfile.TemporaryDirectory() as folder, served(SECONDS, "graded") as url:
        init = ["init", "--no-logprobs", "--base-url", url, "--calls", str(budget)]
        init += ["--baseline", "openai-compatible/now", "--candidate", "openai-compatible/next"]
        subprocess.run([sys.executable, "-m", "seatrial", *init], cwd=folder, capture_output=True, check=True)
        policy = Path(folder) / "policy.yaml"
        text = policy.read_text(encoding="utf-8").replace("    margin: 0.06\n", f"    margin: {MARGIN}\n")
        each = f"  logprobs: 0\n  concurrency: {in_flight // 2}"
        policy.write_text(text.replace("  logprobs: 0", each), encoding="utf-8")
        began = time.perf_counter()
        code = "from benchmarks.calls import reviewed; reviewed()"
        paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(done.stderr)
        (answers,) = Path(folder).rglob("answers.jsonl")
        return Asking(in_flight, answers.read_bytes().count(b"\n"), seconds, float(done.stdout.splitlines()[-1]))


def reviewed() -> None:
    """Run `seatrial review policy.yaml` and print the seconds in which it waited for answers last."""
    from seatrial.__main__ import main
    from seatrial.collect import Ask, Batch, Collector

    waited, collect = [0.0], Collector.collect

    async def timed(self: Collector, asks: Sequence[Ask]) -> Batch:
        began = time.perf_counter()
        try:
            return await collect(self, asks)
        finally:
            waited.append(time.perf_counter() - began)

    Collector.collect = timed  # type: ignore[method-assign]
    sys.argv = ["seatrial", "review", "policy.yaml", "--quiet"]
    with suppress(SystemExit):
        main()
    print(sum(waited))


def memory(calls: int, kind: str = "") -> float:
    """Return the largest memory, in MB, of a process that asks and stores so many calls, and holds no answer."""
    code = f"from benchmarks.calls import asked; asked({calls}, {kind!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def asked(calls: int, kind: str) -> None:
    """Ask so many calls of a server that answers at once, `ROUND` by `ROUND`, and print the largest memory in MB."""
    with served(0.0, kind) as url:
        asyncio.run(_ours(url, calls, ROUND))
    print(largest_memory())


def largest_memory() -> float:
    """Return the largest memory of this process so far, in MB, without that of the process that started it.

    What `getrusage` counts outlives an exec: a small process that a large one starts would have the large one's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reading(pairs: int, gates: int) -> float:
    """Return the seconds that a review of recorded answers takes, start to report, with so many gates over them."""
    from seatrial.instruments import instruments

    names = [name for name in sorted(instruments()) if name.startswith(("linear/", "text/"))]
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        for role in ("old", "new"):
            rows = (
                {
                    "id": f"q{number}",
                    "prompt": f"What would you say to draft {number}?",
                    "response": f"{SAID} {role} note {number}. " * 6,
                }
                for number in range(pairs)
            )
            (folder / f"{role}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        lines = ["name: read", "baseline: {model: transcripts/old.jsonl}", "candidate: {model: transcripts/new.jsonl}"]
        chosen = [names[number % len(names)] for number in range(gates)]
        lines += ["signals:", *(f"  behavior/s{n}: {{instrument: {name}}}" for n, name in enumerate(chosen))]
        lines += ["gates:", *(f"  - {{signal: behavior/s{n}, margin: 0.1}}" for n in range(gates))]
        (folder / "policy.yaml").write_text("\n".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "seatrial", "review", "policy.yaml", "--quiet"]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1, 3):
            raise RuntimeError(done.stderr)
        return time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), "".join(sys.argv[2:])))
