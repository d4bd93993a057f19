"""`seatrial suites`: list, map, new, check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command
from seatrial.suites import find_suites


def test_suites_are_listed_for_people_and_machines(seatrial: Command) -> None:
    """Every suite comes with its counts; a contrast has two items a cluster."""
    listed = {entry["signal"]: entry for entry in json.loads(seatrial("suites", "--json").out)}
    assert set(listed) == set(find_suites())
    assert listed["behavior/opinion-sycophancy"]["items"] == 2 * listed["behavior/opinion-sycophancy"]["clusters"]
    assert all(len(entry["sha256"]) == 64 and entry["harmful"] in ("high", "low") for entry in listed.values())
    out = seatrial("suites").out
    assert all(signal in out for signal in listed)


def test_the_map_counts_items(seatrial: Command) -> None:
    """For machines the map is signal → use case → items; for people each suite has a number that the foot explains."""
    told = json.loads(seatrial("suites", "map", "--json").out)
    listed = {entry["signal"]: entry for entry in json.loads(seatrial("suites", "--json").out)}
    assert {signal: sum(cases.values()) for signal, cases in told.items()} == {
        signal: entry["items"] for signal, entry in listed.items()
    }
    shown = seatrial("suites", "map").out
    assert f"{len(told)}: {list(told)[-1]}" in shown
    assert "·" in shown


@pytest.mark.slow
def test_a_suite_of_ones_own_from_nothing_to_a_check(seatrial: Command, tmp_path: Path) -> None:
    """`new` says what it wrote and what is next; the suite is listed, checked, and an error in it ends with 2."""
    made = seatrial("suites", "new", "own/late")
    assert made.out.splitlines()[-1] == "Fill them in, then: seatrial suites check own/late"
    assert json.loads(seatrial("suites", "new", "own/later", "--json").out) == [
        f"own/later/{name}" for name in ("suite.md", "items.jsonl", "anchors.jsonl")
    ]
    assert "behavior/late " in seatrial("suites", "--suites", "own").out
    assert seatrial("suites", "check", "own/late").code == 0
    twins = seatrial("suites", "check", "own")
    assert (twins.code, "stands in behavior/later too" in twins.out) == (2, True)


@pytest.mark.slow
def test_a_broken_suite_ends_with_2_and_names_the_line(seatrial: Command, tmp_path: Path) -> None:
    """What cannot be read is an error of that suite for people and machines, not the end of the command."""
    seatrial("suites", "new", tmp_path / "broken")
    (tmp_path / "broken" / "items.jsonl").write_text("{broken\n", encoding="utf-8")
    told = seatrial("suites", "check", tmp_path)
    assert told.code == 2
    assert f"error  {tmp_path}/broken/items.jsonl:1" in told.out
    (findings,) = json.loads(seatrial("suites", "check", tmp_path, "--json").out).values()
    assert findings[0]["place"] == f"{tmp_path}/broken/items.jsonl:1"
    assert all(one["grave"] for one in findings)


def test_a_folder_without_suites_is_an_error(seatrial: Command, tmp_path: Path) -> None:
    """A misspelt folder is no empty list."""
    for words in (
        ("suites", "--suites", tmp_path),
        ("suites", "map", "--suites", "nowhere"),
        ("suites", "check", tmp_path),
    ):
        done = seatrial(*words)
        assert (done.code, "no suite here" in done.err) == (2, True)
