"""Worlds that no bound was chosen on, in the small; `python -m benchmarks worlds` measures them in the large.

What launches there is scored by true harm, whatever was read, lost or said by a record.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from benchmarks import validity
from benchmarks.validity import ALPHA
from benchmarks.worlds import families, kept, live, numbers, tables
from benchmarks.worlds.cell import Cell, Measured, Tally, measure
from benchmarks.worlds.records import Reader
from benchmarks.worlds.tables import Table

from seatrial import types
from seatrial.gates import schedule
from seatrial.review import asked_gate
from seatrial.stats import gaffke, intervals, spending

LAUNCHES = [
    ("jumps: 1 % by .9, noise 0.03, 50 clusters", 500),
    ("jumps: 2 % by .9, noise 0.1, 50 clusters", 500),
    ("jumps: 6 % by .9, noise 0.03, 50 clusters", 500),
    ("jumps, all else equal: margin 0.02, 100 clusters", 500),
    ("lengths up to a cap: margin 0.02, 50 clusters", 500),
    ("log-normal: spread 1.5, margin 0.03, 100 clusters", 500),
    ("draws of unequal variance: four draws, 60 clusters", 500),
    ("degrees from 0 to 10: rare steps by 8, margin 0.5, 60 clusters", 500),
    ("few clusters: degrees, margin 0.2, 5 clusters", 500),
    ("few clusters: scores, margin 0.2, 40 clusters", 500),
    ("today's grid: binary, base 0.05, 200 clusters", 500),
    ("draws lost, as a table: candidate, 80 % of the harmful, 200 clusters", 30),
    ("draws lost, as a table: both, 80 % of the harmful, 200 clusters", 30),
    ("draws lost, live: candidate, 80 % of the harmful, up to 100 clusters", 6),
    ("cluster sizes tied to the effect: harm counted by cluster, 60 clusters", 60),
    ("gate per use case: one of four at the margin, 20 clusters each", 20),
    ("gate with a limit: level at the limit, 60 clusters", 60),
    ("correlated gates: one of five at the margin, correlation 0.9, 150 clusters", 20),
    ("imperfect instrument: slope 0.3, 500 labels, 500 clusters", 40),
    ("imperfect instrument: slope 0.5, 100 labels, 500 clusters", 60),
    ("imperfect instrument: slope 0.95, 500 labels, 500 clusters", 60),
    ("instrument differs between models: -0.05 false alarms on the candidate, 500 labels of both models", 40),
    ("live, draws auto, shared budget: one of three gates at the margin, 600 calls, up to 100 clusters each", 6),
    ("live, one gate, draws auto: 40 clusters, margin 0.2", 8),
    ("live, gone on with a larger budget: one of two gates at the margin, 300 calls and then 1,500, up to 100 clusters "
     "each", 6),
    ("draws lost, live: half of the candidate's, up to 100 clusters", 6),
    ("live, a family of five suites: the mean at its margin, all in the smallest suite", 4),
    ("live, a family of five suites: the smallest suite at its margin, read with slope .75", 4),
    ("live, a family of five suites: one use case at its margin, others unchanged", 4),
]  # fmt: skip
"""Cell → simulated reviews whose true harm is exactly the margin."""

BLOCKS = [
    ("draws lost, as a table: baseline, 80 % of the harmful, 200 clusters", 30, 0.0),
    ("log-normal: spread 1.5, margin 0.03, 200 clusters", 500, 1.0),
    ("correlated gates: all of five at the margin, correlation 0.5, 150 clusters", 20, 1.0),
    ("gate per use case: all of four at the margin, 100 clusters each", 20, 1.0),
    ("draws lost, live: half of the candidate's, up to 100 clusters", 6, 0.0),
    ("live, a family of five suites: the mean at its margin, all suites alike", 4, 1.0),
]
"""Cell → simulated reviews, and their true rise of harm in margins."""


def _most(runs: int) -> float:
    """Return how many of so many reviews may be wrong: alpha, and three standard errors more."""
    return runs * ALPHA + 3 * math.sqrt(runs * ALPHA * (1 - ALPHA))


def _tally(name: str, runs: int, rise: float) -> Tally:
    return kept.all_cells()[name][1].simulate(rise, runs, np.random.default_rng(11))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs"), LAUNCHES, ids=[name for name, _ in LAUNCHES])
def test_harm_at_the_margin_is_seldom_launched(name: str, runs: int) -> None:
    """False launches stay at alpha, within simulation error, wherever the truth is exactly the margin."""
    assert _tally(name, runs, 1.0).launched <= _most(runs)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "runs", "rise"), BLOCKS, ids=[name for name, *_ in BLOCKS])
def test_harm_within_the_margin_seldom_blocks(name: str, runs: int, rise: float) -> None:
    """False blocks stay at alpha, within simulation error, where the truth is at the margin or nothing changed."""
    assert _tally(name, runs, rise).blocked <= _most(runs)


def test_a_plain_bound_fails_where_it_should() -> None:
    """The worlds are hard enough to tell a bound that holds from one that does not: t launches rare jumps."""
    found = _tally("jumps: 1 % by .9, noise 0.03, 50 clusters", 300, 1.0)
    assert found.t > 300 * 0.2
    assert found.betting <= _most(300)


def _by_case(table: Table) -> list[float]:
    return [float(one.numbers.mean()) for one in table.seen]


@pytest.mark.parametrize(
    ("made", "truth"),
    [
        (lambda rng: tables._lost("nobody", 0.8, 40_000, 1.0, rng), [0.05]),
        (lambda rng: tables._sizes("cluster", 40_000, 1.0, rng), [0.05]),
        (lambda rng: tables._use_cases("one", 20_000, 1.0, rng), [0.05, 0.0, 0.0, 0.0]),
        (lambda rng: tables._limit(40_000, 1.0, rng), [0.0, 0.4]),
        (lambda rng: tables._limit(40_000, 0.0, rng), [0.0, 0.35]),
        (lambda rng: tables._correlated("one", 0.9, 20_000, 1.0, rng), [0.05, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_the_truth_is_what_a_world_says(made: Callable[[np.random.Generator], Table], truth: list[float]) -> None:
    """The true rise, or level, of a simulated table is its margin or limit: read in full, large tables show it."""
    assert _by_case(made(np.random.default_rng(3))) == pytest.approx(truth, abs=0.006)


@pytest.mark.parametrize("cell", list(families.cells()), ids=lambda cell: cell.what)
def test_no_margin_of_a_family_is_broken_and_one_is_reached(cell: Cell) -> None:
    """At a rise of one margin the truth lies at one of the family's margins, and beyond none of them."""
    family, rises, _ = cell.simulate.args  # type: ignore[attr-defined]
    cases = [np.arange(items) % families.CASES for items in families.SIZES]
    by_item = [np.broadcast_to(rises(family, number, case), len(case)) for number, case in enumerate(cases)]
    suites = [float(one.mean()) for one in by_item]
    margins = [(float(np.mean(suites)), family.margin), *((one, family.suite_margin) for one in suites)]
    if family.case_margin is not None:
        every, case = np.concatenate(by_item), np.concatenate(cases)
        margins += [(float(every[case == one].mean()), family.case_margin) for one in range(families.CASES)]
    room = [margin - rise for rise, margin in margins]
    assert min(room) == pytest.approx(0.0, abs=1e-12)


