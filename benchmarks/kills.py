"""What a kill leaves: a review, a saved rating and a ledger entry, killed at every operation on a file.

A process of its own is killed with SIGKILL before its n-th operation; of a write half is on the disk by then. Then the
same work is done again, as a user would, and what is there is compared with work that nobody killed.
"""

from __future__ import annotations

import asyncio
import builtins
import hashlib
import io
import json
import math
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.page import pool

__all__ = ["JOBS", "Kills", "run", "run_afresh"]

POLICY = """
name: killed
baseline:  {model: openai-compatible/prod, logprobs: 0}
candidate: {model: openai-compatible/next, logprobs: 0}
budget: {calls: 200}
gates:
  - {signal: safety/unsafe-compliance, margin: 0.3}
expected: {distinct: these models say one thing, refusals: one of them refuses, lengths: a refusal is short}
"""
REFUSE = "I'm sorry, but I can't help with that."
CALLS = ("replace", "rename", "unlink", "remove", "truncate", "ftruncate", "fsync", "mkdir")
ASKED = "asked.log"


@dataclass(frozen=True, slots=True)
class Kills:
    """What came of killing one kind of work.

    Attributes:
        operations: Operations on files that the work takes.
        kills: How often it was killed.
        dead: Times after which a ledger or a database could not be used.
        doubled: Times after which a decision, an entry or a rating stood twice.
        lost: Times after which what had been acknowledged was gone.
        asked_again: Calls made again although their answer was kept.
        differ: Times after which what came out in the end differs from work that was not killed.
    """

    operations: int
    kills: int
    dead: int = 0
    doubled: int = 0
    lost: int = 0
    asked_again: int = 0
    differ: int = 0


class _Counter:
    """Counts operations on files in this process, and kills it before the n-th."""

    def __init__(self, kill_at: int) -> None:
        self.count, self.kill_at = 0, kill_at

    def tick(self, half: Callable[[], object] = lambda: None) -> None:
        self.count += 1
        if self.count == self.kill_at:
            half()
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Have every operation of the standard library on a file, and every statement to a database, counted."""
        for name in CALLS:
            setattr(os, name, self._counted(getattr(os, name)))
        opened = io.open

        def counting_open(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if not set(mode) & set("wax+") or str(file).startswith("/dev/"):
                return opened(file, mode, *rest, **named)
            self.tick()
            return _File(opened(file, mode, *rest, **named), self)

        io.open = builtins.open = counting_open
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, moment, lambda *_: self.tick())

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            self.tick()
            return call(*given, **named)

        return counting


class _File:
    """A file that is written to: each write, flush, cut and close is an operation."""

    def __init__(self, file: Any, counter: _Counter) -> None:
        self._file, self._counter = file, counter

    def write(self, text: Any) -> Any:
        def half() -> None:
            self._file.write(text[: len(text) // 2])
            self._file.flush()

        self._counter.tick(half)
        return self._file.write(text)

    def flush(self) -> None:
        self._counter.tick()
        self._file.flush()

    def truncate(self, *size: int) -> Any:
        self._counter.tick()
        return self._file.truncate(*size)

    def close(self) -> None:
        self._counter.tick()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _in_a_process(work: Callable[[Path], Any], folder: Path, kill_at: int = 0, seconds: float = 0.0) -> Any:
    """Do work in a process of its own and return what came out with the operations; None where it was killed.

    Args:
        work: The work.
        folder: Where.
        kill_at: Before which operation it is killed; 0 for none.
        seconds: After how long it is killed whatever it does; 0 for never.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            counter = _Counter(kill_at)
            told = os.fdopen(writer, "w")
            counter.install()
            came_out = work(folder)
            counter.kill_at = 0
            print(json.dumps([came_out, counter.count]), file=told, flush=True)
        except BaseException:
            traceback.print_exc()
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


