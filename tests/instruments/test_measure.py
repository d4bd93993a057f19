"""Measuring an instrument on labelled text."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from seatrial.errors import EvidenceError
from seatrial.instruments import find_instrument
from seatrial.instruments import measure as measuring
from seatrial.instruments.may_gate import informative
from seatrial.instruments.measure import Labelled, Source, measure, measure_readings, read_all

SOURCE = Source("simulated answers", "a generator")
REFUSAL = find_instrument("text/refusal")


def _rows(count: int, models: int = 1) -> list[Labelled]:
    return [Labelled(f"answer {n}", float(n % 2), f"c{n // 4}", "", f"m{n % (2 * models) // 2}") for n in range(count)]


def _flipped(rows: list[Labelled], tpr: float, fpr: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([float(rng.random() < (tpr if row.label else fpr)) for row in rows])


@pytest.mark.slow
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


@pytest.mark.slow
def test_numbers_are_those_of_scipy() -> None:
    """AUC, rank correlation and slope are those of a second implementation."""
    rng = np.random.default_rng(1)
    degrees = rng.integers(0, 11, 300) / 10
    rows = [Labelled(f"a {n}", float(degree), f"c{n}") for n, degree in enumerate(degrees)]
    x = np.round(degrees + rng.normal(0, 0.4, 300), 1)
    found = measure_readings(x, rows, SOURCE, 0.5)
    bad = degrees >= 0.5
    auc = stats.mannwhitneyu(x[bad], x[~bad]).statistic / (bad.sum() * (~bad).sum())
    assert found.auc[0] == pytest.approx(auc, abs=1e-6)
    assert found.rank[0] == pytest.approx(stats.spearmanr(x, degrees).statistic, abs=1e-6)
    assert found.slope[0] == pytest.approx(x[bad].mean() - x[~bad].mean(), abs=1e-6)
    assert found.youden[0] == pytest.approx(found.sensitivity[0] + found.specificity[0] - 1, abs=2e-6)
    assert found.harmful == bad.sum()


@pytest.mark.slow
def test_the_interval_of_an_auc_covers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 90 % interval of an AUC misses about one time in ten, where answers of a cluster share their luck."""
    monkeypatch.setattr(measuring, "RESAMPLES", 150)
    rng, missed = np.random.default_rng(3), 0
    runs = 60
    rows = [Labelled("x", float(n % 2), f"c{n // 4}") for n in range(200)]
    label = np.array([row.label for row in rows])
    for _ in range(runs):
        x = label + rng.normal(0, 1, 200) + np.repeat(rng.normal(0, 0.5, 50), 4)
        truth = 0.736  # Φ(1 / sqrt(2 · 1.25)): answers of different clusters
        _, low, high = measure_readings(x, rows, SOURCE, 0.5).auc
        missed += not low <= truth <= high
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)


@pytest.mark.slow
def test_intervals_are_of_clusters() -> None:
    """Answers that stand or fall together are one: copied five times within their clusters they tell nothing more."""
    rng = np.random.default_rng(2)
    rows = [Labelled(f"a {n}", float(n % 2), f"c{n}") for n in range(120)]
    x = np.array([row.label for row in rows]) + rng.normal(0, 1, 120)
    once, copied = (
        measure_readings(x, rows, SOURCE, 0.5),
        measure_readings(np.repeat(x, 5), [r for r in rows for _ in range(5)], SOURCE, 0.5),
    )
    assert copied.clusters == 120
    assert copied.auc[0] == pytest.approx(once.auc[0], abs=1e-6)
    assert copied.auc[2] - copied.auc[1] == pytest.approx(once.auc[2] - once.auc[1], rel=0.01)


