"""Sessions of blinded pairs for tests: a simulated review, ratings as values, a server, a browser."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from benchmarks.guesses import simulated_review
from playwright.sync_api import Browser

from conftest import chromium
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Kind, Trial
from seatrial.evidence.vibes.values import Rated, Turn
from seatrial.types import Item, Message

Serve = Callable[[SessionStore], AbstractContextManager[str]]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A folder as a review leaves it: two answers of either model to each item. Simulated."""
    return simulated_review(tmp_path / "reviews" / "simulated")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The URL of an SQLite database of this test's own, not made yet."""
    return f"sqlite:///{tmp_path / 'vibe.db'}"


@pytest.fixture
def serve() -> Serve:
    """What serves a store's sessions on a free port, as `seatrial vibe serve` does, and gives the address."""

    @contextmanager
    def served(store: SessionStore) -> Iterator[str]:
        made = uvicorn.Server(uvicorn.Config(make_app(store), host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        while not made.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{made.servers[0].sockets[0].getsockname()[1]}"
        made.should_exit = True
        thread.join(30)

    return served


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with chromium() as opened:
        yield opened


def said(**more: Any) -> dict[str, Any]:
    """Return a final rating that flags nothing, with what is given in its place."""
    return {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "seconds": 1.0, "done": True, **more}


def guard_in(page: str) -> dict[str, str]:
    """Return the headers that a change must bring along, from the page that it is made on."""
    found = re.search(r'data-guard="(\w+)"', page)
    assert found
    return {"X-Guard": found.group(1)}


def trial(
    kind: Kind = "pair",
    name: str = "poem",
    odd: Literal["left", "right", ""] = "right",
    of: int = -1,
    tag: str = "",
    cluster: str = "",
) -> Trial:
    """Return a trial of the suite `praise`; its odd side says "odd words of" the item, the other "plain words of"."""
    item = Item(name, "praise", (Message("user", f"What of {name}?"),), cluster=cluster, use_case="writing")
    plain, strange = f"plain words of {name}", f"odd words of {name}"
    left, right = (strange, plain) if odd == "left" else (plain, strange)
    return Trial(kind, "praise", item, left, right, odd, of, tag)


def rated(
    rater: str,
    place: int,
    shown: Trial,
    odd: int = 0,
    plain: int = 0,
    liked: int = 0,
    turns: tuple[Turn, ...] = (),
    seconds: float = 5.0,
    **more: Any,
) -> Rated:
    """Return a final rating by which side is odd, not by which is left.

    Args:
        rater: Who.
        place: Place of the trial in the rater's session.
        shown: The trial.
        odd: How far the odd side was flagged; in a trial without one, the left.
        plain: How far the other side was flagged.
        liked: How far the odd side was preferred, from −3 to 3; in a trial without one, the right.
        turns: The conversation, in a live trial.
        seconds: How long it took.
        **more: Note and tags.
    """
    side = shown.odd or "left"
    flags = {"off_left": plain, "off_right": plain, f"off_{side}": odd}
    preference = -liked if shown.odd == "left" else liked
    return Rated(rater, place, shown, said(**flags, preference=preference, **more), seconds, turns)


def controls(rater: str, hits: int, alarms: int, count: int = 20, start: int = 100) -> list[Rated]:
    """Return ratings of as many spikes as same pairs, of which some are flagged; an alarm is on the left answer."""
    return [
        one
        for number in range(count)
        for one in (
            rated(rater, start + 2 * number, trial("spike", f"spike {number}"), odd=int(number < hits)),
            rated(rater, start + 2 * number + 1, trial("same", f"same {number}", ""), odd=int(number < alarms)),
        )
    ]
