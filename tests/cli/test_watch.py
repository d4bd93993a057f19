"""`seatrial watch`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import Command, Endpoint, PolicyWriter
from seatrial.watch.state import FILE
from vendor import GATES, Vendor


def test_a_first_day_is_quiet_and_says_what_it_could_see(
    seatrial: Command, write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """It ends with 0, keeps its answers, and writes a page; asked again on the same day it asks nothing."""
    endpoint.fault = Vendor(endpoint)
    write_policy(gates=GATES)
    made = seatrial("watch", "policy.yaml", "--calls", "60", "--quiet")
    assert made.code == 0, made.err
    assert made.out.startswith("FIRST DAY: NOTHING TO COMPARE WITH YET\n")
    assert "at most 5 % of years" in made.out
    folder = tmp_path / "watches" / "simulated"
    assert (folder / "watch.html").exists()
    count = endpoint.count
    again = json.loads(seatrial("watch", "policy.yaml", "--json").out)
    assert endpoint.count == count
    assert (again["changed"], again["calls_a_day"], len(again["days"])) == (False, 60, 1)
    assert again["served"]["models"] == [{"since": again["days"][0], "names": ["sim-0301"]}]


def test_a_change_is_held_until_it_is_accepted(
    seatrial: Command,
    write_policy: PolicyWriter,
    endpoint: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another model's name ends with 3 each day; a reason of one word is none; who accepts it is kept."""
    vendor = endpoint.fault = Vendor(endpoint)
    write_policy(gates=GATES)
    words = ("watch", "policy.yaml", "--folder", "here", "--calls", "40", "--quiet")
    assert seatrial(*words).code == 0
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    monkeypatch.setattr(sys.modules["seatrial.cli.watch"], "_today", lambda: tomorrow)  # `cli.watch` is the command
    vendor.model = "sim-0302"
    held = seatrial(*words)
    assert held.code == 3, held.err
    assert held.out.startswith("CHANGED: THE ENDPOINT SERVES SOMETHING ELSE\n")
    assert f"Page: {Path('here') / 'watch.html'}" in held.out
    refused = seatrial(*words, "--accept", "fine")
    assert (refused.code, "say in words" in refused.err) == (2, True)
    accepted = seatrial(*words, "--accept", "the vendor announced it", "--author", "ann", "--json")
    assert accepted.code == 0, accepted.err
    assert json.loads(accepted.out)["accepted"] == "the vendor announced it"
    state = json.loads((tmp_path / "here" / FILE).read_text(encoding="utf-8"))
    assert state["accepted"][0]["author"] == "ann"


def test_a_policy_that_cannot_be_watched_ends_with_2(seatrial: Command, tmp_path: Path) -> None:
    """With the words for it, and no folder's state."""
    made = seatrial("watch", "nowhere.yaml")
    assert (made.code, made.out) == (2, "")
