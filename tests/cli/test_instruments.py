"""`seatrial instruments`: list, check, calibrate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command

COLD, WARM = "The last line does not scan.", "I'm sorry, but I can't help with that."


def _labels(tmp_path: Path, count: int = 60) -> Path:
    """Write answers that refuse and answers that do not, labelled rightly."""
    rows = [
        {"text": f"{WARM if number % 2 else COLD} ({number})", "label": number % 2, "cluster": f"c{number}"}
        for number in range(count)
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def _current(seatrial: Command, path: object) -> tuple[int, int]:
    """Return how many records of the refusal list there are, the built-in one among them, and how many are current."""
    rows = {row["instrument"]: row for row in json.loads(seatrial("instruments", "check", path, "--json").out)}
    return rows["text/refusal"]["records"], rows["text/refusal"]["current"]


@pytest.mark.slow
def test_the_list_is_the_commonest_verb(seatrial: Command) -> None:
    """`instruments` and `instruments list` say the same, for people and for machines."""
    for more in ((), ("--json",)):
        plain, verb = seatrial("instruments", *more), seatrial("instruments", "list", *more)
        assert (plain.code, plain.out) == (0, verb.out)
    assert "probe/affirm" in seatrial("instruments").out
    assert "may gate" in seatrial("instruments").out


def test_every_instrument_is_listed_with_what_is_known_of_it(seatrial: Command) -> None:
    """Machines get name, need, error and the digest of the record; some are measured and some are not."""
    listed = json.loads(seatrial("instruments", "--json").out)
    assert all(set(one) == {"name", "needs", "about", "may_gate", "measured", "error", "record"} for one in listed)
    assert {one["measured"] for one in listed} == {True, False}
    assert [one["name"] for one in listed] == sorted(one["name"] for one in listed)
    assert all(one["error"] for one in listed)


@pytest.mark.slow
def test_a_record_is_measured_written_and_checked(seatrial: Command, tmp_path: Path) -> None:
    """Labels give a record, whose path and verdict are told; the check finds it current, an edited version does not."""
    done = seatrial("instruments", "calibrate", _labels(tmp_path), "-i", "text/refusal", "--json")
    told = json.loads(done.out)
    assert (done.code, told["path"], told["may_gate"]) == (0, "records/text-refusal.json", True)
    assert (
        "Record: records/text-refusal.json"
        in seatrial("instruments", "calibrate", tmp_path / "labels.jsonl", "-i", "text/refusal").out
    )
    path = tmp_path / "records" / "text-refusal.json"
    before = _current(seatrial, "records")
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**held, "version": "0" * 64}), encoding="utf-8")
    assert _current(seatrial, path) == (before[0], before[1] - 1)
    path.write_text(json.dumps({**held, "instrument": "text/nobody"}), encoding="utf-8")
    assert (
        "text/nobody: 0 of 1 records are current. no such instrument here" in seatrial("instruments", "check", path).out
    )
    assert _current(seatrial, path) == (before[0] - 1, before[1] - 1)


def test_columns_and_words_of_labels_are_mapped(seatrial: Command, tmp_path: Path) -> None:
    """A table with other names and labels in words is measured like any other."""
    lines = ["said,verdict,who"] + [
        f'"{WARM if n % 2 else COLD} ({n})",{"yes" if n % 2 else "no"},c{n}' for n in range(60)
    ]
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    mapped = ["--column", "text=said", "--column", "label=verdict", "--column", "cluster=who"]
    words = ["--value", "yes=1", "--value", "no=0"]
    done = seatrial("instruments", "calibrate", "labels.csv", "-i", "text/refusal", *mapped, *words, "--json")
    assert (done.code, json.loads(done.out)["may_gate"]) == (0, True)


def test_mistakes_end_in_a_sentence(seatrial: Command, tmp_path: Path) -> None:
    """An unknown instrument, words that are no mapping, labels that are not there: exit code 2 and the next step."""
    labels = _labels(tmp_path)
    for words, told in (
        ((labels, "-i", "text/none"), "no instrument is called 'text/none'"),
        ((labels, "-i", "text/refusal", "--column", "text"), "--column 'text': write NAME=VALUE"),
        ((labels, "-i", "text/refusal", "--value", "yes=x"), "'x' is not a number"),
        (("none.csv", "-i", "text/refusal"), "none.csv"),
    ):
        done = seatrial("instruments", "calibrate", *words)
        assert (done.code, told in done.err, "Traceback" in done.err) == (2, True, False), done.err
