"""The team's page under load: simulated readers and writers on a ledger of many entries, against `seatrial serve`."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.page import pool
from benchmarks.team_history import BEHAVIORS, fill, history, reviewed
from benchmarks.vibes import free_port, quantiles_of, running, used
from seatrial.ledger import ledger_in
from seatrial.ledger.chain import remember_verified
from seatrial.team.people import People

__all__ = ["PAGES", "Load", "run"]

PAGES = {
    "/team": 5,
    "/team/reviews": 2,
    "/team/reviews/support-next": 2,
    "/team/reviews/support-warm": 1,
    "/team/incidents": 2,
    "/team/forecasts": 1,
    "/team/sessions": 1,
}
"""Pages, by how often somebody opens each: the first most."""
RELEASES = 12
READ, WROTE = (0.5, 1.5), (2.0, 4.0)
"""Seconds between a page and the next, and between an entry that was acknowledged and the next."""


@dataclass
class Load:
    """What readers and writers saw.

    Attributes:
        readers: How many read.
        writers: How many write.
        entries: Entries of the ledger before.
        seconds: How long it lasted.
        opened: Seconds from the start of the server to its first answer: all of the chain is verified then.
        pages: Seconds that each page took.
        writes: Seconds until each entry was acknowledged.
        late: Seconds by which the simulated people themselves were late, sampled: they share the cores.
        errors: What went wrong, by its words.
        busy: Seconds of a core that the server used, without the processes beside it.
    """

    readers: int
    writers: int
    entries: int
    seconds: float
    opened: float = 0.0
    pages: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    busy: float = 0.0

    def rows(self) -> list[tuple[str, int, tuple[float, float, float]]]:
        """Return what was timed, how often, and its 50th, 95th and 99th percentile in milliseconds."""
        timed = {"pages": self.pages, "entries, until acknowledged": self.writes, "late": self.late}
        return [(what, len(taken), quantiles_of(taken)) for what, taken in timed.items()]


def run(readers: int, writers: int, entries: int, seconds: float) -> Load:
    """Return what so many people see of a server in a process of its own, whose ledger holds so many entries."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        with pool(1) as beside:
            beside.submit(_made, folder / "reviews", entries).result()
        people = People(database := f"sqlite:///{folder / 'team.db'}")
        tokens = [people.new_token(f"Reader {place}", "viewer", 1) for place in range(readers)]
        tokens += [people.new_token(f"Writer {place}", "approver", 1) for place in range(writers)]
        people.engine.dispose()
        load, port = Load(readers, writers, entries, seconds), free_port()
        command = [sys.executable, "-m", "seatrial", "serve", "--port", str(port), "--db", database]
        began = time.monotonic()
        served = stack.enter_context(running([*command, "--reviews", str(folder / "reviews")], port))
        load.opened = time.monotonic() - began
        before = used(served)
        asyncio.run(_crowd(load, f"http://127.0.0.1:{port}", tokens))
        load.busy = used(served) - before
        return load


def _made(reviews: Path, entries: int) -> None:
    """Write a ledger of about so many entries: old ones first, then a history of twelve releases."""
    remember_verified()  # or else each entry of the history would take as long as all before it
    reviewed(reviews, "support-first", dict.fromkeys(BEHAVIORS, 0.0))
    fill(ledger_in(reviews), entries)
    history(reviews, RELEASES)


async def _crowd(load: Load, server: str, tokens: list[str]) -> None:
    until = time.monotonic() + load.seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_lateness(load, until))
        for place, token in enumerate(tokens):
            group.create_task(_person(load, server, token, until, place))


async def _lateness(load: Load, until: float) -> None:
    """Sample how late a simulated person wakes up, which is inside all that they measure."""
    while time.monotonic() < until:
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        load.late.append(time.perf_counter() - began - 0.05)


async def _person(load: Load, server: str, token: str, until: float, place: int) -> None:
    """Log in, then read one page after another or enter one incident after another."""
    chance, writes = random.Random(place), place >= load.readers
    patience = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(server, cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=patience) as http:
        await asyncio.sleep(chance.random() * 3.0)
        async with http.post("/api/login", json={"token": token}) as reply:
            guard = (await reply.json()).get("guard", "")
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*(WROTE if writes else READ)))
            if not writes:
                await _timed(load, load.pages, http, "GET", chance.choices([*PAGES], [*PAGES.values()])[0])
                continue
            what = f"harm that writer {place} found at {time.time():.3f}"
            body = {"release": "2026-10", "behavior": chance.choice(BEHAVIORS), "what": what}
            await _timed(load, load.writes, http, "POST", "/api/incidents", json=body, headers={"X-Guard": guard})


async def _timed(
    load: Load, taken: list[float], http: aiohttp.ClientSession, method: str, path: str, **rest: object
) -> None:
    began, wrong = time.perf_counter(), ""
    try:
        async with http.request(method, path, **rest) as reply:  # type: ignore[arg-type]
            await reply.read()
            wrong = f"{method} {reply.status}" if reply.status >= 400 else ""
    except (aiohttp.ClientError, TimeoutError) as error:
        wrong = type(error).__name__
    if wrong:
        load.errors[wrong] = load.errors.get(wrong, 0) + 1
    else:
        taken.append(time.perf_counter() - began)