def test_a_cut_is_tried_on_clusters_that_did_not_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings of pure noise flag no more of the harmful than of the harmless: the best cut of one half is luck."""
    monkeypatch.setattr(measuring, "RESAMPLES", 5)
    rows = [Labelled("x", float(n % 2), f"c{n // 2}") for n in range(60)]
    found = [measure_readings(np.random.default_rng(seed).normal(size=60), rows, SOURCE, 0.5) for seed in range(60)]
    assert abs(float(np.mean([one.youden[0] for one in found]))) < 0.08


def test_a_cut_parts_what_can_be_parted() -> None:
    """Where the kinds do not overlap the cut lies midway between them, and nothing is flagged wrongly."""
    rows = [Labelled("x", float(n % 2), f"c{n // 2}") for n in range(80)]
    x = np.array([0.9 if row.label else 0.1 for row in rows])
    found = measure_readings(x, rows, SOURCE, 0.5)
    assert (found.cut, found.sensitivity[0], found.specificity[0], found.auc[0]) == (0.5, 1.0, 1.0, 1.0)
    assert found.slope[0] == pytest.approx(0.8)


@pytest.mark.slow
def test_readings_without_an_error_are_no_surer_than_their_clusters() -> None:
    """Nothing read wrongly of two clusters shows nothing, of four too little to gate, of forty nearly all."""
    for clusters, least in ((2, -0.1), (4, 0.25), (5, 0.36), (40, 0.89)):
        rows = [Labelled("x", float(n % 2), f"c{n % (2 * clusters) // 2}") for n in range(400)]
        x = np.array([0.9 if row.label else 0.1 for row in rows])
        found = measure_readings(x, rows, SOURCE, 0.5)
        exact = 0.05 ** (1 / clusters)
        assert found.sensitivity == found.specificity == (1.0, pytest.approx(exact, abs=1e-6), 1.0)
        assert found.youden == (1.0, pytest.approx(1 - math.sqrt(2) * (1 - exact), abs=1e-6), 1.0)
        assert found.youden[1] == pytest.approx(least, abs=0.02)
        assert found.slope == (pytest.approx(0.8), pytest.approx(0.8 * found.youden[1], abs=1e-6), pytest.approx(0.8))
        assert found.auc == (1.0, pytest.approx((1 + found.youden[1]) / 2, abs=1e-6), 1.0)
        assert informative(found) is (clusters > 4)


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [4, 6, 10, 30])
def test_a_worse_instrument_than_its_bound_is_rare(monkeypatch: pytest.MonkeyPatch, clusters: int) -> None:
    """Where all answers of a cluster are read alike, the lower bound of TPR − FPR misses at most one time in twenty."""
    monkeypatch.setattr(measuring, "RESAMPLES", 100)
    rng, missed, runs = np.random.default_rng(clusters), 0, 300
    rows = [Labelled("x", float(n % 2), f"c{n % (2 * clusters) // 2}") for n in range(max(40, 2 * clusters))]
    place = np.array([int(row.cluster[1:]) for row in rows])
    label = np.array([row.label for row in rows])
    for _ in range(runs):
        tpr, fpr = rng.random(clusters) < 0.8, rng.random(clusters) < 0.2
        x = np.where(label == 1, tpr[place], fpr[place]).astype(float)
        missed += measure_readings(x, rows, SOURCE, 0.5).youden[1] > 0.6
    assert missed / runs <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_harm_begins_at_the_label_that_is_said() -> None:
    """A label of just `harmful_from` is harmful; labels below it are not."""
    rows = [Labelled("x", n % 3 / 2, f"c{n}") for n in range(90)]
    x = np.random.default_rng(0).random(90)
    assert measure_readings(x, rows, SOURCE, 0.5).harmful == 60
    assert measure_readings(x, rows, SOURCE, 0.51).harmful == 30


@pytest.mark.slow
def test_what_cannot_be_read_is_counted_and_left_out() -> None:
    """Answers without a reading are no zeros: they count as unread, and the rest is measured without them."""
    rows = _rows(200)
    x = _flipped(rows, 0.9, 0.1)
    holed = np.concatenate([x, np.full(20, np.nan)])
    found = measure_readings(holed, [*rows, *_rows(20)], SOURCE, 0.5)
    whole = measure_readings(x, rows, SOURCE, 0.5)
    assert (found.answers, found.unread) == (200, 20)
    assert (found.youden, found.auc) == (whole.youden, whole.auc)


@pytest.mark.slow
def test_error_that_differs_between_models_is_measured() -> None:
    """An instrument that misses more in one model's style shows the difference, by model."""
    rows = _rows(1200, models=2)
    readings = np.where([row.model == "m0" for row in rows], _flipped(rows, 0.9, 0.1), _flipped(rows, 0.6, 0.1, 1))
    found = measure_readings(readings, rows, SOURCE, 0.5)
    assert [group[0] for group in found.groups] == ["m0", "m1"]
    assert [(group[1], group[3]) for group in found.groups] == [(300, 300)] * 2
    assert found.differential[0] == pytest.approx(0.3, abs=0.08)
    assert found.differential[1] < 0.08


@pytest.mark.slow
def test_a_difference_takes_twenty_answers_of_each_kind_of_two_models() -> None:
    """One model has no difference, nor have two of which one has fewer than twenty harmful answers."""
    rows = [replace(row, model="a") for row in _rows(120)]
    x = _flipped(rows, 0.9, 0.1)
    assert math.isnan(measure_readings(x, rows, SOURCE, 0.5).differential[0])
    for harmful, known in ((19, False), (20, True)):
        left = iter(range(harmful))
        named = [
            replace(r, model="b") if n % 4 < 2 and (not r.label or next(left, None) is not None) else r
            for n, r in enumerate(rows)
        ]
        found = measure_readings(x, named, SOURCE, 0.5)
        assert [group[1] for group in found.groups if group[0] == "b"] == [harmful]
        assert math.isnan(found.differential[0]) is not known


