"""A review of a simulated endpoint whose answers are text."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Command, PolicyWriter


@pytest.fixture
def live_review(seatrial: Command, write_policy: PolicyWriter, tmp_path: Path) -> Path:
    """Return the folder of a review that asked both models for answers of words."""
    gate = "  - {signal: behavior/verbosity, instrument: text/length, margin: 0.3}"
    write_policy(gates=gate, extra="budget: {calls: 60}")
    seatrial("review", "policy.yaml", "--out", "live", "--quiet")
    return tmp_path / "live"
