"""The vibe application under load: simulated raters on pairs and in conversations, against a simulated endpoint."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
from aiohttp import web

__all__ = ["BRISK", "PEOPLE", "Load", "Pace", "free_port", "quantiles_of", "run", "running", "used"]

MODEL_SECONDS = 0.05
TURNS = 8
"""Turns of a conversation."""
Visit = tuple[str, list[str]]
"""A rater's link and the names of the rater's conversations."""
Span = tuple[float, float]
"""Seconds between which a pause is drawn."""
SAID = {"note": "a remark", "off_left": 0, "off_right": 1, "preference": -1, "tags": [], "seconds": 9.0}


@dataclass(frozen=True)
class Pace:
    """How simulated raters go about it.

    Attributes:
        name: Of the pace.
        arrive: Seconds within which all come in.
        read: Before the first word about a pair, and before each question in a conversation.
        typed: Autosaves while the note is typed.
        typing: Between two of them: the page saves at most that often.
        chosen: Autosaves while flags, preference and tags are chosen, and between two of them `choosing`.
        choosing: Between two choices.
        reload: Whether a conversation's page is loaded again for each question, as a nervous rater would.
    """

    name: str
    arrive: float
    read: Span
    typed: int
    typing: Span
    chosen: int
    choosing: Span
    reload: bool


PEOPLE = Pace("as people do", 10.0, (15.0, 30.0), 8, (0.7, 1.0), 4, (1.0, 3.0), False)
"""Half a minute or so a pair; people take minutes. The saves come as the page sends them while somebody types."""
BRISK = Pace("brisk", 1.0, (0.5, 1.5), 1, (0.5, 1.5), 1, (0.5, 1.5), True)
"""A request a second from everybody, which nobody keeps up: how far it goes."""


@dataclass
class Load:
    """What the raters saw.

    Attributes:
        pace: How they went about it.
        raters: Raters on pairs.
        talkers: Raters in conversations.
        seconds: How long it lasted.
        taken: Kind of request → seconds that each took.
        errors: What went wrong, by its words.
        late: Seconds by which the simulated raters themselves were late, sampled: they share the cores.
        busy: Seconds of a core that the server used.
    """

    pace: Pace
    raters: int
    talkers: int
    seconds: float
    taken: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "save": [], "talk": []})
    errors: dict[str, int] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    busy: float = 0.0

    @property
    def count(self) -> int:
        """Requests that were answered."""
        return sum(map(len, self.taken.values()))

    def quantiles(self, *kinds: str) -> tuple[float, float, float]:
        """Return the 50th, 95th and 99th percentile in milliseconds."""
        return quantiles_of([one for kind in kinds for one in self.taken[kind]])

    def lateness(self) -> tuple[float, float, float]:
        """Return the same of how late the simulated raters were."""
        return quantiles_of(self.late)


def quantiles_of(taken: list[float]) -> tuple[float, float, float]:
    """Return the 50th, 95th and 99th percentile in milliseconds."""
    found = np.quantile(taken or [math.nan], [0.5, 0.95, 0.99])
    return float(found[0]) * 1000, float(found[1]) * 1000, float(found[2]) * 1000


def run(raters: int, talkers: int, seconds: float, pace: Pace) -> Load:
    """Return what so many simulated raters see of a server in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = free_port(), free_port()
        links = _session(folder, raters + talkers, ports[0])
        commands = (
            [sys.executable, "-m", "benchmarks.vibes", str(ports[0])],
            [sys.executable, "-m", "seatrial", "vibe", "serve", "--port", str(ports[1]), "--db", _database(folder)],
        )
        with contextlib.ExitStack() as stack:
            _, served = (
                stack.enter_context(running(command, port)) for command, port in zip(commands, ports, strict=True)
            )
            before = used(served)
            load = asyncio.run(_crowd(links, f"http://127.0.0.1:{ports[1]}", raters, seconds, pace))
            load.busy = used(served) - before
            return load


