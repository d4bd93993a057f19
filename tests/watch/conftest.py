"""A watch of a simulated vendor, day by day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from conftest import Endpoint, PolicyWriter
from seatrial.collect import Progress
from seatrial.policy import load_policy
from seatrial.watch import Watch, Watching, watch_day
from seatrial.watch.state import Accepted
from vendor import FIRST, GATES, Daily, Vendor


@pytest.fixture
def vendor(endpoint: Endpoint) -> Vendor:
    """The vendor behind the simulated endpoint."""
    made = Vendor(endpoint)
    endpoint.fault = made
    return made


@pytest.fixture
def policy_path(write_policy: PolicyWriter) -> Path:
    """A policy that asks it two suites and samples."""
    return write_policy(gates=GATES)


@pytest.fixture
def daily(policy_path: Path, tmp_path: Path) -> Daily:
    """Return what asks on a day, by its number, and returns what the days show."""

    def ask(day: int, accept: str = "", calls: int = 120, policy: Path = policy_path) -> Watch:
        today = FIRST + timedelta(days=day)
        accepted = Accepted(today.isoformat(), accept, "ann") if accept else None
        begun = Watching(calls=calls, alarms=0.05)
        return asyncio.run(watch_day(load_policy(policy), tmp_path / "watch", today, Progress("off"), begun, accepted))

    return ask
