"""What recorded runs support, before any decision."""

from __future__ import annotations

import math
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.policy import RunsSpec
from seatrial.review.compared import compare
from seatrial.runs.pairing import Declared, paired_runs
from seatrial.runs.recorded_run import RecordedRun, RunScores
from seatrial.runs.supports import supported, supported_together
from seatrial.runs.table import read_table
from seatrial.stats.power import mde_t
from seatrial.types import Harmful

MISSING = "accuracy: 1 of 401 scores without a number: no score"


def _run(name: str, right: float, seed: int, score: str = "accuracy") -> RecordedRun:
    made, drawn = RunScores(), random.Random(seed)
    for number in range(200):
        for draw in range(2):
            made.add(score, f"q{number}", draw, float(drawn.random() < right), cluster=f"c{number // 2}")
    made.add(score, "q200", 0, None, reason="no score")
    return RecordedRun(Path(name), "a table", "quiz", name, made.frame())


def test_a_run_tells_what_it_could_show() -> None:
    """Items, clusters, draws, what is missing, and the change that it would show against another such run."""
    (found,) = supported(_run("one", 0.7, 1))
    assert (found.items, found.clusters, found.draws, found.missing) == (200, 100, 2, 1)
    assert found.mean == pytest.approx(0.7, abs=0.05)
    # Four answers a cluster: a spread of √(.21 / 4), twice, over 100 clusters.
    assert found.visible == pytest.approx(mde_t(math.sqrt(2 * 0.21 / 4), 100, 0.05, 0.9), rel=0.15)
    assert (found.known, found.told) == ("higher is better", (MISSING,))


def test_what_may_mislead_is_told() -> None:
    """A mean that is not the tool's, scores that are all one number, a score whose harmful end nobody knows."""
    run = _run("one", 0.7, 1)
    (found,) = supported(replace(run, stated={"accuracy": 0.9}))
    assert "the tool states a mean of 0.9, and the 200 items that have a number come to 0.7" in found.told[0]
    assert supported(replace(run, stated={"accuracy": found.mean + 1e-4}))[0].told == (MISSING,)
    (same,) = supported(_run("one", 1.0, 1, "tone"))
    assert (same.told[-1], same.known) == ("tone: every score is 1", "which end is harm is not known")
    empty, made = RunScores(), _run("one", 0.7, 1)
    empty.add("accuracy", "a", 0, None, reason="no score")
    (none,) = supported(replace(made, scores=empty.frame()))
    assert (none.items, none.missing, math.isnan(none.mean), math.isnan(none.visible)) == (0, 1, True, True)


def test_two_runs_show_more_together_than_apart() -> None:
    """Pairs that agree vary less: half the items alike is seen; a score without a direction waits for it."""
    one, other = _run("one", 0.7, 1), _run("two", 0.7, 2)
    alike = one.scores.with_columns(value=one.scores["value"])
    half = replace(other, scores=alike[:201].vstack(other.scores[201:]))
    (apart,), (paired,) = supported(one), supported_together(paired_runs([one], [half], Declared({}, {})))
    assert (paired.items, paired.clusters) == (200, 100)
    assert paired.visible < 0.85 * apart.visible
    silent = [_run(name, 0.7, seed, "tone") for name, seed in (("one", 1), ("two", 2))]
    (waits,) = supported_together(paired_runs(silent[:1], silent[1:], Declared({}, {})))
    assert (math.isnan(waits.visible), "--higher-is-better" in waits.told[0]) == (True, True)
    assert (waits.clusters, waits.draws) == (100, 2)


@pytest.mark.parametrize("harmful", ["low", "high"])
def test_what_two_runs_could_show_is_what_the_decision_could_see(tmp_path: Path, harmful: Harmful) -> None:
    """Few clusters that hardly differ show less than a t test promises; the two commands say the same."""
    paths = []
    for name, wrong in (("now", 1), ("next", 0)):
        rows = [f"q{number},c{number // 4},{int(number >= wrong)}" for number in range(60)]
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text("\n".join(["item,cluster,accuracy", *rows]), encoding="utf-8")
    declared = Declared({"accuracy": harmful}, {})
    first, second = (read_table(path, {}) for path in paths)
    (told,) = supported_together(paired_runs(first, second, declared))
    review = compare(RunsSpec(baseline=str(paths[0]), candidate=str(paths[1])), declared=declared).review
    assert review is not None
    seen = review.verdicts[0].evidence.mde
    assert told.visible == pytest.approx(seen, rel=0.1)
    assert seen > 3 * mde_t(1 / 4 / math.sqrt(15), 15, 0.05, 0.9)


def test_of_very_many_items_it_is_said_at_once() -> None:
    """A hundred thousand equal pairs take no minutes of resampling."""
    made, again = RunScores(), RunScores()
    for number in range(100_000):
        made.add("accuracy", f"q{number}", 0, float(number % 7 > 0))
        again.add("accuracy", f"q{number}", 0, float(number % 7 > 0 and number != 5))
    runs = [RecordedRun(Path(name), "a table", "", "", one.frame()) for name, one in (("a", made), ("b", again))]
    began = time.process_time()
    (told,) = supported_together(paired_runs(runs[:1], runs[1:], Declared({}, {})))
    assert told.visible == pytest.approx(mde_t(1e5**-0.5, 100_000, 0.05, 0.9), rel=0.01)
    assert time.process_time() - began < 8.0


def test_no_change_beyond_the_scale_is_shown() -> None:
    """Two items that differ by all there is show nothing that could be."""
    made = RunScores()
    for item, value in (("a", 0.0), ("b", 1.0)):
        made.add("accuracy", item, 0, value)
    run = RecordedRun(Path("a"), "a table", "", "", made.frame())
    assert math.isnan(supported(run)[0].visible)
    wide = replace(run, scales={"accuracy": (0.0, 10.0)})
    assert 1.0 < supported(wide)[0].visible < 10.0


def test_what_is_missing_has_its_reason() -> None:
    """Before any decision: the only reason, or the most frequent one."""
    made = RunScores()
    for item, reason in (("a", ""), ("b", "no score"), ("c", "no score")):
        made.add("accuracy", item, 0, None if reason else 1.0, reason=reason)
    run = RecordedRun(Path("a"), "a table", "", "", made.frame())
    assert "accuracy: 2 of 3 scores without a number: no score" in supported(run)[0].told
    made.add("accuracy", "d", 0, None, reason="not a number: 'x'")
    run = RecordedRun(Path("a"), "a table", "", "", made.frame())
    assert "accuracy: 3 of 4 scores without a number, for 2 of them: no score" in supported(run)[0].told
