"""The team's page for tests: a simulated history, a server of its own, people who are logged in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from benchmarks.team_history import history

from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.doors import SessionDoors
from seatrial.evidence.vibes.store import SessionStore
from seatrial.ledger import Ledger, ledger_in
from seatrial.team.app import team_annex
from seatrial.team.people import People
from seatrial.team.roles import ROLES
from seatrial.web import guard

__all__ = ["NAMES", "WRITES", "Team", "log_in", "team_of"]

NAMES: dict[str, str] = {role: f"{role.capitalize()} Name" for role in ROLES}
DAY = "2099-12-31"
WORDS = "a reason in so many words"
WRITES: dict[str, dict[str, Any]] = {
    "/api/sign-offs": {"review": "support-next", "behavior": WORDS, "experts": WORDS, "blind_spots": WORDS},
    "/api/waivers": {"review": "support-warm", "gate": "behavior/unearned-praise", "reason": WORDS, "expires": DAY},
    "/api/releases": {"review": "support-warm", "name": "warm", "override": WORDS},
    "/api/incidents": {"release": "2026-10", "behavior": "behavior/over-refusal", "what": WORDS},
    "/api/roll-backs": {"release": "2026-10", "reason": WORDS},
}
"""Every change that somebody may enter, with what the history takes."""


@dataclass
class Team:
    """A server, its ledger, its people and one token for each role."""

    url: str
    ledger: Ledger
    people: People
    store: SessionStore
    tokens: dict[str, str]
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, role: str = "") -> httpx.Client:
        """A browser's worth of cookies, logged in as somebody of that role; nobody where none is given."""
        made = httpx.Client(base_url=self.url, timeout=60)
        self.clients.append(made)
        return log_in(made, self.tokens[role]) if role else made


def log_in(client: httpx.Client, token: str) -> httpx.Client:
    """Log a client in; what it sends from then on carries the page's guard."""
    reply = client.post("/api/login", json={"token": token})
    assert reply.status_code == 200, reply.text
    client.headers["X-Guard"] = reply.json()["guard"]
    return client


@contextmanager
def team_of(folder: Path, database: str = "", releases: int = 6) -> Iterator[Team]:
    """Serve a simulated history in a folder; the ledger is the one that the environment names, or lies there."""
    reviews, database = folder / "reviews", database or f"sqlite:///{folder / 'team.db'}"
    history(reviews, releases)
    store, people, ledger = SessionStore(database), People(database), ledger_in(reviews)
    tokens: dict[str, str] = {role: people.new_token(name, role, 5) for role, name in NAMES.items()}
    app = make_app(store, team_annex(ledger, people, SessionDoors(store)))
    made = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=made.run, daemon=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(guard, "BURST", 100_000)
        thread.start()
        while not made.started:
            time.sleep(0.02)
        url = f"http://127.0.0.1:{made.servers[0].sockets[0].getsockname()[1]}"
        team = Team(url, ledger, people, store, tokens)
        try:
            yield team
        finally:
            for client in team.clients:
                client.close()
            made.should_exit = True
            thread.join(30)
    for one in (store, people):
        one.engine.dispose()
