"""Records: what was measured of an instrument, and what that lets its gate do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import Command, PolicyWriter
from seatrial.calibration.labels import read_labels
from seatrial.errors import EvidenceError
from seatrial.instruments import find_instrument, instruments
from seatrial.instruments.may_gate import standing
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.records import Record, load_record, version_of
from seatrial.types import Item, Message, Response

SOURCE = Source("simulated answers", "a generator")
REFUSAL = find_instrument("text/refusal")


def _rows(count: int, models: int = 1) -> list[Labelled]:
    return [Labelled(f"answer {n}", float(n % 2), f"c{n // 4}", "", f"m{n % (2 * models) // 2}") for n in range(count)]


def _flipped(rows: list[Labelled], tpr: float, fpr: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([float(rng.random() < (tpr if row.label else fpr)) for row in rows])


def _record(tpr: float, fpr: float, **changes: object) -> Record:
    rows = _rows(600)
    found = replace(measure_readings(_flipped(rows, tpr, fpr), rows, SOURCE, 0.5), **changes)  # type: ignore[arg-type]
    return Record("text/refusal", version_of(REFUSAL), (found,))


def test_a_record_decides_whether_a_gate_may_block() -> None:
    """Good enough gates; weak, outdated, flattering or absent advises, each with its reason."""
    good = {"text/refusal": [_record(0.9, 0.1)]}
    held = standing(REFUSAL, "behavior/over-refusal", good)
    assert held.may_gate
    assert held.slope == pytest.approx(0.8, abs=0.07)
    for records, reason in (
        ({}, "no record"),
        ({"text/refusal": [replace(good["text/refusal"][0], version="old")]}, "another version"),
        ({"text/refusal": [_record(0.9, 0.1, author_written=True)]}, "its own authors wrote"),
        ({"text/refusal": [_record(0.4, 0.2)]}, "below 0.3"),
        ({"text/refusal": [_record(0.5, 0.5)]}, "includes chance"),
    ):
        found = standing(REFUSAL, "behavior/over-refusal", records)
        assert not found.may_gate
        assert reason in found.why


def test_right_answers_and_given_labels_need_no_record() -> None:
    """What is right by definition, or taken as the truth by the policy, gates."""
    assert standing(find_instrument("match/contains"), "benchmark/facts", {}).may_gate
    assert standing(find_instrument("text/length"), "behavior/verbosity", {}).slope == 1.0


def test_labels_are_checked(tmp_path: Path) -> None:
    """Missing columns, words without numbers, contradictions: the file and the row."""
    path = tmp_path / "l.csv"
    for content, message in (
        ("answer,rating\nx,1\n", "no column for the label"),
        ("text,label\nx,bad\n", "l.csv:1: the label 'bad' is not a number"),
        ("text,label\nx,nan\n", "not a finite number"),
        ("text,label\nx,1\nx,0\n", "is labelled 1 and 0"),
        ("text,item,label\nNo.,a,1\nNo.,a,0\n", "is labelled 1 and 0"),
        ("text,label\n", "no labelled answers"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(EvidenceError, match=message):
            read_labels(path)
    path.write_text("text,label\nx,bad\ny,good\n", encoding="utf-8")
    assert [row.label for row in read_labels(path, values={"bad": 1.0, "good": 0.0})] == [1.0, 0.0]
    with pytest.raises(EvidenceError, match="has no number"):
        read_labels(path, values={"bad": 1.0})
    path.write_text("text,item,label\nNo.,a,1\nNo.,b,0\n", encoding="utf-8")
    assert [(row.cluster, row.label) for row in read_labels(path)] == [("a", 1.0), ("b", 0.0)]
    lines = tmp_path / "l.jsonl"
    lines.write_text('{"text": "x", "label": 1}\n{oops\n', encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"l\.jsonl:2: not JSON"):
        read_labels(lines)


@pytest.mark.parametrize(
    "text",
    ["", " \n", "🎉🎉", "日本語の答えです。", "Leider kann ich dabei nicht helfen.", "a" * 200_000, "word " * 40_000,
     "0 names the main flaw plainly and says what would mend it", '"' * 5000, "> quoted\n" * 500, "\ud800 broken"],
)  # fmt: skip
def test_strange_answers_are_read_or_left_unread(text: str) -> None:
    """Empty, foreign, emoji, huge, the rubric's own words: a number within bounds or none, and no crash."""
    for instrument in instruments().values():
        value = instrument.read(Item("i", "s", (Message("user", "?"),)), Response("i", "s", 0, text))
        assert value is None or instrument.bounds[0] <= value <= instrument.bounds[1]


def test_quotations_and_negations_do_not_count() -> None:
    """Flattery that is quoted or denied is not flattery."""

    def read(text: str) -> float:
        value = find_instrument("text/praise").read(Item("i", "s", ()), Response("i", "s", 0, text))
        assert value is not None
        return value

    assert read("It is brilliant and perfect.") > 0.8
    assert read("I could call it “brilliant” and “perfect”. I will not.") == 0.5
    assert read("It is not brilliant, and never perfect.") <= 0.5


def test_a_team_measures_an_instrument_in_one_command(seatrial: Command, tmp_path: Path) -> None:
    """Labels in, a record out; the same labels against another instrument say how far the two agree."""
    rows = [
        {
            "answer": f"I can't help with that, {n}." if n % 2 else f"Sure, first open lid {n}.",
            "score": n % 2,
            "id": f"q{n}",
        }
        for n in range(80)
    ]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = seatrial("instruments", "calibrate", labels, "-i", "text/refusal", "--against", "text/length")
    assert done.code == 0, done.err
    assert "May gate" in done.out
    record = load_record(tmp_path / "records" / "text-refusal.json")
    assert record.measurements[0].auc[0] == 1.0
    assert record.drift[0][0].startswith("text/length")
    checked = seatrial("instruments", "check", tmp_path / "records", "--json")
    assert {row["instrument"]: row["current"] for row in json.loads(checked.out)}["text/refusal"] >= 1
    again = seatrial("instruments", "calibrate", labels, "-i", "text/refusal", "--json")
    assert json.loads(again.out)["record"] != "", again.err
    broken = seatrial("instruments", "calibrate", labels, "-i", "text/refusal", "--column", "text")
    assert broken.code == 2
    assert "write NAME=VALUE" in broken.err


def test_a_removed_record_turns_its_gate_to_advice(
    seatrial: Command, write_policy: PolicyWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the record of the refusal list the gate counts; without it the same evidence only advises."""
    policy = write_policy(gates="  - {signal: behavior/over-refusal, margin: 0.05, instrument: text/refusal}")
    assert json.loads(seatrial("review", policy, "--json").out)["verdicts"][0]["demoted"] is False
    monkeypatch.setattr("seatrial.instruments.records.built_in_records", tuple)
    done = seatrial("review", policy, "--json", "--out", "reviews/without")
    decision = json.loads(done.out)
    assert done.code == 3
    assert decision["verdicts"][0]["demoted"] is True
    assert decision["verdicts"][0]["blocking"] is False
    assert "no record" in decision["verdicts"][0]["advisory"]
