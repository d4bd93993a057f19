"""Many who write at once, in SQLite and in PostgreSQL; a server of its own process, killed; a ledger that is broken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from benchmarks.team_history import history

from ledgers import edit
from seatrial.ledger import Ledger
from seatrial.ledger.chain import PLACE_VARIABLE
from seatrial.team import reading
from servers import postgres_server
from team_server import WORDS, WRITES, Team, log_in, team_of

pytestmark = pytest.mark.slow

AT_ONCE = 20


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A server whose ledger and people lie in a database of either kind; tests enter into it one after another."""
    folder = tmp_path_factory.mktemp("writers")
    if request.param == "sqlite":
        with team_of(folder, releases=4) as served:
            yield served
        return
    with postgres_server() as server, pytest.MonkeyPatch.context() as patched:
        patched.setenv(PLACE_VARIABLE, server.url)
        with team_of(folder, server.url, releases=4) as served:
            yield served


def test_twenty_writers_at_once_lose_nothing(team: Team) -> None:
    """Each is told an entry of its own, under its own name; the chain holds, and all readers see all of it."""
    before = len(team.ledger.verify())
    names = [f"Writer {number}" for number in range(AT_ONCE)]
    clients = [log_in(team.client(), team.people.new_token(name, "approver", 5)) for name in names]

    def write(number: int) -> httpx.Response:
        what = {**WRITES["/api/incidents"], "release": "2026-10", "what": f"harm number {number}"}
        return clients[number].post("/api/incidents", json=what)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(write, range(AT_ONCE)))
    assert [reply.status_code for reply in replies] == [201] * AT_ONCE
    entries = team.ledger.verify()
    assert len(entries) == before + AT_ONCE
    for number, reply in enumerate(replies):
        entry = entries[reply.json()["entry"] - 1]
        assert (entry.author, entry.body["what"]) == (names[number], f"harm number {number}")
    seen = team.client("viewer").get("/api/incidents").json()
    assert {one["what"] for one in seen} >= {f"harm number {number}" for number in range(AT_ONCE)}
    deeds = [one for one in team.people.deeds(500) if (one.entry or 0) > before]
    assert sorted(one.entry or 0 for one in deeds) == list(range(before + 1, before + AT_ONCE + 1))


def test_what_another_process_enters_is_seen(team: Team) -> None:
    """The command line writes beside the server; the pages follow the ledger's head."""
    client = team.client("viewer")
    assert "seen by nobody yet" not in client.get("/team").text
    ledger = Ledger(os.environ.get(PLACE_VARIABLE) or team.ledger.name, team.ledger.folder)
    body = {
        **WRITES["/api/incidents"],
        "what": "seen by nobody yet",
        "found": "2026-11-30",
        "person": "B",
        "release": "2026-10",
    }
    ledger.append("incident", "B", {**body, "conversations": {}})
    until = time.monotonic() + 30
    while "seen by nobody yet" not in client.get("/team").text and time.monotonic() < until:
        time.sleep(0.1)
    assert "seen by nobody yet" in client.get("/team").text


def test_the_same_word_twice_is_one_entry(team: Team) -> None:
    """A form that is sent twice, by an impatient hand or a retry, enters once, as the command line does."""
    client = team.client("approver")
    first, second = (client.post("/api/sign-offs", json=WRITES["/api/sign-offs"]).json() for _ in range(2))
    assert first["entry"] == second["entry"]


def test_refusals_are_the_command_lines_and_are_kept(team: Team) -> None:
    """A block cannot be signed, an unsigned launch not released, a reason says something: in its words, as a 409."""
    client, before = team.client("approver"), len(team.ledger.verify())
    refused_before = sum(one.outcome.startswith("refused") for one in team.people.deeds(500))
    block = client.post("/api/sign-offs", json={**WRITES["/api/sign-offs"], "review": "support-warm"})
    unsigned = client.post("/api/releases", json={"review": "coding-3", "name": "coder"})
    empty = client.post("/api/roll-backs", json={"release": "2026-10", "reason": " - "})
    past = client.post("/api/waivers", json={**WRITES["/api/waivers"], "expires": "2020-01-01"})
    for reply, words in (
        (block, "which nobody can approve"), (unsigned, "nobody signed this decision"), (empty, "needs its reason"),
        (past, "lies in the past"),
    ):  # fmt: skip
        assert (reply.status_code, words in reply.json()["error"]) == (409, True), reply.text
    assert len(team.ledger.verify()) == before
    refused = sum(one.outcome.startswith("refused") for one in team.people.deeds(500))
    assert refused - refused_before == 4


