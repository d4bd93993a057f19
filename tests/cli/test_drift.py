"""`seatrial drift`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command


@pytest.fixture
def review(seatrial: Command, tmp_path: Path) -> Path:
    """Return the folder of a review of recorded answers, of which the candidate's begin otherwise."""
    for side, opening in (("old", "Here it is"), ("new", "Great question")):
        rows = [
            {
                "id": f"q{number}",
                "prompt": f"What of {number}?",
                "response": f"{opening}: {number * 7} and {number % 5}.",
            }
            for number in range(40)
        ]
        (tmp_path / f"{side}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: recorded\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/new.jsonl}\n"
        "signals:\n  behavior/praise: {instrument: text/praise}\ngates:\n  - {signal: behavior/praise, margin: 0.3}\n",
        encoding="utf-8",
    )
    seatrial("review", "policy.yaml", "--out", "done", "--quiet")
    return tmp_path / "done"


@pytest.mark.slow
def test_a_review_is_searched_for_what_changed(seatrial: Command, review: Path) -> None:
    """It says what changed in words, writes the page, and decides nothing: it ends with 0."""
    made = seatrial("drift", review)
    assert made.code == 0
    assert made.out.startswith("THE ANSWERS CHANGED\n")
    assert "0 → 100 of 100 answers" in made.out
    assert "great question" in made.out
    page = (review / "drift.html").read_text(encoding="utf-8")
    assert "Great question" in page
    told = json.loads(seatrial("drift", review, "--json").out)
    assert told["changed"] is True
    assert told["items"] == 40
    first = next(one for one in told["findings"] if "great question" in one["words"])
    assert (first["baseline"], first["candidate"], first["change"]["estimate"]) == (0.0, 1.0, 1.0)
    assert told["page"].endswith("drift.html")


@pytest.mark.slow
def test_the_same_again_is_the_same(seatrial: Command, review: Path) -> None:
    """The exchanges are drawn by the policy's seed, so that a finding can be shown again."""
    assert seatrial("drift", review, "--json").out == seatrial("drift", review, "--json").out


def test_a_folder_that_is_no_review_ends_with_2(seatrial: Command, tmp_path: Path) -> None:
    """The message says what to do, and no page is written."""
    made = seatrial("drift", tmp_path)
    assert made.code == 2
    assert "run `seatrial review` first" in made.err
    assert not (tmp_path / "drift.html").exists()


@pytest.mark.slow
def test_what_was_found_once_gates_the_next_review(seatrial: Command, review: Path, tmp_path: Path) -> None:
    """A finding becomes a suite; the next review asks it, and blocks a candidate that does it again."""
    told = json.loads(seatrial("drift", review, "--json").out)
    place = next(n for n, one in enumerate(told["findings"], 1) if "great question" in one["words"])
    made = seatrial("drift", "promote", review, place, "my-suites/gushing")
    assert made.code == 0
    assert "40 items that show it" in made.out
    gate = made.out[made.out.index("suites: ") :]
    policy = (tmp_path / "policy.yaml").read_text(encoding="utf-8").split("signals:")[0]
    (tmp_path / "next.yaml").write_text(policy + gate, encoding="utf-8")
    assert seatrial("review", "next.yaml", "--out", "next", "--quiet").code == 1
    decided = json.loads((tmp_path / "next" / "decision.json").read_text(encoding="utf-8"))
    (verdict,) = decided["verdicts"]
    assert (verdict["signal"], verdict["verdict"]) == ("behavior/gushing", "fail")


@pytest.mark.slow
def test_a_number_that_no_finding_has_is_refused(seatrial: Command, review: Path, tmp_path: Path) -> None:
    """The message says how many there are, and nothing is written."""
    made = seatrial("drift", "promote", review, 999, "my-suites/none")
    assert made.code == 2
    assert "none of number 999" in made.err
    assert not (tmp_path / "my-suites").exists()
