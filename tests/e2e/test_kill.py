"""A review that is killed loses no answer, asks nothing twice, and decides as if it had not been killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from conftest import Command, Endpoint, PolicyWriter

GATES = """
  - {signal: behavior/impulsive-actions, margin: 0.05}
  - {signal: behavior/validating-delusion, margin: 0.05}
"""


def _start(policy: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "seatrial", "review", str(policy), "--reviews", str(folder)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root / "src")}, stderr=subprocess.PIPE)


def _wait_for(endpoint: Endpoint, calls: int) -> None:
    deadline = time.monotonic() + 120
    while endpoint.count < calls and time.monotonic() < deadline:
        time.sleep(0.01)
    assert endpoint.count >= calls


def test_kill_and_resume(seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """After kill -9 the same command asks only what was not answered, and the verdicts are an uninterrupted run's."""
    policy = write_policy(candidate="plain", gates=GATES)
    endpoint.seconds = 0.05
    process = _start(policy, tmp_path / "killed")
    _wait_for(endpoint, 100)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    (stored,) = (tmp_path / "killed").glob("*/responses/answers.jsonl")
    kept = len(stored.read_bytes().split(b"\n")) - 1
    asked = endpoint.count
    assert kept >= 40
    endpoint.seconds = 0.0
    resumed = json.loads(seatrial("review", policy, "--reviews", tmp_path / "killed", "--json").out)
    whole_before = endpoint.count
    whole = json.loads(seatrial("review", policy, "--reviews", tmp_path / "whole", "--json").out)
    needed = endpoint.count - whole_before
    assert resumed["verdicts"] == whole["verdicts"]
    assert resumed["hashes"] == whole["hashes"]
    assert whole_before - asked == needed - kept
    # Only calls that were in flight when the process died were asked a second time.
    assert asked - kept <= 32


def test_ctrl_c_keeps_what_was_answered(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """Ctrl-C ends with one sentence, exit code 130, and every answer on disk."""
    endpoint.seconds = 0.4
    process = _start(write_policy(candidate="plain", gates=GATES), tmp_path / "stopped")
    _wait_for(endpoint, 60)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"stopped. What was answered is kept" in errors
    assert b"Traceback" not in errors
    (stored,) = (tmp_path / "stopped").glob("*/responses/answers.jsonl")
    assert all(json.loads(line) for line in stored.read_text(encoding="utf-8").splitlines())
