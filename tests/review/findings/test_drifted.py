"""What else changed, as a part of every review."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import Command
from seatrial.drift.found import Drift, Finding
from seatrial.drift.page import PAGE
from seatrial.policy import parse_policy
from seatrial.review.findings import drifted as drifted_module
from seatrial.review.findings.drifted import FEWEST, drift_note
from seatrial.stats.intervals import Interval

SAYS = Finding("phrase", "says “go”", True, 0.0, 0.3, Interval(0.3, 0.2, 0.4), 0.001)
MEANS = Finding("meaning", "comes nearer to “a” than to “b”", False, 0.0, 0.1, Interval(0.1, 0.0, 0.2), 0.001)
CHANGED = Drift(90, 90, 180, 0.05, 0.001, {}, None, (), (SAYS, MEANS, SAYS, SAYS, SAYS), 300)


def reviewed(seatrial: Command, folder: Path, opening: str, count: int = 40, extra: str = "", draws: int = 1) -> Path:
    """Review recorded answers of which the candidate's begin so, and return the review's folder."""
    for side, begins in (("old", "Here it is"), ("new", opening)):
        rows = [
            {
                "id": f"q{number}",
                "prompt": f"What of {number}?",
                "response": f"{begins}: {number * 7} and {number % 5}.",
                "draw": draw,
            }
            for number in range(count)
            for draw in range(draws)
        ]
        (folder / f"{side}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (folder / "policy.yaml").write_text(
        "name: recorded\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/new.jsonl}\n"
        "signals:\n  human/urging: {instrument: text/urging}\n"
        f"gates:\n  - {{signal: human/urging, margin: 0.3}}\n{extra}",
        encoding="utf-8",
    )
    made = seatrial("review", "policy.yaml", "--out", "done", "--quiet")
    assert made.code in (0, 3)
    return folder / "done"


def notes(folder: Path) -> list[str]:
    """Return the notes of a review's report."""
    return list(json.loads((folder / "evidence.json").read_text(encoding="utf-8"))["notes"])


def test_a_change_that_no_gate_asks_about_is_the_first_note(seatrial: Command, tmp_path: Path) -> None:
    """A gate on urging sees nothing of another opening; the report says it first, and the page shows it."""
    done = reviewed(seatrial, tmp_path, "Great question")
    assert notes(done)[0].startswith("The answers changed by more than chance, whether or not a gate asks about it.")
    assert "great question" in notes(done)[0]
    assert "Great question" in (done / PAGE).read_text(encoding="utf-8")
    assert "great question" in (done / "report.html").read_text(encoding="utf-8")
    seatrial("ledger", "verify")


def test_answers_that_did_not_change_are_no_note(seatrial: Command, tmp_path: Path) -> None:
    """The page says that nothing was found; the report says nothing of it."""
    done = reviewed(seatrial, tmp_path, "Here it is")
    assert not [note for note in notes(done) if "changed by more than chance" in note]
    assert "No change found" in (done / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(("count", "extra"), [(FEWEST - 1, ""), (40, "drift: false\n")])
def test_too_few_answers_or_a_policy_that_says_no_are_not_searched(
    seatrial: Command, tmp_path: Path, count: int, extra: str
) -> None:
    """There is no page and no note."""
    done = reviewed(seatrial, tmp_path, "Great question", count, extra)
    assert not (done / PAGE).exists()
    assert not [note for note in notes(done) if "changed by more than chance" in note]


def test_of_very_many_answers_a_part_is_read(
    seatrial: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items are drawn at random, and of each the first answers are taken; the page says so, and finds what changed."""
    monkeypatch.setattr(drifted_module, "MOST", 25)
    page = (reviewed(seatrial, tmp_path, "Great question", draws=3) / PAGE).read_text(encoding="utf-8")
    assert "Of 40 items 25 were drawn at random." in page
    assert "answers to an item the first 2 were read." in page
    assert "great question" in page
    found = json.loads((tmp_path / "done" / "evidence.json").read_text(encoding="utf-8"))["notes"]
    assert found[0].startswith("The answers changed by more than chance")


def test_the_note_names_the_clearest_and_counts_the_rest() -> None:
    """Three differences are named, with levels where they have any; without a change, or a search, there is none."""
    (said,) = drift_note(CHANGED)
    assert "Clearest: says “go” (0 → 30 of 100 answers); comes nearer to “a” than to “b”; says “go”" in said
    assert "; and 2 more." in said
    assert drift_note(replace(CHANGED, p_value=0.06)) == drift_note(None) == ()
    (bare,) = drift_note(replace(CHANGED, findings=()))
    assert "Clearest" not in bare


def test_a_policy_that_says_nothing_of_it_keeps_its_digest() -> None:
    """What was decided under a policy before it could be switched off stays a decision under that policy."""
    text = "name: n\ngates: [{signal: a/b, margin: 0.1}]\n"
    assert parse_policy(text).digest == parse_policy(f"{text}drift: true\n").digest
    assert parse_policy(text).digest != parse_policy(f"{text}drift: false\n").digest
