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
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from seatrial.vibes.app import make_app
from seatrial.vibes.guard import BURST
from seatrial.vibes.kept import Conflict
from seatrial.vibes.planning import Wanted, new_session
from seatrial.vibes.store import SessionStore

SAID = {"note": "", "off_left": 0, "off_right": 0, "preference": 0, "seconds": 1.0, "done": False}


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_kill_loses_no_acknowledged_rating(review: Path, tmp_path: Path) -> None:
    """Saves go on as fast as they are acknowledged, the server is killed in the midst, and the last one is held."""
    url = f"sqlite:///{tmp_path / 'vibe.db'}"
    token = new_session(url, review, ["ana"], Wanted(4, 2, 1, 0, 5)).links["ana"]
    port = _free_port()
    command = [sys.executable, "-m", "seatrial", "vibe", "serve", "--db", url, "--port", str(port)]
    served = subprocess.Popen(command, cwd=tmp_path)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=30) as client:
            page = _reached(client, f"/r/{token}")
            found = re.search(r'data-name="([\w-]+)".*?data-guard="(\w+)"', page, re.DOTALL)
            assert found
            version = 0
            ends = time.monotonic() + 1.5
            try:
                while True:
                    said = {**SAID, "note": f"word {version}", "version": version}
                    reply = client.post(f"/pair/{found[1]}", json=said, headers={"X-Guard": found[2]})
                    if reply.status_code == 429:
                        time.sleep(0.05)
                        continue
                    version = reply.json()["version"]
                    if time.monotonic() > ends:
                        os.kill(served.pid, signal.SIGKILL)
            except httpx.TransportError:
                pass
    finally:
        served.kill()
        served.wait(30)
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    kept = next(one for one in store.shown(rater.id) if one.id == found[1])
    assert version > 5
    assert kept.version >= version
    assert kept.rating is not None
    assert kept.rating["note"] == f"word {kept.version - 1}"


def _reached(client: httpx.Client, path: str) -> str:
    """Return a page once the server is up."""
    ends = time.monotonic() + 60
    while True:
        try:
            return client.get(path).text
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
    made = new_session(postgres, review, ["ana", "ben"], Wanted(4, 2, 1, 0, 5))
    store = SessionStore(postgres)
    rater = store.rater(made.links["ana"])
    assert rater
    first, *others = store.shown(rater.id)
    assert store.save(rater.id, first.id, {**SAID, "done": True}, 0) == 1
    with pytest.raises(Conflict):
        store.save(rater.id, first.id, SAID, 0)
    store.save(rater.id, others[0].id, {**SAID, "done": True, "tags": ["gushing"]}, 0)
    assert store.second_looks(rater) == 1
    assert store.shown(rater.id)[-1].trial.tag == "gushing"
    store.ask(rater, first.id, 0, "hi")
    with pytest.raises(Conflict):
        store.ask(rater, first.id, 0, "hi again")
    store.answer(rater, first.id, 0, "left", "right")
    assert store.turns(first.id)[0].right == "right"
    assert json.dumps(store.config(1)["pairs"]) == "4"
    assert store.progress(1) == [("ana", 2, 10), ("ben", 0, 9)]
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
