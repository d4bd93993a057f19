"""What a replay hands over to a review."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replays import handed_traffic
from seatrial.errors import EvidenceError
from seatrial.gates.replayed import FILE, is_replay, looks_before, observed, read_replay, write_replay
from seatrial.instruments.may_gate import UNKNOWN


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Grades, their design, and a standing with numbers that JSON has no word for; the file's digest pins it."""
    made = handed_traffic(standing=replace(UNKNOWN, slope_top=0.5), lost=0.25)
    made.behaviors[0].candidate[3] = math.nan
    path = write_replay(made, tmp_path)
    read = read_replay(tmp_path)
    assert (read.name, read.models, read.identities, read.of) == (made.name, made.models, made.identities, 2000)
    assert (read.items, read.asked, read.place) == (made.items, "sample 400", str(path))
    (one,), (other,) = made.behaviors, read.behaviors
    for name in ("stratum", "picked", "baseline", "candidate"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert repr(one.standing) == repr(other.standing) and other.lost == 0.25
    assert read.smallest_seen(other) == pytest.approx(-math.log(0.05) * 0.75 / 120)
    assert read == replace(read_replay(path), behaviors=read.behaviors, cluster=read.cluster)
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert read_replay(tmp_path).digest != read.digest


def test_it_is_known_by_its_file() -> None:
    """A folder, or the file in it; any other file is one of observations."""
    assert is_replay(Path(__file__).parent) and is_replay(Path("replays/x/replay.json"))
    assert not is_replay(Path("observations.parquet"))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", "seatrial.replay/9", "expected 'seatrial.replay/1'"),
        ("cluster", [0], "cluster are no 400 numbers"),
        ("picked", [0, 1, 400], "picked of replay/unearned-praise are no 3 numbers from 0 to 399"),
        ("picked", [], "picked of"),
        ("stratum", [0.5] * 400, "stratum of"),
        ("stratum", [0] * 399 + [7], "nothing of a stratum"),
        ("candidate", [2] * 200, "grades of 0 and 1"),
        ("baseline", [0], "baseline of replay/unearned-praise are no 200 grades"),
        ("looks", 0, "cannot be so"),
        ("lost", 1.5, "cannot be so"),
        ("signal", "behavior/x", "no rate in traffic"),
        ("standing", {"may_gate": "perhaps"}, "standing"),
        ("items", ["a"] * 400, "there twice"),
        ("models", ["a"], "expected"),
    ],
)
def test_a_file_that_no_replay_wrote_is_refused(tmp_path: Path, key: str, value: Any, said: str) -> None:
    """It says what is wrong, and to run the replay again."""
    path = write_replay(handed_traffic(), tmp_path)
    held = json.loads(path.read_text(encoding="utf-8"))
    place = held if key in held else held["behaviors"][0]
    place[key] = value
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(EvidenceError, match="run the replay again") as error:
        read_replay(tmp_path)
    assert key in ("standing", "models", "looks", "lost") or said in str(error.value)
    assert FILE in str(error.value)


def test_a_file_that_is_not_there_says_what_writes_it(tmp_path: Path) -> None:
    """A policy may name a replay before it was run; broken bytes are no traceback."""
    with pytest.raises(EvidenceError, match="seatrial replay POLICY TRAFFIC"):
        read_replay(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff\xfe{")
    with pytest.raises(EvidenceError, match="run the replay again"):
        read_replay(tmp_path)


def test_grades_are_observations(tmp_path: Path) -> None:
    """One a graded answer, by conversation and user; those without a grade are none."""
    made = handed_traffic()
    made.behaviors[0].candidate[3] = math.nan
    frame = observed(made, {"replay/unearned-praise"})
    assert len(frame) == 399 and set(frame["role"].cast(str)) == {"baseline", "candidate"}
    assert frame["source"][0] == "replay of traffic, graded by judge/main"
    assert frame["cluster"].n_unique() == 200


def test_another_grading_of_the_same_traffic_is_another_look(tmp_path: Path) -> None:
    """The same words go on and cost nothing; others have what was looked at before to pay for."""
    assert looks_before(tmp_path, "sample 400") == 0
    write_replay(handed_traffic(looks=4), tmp_path)
    assert looks_before(tmp_path, "sample 400") == 0
    assert looks_before(tmp_path, "sample 1600") == 4
    write_replay(replace(handed_traffic(looks=8), asked="sample 1600", before=4), tmp_path)
    assert looks_before(tmp_path, "sample 1600") == 4
    assert looks_before(tmp_path, "sample 6400") == 8
