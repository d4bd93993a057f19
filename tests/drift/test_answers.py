"""The answers of a finished review."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conftest import Command
from seatrial.drift.answers import answered
from seatrial.errors import EvidenceError, StoreError

SAID = {"old": "It is a plain answer number {}.", "new": "What a grand question! Number {} it is."}


@pytest.fixture
def review(seatrial: Command, tmp_path: Path) -> Path:
    """Return the folder of a review of recorded answers."""
    for side, words in SAID.items():
        rows = [
            {"id": f"q{number}", "prompt": f"What of {number}?", "response": words.format(number), "draw": draw}
            for number in range(8)
            for draw in range(2)
        ]
        rows = [row for row in rows if not (side == "new" and row["id"] == "q7")]
        (tmp_path / f"{side}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: recorded\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/new.jsonl}\n"
        "signals:\n  behavior/praise: {instrument: text/praise}\ngates:\n  - {signal: behavior/praise, margin: 0.3}\n",
        encoding="utf-8",
    )
    seatrial("review", "policy.yaml", "--out", "done", "--quiet")
    return tmp_path / "done"


def test_recorded_answers_are_read_with_all_their_draws(review: Path) -> None:
    """Every item that both sides answered is there with its draws; what only one answered is counted."""
    pairs, told = answered(review)
    assert [pair.item.id for pair in pairs] == [f"q{number}" for number in range(7)]
    assert pairs[3].baseline == (SAID["old"].format(3),) * 2
    assert pairs[3].of("candidate") == (SAID["new"].format(3),) * 2
    assert told == ["1 items were answered by one model only and are left out."]


def test_a_folder_without_a_review_says_what_to_do(tmp_path: Path) -> None:
    """Nothing there ends in one sentence."""
    with pytest.raises(StoreError, match=re.escape("run `seatrial review` first")):
        answered(tmp_path)


@pytest.mark.slow
def test_live_answers_are_read_and_torn_lines_counted(live_review: Path) -> None:
    """Answers of endpoints stand in the review's folder; a line that is none is counted, and thinking is no answer."""
    path = live_review / "responses" / "answers.jsonl"
    whole, _ = answered(live_review)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    first["response"]["text"] = "<think>He wants a yes.</think>It holds in part."
    path.write_text("\n".join([json.dumps(first), *lines[1:], '{"role": "candidate", "resp', "[1]"]) + "\n", "utf-8")
    pairs, told = answered(live_review)
    assert len(pairs) == len(whole) > 5
    assert "2 lines of its answers could not be read and are left out." in told
    item = next(pair for pair in pairs if pair.item.id == first["response"]["item"])
    assert "It holds in part." in item.of(first["role"])


@pytest.mark.slow
def test_first_words_alone_are_no_answers(live_review: Path) -> None:
    """A suite that was asked for one token is left out, and where nothing else is there it is said what to do."""
    path = live_review / "responses" / "answers.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["response"]["text"] = "Yes"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    with pytest.raises(EvidenceError, match="Gates that read first words"):
        answered(live_review)
