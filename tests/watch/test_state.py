"""What a watch keeps of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import StoreError
from seatrial.models.identity import identity_hash
from seatrial.watch.state import (
    FILE,
    Accepted,
    Day,
    Panel,
    State,
    load_state,
    save_state,
)

STATE = State(
    "openai/x",
    identity_hash("{}"),
    0.05,
    (Panel("behavior/a", "text/praise", "ab12", ("i1", "i2")), Panel("behavior/b", "text/hook", "", ("i1",))),
    (Day("2026-03-01", 3, 0), Day("2026-03-04", 2, 1)),
    (Accepted("2026-03-02", "we like it", "ann"),),
)


def test_a_watch_is_got_back(tmp_path: Path) -> None:
    """All of it, whatever stands in it; where none was begun there is none."""
    assert load_state(tmp_path) is None
    save_state(STATE, tmp_path)
    assert load_state(tmp_path) == STATE


def test_only_days_since_the_last_accepted_change_are_compared() -> None:
    """The day on which it was accepted is the first."""
    assert [day.date for day in STATE.compared] == ["2026-03-04"]
    again = STATE.with_day(Day("2026-03-05", 3, 0))
    assert [day.date for day in again.compared] == ["2026-03-04", "2026-03-05"]
    assert len(replace(again, accepted=()).compared) == 3
    assert replace(again, accepted=(Accepted("2026-03-05", "so", "ann"),)).compared == again.days[-1:]


def test_calls_a_day_and_the_number_of_a_day() -> None:
    """All items of all panels; days that follow one another have numbers that do."""
    assert STATE.calls == 3
    assert Day("2026-03-01", 1, 0).number - Day("2026-02-28", 1, 0).number == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"panels": []},
        {"alarms": 0},
        {"alarms": "often"},
        {"model": 7},
        {"days": [{"date": "2026-03-04", "calls": 1, "failed": 0}, {"date": "2026-03-01", "calls": 1, "failed": 0}]},
        {"days": [{"date": "yesterday", "calls": 1, "failed": 0}]},
        {"days": None},
        {"accepted": [{"date": "2026-03-04", "reason": 1, "author": "ann"}]},
        {"panels": [{"signal": "behavior/a", "instrument": "x", "content": "", "items": [1]}]},
    ],
)
def test_a_file_that_is_no_watch_is_refused_by_name(tmp_path: Path, changes: dict[str, Any]) -> None:
    """It says which file, and what to do."""
    save_state(STATE, tmp_path)
    path = tmp_path / FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    with pytest.raises(StoreError, match=f"{FILE}: is no watch's state .* or begin a new watch in another folder"):
        load_state(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"null", b'{"format": 1, "format": 1}', b"[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever it is."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match="is no watch's state"):
        load_state(tmp_path)