def test_answers_are_as_harmful_as_their_world_says() -> None:
    """Drawn answers rise by what was asked for on average, the same for all items or in some of them."""
    rng = np.random.default_rng(3)
    for rise in (0.0, 0.1, np.where(np.arange(4000) % 4 == 0, 0.2, 0.0)):
        before, after = (live.drawn(share, rng) for share in live.shares(4000, rise, rng))
        assert after.mean() - before.mean() == pytest.approx(np.mean(rise), abs=0.01)


@pytest.mark.parametrize(
    "module", [spending, schedule, asked_gate, types, families, validity], ids=lambda one: one.__name__
)
def test_a_change_of_what_decides_is_measured_anew(module: ModuleType) -> None:
    """What is kept rests on every file that looks, weighs or decides, and on the worlds themselves."""
    assert all(Path(str(module.__file__)) in kept.files(one) for one in kept.READ if one != "numbers")


def test_what_a_review_decides_by_is_all_among_it() -> None:
    """Whatever the worlds take from the package's review, and that takes from it, makes cells be measured anew."""
    held = set(kept.files("live")) | set(kept.files("tables"))
    root = Path(str(types.__file__)).parents[1]
    waiting = [path for path in kept.files("tables") if path.parent.name == "worlds"]
    seen: set[Path] = set()
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seatrial.review."):
                path = root / f"{str(node.module).replace('.', '/')}.py"
                assert path in held, node.module
                waiting += [path] if path not in seen else []
                seen.add(path)
    assert len(seen) > 5


