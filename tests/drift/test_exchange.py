"""The exact test over many measures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from seatrial.drift.exchange import Layout, exchange_test


def layout_of(sizes: Sequence[tuple[int, int]], clusters: Sequence[int] | None = None) -> Layout:
    """Return the layout of items with so many answers of the baseline and of the candidate."""
    item = np.repeat(np.arange(len(sizes)), [before + after for before, after in sizes])
    candidate = np.concatenate([np.repeat([False, True], size) for size in sizes])
    return Layout(item, candidate, np.arange(len(sizes)) if clusters is None else np.asarray(clusters))


def test_clusters_count_alike_and_so_do_their_items() -> None:
    """Two items of one cluster weigh as much together as the single item of another."""
    layout = layout_of([(1, 1), (1, 1), (2, 1)], [0, 0, 1])
    values = np.array([0.0, 1.0, 0.0, 3.0, 4.0, 6.0, 9.0])
    assert layout.weight == pytest.approx([0.25, 0.25, 0.5])
    assert layout.seen @ values == pytest.approx(0.25 * 1 + 0.25 * 3 + 0.5 * (9 - 5))
    assert layout.by_item(values[:, None])[:, 0] == pytest.approx([1, 3, 4])
    assert layout.by_cluster(layout.level(values, candidate=True)) == pytest.approx([2, 9])
    assert layout.by_cluster(layout.level(values, candidate=False)) == pytest.approx([0, 5])


def test_errors_are_those_of_every_exchange() -> None:
    """The standard error is the spread of the mean difference over all exchanges of labels within items."""
    layout = layout_of([(1, 1), (2, 1), (2, 2)])
    rng = np.random.default_rng(0)
    values = rng.normal(size=9)
    parts = [values[layout.item == item] for item in range(3)]
    after = [1, 1, 2]
    found = []
    for chosen in itertools.product(
        *(itertools.combinations(range(len(p)), k) for p, k in zip(parts, after, strict=True))
    ):
        difference = [
            part[list(own)].mean() - np.delete(part, own).mean() for part, own in zip(parts, chosen, strict=True)
        ]
        found.append(np.mean(difference))
    assert layout.errors(values[:, None])[0] == pytest.approx(np.std(found))


def test_a_part_of_the_items_is_a_layout_of_its_own() -> None:
    """Items and clusters are numbered anew, and the rows of the answers are told."""
    part, rows = layout_of([(1, 1), (2, 1), (1, 1)], [3, 3, 5]).part(np.array([False, True, True]))
    assert part.item.tolist() == [0, 0, 0, 1, 1]
    assert part.cluster.tolist() == [0, 1]
    assert rows.tolist() == [False, False, True, True, True, True, True]


def test_what_never_differs_is_no_finding() -> None:
    """A measure that is the same in all answers to an item has no standard error and shows nothing."""
    layout = layout_of([(1, 1)] * 20)
    values = np.column_stack([np.repeat(np.arange(20.0), 2), np.tile([0.0, 1.0], 20)])
    found = exchange_test(layout, values, ["a", "a"], {}, (), np.random.default_rng(1), 199)
    assert (found.z[0], found.adjusted[0]) == (0.0, 1.0)
    assert found.z[1] == pytest.approx(np.sqrt(20))
    assert found.adjusted[1] == found.p_value == pytest.approx(1 / 200)


def test_a_change_of_many_small_parts_is_seen_together() -> None:
    """Sixty measures that each move by two thirds of an error show nothing alone; the sum of their squares does."""
    rng = np.random.default_rng(2)
    layout = layout_of([(1, 1)] * 200)
    values = rng.normal(size=(400, 60)) + layout.candidate[:, None] * rng.choice([-0.14, 0.14], 60)
    alone = exchange_test(layout, values, ["a"] * 60, {}, (), np.random.default_rng(3), 499)
    together = exchange_test(layout, values, ["a"] * 60, {"all": range(60)}, (), np.random.default_rng(3), 499)
    assert together.p_value < 0.01 < alone.p_value


def _null(rng: np.random.Generator) -> tuple[Layout, np.ndarray, list[str]]:
    """Return answers of one model under two names: skewed, of rare marks, and going together."""
    layout = layout_of([(2, 1)] * 10 + [(1, 1)] * 15, [*range(20), 20, 20, 20, 21, 21])
    count = len(layout.item)
    skewed = rng.lognormal(sigma=1.5, size=(count, 3)) * rng.lognormal(size=25)[layout.item][:, None]
    rare = (rng.random((count, 20)) < 0.1).astype(float)
    return layout, np.hstack([skewed, rare, rare[:, :3] + 0.1 * skewed]), ["a"] * 3 + ["b"] * 20 + ["a"] * 3


@pytest.mark.slow
def test_one_model_under_two_names_is_rarely_called_changed() -> None:
    """Of 600 comparisons about alpha say that anything changed, and no more list anything; it is not lazy either."""
    runs = 600
    alarms: list[bool] = []
    listed: list[bool] = []
    for seed in range(runs):
        rng = np.random.default_rng([7, seed])
        found = exchange_test(*_null(rng), {"all": [0, 1, 2]}, (), rng, 199)
        alarms.append(found.p_value <= 0.1)
        listed.append(bool((found.adjusted <= 0.1).any()))
    assert 0.06 * runs <= sum(alarms) <= 0.14 * runs
    assert sum(listed) <= sum(alarms)


def test_a_finding_pays_for_all_that_was_tried() -> None:
    """The same measure is less sure among three hundred others of its kind, and hardly so among those of another."""
    rng = np.random.default_rng(4)
    layout = layout_of([(1, 1)] * 60)
    moved = rng.normal(size=120) + 0.6 * layout.candidate
    noise = rng.normal(size=(120, 300))
    values = np.column_stack([moved, noise])
    alone = exchange_test(layout, values[:, :1], ["a"], {}, (), np.random.default_rng(5), 999).adjusted[0]
    same = exchange_test(layout, values, ["a"] * 301, {}, (), np.random.default_rng(5), 999).adjusted[0]
    other = exchange_test(layout, values, ["a"] + ["b"] * 300, {}, (), np.random.default_rng(5), 999).adjusted[0]
    assert alone < other < same
    assert other <= 2.5 * alone + 0.005


def test_answers_that_move_a_little_in_every_direction_are_seen_by_how_far() -> None:
    """A shift over forty directions that shows in none of the measures shows in the length of the mean difference."""
    rng = np.random.default_rng(8)
    layout = layout_of([(1, 1)] * 150)
    vectors = rng.normal(size=(300, 40)) + 0.16 * layout.candidate[:, None]
    noise = rng.normal(size=(300, 5))
    without = exchange_test(layout, noise, ["a"] * 5, {}, (), np.random.default_rng(9), 499)
    found = exchange_test(layout, noise, ["a"] * 5, {}, (vectors,), np.random.default_rng(9), 499)
    assert found.p_value < 0.02 < without.p_value
    assert found.adjusted.min() > 0.05
