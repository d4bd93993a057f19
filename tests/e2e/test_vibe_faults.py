"""What survives a kill, and the other database."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from seatrial.evidence.vibes.app import make_app
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.values import Conflict
from seatrial.web.guard import BURST

SAID = {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "seconds": 1.0, "done": False}


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_kill_loses_no_acknowledged_rating(review: Path, tmp_path: Path) -> None:
    """Eight raters save as fast as they are acknowledged, the server is killed in the midst, and nothing is lost."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    links = new_session(url, review, [f"rater {place}" for place in range(8)], Wanted(4, 2, 1, 0)).links
    port = _free_port()
    command = [sys.executable, "-m", "seatrial", "vibe", "serve", "--db", url, "--port", str(port)]
    served = subprocess.Popen(command, cwd=tmp_path)
    address = f"http://127.0.0.1:{port}"
    try:
        _reached(address)
        with ThreadPoolExecutor(len(links)) as pool:
            saving = [pool.submit(_save_until_killed, address, token) for token in links.values()]
            time.sleep(2.0)
            os.kill(served.pid, signal.SIGKILL)
            acknowledged = [one.result() for one in saving]
    finally:
        served.kill()
        served.wait(30)
    store = SessionStore(url)
    for token, (name, version) in zip(links.values(), acknowledged, strict=True):
        rater = store.rater(token)
        assert rater
        kept = store.one(rater.id, name)
        assert kept is not None
        assert version > 5
        assert kept.version >= version
        assert kept.rating is not None
        assert kept.rating["note"] == f"word {kept.version - 1}"


def _save_until_killed(address: str, token: str) -> tuple[str, int]:
    """Save one pair again and again; return its name and the last version that was acknowledged."""
    version = 0
    with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as client:
        found = re.search(r'data-name="([\w-]+)".*?data-guard="(\w+)"', client.get(f"/r/{token}").text, re.DOTALL)
        assert found
        try:
            while True:
                said = {**SAID, "note": f"word {version}", "version": version}
                reply = client.post(f"/pair/{found[1]}", json=said, headers={"X-Guard": found[2]})
                if reply.status_code == 429:
                    time.sleep(0.05)
                    continue
                version = reply.json()["version"]
        except httpx.TransportError:
            return found[1], version


def _reached(address: str) -> None:
    """Wait until the server is up."""
    ends = time.monotonic() + 60
    while True:
        try:
            httpx.get(address)
            return
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this test's own, on a free port; skipped where it is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path("/tmp") / f"seatrial-postgres-{os.getpid()}"
    folder.mkdir()
    become: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        become = ["runuser", "-u", "postgres", "--"]
    port, data = _free_port(), folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    control = [*become, str(programs[-1] / "pg_ctl"), "-D", str(data), "-w"]
    quiet = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL}
    subprocess.run([*become, str(programs[-1] / "initdb"), "-D", str(data), "-U", "vibe", "-A", "trust"], **quiet)  # type: ignore[call-overload]
    subprocess.run([*control, "-o", options, "-l", str(folder / "log"), "start"], **quiet)  # type: ignore[call-overload]
    yield f"postgresql+psycopg://vibe@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
    shutil.rmtree(folder)


def test_a_session_in_postgresql(review: Path, postgres: str) -> None:
    """The same session in the other database: links, versions, conflicts, second looks, conversations, closing."""
    made = new_session(postgres, review, ["ana", "ben"], Wanted(4, 2, 1, 0))
    store = SessionStore(postgres)
    rater = store.rater(made.links["ana"])
    assert rater
    first, *others = store.shown(rater.id)
    assert store.save(rater.id, first.id, {**SAID, "done": True}, 0) == 1
    with pytest.raises(Conflict):
        store.save(rater.id, first.id, SAID, 0)
    store.save(rater.id, others[0].id, {**SAID, "done": True, "tags": ["gushing"]}, 0)
    assert store.further_looks(rater) == 1
    assert store.shown(rater.id)[-1].trial.tag == "gushing"
    store.ask(rater, first.id, 0, "hi")
    with pytest.raises(Conflict):
        store.ask(rater, first.id, 0, "hi again")
    store.answer(rater, first.id, 0, "left", "right")
    assert store.turns(first.id)[0].right == "right"
    assert json.dumps(store.config(1)["pairs"]) == "4"
    assert store.progress(1) == [("ana", 2, 12), ("ben", 0, 11)]
    with TestClient(make_app(store), follow_redirects=True) as client:
        page = client.get(f"/r/{made.links['ben']}")
        found = re.search(r'data-name="([\w-]+)".*?data-guard="(\w+)"', page.text, re.DOTALL)
        assert found
        said = {**SAID, "version": 0, "done": True, "tags": ["gushing", "love bombing"]}
        guarded = {"X-Guard": found[2]}
        assert client.post(f"/pair/{found[1]}", json=said, headers=guarded).json() == {"version": 1}
        assert client.post(f"/pair/{found[1]}", json=said, headers=guarded).status_code == 409
        assert client.get("/").url.path != page.url.path
        assert "love bombing" in client.get("/").text
        assert "ben" in client.get(f"/admin/{made.admin}").text
    assert store.changes(1, 1)[0][1:] == ("ben", f"rated {found[1]}, version 1")
    store.close(1)
    assert store.rater(made.links["ana"]) is None
    store.engine.dispose()


def test_raters_of_one_address_come_in_at_once(review: Path, tmp_path: Path) -> None:
    """A whole office opens its links in one second from one address, and nobody is turned away."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    links = new_session(url, review, [f"rater-{place}" for place in range(BURST + 20)], Wanted(4, 2, 1)).links
    app = make_app(SessionStore(url))
    for token in links.values():
        assert TestClient(app, follow_redirects=True).get(f"/r/{token}").status_code == 200


def test_two_servers_on_one_database_keep_one_of_two_edits(review: Path, tmp_path: Path) -> None:
    """Both save over the same version at once, again and again: one is kept, the other is told."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    token = new_session(url, review, ["ana"], Wanted(20, 2, 1, 0)).links["ana"]
    stores = [SessionStore(url), SessionStore(url)]
    rater = stores[0].rater(token)
    assert rater
    name = stores[0].outline(rater.id)[0]
    for version in range(20):
        both = [
            store.saving(rater.id, name, SAID, version, f"tab{place}", version + 1)
            for place, store in enumerate(stores)
        ]
        errors = [one.exception() for one in both]
        assert [type(error) for error in errors if error] == [Conflict]
        held = stores[0].one(rater.id, name)
        assert held
        assert held.version == version + 1