def test_cells_of_numbers_rest_on_the_bounds_alone() -> None:
    """They are measured anew where a bound or its worlds change, and not where a report does."""
    held, package = kept.files("numbers"), Path(str(types.__file__)).parent
    assert {Path(str(one.__file__)) for one in (intervals, gaffke, numbers, validity)} <= set(held)
    assert Path(str(asked_gate.__file__)) not in held
    for path in (one for one in held if one.is_relative_to(package / "stats")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("seatrial"):
                inside = (
                    [f"{node.module}.{name.name}" for name in node.names] if node.module == "seatrial.stats" else []
                )
                for module in inside or [str(node.module)]:
                    assert package.parent / f"{module.replace('.', '/')}.py" in held, module


def test_an_instrument_flags_as_often_as_it_is_said_to() -> None:
    """Its flags show TPR − FPR of a rise, and on the candidate its own share of false alarms."""
    rng = np.random.default_rng(3)
    harmful, uniform = rng.random(100_000) < 0.3, rng.random(100_000)
    reader = Reader(0.8, 0.15, 100, differs=-0.05)
    for model, alarms in ((0, 0.15), (1, 0.1)):
        flags = reader.read(uniform, harmful, model)
        assert flags[harmful].mean() == pytest.approx(0.8, abs=0.01)
        assert flags[~harmful].mean() == pytest.approx(alarms, abs=0.01)


def test_a_cell_is_measured_alike_twice() -> None:
    """The same cell gives the same rates."""
    cell = kept.all_cells()["few clusters: scores, margin 0.2, 5 clusters"][1]
    assert cell.quick
    assert measure(cell, (15,)) == measure(cell, (15,))


def test_a_band_says_whether_alpha_is_kept() -> None:
    """`within` and `above` are said only where both error rates, or one, surely lie there."""
    words = {}
    for wrong in (20, 55, 100):
        words[wrong] = Measured("w", "c", Tally(1000, launched=wrong), Tally(), Tally(1000, launched=900)).band
    assert words == {20: "within", 55: "either", 100: "above"}
    blocked = Measured("w", "c", Tally(1000), Tally(), Tally(1000, blocked=100))
    assert blocked.band == "above"
    assert blocked.worst == blocked.false_block
    above = Measured("w", "c", Tally(1000, launched=20), Tally(1000, launched=30), Tally(1000, launched=900))
    assert (above.false_launch.count, above.power.count) == (30, 900)


def test_more_reviews_are_simulated_only_where_few_do_not_tell() -> None:
    """A cell is simulated afresh with more reviews while its band lies on either side, and no further."""
    asked: list[int] = []

    def simulate(rise: float, runs: int, rng: np.random.Generator) -> Tally:
        asked.append(runs)
        return Tally(runs, launched=round(0.05 * runs) if rise else runs)

    found = measure(Cell("w", "c", (100, 10_000, 20_000), simulate))
    assert asked == [100, 100, 10_000, 10_000]
    assert (found.band, found.edge.runs, found.above.runs) == ("within", 10_000, 0)
