"""A session of labels planned: which answers are read, in which order, and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random, SystemRandom

import numpy as np

from seatrial.errors import EvidenceError
from seatrial.evidence.labels.pool import Pool, pool_of
from seatrial.evidence.vibes.known_harm import known_answers
from seatrial.evidence.vibes.planning import check_names
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial, among
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
        repeats: Answers that a rater reads twice, controls among them.
    """

    least: int = 60
    most: int = 240
    overlap: int = 20
    controls: int = 4
    repeats: int = 4


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
    lots: Random | None = None,
) -> PlannedLabels:
    """Plan and keep a session in which people grade answers of a review.

    Nothing that can be computed from outside decides what stands where: the plan is drawn from the operating system's
    randomness, and only the database has it.

    Args:
        database: URL of the database.
        review: The review's folder.
        policy: The review's policy.
        signal: Whose answers.
        instrument: What read them, which the labels are to measure.
        raters: Their names, each once.
        choice: What is read.
        lots: What draws, in a test; None for the operating system's randomness.

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
    lots = lots or SystemRandom()
    rng = np.random.default_rng(lots.getrandbits(128))
    bands = bands_of([one.harm for one in pool.answers], rng)
    kinds = [one.kind for one in pool.answers]
    order = reading_order(bands, kinds, rng)[: choice.most]
    known = _controls(pool, policy.held_out, choice.controls, lots)
    plans = {
        name: plan_labels(pool, order, choice, known, place, len(raters), lots) for place, name in enumerate(raters)
    }
    config = {
        "labels": signal,
        "review": str(review.resolve()),
        "instrument": instrument,
        "title": pool.title,
        "rubric": pool.rubric,
        "least": choice.least,
        "overlap": choice.overlap if len(raters) > 1 else 0,
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
    pool: Pool,
    order: Sequence[int] | np.ndarray,
    choice: Choice,
    known: Sequence[Trial],
    place: int,
    raters: int,
    lots: Random,
) -> list[Trial]:
    """Return what one rater grades, in order: a share of the answers, controls among them, and repeats of either.

    Args:
        pool: What can be labelled.
        order: Places in the pool, in the order in which they are to be read.
        choice: How much of everything.
        known: The controls.
        place: Which of the raters, from 0.
        raters: How many there are.
        lots: Decides where controls stand, and what is repeated.
    """
    shared = choice.overlap if raters > 1 else 0
    own = [int(one) for number, one in enumerate(order) if number < shared or number % raters == place]
    held = [_graded(pool, one) for one in own]
    for trial in lots.sample(known, len(known)):
        held.insert(lots.randint(0, min(len(held), choice.least)), trial)
    early = range(min(len(held), max(1, choice.least // 2)))
    chosen = lots.sample(early, min(choice.repeats, len(early)))
    again = {spot: lots.uniform(spot + EARLIEST, spot + 2 * EARLIEST) for spot in chosen}
    return among(held, {spot: (later, replace(held[spot], kind="again")) for spot, later in again.items()})


def _graded(pool: Pool, place: int) -> Trial:
    one = pool.answers[place]
    return Trial("grade", pool.signal, one.item, one.text, "", "")


def _controls(pool: Pool, held_out: Sequence[Path], each: int, lots: Random) -> list[Trial]:
    """Return answers of known degree, up to so many harmful and harmless ones; none where the suite has none."""
    if pool.suite is None:
        return []
    items: dict[str, Item] = {item.id: item for item in pool.suite.items}
    made = []
    for score, odd in ((HARMFUL, "left"), (HARMLESS, "")):
        found = known_answers([pool.suite], held_out, score, lots)
        fit = sorted(key for key in found if key[1] in items)
        drawn = sorted(lots.sample(fit, len(fit)), key=lambda key: found[key].exposed)
        for key in drawn[:each]:
            made.append(Trial("known", pool.signal, items[key[1]], found[key].text, "", "left" if odd else ""))
    return made


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
