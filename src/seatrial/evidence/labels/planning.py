"""A session of labels planned: which answers are read, in which order, and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.evidence.labels.pool import Pool, pool_of
from seatrial.evidence.vibes.blinding import names_itself
from seatrial.evidence.vibes.planning import check_names
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial
from seatrial.policy import LaunchPolicy
from seatrial.stats.labelling import ENOUGH, bands_of, reading_order, readings_needed
from seatrial.types import Item

__all__ = ["Choice", "PlannedLabels", "key_of", "new_labels", "plan_labels"]

LIKELY_RATE, LIKELY_YOUDEN = 0.08, 0.45
"""Share of harmful answers, and TPR − FPR of the instrument (that of AUC .8), by which it is said how much reading a
session takes: assumed, and said so."""
HARMLESS, HARMFUL = 0.0, 10.0
"""Scores of a suite's graded answers that serve as controls."""
EARLIEST = 12
"""Trials between an answer and its repeat, at least."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is read.

    Attributes:
        least: Answers that are read at least; then a session ends as soon as it holds enough of either kind.
        most: Answers that are read at most, by all raters together.
        overlap: Of the first answers, those that every rater reads, so that their agreement can be told.
        controls: Hidden answers of known degree, of either kind.
        repeats: Answers that a rater reads twice.
        seed: Seed of every choice.
    """

    least: int = 60
    most: int = 240
    overlap: int = 20
    controls: int = 4
    repeats: int = 4
    seed: int = 20250425


@dataclass(frozen=True, slots=True)
class PlannedLabels:
    """A session of labels that was kept.

    Attributes:
        admin: The administrator's token.
        links: Rater → token.
        needs: What it will take, in sentences.
    """

    admin: str
    links: dict[str, str]
    needs: str


def key_of(item: str, text: str) -> str:
    """Return under which name an answer is known to its session; nothing in it says who gave it."""
    return hashlib.sha256(json.dumps([item, text]).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def new_labels(
    database: str,
    review: Path,
    policy: LaunchPolicy,
    signal: str,
    instrument: str,
    raters: Sequence[str],
    choice: Choice,
) -> PlannedLabels:
    """Plan and keep a session in which people grade answers of a review.

    Args:
        database: URL of the database.
        review: The review's folder.
        policy: The review's policy.
        signal: Whose answers.
        instrument: What read them, which the labels are to measure.
        raters: Their names, each once.
        choice: What is read.

    Raises:
        SeatrialError: the review holds nothing to grade, a name stands twice, or the database cannot be used.
    """
    check_names(raters)
    pool = pool_of(review, policy, signal)
    if not pool.rubric:
        raise EvidenceError(
            f"{signal}: nobody wrote down what counts as harmful. Make a suite of your own questions, whose SUITE.md "
            "says it (`seatrial suites new`); recorded answers to the same questions are found by their words."
        )
    rng = np.random.default_rng(choice.seed)
    bands = bands_of([one.harm for one in pool.answers], rng)
    kinds = [one.kind for one in pool.answers]
    order = reading_order(bands, kinds, rng)[: choice.most]
    plans = {
        name: plan_labels(pool, order, choice, place, len(raters), np.random.default_rng([choice.seed, place]))
        for place, name in enumerate(raters)
    }
    config = {
        "labels": signal,
        "review": str(review.resolve()),
        "instrument": instrument,
        "title": pool.title,
        "rubric": pool.rubric,
        "least": choice.least,
        "overlap": choice.overlap if len(raters) > 1 else 0,
        "seed": choice.seed,
        "alpha": policy.alpha,
        "pool": [
            [key_of(one.item.id, one.text), one.item.cluster, int(band), one.kind, one.sign, list(one.counts)]
            for one, band in zip(pool.answers, bands, strict=True)
        ],
    }
    store = SessionStore(database)
    admin, links = store.new(f"{signal} of {review.name}", config, plans)
    return PlannedLabels(admin, links, _needs(pool, bands, kinds, choice, len(raters)))


def plan_labels(
    pool: Pool, order: Sequence[int] | np.ndarray, choice: Choice, place: int, raters: int, rng: np.random.Generator
) -> list[Trial]:
    """Return what one rater grades, in order: a share of the answers, controls among them, and repeats.

    Args:
        pool: What can be labelled.
        order: Places in the pool, in the order in which they are to be read.
        choice: How much of everything.
        place: Which of the raters, from 0.
        raters: How many there are.
        rng: Decides where controls stand, and what is repeated.
    """
    shared = choice.overlap if raters > 1 else 0
    own = [int(one) for number, one in enumerate(order) if number < shared or number % raters == place]
    held: list[tuple[int, Trial]] = [(one, _graded(pool, one)) for one in own]
    for trial in _controls(pool, choice.controls, rng):
        held.insert(int(rng.integers(1, max(2, min(len(held), choice.least)))), (-1, trial))
    placed = [trial for _, trial in held]
    early = [spot for spot, (one, _) in enumerate(held[: max(1, choice.least // 2)]) if one >= 0]
    for spot in sorted(rng.permutation(early)[: choice.repeats].tolist()):
        later = min(len(placed), spot + EARLIEST + int(rng.integers(EARLIEST)))
        again = placed[spot]
        placed.insert(later, Trial("again", again.suite, again.item, again.left, "", "", spot))
    return placed


def _graded(pool: Pool, place: int) -> Trial:
    one = pool.answers[place]
    return Trial("grade", pool.signal, one.item, one.text, "", "")


def _controls(pool: Pool, each: int, rng: np.random.Generator) -> list[Trial]:
    """Return answers of known degree, up to so many harmful and harmless ones; none where the suite has none."""
    if pool.suite is None:
        return []
    items: dict[str, Item] = {item.id: item for item in pool.suite.items}
    made = []
    for score, odd in ((HARMFUL, "left"), (HARMLESS, "")):
        held = [one for one in pool.suite.anchors if one.score == score and one.item in items]
        fit = [one for one in held if not names_itself(one.text)]
        for spot in rng.permutation(len(fit))[:each].tolist():
            one = fit[spot]
            made.append(Trial("known", pool.signal, items[one.item], one.text, "", "left" if odd else ""))
    return [made[spot] for spot in rng.permutation(len(made)).tolist()]


def _needs(pool: Pool, bands: Sequence[int] | np.ndarray, kinds: Sequence[int], choice: Choice, raters: int) -> str:
    """Return what the session takes, in sentences, and what is assumed."""
    wanted = readings_needed(bands, kinds, LIKELY_RATE, LIKELY_YOUDEN)
    by_lot = round(ENOUGH / LIKELY_RATE)
    assumed = (
        f"if {100 * LIKELY_RATE:g} % of the answers are harmful and the instrument has a TPR − FPR of {LIKELY_YOUDEN}"
    )
    takes = (
        f"about {wanted} readings find {ENOUGH} harmful and {ENOUGH} harmless ones ({assumed}; drawn by lot alone it "
        f"would take about {by_lot})"
        if wanted is not None and wanted <= choice.most
        else f"they hardly hold {ENOUGH} harmful ones within the {choice.most} that are read at most ({assumed})"
    )
    left = f" {pool.left_out} answers that say what wrote them are not shown." if pool.left_out else ""
    twice = f" The first {choice.overlap} are read by all, for their agreement." if raters > 1 else ""
    alone = "" if raters > 1 else " One rater alone: nothing will be known of how far people agree."
    return f"Of {len(pool.answers):,} answers {takes}.{twice}{alone}{left}"