def test_a_reading_that_goes_with_length_shows_its_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among answers of one label, readings that are the number of words have bias 1; readings apart from it none."""
    monkeypatch.setattr(measuring, "RESAMPLES", 5)
    rng = np.random.default_rng(5)
    rows = [Labelled("w " * int(words), float(n % 2), f"c{n}") for n, words in enumerate(rng.integers(1, 60, 400))]
    long = np.array([float(len(row.text.split())) for row in rows])
    assert measure_readings(long, rows, SOURCE, 0.5).length_bias == 1.0
    assert measure_readings(-long, rows, SOURCE, 0.5).length_bias == -1.0
    assert abs(measure_readings(rng.random(400), rows, SOURCE, 0.5).length_bias) < 0.15


@pytest.mark.slow
def test_a_measurement_can_be_repeated_to_the_digit() -> None:
    """The same readings and labels give the same record, bootstrap and all."""
    rows = _rows(200)
    x = _flipped(rows, 0.8, 0.2)
    assert repr(measure_readings(x, rows, SOURCE, 0.5)) == repr(measure_readings(x, rows, SOURCE, 0.5))


@pytest.mark.slow
@pytest.mark.parametrize(("harmful", "harmless"), [(19, 100), (100, 19), (0, 100)])
def test_too_few_of_a_kind_measure_nothing(harmful: int, harmless: int) -> None:
    """Fewer than twenty harmful or harmless answers make no record; twenty of each do."""
    rows = [Labelled("x", label, f"c{n}") for n, label in enumerate([1.0] * harmful + [0.0] * harmless)]
    with pytest.raises(EvidenceError, match=f"{harmful} harmful and {harmless} harmless answers can be read; a record"):
        measure_readings(np.random.default_rng(0).random(len(rows)), rows, SOURCE, 0.5)
    enough = [Labelled("x", float(n % 2), f"c{n}") for n in range(40)]
    assert measure_readings(np.random.default_rng(0).random(40), enough, SOURCE, 0.5).answers == 40


def test_an_instrument_reads_labelled_text() -> None:
    """Its readings of the texts are measured, NaN where it cannot read; one that reads no text is refused."""
    rows = [Labelled("I can't help with that.", 1.0, "a"), Labelled(" ", 0.0, "b"), Labelled("Sure!", 0.0, "c")]
    readings = read_all(REFUSAL, rows)
    assert readings[[0, 2]].tolist() == [1.0, 0.0]
    assert math.isnan(readings[1])
    many = [replace(row, cluster=f"c{n}") for n, row in enumerate(rows * 30)]
    found = measure(REFUSAL, many, SOURCE, 0.5)
    assert (found.auc[0], found.unread, found.answers) == (1.0, 30, 60)
    with pytest.raises(EvidenceError, match="probe/affirm reads log-probabilities, and labelled text holds none"):
        measure(find_instrument("probe/affirm"), _rows(100), SOURCE, 0.5)


@pytest.mark.slow
def test_a_source_is_written_down() -> None:
    """Who labelled, where the texts come from, for which signal and whether the authors wrote them: as given."""
    rows = _rows(100)
    source = Source("x", "two people", True, "a corpus", "behavior/y")
    found = measure_readings(_flipped(rows, 0.9, 0.1), rows, source, 0.5)
    assert (found.on, found.labelled_by, found.author_written, found.source, found.signal) == (
        "x", "two people", True, "a corpus", "behavior/y",
    )  # fmt: skip


def test_a_digest_is_of_all_labels_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any field that changes makes other labels; the order of the rows does not."""
    monkeypatch.setattr(measuring, "RESAMPLES", 5)
    rows = _rows(100)
    x = np.array([row.label for row in rows])

    def digest(labelled: list[Labelled]) -> str:
        return measure_readings(np.array([row.label for row in labelled]), labelled, SOURCE, 0.5).sha256

    assert digest(rows) == digest(rows[::-1])
    assert measure_readings(1 - x, rows, SOURCE, 0.5).sha256 == digest(rows)
    fields = {"text": "x", "label": 0.25, "cluster": "z", "prompt": "?", "model": "m"}
    changed = [replace(rows[0], **{name: value}) for name, value in fields.items()]  # type: ignore[arg-type]
    assert len({digest([one, *rows[1:]]) for one in (rows[0], *changed)}) == 6


def test_answers_of_one_cluster_are_no_measurement() -> None:
    """Nothing is known of what answers of others would show, however many there are."""
    rows = [replace(row, cluster="c") for row in _rows(200)]
    with pytest.raises(EvidenceError, match="all answers belong to one cluster"):
        measure_readings(_flipped(rows, 0.9, 0.1), rows, SOURCE, 0.5)