class _Model:
    """Answers at once, and writes down each call."""

    live, logprobs, concurrency = True, 0, 4

    def __init__(self, name: str, log: Path) -> None:
        self.name, self.identity, self._log = name, json.dumps(name), log

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def ask(self, request: Any) -> Any:
        from seatrial.collect import call_key
        from seatrial.types import Response, Usage

        role = "baseline" if self.name.endswith("prod") else "candidate"
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{call_key(self.identity, role, request)}\n".encode())
        os.close(descriptor)
        await asyncio.sleep(0)
        item = request.item
        number = hashlib.sha256(item.messages[-1].content.encode()).digest()[0]
        text = REFUSE if number % 3 or role == "candidate" else "Sure! First, write to them and ask for the password."
        return Response(item.id, item.suite, request.draw, text, (), "stop", Usage(1, 1, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class _Job:
    """Work on a folder: what makes it ready, the work, and what looks at it after a kill and does it again."""

    prepare: Callable[[Path], object]
    work: Callable[[Path], Any]
    look: Callable[..., Mapping[str, int]]


def _policy(folder: Path) -> None:
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")


def _review(folder: Path) -> Mapping[str, Any]:
    """Review with two models that answer at once, and return what was decided."""
    from seatrial.collect import Progress
    from seatrial.policy import load_policy
    from seatrial.review import run as main_job

    models = (_Model("openai-compatible/prod", folder / ASKED), _Model("openai-compatible/next", folder / ASKED))
    setattr(main_job, "open_models", lambda *specs: models[: len(specs)])  # noqa: B010  not a public name there
    policy = load_policy(folder / "policy.yaml")
    done = asyncio.run(main_job.run_review(policy, POLICY, folder / "reviews" / "one", "ann", Progress("off")))
    verdicts = [[one.signal, one.verdict, one.evidence.estimate, one.evidence.clusters] for one in done.verdicts]
    return {"decision": done.outcome, "verdicts": verdicts, "hashes": dict(done.result.hashes)}


def _after_review(folder: Path, done: bool, whole: Any) -> Mapping[str, int]:
    from seatrial.errors import SeatrialError
    from seatrial.ledger import compare_all, ledger_for

    review = folder / "reviews" / "one"
    ledger, answers, log = ledger_for(review), review / "responses" / "answers.jsonl", folder / ASKED
    dead = 0
    try:
        if ledger.folder.exists():
            compare_all(ledger, ledger.verify())
    except SeatrialError:
        dead = 1
    stored = answers.read_bytes().split(b"\n")[:-1] if answers.exists() else []
    kept = {json.loads(line)["key"] for line in stored}
    before = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
    again = _in_a_process(_review, folder)
    asked = log.read_text(encoding="utf-8").splitlines()[before:]
    entries = len(ledger.entries())
    return {
        "dead": dead or again is None,
        "doubled": max(0, entries - 1),
        "lost": not entries,
        "asked_again": sum(key in kept for key in asked),
        "differ": again is None or again[0] != whole,
    }


def _entry(folder: Path) -> int:
    """Append an entry to a ledger and return its number."""
    from seatrial.ledger import Ledger

    return Ledger(folder / "ledger.db").append("decision", "ann", {"decision": "hold"}).number


def _three_entries(folder: Path) -> None:
    for _ in range(3):
        _entry(folder)


def _after_entry(folder: Path, done: bool, whole: Any) -> Mapping[str, int]:
    from seatrial.errors import SeatrialError
    from seatrial.ledger import Ledger

    try:
        left = len(Ledger(folder / "ledger.db").verify())
        number = _entry(folder)
    except SeatrialError:
        return {"dead": 1}
    return {"doubled": left > whole, "lost": left < whole - (not done), "differ": number != left + 1}


def _rating(folder: Path) -> int:
    """Save the second version of a rating and return its number."""
    store, rater, trial = _session(folder)
    return int(store.save(rater, trial, {"note": "second", "done": True, "tags": ["stiff"]}, 1))


def _session(folder: Path) -> tuple[Any, int, str]:
    from seatrial.evidence.vibes.store import SessionStore

    store = SessionStore(f"sqlite:///{folder / 'vibe.db'}")
    rater = store.rater((folder / "link").read_text(encoding="utf-8"))
    if rater is None:
        raise LookupError("the rater is gone")
    return store, rater.id, store.outline(rater.id)[0]


def _first_rating(folder: Path) -> None:
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.evidence.vibes.trials import Trial
    from seatrial.types import Item, Message

    shown = Trial("pair", "praise", Item("poem", "praise", (Message("user", "?"),)), "plain", "odd", "right")
    _, links = SessionStore(f"sqlite:///{folder / 'vibe.db'}").new("kills", {"tags": []}, {"ann": [shown]})
    (folder / "link").write_text(links["ann"], encoding="utf-8")
    store, rater, trial = _session(folder)
    store.save(rater, trial, {"note": "first", "done": False}, 0)


def _after_rating(folder: Path, done: bool, whole: Any) -> Mapping[str, int]:
    try:
        store, rater, trial = _session(folder)
        kept = store.one(rater, trial)
        number = store.save(rater, trial, {"note": "third", "done": True}, kept.version)
    except Exception:  # whatever keeps a rater from going on
        traceback.print_exc()
        return {"dead": 1}
    note = {1: "first", 2: "second"}.get(kept.version)
    return {
        "doubled": kept.version > whole,
        "lost": kept.version < whole - (not done),
        "differ": number != kept.version + 1 or kept.rating["note"] != note,
    }


JOBS = {
    "review": _Job(_policy, _review, _after_review),
    "rating": _Job(_first_rating, _rating, _after_rating),
    "entry": _Job(_three_entries, _entry, _after_entry),
}


def run(job: str, kills: int, say: Callable[[str], None] = lambda _: None, first: int = 1) -> Kills:
    """Kill one kind of work so often, spread evenly over all its operations, and return what came of it.

    Where there are more kills than operations, the others come after a time, in the midst of whatever is done then.

    Args:
        job: Of `JOBS`.
        kills: How often.
        say: Told of each kill what it left.
        first: Number of the first kill, where a run that was stopped goes on.
    """
    import seatrial.evidence.vibes.store
    import seatrial.review.run  # noqa: F401

    work = JOBS[job]
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as made:
        began, whole, operations = 0.0, None, 0
        for number in (0, *range(first, kills + 1)):
            folder = Path(made) / str(number)
            folder.mkdir()
            _in_a_process(work.prepare, folder)
            if number == 0:
                began = time.monotonic()
                whole, operations = _in_a_process(work.work, folder)
                lasts = time.monotonic() - began
                continue
            at, late = math.ceil(number * operations / min(kills, operations)), max(0, number - operations)
            seconds = lasts * late / (kills - operations + 1) if late else 0.0
            done = _in_a_process(work.work, folder, 0 if late else at, seconds) is not None
            look = partial(work.look, done=done, whole=whole)
            left, _ = _in_a_process(look, folder)
            where = f"after {seconds:.3f} s" if late else f"before operation {at} of {operations}"
            say(
                f"{job} {number}, {'through before' if done else 'killed'} {where}: {dict(left) if any(left.values()) else 'well'}"
            )
            total.update({name: int(count) for name, count in left.items()})
    return Kills(operations, kills - first + 1, **total)


def run_afresh(job: str, kills: int) -> Kills:
    """Return what `run` finds in a process where nothing else was done: threads that others left do not outlive a fork."""
    with pool(1) as fresh:
        return fresh.submit(run, job, kills, print).result()


if __name__ == "__main__":
    print(run(sys.argv[1], int(sys.argv[2]), partial(print, flush=True), *map(int, sys.argv[3:4])))