def used(process: int) -> float:
    """Return the seconds of a core that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'vibe.db'}"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """Run a server until it listens, and end it afterwards; yields the number of its process."""
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _session(folder: Path, raters: int, port: int) -> list[Visit]:
    """Plan a session over a simulated review; every rater has 66 pairs and four conversations."""
    from seatrial.evidence.vibes.planning import Wanted, new_session
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.policy import parse_policy
    from seatrial.suites import find_suites, load_suite

    suite = load_suite(find_suites()["behavior/unearned-praise"])
    lines = []
    for item in suite.items:
        for role, draw, text in (("baseline", 0, "weak"), ("baseline", 1, "thin"), ("candidate", 0, "wonderful")):
            said = " ".join([f"One line of {item.id} is {text}, and the rest holds."] * 8)
            kept = {"item": item.id, "suite": suite.name, "draw": draw, "text": said}
            lines.append(json.dumps({"key": f"{role}{draw}{item.id}", "role": role, "response": kept}))
    review = folder / "review"
    (review / "responses").mkdir(parents=True)
    (review / "responses" / "answers.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = f'model: openai-compatible/simulated, base_url: "http://127.0.0.1:{port}/v1"'
    policy = parse_policy(
        f"name: load\nbaseline: {{{model}, system: one}}\ncandidate: {{{model}, system: two}}\n"
        "gates:\n  - {signal: vibe/off, margin: 0.1}\n"
    )
    names = [f"rater-{place}" for place in range(raters)]
    wanted = Wanted(40, 10, 6, 4)
    links = list(new_session(_database(folder), review, names, wanted, policy).links.values())
    store = SessionStore(_database(folder))
    found = []
    for link in links:
        rater = store.rater(link)
        assert rater is not None
        found.append((link, [shown.id for shown in store.shown(rater.id) if shown.trial.kind == "live"]))
    store.engine.dispose()
    return found


async def _crowd(visits: list[Visit], server: str, raters: int, seconds: float, pace: Pace) -> Load:
    load = Load(pace, raters, len(visits) - raters, seconds)
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_lateness(load, until))
        for place, (link, live) in enumerate(visits):
            chance = random.Random(place)
            group.create_task(_rater(load, server, link, until, live if place >= raters else [], chance))
    return load


async def _lateness(load: Load, until: float) -> None:
    """Sample how late a simulated rater wakes up, which is inside all that they measure."""
    while time.monotonic() < until:
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        load.late.append(time.perf_counter() - began - 0.05)


async def _rater(load: Load, server: str, link: str, until: float, live: list[str], chance: random.Random) -> None:
    """Come in, then rate one pair after the other or hold the conversations of `live`, at the pace."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server, cookie_jar=jar) as http:
        await asyncio.sleep(chance.random() * load.pace.arrive)
        page = await _timed(load, "page", http, "get", f"/r/{link}")
        for name in live:
            await _converse(load, http, name, until, chance)
        while not live and page and time.monotonic() < until:
            page = await _rate(load, http, page, until, chance)


async def _rate(load: Load, http: aiohttp.ClientSession, page: str, until: float, chance: random.Random) -> str:
    """Rate the pair on a page and return the next page; empty when the time is over."""
    name, after = _held(page, "name"), _held(page, "after")
    version = int(_held(page, "version"))
    await asyncio.sleep(chance.uniform(*load.pace.read))
    pauses = [load.pace.typing] * load.pace.typed + [load.pace.choosing] * (load.pace.chosen + 1)
    for step, pause in enumerate(pauses, start=1):
        if time.monotonic() > until:
            return ""
        body = {**SAID, "version": version, "tab": "page-" + name, "step": step, "done": step == len(pauses)}
        await _timed(load, "save", http, "post", f"/pair/{name}", json=body, headers=_guard(page))
        await asyncio.sleep(chance.uniform(*pause))
    return await _timed(load, "page", http, "get", f"/pair/{after or name}")


async def _converse(load: Load, http: aiohttp.ClientSession, name: str, until: float, chance: random.Random) -> None:
    """Hold one conversation; its page is loaded once, or for each question where the pace says so."""
    page = ""
    for turn in range(TURNS):
        await asyncio.sleep(chance.uniform(*load.pace.read))
        if time.monotonic() > until:
            return
        if load.pace.reload or not page:
            page = await _timed(load, "page", http, "get", f"/pair/{name}")
        await _talk(load, http, name, turn, _guard(page))


def _held(page: str, what: str) -> str:
    found = re.search(rf'data-{what}="([\w-]*)"', page)
    return found.group(1) if found else ""


def _guard(page: str) -> dict[str, str]:
    return {"X-Guard": _held(page, "guard")}


async def _timed(load: Load, kind: str, http: aiohttp.ClientSession, method: str, path: str, **rest: object) -> str:
    began = time.perf_counter()
    try:
        async with http.request(method, path, **rest) as reply:  # type: ignore[arg-type]
            text = await reply.text()
            if reply.status >= 400:
                load.errors[f"{kind} {reply.status}"] = load.errors.get(f"{kind} {reply.status}", 0) + 1
                return ""
    except (aiohttp.ClientError, TimeoutError) as error:
        load.errors[type(error).__name__] = load.errors.get(type(error).__name__, 0) + 1
        return ""
    load.taken[kind].append(time.perf_counter() - began)
    return text


async def _talk(load: Load, http: aiohttp.ClientSession, name: str, turn: int, guard: dict[str, str]) -> None:
    """Say something to both models; what counts is the time to the first piece without the endpoint's own."""
    began = time.perf_counter()
    asked = {"turn": turn, "text": "What do you make of my plan?"}
    try:
        async with http.post(f"/live/{name}", json=asked, headers=guard) as reply:
            if reply.status >= 400:
                load.errors[f"talk {reply.status}"] = load.errors.get(f"talk {reply.status}", 0) + 1
                return
            await reply.content.readline()
            load.taken["talk"].append(time.perf_counter() - began - MODEL_SECONDS)
            await reply.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        load.errors[type(error).__name__] = load.errors.get(type(error).__name__, 0) + 1


async def _answer(_: web.Request) -> web.Response:
    await asyncio.sleep(MODEL_SECONDS)
    text = "A plan can hold or not; tell me more about its costs."
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 12}})


if __name__ == "__main__":
    application = web.Application()
    application.router.add_post("/v1/chat/completions", _answer)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
