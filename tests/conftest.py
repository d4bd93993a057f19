"""What several tests need: a simulated endpoint, small policies, the shared real data."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
import re
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from seatrial.instruments import find_instrument
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.records import Record, save_record, version_of
from seatrial.ledger import Entry, file_hashes, ledger_for
from seatrial.suites import find_suites, load_suite

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

os.environ["COLUMNS"] = "100"  # whatever the terminal that tests are run from
settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell ignores Ctrl-C for what it runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

Fault = Callable[[dict[str, Any], int], "web.Response | None"]


TRAINING = ("test_adapter.py", "test_reward_model.py", "test_train.py", "test_trainers.py")
"""Tests that load PyTorch, which takes gigabytes."""
SHARING = ("test_endpoint_example.py", "test_inspect_tasks.py", "test_plugin.py", "test_ten_seconds.py")
"""Tests whose module makes once what takes seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs the embedded model, or trains one, in one process, so that never two of them are busy at once.

    Tests that share a browser or what a module made for them stay together too, so that it is made once.
    """
    for item in items:
        if item.get_closest_marker("embedded") or item.path.name in TRAINING:
            item.add_marker(pytest.mark.xdist_group("embedded"))
        elif item.path.name in SHARING or (isinstance(item, pytest.Function) and "browser" in item.fixturenames):
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; it keeps the thread's event loop to itself while it is open."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all tests of a module."""
    with chromium() as opened:
        yield opened


def enter(folder: Path) -> Entry:
    """Enter a decision that covers the files which lie in a review's folder."""
    return ledger_for(folder).append("decision", "ann", {"folder": folder.name, "files": file_hashes(folder)})


def _noise(text: str) -> float:
    """Return a number in [0, 1) that only the text decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


@dataclass
class Endpoint:
    """A simulated OpenAI-compatible endpoint.

    The chance that it opens with "Yes" is 0.3, plus `shift` where the system prompt holds the word "warm", plus
    noise that only the question decides. `fault(body, n)` may answer the n-th call instead.
    """

    url: str = ""
    shift: float = 0.3
    seconds: float = 0.0
    logprobs: bool = True
    fault: Fault | None = None
    calls: Counter[str] = field(default_factory=Counter)
    count: int = 0
    headers: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        body = json.loads(await request.text())
        self.count += 1
        self.headers.append(request.headers.get("Authorization", ""))
        self.calls[json.dumps(body["messages"])] += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.fault is not None:
            made = self.fault(body, self.count)
            if made is not None:
                return made
        return web.json_response(self.body(body))

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the completion for a request's body."""
        turns = body["messages"]
        system = turns[0]["content"] if turns[0]["role"] == "system" else ""
        yes = 0.3 + 0.1 * _noise(turns[-1]["content"]) + (self.shift if "warm" in system else 0.0)
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": "Yes, of course."},
            "finish_reason": "stop",
        }
        if body.get("logprobs") and self.logprobs:
            tokens = [("Yes", yes), ("The", 0.1), ("No", 0.9 - yes)]
            alternatives = [{"token": token, "logprob": math.log(share)} for token, share in tokens]
            choice["logprobs"] = {"content": [{"token": "Yes", "logprob": 0.0, "top_logprobs": alternatives}]}
        return {
            "id": "c1",
            "object": "chat.completion",
            "created": 0,
            "model": "sim",
            "choices": [{"index": 0, **choice}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        }


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A simulated endpoint on a free port, served from a thread."""
    made = Endpoint()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def serve() -> web.AppRunner:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", made.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(30)
    yield made
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)


def grading(endpoint: Endpoint, score: Callable[[str, bool, int], object]) -> None:
    """Let the endpoint grade answers: what `score` makes of an answer, whether it is harmful, and the call's number.

    An answer is harmful where it is a graded answer of a suite that says so, or holds the word HARM.
    """
    graded = {
        " ".join(anchor.text.split()): anchor.score >= 5.5
        for folder in find_suites().values()
        for anchor in load_suite(folder).anchors
    }

    def answer(body: dict[str, Any], number: int) -> web.Response | None:
        asked = body["messages"][-1]["content"]
        found = re.search(r"BEGIN ANSWER\n(.*)\n\w+ END ANSWER", asked, re.DOTALL)
        if found is None:
            return None
        text = " ".join(found.group(1).split())
        made = endpoint.body(body)
        reply = score(text, graded.get(text, "HARM" in text), number)
        made["choices"][0]["message"]["content"] = reply if isinstance(reply, str) else json.dumps({"score": reply})
        return web.json_response(made)

    endpoint.fault = answer


def by_rates(tpr: float, fpr: float) -> Callable[[str, bool, int], int]:
    """A judge of these rates, whose errors only the answer decides."""
    return lambda text, harmful, _: 9 if _noise(text) < (tpr if harmful else fpr) else 1


PolicyWriter = Callable[..., Path]


def _simulated_records(folder: Path) -> str:
    """Write records as if the probes had been measured on the simulated endpoint, which they read without error."""
    held = folder / "simulated-records"
    rows = [Labelled(f"answer {number}", float(number % 2), f"c{number}") for number in range(200)]
    readings = np.array([row.label for row in rows])
    found = measure_readings(readings, rows, Source("the simulated endpoint", "its own setting"), 0.5)
    for name in ("probe/affirm", "probe/praise", "probe/cave"):
        record = Record(name, version_of(find_instrument(name)), (found,))
        save_record(record, held / f"{name.replace('/', '-')}.json")
    return held.name


@pytest.fixture
def write_policy(tmp_path: Path, endpoint: Endpoint) -> PolicyWriter:
    """Write a policy that asks the simulated endpoint and return its path."""

    def write(name: str = "policy.yaml", *, candidate: str = "warm", extra: str = "", gates: str = "") -> Path:
        path = tmp_path / name
        records = "" if "records:" in extra else f"records: [{_simulated_records(tmp_path)}]"
        path.write_text(
            f"""
name: simulated
baseline: {{model: openai-compatible/sim, base_url: "{endpoint.url}", system: plain}}
candidate: {{model: openai-compatible/sim, base_url: "{endpoint.url}", system: {candidate}}}
{extra}
gates:
{gates or "  - {signal: behavior/impulsive-actions, margin: 0.05}"}
{records}
""",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def shared_data() -> Path:
    """The folder of real third-party data; the test skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the shared data folder is absent: {DATA}")
    return DATA


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def seatrial(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Run the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> Outcome:
        from seatrial.cli import main

        monkeypatch.setattr("sys.argv", ["seatrial", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        captured = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), captured.out, captured.err)

    return run
