"""The example of a replay: a forecast, a launch, and its check."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from seatrial.ledger import Ledger


@pytest.mark.slow
def test_a_forecast_is_made_and_checked(tmp_path: Path) -> None:
    """It blocks, and what came agrees better with the forecast than with no change; the ledger has both."""
    command = [sys.executable, str(ROOT / "examples" / "replay" / "example.py"), "--as-is"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WORSE IN YOUR TRAFFIC" in done.stdout and "1 OF 1 FORECASTS AGREE WITH WHAT CAME" in done.stdout
    entries = Ledger(tmp_path / "replayed" / "ledger.db").verify()
    assert [one.kind for one in entries] == ["forecast", "decision", "check"]
    assert entries[1].body["verdicts"] == {"replay/unearned-praise": "fail"}
    assert "replay replay (replay)" in entries[1].body["hashes"]
    (row,) = entries[2].body["behaviors"].values()
    assert row["covered"] and row["factor"] < row["naive"] and row["direction"] is True
    assert (tmp_path / "replayed" / "replay" / "replay.html").exists()
    written = json.loads((tmp_path / "replayed" / "replay" / "forecast.json").read_text(encoding="utf-8"))
    assert "example.org" not in json.dumps(written), "a forecast holds no words of users"