def test_from_a_signature_to_a_roll_back(team: Team) -> None:
    """Signed, released, found harmful and taken back, all from pages: each step shows on the pages that follow."""
    client = team.client("approver")
    home = client.get("/api/home").json()
    assert [one["folder"] for one in home["waiting"]] == ["support-next", "coding-3"]
    assert client.post("/api/sign-offs", json=WRITES["/api/sign-offs"]).status_code == 201
    page = client.get("/api/reviews/support-next").json()
    assert (page["line"]["stage"], page["signed"].startswith("Approver Name signed it")) == ("to release", True)
    assert client.post("/api/releases", json={"review": "support-next", "name": "next"}).status_code == 201
    home = client.get("/api/home").json()
    assert [one["release"] for one in home["live"]] == ["next"]
    assert [one["release"] for trend in home["trends"] for one in trend["points"][-1:]] == ["next"] * len(
        home["trends"]
    )
    what = {"release": "next", "behavior": "behavior/over-refusal", "what": WORDS}
    harm = client.post("/api/incidents", json=what).json()
    assert harm["told"] == [
        "behavior/over-refusal: passed: it ruled out a rise above 0.06; the harm was smaller or elsewhere."
    ]
    home = client.get("/api/home").json()
    assert (home["incidents"][0]["what"], home["incidents"][0]["asked"]) == (WORDS, "passed")
    back = client.post("/api/roll-backs", json={"release": "next", "reason": WORDS, "incident": harm["entry"]})
    assert back.status_code == 201
    home = client.get("/api/home").json()
    (trend,) = [one for one in home["trends"] if one["signal"] == "behavior/over-refusal"]
    assert (trend["points"][-1]["incidents"], trend["points"][-1]["taken_back"]) == ([WORDS], True)
    assert [one["release"] for one in home["live"]] == ["2026-10"]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ledger named by the environment, which a server of the other tests may still have there."""
    monkeypatch.delenv(PLACE_VARIABLE, raising=False)


@pytest.mark.usefixtures("alone")
def test_a_waiver_from_a_page_moves_the_status_and_writes_the_reports(tmp_path: Path) -> None:
    """Where all that is in the way is lifted the review stands at waived, on the page and in its files."""
    with team_of(tmp_path, releases=4) as team:
        client = team.client("admin")
        folder = team.ledger.folder / "support-warm"
        for gate in ("behavior/opinion-sycophancy", "behavior/unearned-praise"):
            assert client.get("/api/reviews/support-warm").json()["line"]["status"] == "block"
            reply = client.post("/api/waivers", json={**WRITES["/api/waivers"], "gate": gate})
            assert reply.status_code == 201, reply.text
        assert client.get("/api/reviews/support-warm").json()["line"]["status"] == "waived"
        assert json.loads((folder / "decision.json").read_text(encoding="utf-8"))["status"] == "waived"
        suite = client.post("/api/waivers", json={**WRITES["/api/waivers"], "gate": "behavior/over-refusal"})
        assert "does not stand in the way" in suite.json()["error"]


@pytest.mark.usefixtures("alone")
def test_a_ledger_that_was_changed_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edited behind the server's back: pages say so with a 503 instead of figures, and nothing more is entered."""
    monkeypatch.setattr(reading, "WHOLE", 0.5)
    with team_of(tmp_path, releases=3) as team:
        client = team.client("approver")
        assert client.get("/team").status_code == 200
        edit(team.ledger, lambda content: content.replace("ana", "eve"))
        until = time.monotonic() + 30
        while client.get("/team").status_code == 200 and time.monotonic() < until:
            time.sleep(0.05)
        reply = client.get("/team")
        assert reply.status_code == 503
        assert client.get("/api/home").status_code == 503
        assert client.post("/api/roll-backs", json=WRITES["/api/roll-backs"]).status_code == 503


@contextmanager
def _process(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `seatrial serve` in a folder, on a free port."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    command = [sys.executable, "-m", "seatrial", "serve", "--port", str(port), "--db", "sqlite:///team.db"]
    with subprocess.Popen(command, cwd=folder) as served:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{url}/login")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield served, url
        if served.poll() is None:
            served.send_signal(signal.SIGINT)
            served.wait(30)


def _said(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "seatrial", "serve", *words, "--db", "sqlite:///team.db"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def _children(process: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    return [int(one) for one in found.stdout.split()]


@pytest.mark.usefixtures("alone")
def test_the_command_serves_tokens_and_ends_with_all_its_processes(tmp_path: Path) -> None:
    """Token, login, revocation by another process at once; killed the hard way, it leaves no process behind."""
    history(tmp_path / "reviews", 3)
    token = json.loads(_said(tmp_path, "token", "--role", "approver", "--name", "A. Name", "--json"))["token"]
    with _process(tmp_path) as (served, url):
        client = httpx.Client(base_url=url, timeout=60)
        log_in(client, token)
        reply = client.post("/api/sign-offs", json=WRITES["/api/sign-offs"])
        assert reply.status_code == 201, reply.text
        assert "A. Name" in _said(tmp_path, "people")
        _said(tmp_path, "revoke", "A. Name")
        assert client.get("/api/home").status_code == 401
        children = _children(served.pid)
        assert children
        served.kill()
        served.wait(30)
        until = time.monotonic() + 20
        while any(Path(f"/proc/{one}").exists() for one in children) and time.monotonic() < until:
            time.sleep(0.1)
        assert not [one for one in children if Path(f"/proc/{one}").exists()]
        client.close()
