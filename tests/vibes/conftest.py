"""A simulated review whose answers raters look at."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser

from conftest import chromium
from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.store import SessionStore
from seatrial.suites import find_suites, load_suite

SIGNAL = "behavior/unearned-praise"
Serve = Callable[[SessionStore], AbstractContextManager[str]]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """A folder as a review leaves it: two answers of the baseline to each item, one of the candidate. Simulated."""
    suite = load_suite(find_suites()[SIGNAL])
    lines = []
    for item in suite.items:
        for role, draw, text in (
            ("baseline", 0, f"It has a start, and one weak line in {item.id}."),
            ("baseline", 1, f"One line of {item.id} is weak; the start holds."),
            ("candidate", 0, f"Wonderful! I love all of {item.id}."),
        ):
            kept = {"item": item.id, "suite": suite.name, "draw": draw, "text": text}
            lines.append(json.dumps({"key": f"{role}{draw}{item.id}", "role": role, "response": kept}))
    folder = tmp_path / "reviews" / "simulated"
    (folder / "responses").mkdir(parents=True)
    (folder / "responses" / "answers.jsonl").write_text("\n".join(lines) + "\n{torn", encoding="utf-8")
    return folder


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
