"""Records: what was measured of an instrument, and what that lets its gate do."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import Command, PolicyWriter
from seatrial.calibration.calibrate import calibrate
from seatrial.calibration.labels import read_labels
from seatrial.errors import EvidenceError
from seatrial.instruments import find_instrument, instruments
from seatrial.instruments.measure import Labelled, Source, measure, measure_readings
from seatrial.instruments.records import (
    Record,
    built_in_records,
    load_record,
    load_records,
    save_record,
    standing,
    version_of,
)
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


def test_a_known_error_is_measured() -> None:
    """Readings wrong at known rates give those rates back, inside their intervals."""
    rows = _rows(2000)
    found = measure_readings(_flipped(rows, 0.8, 0.1), rows, SOURCE, 0.5)
    for (estimate, low, high), truth in zip(
        (found.sensitivity, found.specificity, found.youden, found.slope, found.auc), (0.8, 0.9, 0.7, 0.7, 0.85),
        strict=True,
    ):  # fmt: skip
        assert low < estimate < high
        assert low - 0.02 <= truth <= high + 0.02
    assert (found.answers, found.clusters, found.harmful, found.unread) == (2000, 500, 1000, 0)
    assert math.isnan(found.rank[0])


def test_the_interval_of_an_auc_covers_it() -> None:
    """The 90 % interval of an AUC misses about one time in ten, where answers of a cluster share their luck."""
    rng, missed = np.random.default_rng(3), 0
    runs = 100
    rows = [Labelled("x", float(n % 2), f"c{n // 4}") for n in range(200)]
    label = np.array([row.label for row in rows])
    for _ in range(runs):
        x = label + rng.normal(0, 1, 200) + np.repeat(rng.normal(0, 0.5, 50), 4)
        truth = 0.736  # Φ(1 / sqrt(2 · 1.25)): answers of different clusters
        _, low, high = measure_readings(x, rows, SOURCE, 0.5).auc
        missed += not low <= truth <= high
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


def test_error_that_differs_between_models_is_measured() -> None:
    """An instrument that misses more in one model's style shows the difference, by model."""
    rows = _rows(1200, models=2)
    readings = np.where([row.model == "m0" for row in rows], _flipped(rows, 0.9, 0.1), _flipped(rows, 0.6, 0.1, 1))
    found = measure_readings(readings, rows, SOURCE, 0.5)
    assert [group[0] for group in found.groups] == ["m0", "m1"]
    assert found.differential[0] == pytest.approx(0.3, abs=0.08)
    assert found.differential[1] < 0.08


def test_what_cannot_be_measured_is_refused() -> None:
    """Too few answers of a kind, and instruments that do not read text."""
    with pytest.raises(EvidenceError, match="a record needs 20 of each"):
        measure(REFUSAL, _rows(30), SOURCE, 0.5)
    with pytest.raises(EvidenceError, match="log-probabilities"):
        measure(find_instrument("probe/affirm"), _rows(100), SOURCE, 0.5)


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


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    """Written and read, it is the same to the digit; a broken file is refused by name."""
    record = _record(0.8, 0.2)
    path = tmp_path / "a" / "r.json"
    save_record(record, path)
    assert load_record(path).digest == record.digest
    assert load_records([path.parent])["text/refusal"][0].digest == record.digest
    path.write_text('{"format": "other"}', encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"r\.json: not a record"):
        load_record(path)
    with pytest.raises(EvidenceError, match="no such record"):
        load_records([tmp_path / "none"])


def test_built_in_records_are_of_the_instruments_as_they_are() -> None:
    """A change of a phrase list or of weights without a new measurement is found here."""
    known = instruments()
    for record in built_in_records():
        assert record.version == version_of(known[record.instrument]), f"{record.instrument}: run `make records`"


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
        {"answer": "I can't help with that." if n % 2 else "Sure, first open the lid.", "score": n % 2, "id": f"q{n}"}
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


def test_records_on_disk_are_those_of_the_command(shared_data: Path) -> None:
    """Measured again on the same third-party answers, the records of text instruments are the same to the digit."""
    from benchmarks.records import text_records

    held = {record.instrument: record for record in built_in_records()}
    for record in text_records():
        assert record == held[record.instrument] or record.digest == held[record.instrument].digest


def test_refusal_on_human_labels(shared_data: Path) -> None:
    """The refusal list, measured on five models' answers that two people labelled."""
    paths = sorted((shared_data / "xstest").glob("xstest_v2_completions_*.csv"))
    words = {"1_full_compliance": 0.0, "3_partial_refusal": 1.0, "2_full_refusal": 1.0}
    record = calibrate(
        "linear/refusal", paths, columns={"label": "final_label"}, values=words, labelled_by="two people"
    )
    found = record.measurements[0]
    assert found.answers == 2250 - found.unread
    assert found.auc[0] > 0.85
    assert len(found.groups) == 5


def test_refusal_is_read_as_people_read_it() -> None:
    """The record of the linear model of refusal: AUC .97 on XSTest, and on the part that nobody here had read."""
    (record,) = [one for one in built_in_records() if one.instrument == "linear/refusal"]
    elsewhere = [one for one in record.measurements if not one.author_written]
    assert len(elsewhere) == 2
    assert all(one.auc[0] >= 0.97 for one in elsewhere)
