"""From traffic to a suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError, SuiteError
from seatrial.evidence.replay.drafts import drafted
from seatrial.evidence.replay.traffic_map import FILE
from seatrial.suites import load_suite

MATTERS = (
    "Which torque for the wheel nuts of a tractor?",
    "My goldfish swims sideways since Monday. Why?",
    "Translate this poem about a lighthouse into Latin.",
    "How do I descale an espresso machine with vinegar?",
    "What does a notary charge for a deed in Lyon?",
    "Why does bread collapse when I open the oven early?",
)


def _kept(folder: Path, *rows: dict[str, Any]) -> Path:
    folder.mkdir()
    made = [
        {"id": f"c{number}", "area": ("repairs, parts", "pets")[number % 2], "messages": [_user(text)]}
        for number, text in enumerate(MATTERS)
    ]
    (folder / FILE).write_text("".join(f"{json.dumps(row)}\n" for row in (*made, *rows)), encoding="utf-8")
    return folder


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def test_areas_take_turns_and_the_suite_loads(tmp_path: Path) -> None:
    """What says the same twice, or cannot be asked, is left out and counted; half letters are no fault."""
    rows = [
        {"id": "twin", "area": "pets", "messages": [_user(MATTERS[1] + " ")]},
        {"id": "reply", "area": "pets", "messages": [_user("a"), {"role": "assistant", "content": "b"}]},
        {"id": "half", "area": "pets", "messages": [_user("Is \ud800 a letter of Old Church Slavonic?")]},
    ]
    made = drafted(_kept(tmp_path / "replay", *rows), tmp_path / "own", 60)
    suite = load_suite(tmp_path / "own")
    assert [item.use_case for item in suite.items[:4]] == ["repairs-parts", "pets", "repairs-parts", "pets"]
    assert {item.id for item in suite.items} == {*(f"c{number}" for number in range(6)), "half"}
    assert made.items == {"repairs-parts": 3, "pets": 4}
    assert made.left_out == {"another asks the same": 1, "its turns do not go user, assistant, user": 1}
    assert "read every item" in (tmp_path / "own" / "suite.md").read_text(encoding="utf-8")


def test_no_more_than_were_asked_for(tmp_path: Path) -> None:
    """The others are counted; a folder that is there is not written over."""
    replay = _kept(tmp_path / "replay")
    made = drafted(replay, tmp_path / "own", 4)
    assert sum(made.items.values()) == 4 and made.left_out == {"there are enough": 2}
    with pytest.raises(SuiteError, match="exists already"):
        drafted(replay, tmp_path / "own", 4)


def test_too_little_is_said_with_the_reason(tmp_path: Path) -> None:
    """No replay, nothing unasked, or a line that somebody changed."""
    with pytest.raises(EvidenceError, match="no such file; `seatrial replay"):
        drafted(tmp_path, tmp_path / "own", 60)
    (tmp_path / FILE).write_text("", encoding="utf-8")
    with pytest.raises(EvidenceError, match="0 conversations to make items of, and 4 are needed"):
        drafted(tmp_path, tmp_path / "own", 60)
    for line in ('{"id": "a"}', "[]", "{", '{"id": "a", "area": 3, "messages": [{"role": "user", "content": null}]}'):
        (tmp_path / FILE).write_text(line + "\n", encoding="utf-8")
        with pytest.raises(EvidenceError, match=r"unasked\.jsonl:1: no line of a replay"):
            drafted(tmp_path, tmp_path / "own", 60)
