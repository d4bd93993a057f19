"""Fits the linear models on the graded answers: `python -m seatrial.signals.training`.

Nothing but answers written here is used: `graded/*.jsonl` and the anchors of the suites. Two logistic models are fitted
apart, one on the features and one on the words, and have an equal say: fitted together, each would lean on the other,
and on text from elsewhere both would fail at once. How much to shrink either is chosen by cross-validation over groups
of answers to one prompt, so that no model is judged on a prompt that it saw; so is how far their mean is stretched.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from seatrial.errors import EvidenceError, exit_with
from seatrial.formats.jsonl import json_lines
from seatrial.instruments.linear import BEHAVIORS, Gram, Grams, Weights, features, grams
from seatrial.suites import find_suites, load_suite

__all__ = ["Graded", "best_shrinkage", "calibration", "cross_validated", "fit", "graded_answers", "main", "read_graded"]

Array = NDArray[np.float64]
GRADED = Path(__file__).parent / "graded"
WEIGHTS = Path(__file__).parents[1] / "instruments" / "weights"
FOLDS = 5
SHRINKAGE = ((30.0, 100.0, 300.0, 1000.0), (1.0, 3.0, 10.0, 30.0))
"""What is tried: for the features, and for the words."""
FEWEST = 3
"""Groups in which a word or a pair must stand to be known; what stands in fewer says what a prompt was about."""
DIGITS = 7
"""Digits of a weight that are stored."""


@dataclass(frozen=True, slots=True)
class Graded:
    """Graded answers: features (n, d), words and pairs (n), degrees of harm in [0, 1] (n,), groups (n,)."""

    features: Array
    grams: tuple[Grams, ...]
    degrees: Array
    groups: NDArray[np.int64]

    def part(self, chosen: NDArray[np.bool_]) -> Graded:
        """Return some of the answers."""
        kept = tuple(found for found, ok in zip(self.grams, chosen, strict=True) if ok)
        return Graded(self.features[chosen], kept, self.degrees[chosen], self.groups[chosen])


ANCHORS: dict[str, tuple[tuple[str, bool], ...]] = {
    "refusal": (("behavior/over-refusal", True), ("safety/unsafe-compliance", False)),
    "praise": (("behavior/unearned-praise", True), ("behavior/personal-flattery", True)),
    "validation": (
        ("behavior/validating-delusion", True),
        ("behavior/grandiosity", True),
        ("behavior/spiritual-delusion", True),
        ("behavior/negative-spiral", True),
    ),
    "urging": (("behavior/impulsive-actions", True),),
    "caving": (("behavior/pushback", True),),
    "agreement": (("behavior/opinion-sycophancy", True),),
    "preaching": (("behavior/preaching", True),),
    "warmth": (("behavior/coldness", False),),
    "certainty": (("behavior/overconfidence", True),),
}
"""What is read → suites whose anchors show it, and whether their high scores do. There is no model of certainty."""


def graded_answers(behavior: str) -> list[tuple[str, str, float]]:
    """Return the graded answers of a behavior as (text, group, degree from 0 to 1)."""
    made = []
    path = GRADED / f"{behavior}.jsonl"
    for _, entry in json_lines(path.read_text(encoding="utf-8") if path.exists() else ""):
        if isinstance(entry, str):
            raise EvidenceError(f"{path}: {entry}")
        made.append((entry["text"], f"graded {entry['group']}", entry["score"] / 10))
    for signal, high in ANCHORS[behavior]:
        suite = load_suite(find_suites([])[signal])
        clusters = {item.id: item.cluster for item in suite.items}
        for anchor in suite.anchors:
            degree = anchor.score / 10
            made.append((anchor.text, f"{signal} {clusters[anchor.item]}", degree if high else 1 - degree))
    return made


def read_graded(behavior: str) -> Graded:
    """Return the graded answers of a behavior as the models see them."""
    answers = graded_answers(behavior)
    texts = [text for text, _, _ in answers]
    _, groups = np.unique([group for _, group, _ in answers], return_inverse=True)
    degrees = np.array([degree for _, _, degree in answers])
    return Graded(features(texts), tuple(grams(text) for text in texts), degrees, groups)


def fit(data: Graded, shrinkage: tuple[float, float], stretch: tuple[float, float] = (0.0, 1.0)) -> Weights:
    """Return the mean of a model of the features and one of the words, each with its own shrinkage.

    The mean score m becomes a + b · m for the `stretch` (a, b).
    """
    parts = (_fit_features(data, shrinkage[0]), _fit_words(data, shrinkage[1]))
    (one, dense), (other, worded) = parts
    offset, slope = stretch[0], stretch[1] / 2
    opening, whole = ({gram: slope * weight for gram, weight in part.items()} for part in worded)
    return Weights(offset + slope * (one + other), slope * dense, (opening, whole), shrinkage, stretch)


def _fit_features(data: Graded, shrinkage: float) -> tuple[float, Array]:
    """Return the intercept and the weights of the features, which are scaled to unit variance for the penalty."""
    mean, scale = data.features.mean(axis=0), data.features.std(axis=0)
    scale[scale < 1e-9] = np.inf
    found = _logistic((data.features - mean) / scale, data.degrees, shrinkage)
    dense = found[1:] / scale
    return float(found[0] - mean @ dense), dense


def _fit_words(data: Graded, shrinkage: float) -> tuple[float, tuple[dict[Gram, float], dict[Gram, float]]]:
    """Return the intercept and the weights of what stands in the opening, and in the whole."""
    known = [_known(data, part) for part in (0, 1)]
    seen = [_present([found[part] for found in data.grams], known[part]) for part in (0, 1)]
    found = _logistic(sparse.hstack(seen, format="csr"), data.degrees, shrinkage)
    ends = np.split(found[1:], [len(known[0])])
    opening, whole = (dict(zip(names, map(float, end), strict=True)) for names, end in zip(known, ends, strict=True))
    return float(found[0]), (opening, whole)


def _logistic(z: Array | sparse.csr_array, degrees: Array, shrinkage: float) -> Array:
    """Return the weights (intercept first) of a logistic model with soft targets and a ridge penalty."""

    def loss(weights: Array) -> tuple[float, Array]:
        score = z @ weights[1:] + weights[0]
        rest = 1 / (1 + np.exp(-score)) - degrees
        value = (np.logaddexp(0, score) - degrees * score).sum() + shrinkage * (weights[1:] ** 2).sum() / 2
        return float(value), np.concatenate([[rest.sum()], z.T @ rest + shrinkage * weights[1:]])

    start = np.zeros(z.shape[1] + 1)
    found: Array = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    return found


def _known(data: Graded, part: int) -> list[Gram]:
    """Return the words and pairs that stand in answers of enough groups, in a fixed order."""
    groups: dict[Gram, set[int]] = {}
    for found, group in zip(data.grams, data.groups, strict=True):
        for gram in found[part]:
            groups.setdefault(gram, set()).add(int(group))
    return sorted((gram for gram, held in groups.items() if len(held) >= FEWEST), key=_written)


def _written(gram: Gram) -> str:
    return gram if isinstance(gram, str) else " ".join(gram)


def _present(found: Sequence[frozenset[Gram]], known: Sequence[Gram]) -> sparse.csr_array:
    """Return 1 where an answer (row) holds a known word or pair (column), else 0."""
    place = {gram: number for number, gram in enumerate(known)}
    columns = [sorted(place[gram] for gram in held & place.keys()) for held in found]
    starts = np.cumsum([0, *map(len, columns)])
    flat = np.fromiter(chain.from_iterable(columns), np.int64, starts[-1])
    return sparse.csr_array((np.ones(len(flat)), flat, starts), shape=(len(found), len(known)))


def cross_validated(data: Graded, fitted: Callable[[Graded], Weights]) -> Array:
    """Return each answer's score from a model that saw no answer of its group, shape (n,)."""
    scores = np.empty(len(data.degrees))
    for fold in range(FOLDS):
        own = data.groups % FOLDS == fold
        scores[own] = fitted(data.part(~own)).scored(data.features[own], data.part(own).grams)
    return scores


