"""The table of observations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from seatrial.errors import EvidenceError, StoreError
from seatrial.observations import digest, gate_pairs, read_observations, to_frame, write_observations
from seatrial.types import Observation

ROWS = [
    Observation("vibe/off", "baseline", "a", "c1", 0, 0.0, use_case="work"),
    Observation("vibe/off", "candidate", "a", "c1", 0, 1.0, use_case="work"),
    Observation("vibe/off", "candidate", "a", "c1", 1, 0.5, use_case="work", weight=3.0),
    Observation("vibe/off", "baseline", "b", "c1", 0, 0.25),
]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_observations_survive_a_file(tmp_path: Path, suffix: str) -> None:
    """What is written is read back, whatever the format."""
    frame, path = to_frame(ROWS), tmp_path / f"o{suffix}"
    match suffix:
        case ".parquet":
            frame.write_parquet(path)
        case ".csv":
            frame.write_csv(path)
        case _:
            frame.write_ndjson(path)
    assert digest(read_observations(path)) == digest(frame)


def test_pairs_average_draws_by_weight_and_mark_what_is_missing() -> None:
    """An item's draws are averaged by weight; a model without an answer is NaN."""
    table = gate_pairs(to_frame(ROWS), "vibe/off")
    assert table.items.to_list() == ["a", "b"]
    assert table.candidate[0] == pytest.approx((1.0 + 3 * 0.5) / 4)
    assert np.isnan(table.candidate[1])
    assert table.with_unknown({"z": ("c9", "law")}).clusters.to_list() == ["c1", "c1", "c9"]


def test_the_digest_ignores_order() -> None:
    """The same observations in another order have the same digest; another value has another."""
    assert digest(to_frame(ROWS)) == digest(to_frame(ROWS[::-1]))
    assert digest(to_frame(ROWS)) != digest(to_frame(ROWS[1:]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("signal,role,item\nx/y,baseline,a\n", "no column value"),
        ("signal,role,item,value,extra\nx/y,baseline,a,1,2\n", "unknown columns extra"),
        ("signal,role,item,value\nx/y,before,a,1\n", "role must be baseline or candidate"),
        (
            "signal,role,item,value\nx/y,baseline,a,1\nx/y,baseline,b,nan\n",
            r"not a finite number: 1 row \(2; first item: b",
        ),
        ("signal,role,item,value\nx/y,baseline,a,much\n", "value is missing or not a float64"),
        ("signal,role,item,value,weight\nx/y,baseline,a,1,0\n", "weight must be above 0"),
        ("signal,role,item,value\nx/y,baseline,a,1\nx/y,baseline,a,2\n", "stand twice"),
        ("signal,role,item,value,cluster\nx/y,baseline,a,1,p\nx/y,candidate,a,2,q\n", "more than one cluster"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, words: str) -> None:
    """Rows that cannot be trusted are refused with their number and the first item."""
    path = tmp_path / "o.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=words):
        read_observations(path)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    """A missing file, a strange suffix and garbage are refused in a sentence."""
    garbage = tmp_path / "o.parquet"
    garbage.write_bytes(b"no")
    for path, words in (
        (tmp_path / "no.csv", "no such file"),
        (tmp_path / "o.txt", "come as"),
        (garbage, "cannot be read"),
    ):
        with pytest.raises(EvidenceError, match=words):
            read_observations(path)


def test_an_unwritable_place(tmp_path: Path) -> None:
    """Writing into a missing folder is an error of the store."""
    with pytest.raises(StoreError, match="cannot be written"):
        write_observations(to_frame(ROWS), tmp_path / "none" / "o.parquet")
