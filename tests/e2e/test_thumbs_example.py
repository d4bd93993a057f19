"""The example of thumbs, as its readme tells people to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow


def test_one_command_shows_approval_up_and_benefit_down(tmp_path: Path) -> None:
    """The simulated log is written and read in one command, and it says what the how-to shows, word by word."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    script = ROOT / "examples" / "thumbs" / "simulate.py"
    done = subprocess.run(
        [sys.executable, script, "--out", "thumbs.yaml"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    page = (ROOT / "docs" / "how-to" / "read-thumbs.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("```")[0]
    assert shown.startswith("APPROVAL UP, BENEFIT DOWN\n")
    assert done.stdout.startswith(shown)
    assert (tmp_path / "feedback.html").exists()
    reviewed = subprocess.run(
        [sys.executable, "-m", "seatrial", "review", "thumbs.yaml", "--quiet"], cwd=tmp_path, env=env, check=False
    )
    assert reviewed.returncode == 1