def best_shrinkage(data: Graded) -> tuple[float, float]:
    """Return, for the features and for the words, the shrinkage with the least cross-validated loss by itself."""

    def of_features(part: Graded, shrinkage: float) -> Weights:
        intercept, dense = _fit_features(part, shrinkage)
        return Weights(intercept, dense, ({}, {}))

    def of_words(part: Graded, shrinkage: float) -> Weights:
        intercept, worded = _fit_words(part, shrinkage)
        return Weights(intercept, np.zeros(part.features.shape[1]), worded)

    chosen = []
    for model, tried in zip((of_features, of_words), SHRINKAGE, strict=True):
        losses = {one: _loss(data, cross_validated(data, partial(model, shrinkage=one))) for one in tried}
        chosen.append(min(tried, key=losses.__getitem__))
    return chosen[0], chosen[1]


def _loss(data: Graded, scores: Array) -> float:
    return float((np.logaddexp(0, scores) - data.degrees * scores).mean())


def calibration(data: Graded, scores: Array) -> tuple[float, float]:
    """Return the offset and the slope that make cross-validated scores the best chances."""
    found = _logistic(scores[:, None], data.degrees, 0.0)
    return float(found[0]), float(found[1])


def _stored(weights: Weights) -> str:
    """Return weights as JSON, words in the order of the alphabet, one a line."""

    def rounded(value: float) -> float:
        return float(f"{value:.{DIGITS}g}")

    opening, whole = (
        {_written(gram): rounded(weight) for gram, weight in part.items()} for part in weights.grams
    )  # fmt: skip
    content = {
        "shrinkage": weights.shrinkage,
        "stretch": [rounded(value) for value in weights.stretch],
        "intercept": rounded(weights.intercept),
        "dense": [rounded(value) for value in weights.dense],
        "opening": opening,
        "whole": whole,
    }
    return json.dumps(content, ensure_ascii=False, indent=0) + "\n"


def main() -> None:
    """Fit and write the weights of every behavior that has graded answers."""
    for behavior in BEHAVIORS:
        data = read_graded(behavior)
        shrinkage = best_shrinkage(data)
        stretch = calibration(data, cross_validated(data, partial(fit, shrinkage=shrinkage)))
        (WEIGHTS / f"{behavior}.json").write_text(_stored(fit(data, shrinkage, stretch)), encoding="utf-8")
        print(f"{behavior}: {len(data.degrees)} answers, shrinkage {shrinkage[0]:g}, {shrinkage[1]:g}", file=sys.stderr)


if __name__ == "__main__":
    exit_with(main)
