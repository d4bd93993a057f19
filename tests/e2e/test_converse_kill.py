"""A run of conversations that is killed outright loses at most the turns in flight, and resumed it is the same run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Endpoint
from seatrial.ledger import ledger_for
from talkers import Assistant, conversation_policy, talking

IN_FLIGHT = 8


def command(policy: Path, folder: Path) -> list[str]:
    """Return the command of a run."""
    return [sys.executable, "-m", "seatrial", "converse", str(policy), "--out", str(folder), "--quiet"]


def kept(folder: Path) -> int:
    """Return how many answers lie whole in a folder."""
    path = folder / "responses" / "answers.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, endpoint: Endpoint) -> None:
    """Killed twice in the middle, it asks again only what was in flight, and decides on the same turns, once."""
    talking(endpoint, Assistant().text)
    endpoint.seconds = 0.02
    policy, _ = conversation_policy(tmp_path, endpoint.url, draws="4", in_flight=str(IN_FLIGHT))
    whole, cut = tmp_path / "whole" / "run", tmp_path / "cut" / "run"
    done = subprocess.run(command(policy, whole), capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1, 3, 4), done.stderr
    calls, endpoint.count = endpoint.count, 0
    for part in (0.3, 0.6):
        running = subprocess.Popen(command(policy, cut), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while kept(cut) < part * calls and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        assert kept(cut) < calls
    last = subprocess.run(command(policy, cut), capture_output=True, text=True, timeout=120)
    assert last.returncode == done.returncode
    assert calls <= endpoint.count <= calls + 2 * IN_FLIGHT
    assert (cut / "turns.jsonl").read_bytes() == (whole / "turns.jsonl").read_bytes()
    again = subprocess.run(command(policy, cut), capture_output=True, text=True, timeout=120)
    assert again.returncode == done.returncode
    assert len([entry for entry in ledger_for(cut).verify() if entry.kind == "decision"]) == 1
