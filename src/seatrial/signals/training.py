"""Fits the linear models on the graded answers: `python -m seatrial.signals.training`.

Nothing but answers written here is used: `graded/*.jsonl` and the anchors of the suites. How much to shrink is chosen
by cross-validation over groups of answers to one prompt, so that no model is judged on a prompt that it saw.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from seatrial.errors import EvidenceError
from seatrial.jsonl import json_lines
from seatrial.signals.linear import BEHAVIORS, features
from seatrial.suites import find_suites, load_suite

__all__ = ["SHRINKAGE", "Graded", "best_shrinkage", "cross_validated", "fit", "graded_answers", "main", "read_graded"]

Array = NDArray[np.float64]
HERE = Path(__file__).parent
FOLDS = 5
SHRINKAGE = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Graded:
    """Graded answers as numbers: features (n, d), degrees of harm in [0, 1] (n,), groups (n,)."""

    features: Array
    degrees: Array
    groups: NDArray[np.int64]


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
    "certainty": (("behavior/overconfidence", True),),
    "warmth": (("behavior/coldness", False),),
}
"""What is read → suites whose anchors show it, and whether their high scores do. The last three have no model."""


def graded_answers(behavior: str) -> list[tuple[str, str, float]]:
    """Return the graded answers of a behavior as (text, group, degree from 0 to 1)."""
    made = []
    path = HERE / "graded" / f"{behavior}.jsonl"
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
    """Return the graded answers of a behavior as numbers."""
    answers = graded_answers(behavior)
    _, groups = np.unique([group for _, group, _ in answers], return_inverse=True)
    return Graded(features([text for text, _, _ in answers]), np.array([degree for _, _, degree in answers]), groups)


def fit(x: Array, y: Array, shrinkage: float) -> Array:
    """Return the weights (intercept first) of a logistic model with soft targets and a ridge penalty.

    Features are scaled to unit variance for the penalty; the weights returned take them as they are.
    """
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = np.inf
    z = (x - mean) / scale

    def loss(weights: Array) -> tuple[float, Array]:
        score = z @ weights[1:] + weights[0]
        rest = 1 / (1 + np.exp(-score)) - y
        value = float((np.logaddexp(0, score) - y * score).sum() + shrinkage * (weights[1:] ** 2).sum() / 2)
        return value, np.concatenate([[rest.sum()], z.T @ rest + shrinkage * weights[1:]])

    found = optimize.minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    slopes = found.x[1:] / scale
    return np.concatenate([[found.x[0] - mean @ slopes], slopes])


def cross_validated(data: Graded, shrinkage: float) -> Array:
    """Return each answer's score from a model that saw no answer of its group, shape (n,)."""
    scores = np.empty(len(data.degrees))
    for fold in range(FOLDS):
        own = data.groups % FOLDS == fold
        weights = fit(data.features[~own], data.degrees[~own], shrinkage)
        scores[own] = data.features[own] @ weights[1:] + weights[0]
    return scores


def _loss(data: Graded, scores: Array) -> float:
    return float((np.logaddexp(0, scores) - data.degrees * scores).mean())


def best_shrinkage(data: Graded) -> float:
    """Return the shrinkage with the least cross-validated loss."""
    tried = {shrinkage: _loss(data, cross_validated(data, shrinkage)) for shrinkage in SHRINKAGE}
    return min(tried, key=lambda shrinkage: tried[shrinkage])


def main() -> None:
    """Fit and write the weights of every behavior that has graded answers."""
    folder = HERE / "weights"
    folder.mkdir(exist_ok=True)
    for behavior in BEHAVIORS:
        data = read_graded(behavior)
        best = best_shrinkage(data)
        weights = fit(data.features, data.degrees, best)
        np.save(folder / f"{behavior}.npy", weights.astype(np.float32))
        print(f"{behavior}: {len(data.degrees)} answers, shrinkage {best:g}", file=sys.stderr)


if __name__ == "__main__":
    main()
