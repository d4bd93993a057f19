"""How often the statistics of a vibe session are wrong: intervals of d′ by enumeration, the gate by simulated sessions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy.stats import binom, norm

from seatrial.evidence.vibes.closing import OFF, Closing
from seatrial.evidence.vibes.observations import observations_of
from seatrial.evidence.vibes.raters import ears_of
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Rated
from seatrial.gates.claims import claims
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, verdicts
from seatrial.gates.weigh import evidence
from seatrial.instruments.base import Signal
from seatrial.instruments.recorded import Raters
from seatrial.observations import gate_pairs, to_frame
from seatrial.policy import Gate
from seatrial.stats.detection import Detection, signal_detection
from seatrial.types import Item, Message

__all__ = ["BENCHES", "CONTROLS", "Bench", "Cover", "Rates", "covers", "gate_rates"]

ALPHA = 0.05
OFF_RATE = 0.2
"""Share of both models' answers in which something is off already."""
CONTROLS = (5, 10, 20, 40)
"""Pairs of the same model, and as many of known harm, that each rater sees."""
Heard = tuple[float, float]
"""A rater's d′ and criterion."""


@dataclass(frozen=True)
class Bench:
    """Raters of one session, as simulated."""

    name: str
    raters: tuple[Heard, ...]


BENCHES = (
    Bench("three alike, d′ 1.5", ((1.5, 0.0),) * 3),
    Bench("d′ 0, 1 and 3", ((0.0, 0.0), (1.0, 0.0), (3.0, 0.0))),
    Bench("d′ 2, one strict, one lenient", ((2.0, 0.8), (2.0, 0.0), (2.0, -0.8))),
    Bench("six, d′ 0.5 to 3", tuple((d, 0.0) for d in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0))),
)


def _rates(heard: Heard) -> tuple[float, float]:
    """Return the chance of a flag where something is off, and where nothing is."""
    d, c = heard
    return float(norm.cdf(d / 2 - c)), float(norm.cdf(-d / 2 - c))


@dataclass(frozen=True)
class Cover:
    """How often bounds of d′ hold with so many controls.

    Attributes:
        controls: Pairs of either kind.
        least: Lowest chance, over the d′ and criteria tried, that the two-sided 90 % interval holds the truth.
        mean: Mean of the same.
        deaf: Highest chance, over criteria, that a rater of d′ 0 counts.
        heard: Chance that a rater of d′ 1.5 without bias counts.
    """

    controls: int
    least: float
    mean: float
    deaf: float
    heard: float


def covers(controls: int) -> Cover:
    """Return how often the bounds of d′ hold, by summing over all counts that can come: no simulation error."""
    signals, noise = controls, 2 * controls
    bounds = np.array(
        [
            [(found.d_low, found.d_high) for alarms in range(noise + 1) for found in [_found(hits, alarms, controls)]]
            for hits in range(signals + 1)
        ]
    )

    def chance(heard: Heard, holds: np.ndarray) -> float:
        hit, alarm = _rates(heard)
        share = np.outer(binom.pmf(range(signals + 1), signals, hit), binom.pmf(range(noise + 1), noise, alarm))
        return float(share[holds].sum())

    tried = list(product((0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0), (-0.5, 0.0, 0.5, 1.0)))
    covered = [chance(one, (bounds[..., 0] <= one[0]) & (one[0] <= bounds[..., 1])) for one in tried]
    counts = bounds[..., 0] > 0
    return Cover(
        controls,
        min(covered),
        float(np.mean(covered)),
        max(chance((0.0, criterion), counts) for criterion in (-0.5, 0.0, 0.5, 1.0)),
        chance((1.5, 0.0), counts),
    )


def _found(hits: int, alarms: int, controls: int) -> Detection:
    return signal_detection(hits, controls, alarms, 2 * controls, ALPHA)


@dataclass(frozen=True)
class Rates:
    """What the gate said over simulated sessions.

    Attributes:
        bench: The raters.
        controls: Pairs of either kind.
        sessions: Sessions simulated.
        launched: At a true change equal to the margin, how many passed: each a false launch.
        broken: At that change, how many failed: no harm above the margin was there.
        null_passed: With nothing changed, how many passed.
        null_failed: With nothing changed, how many failed.
        silent: At the margin, how many had no rater that counts.
        inflated: Measured hits minus false alarms of the raters that count, less their true ones, on average.
    """

    bench: Bench
    controls: int
    sessions: int
    launched: int
    broken: int
    null_passed: int
    null_failed: int
    silent: int
    inflated: float


def gate_rates(bench: Bench, controls: int, sessions: int, pairs: int = 60, rise: float = 0.2) -> Rates:
    """Return how often the gate on `vibe/off` is wrong with raters like these.

    The candidate's answers are off in `rise` more of the items than the baseline's. What of that the raters show is a
    rater's hits minus false alarms; the margin is set to what the raters show by their true weights, so that harm is
    exactly at the margin. The weights themselves are estimated from the controls, in each session anew.

    Args:
        bench: The raters.
        controls: Pairs of the same model, and as many of known harm.
        sessions: Sessions to simulate.
        pairs: Real pairs, seen by all.
        rise: How many more of the candidate's answers are off.
    """
    youden = np.array([hit - alarm for hit, alarm in map(_rates, bench.raters)])
    margin = rise * float((youden**2).sum() / youden.sum())
    rng = np.random.default_rng([controls, len(bench.raters), len(bench.name)])
    said = {"pass": 0, "fail": 0, "inconclusive": 0, "silent": 0}
    null = dict(said)
    inflated: list[float] = []
    for _ in range(sessions):
        verdict, excess = _session(bench, controls, pairs, rise, margin, rng)
        said[verdict] += 1
        inflated += excess
        null[_session(bench, controls, pairs, 0.0, margin, rng)[0]] += 1
    mean = float(np.mean(inflated)) if inflated else math.nan
    return Rates(
        bench, controls, sessions, said["pass"], said["fail"], null["pass"], null["fail"], said["silent"], mean
    )


def _session(
    bench: Bench, controls: int, pairs: int, rise: float, margin: float, rng: np.random.Generator
) -> tuple[str, list[float]]:
    """Return the verdict on one simulated session, and by how much each rater that counts was overrated."""
    before = rng.random(pairs) < OFF_RATE
    after = np.where(before, True, rng.random(pairs) < rise / (1 - OFF_RATE))
    rated: list[Rated] = []
    for number, heard in enumerate(bench.raters):
        rated += _ratings(str(number), heard, np.stack([before, after]), controls, rng)
    ears = ears_of(rated, (), ALPHA)
    truth = {str(number): hit - alarm for number, (hit, alarm) in enumerate(map(_rates, bench.raters))}
    excess = [ear.weight - truth[ear.rater] for ear in ears if not ear.deaf]
    made = [one for one in observations_of(rated, replace(_EMPTY, ears=ears)) if one.signal == OFF]
    if not made:
        return "silent", excess
    signal = Signal(OFF, Raters((0.0, 1.0), ("simulated",)), "high", (0.0, 1.0))
    gate = Gate(signal=OFF, margin=margin)
    found = [
        WeighedClaim(claim.statement, evidence(claim, "fixed", ALPHA))
        for claim in claims(gate, signal, gate_pairs(to_frame(made), OFF), None)
    ]
    return verdicts([WeighedGate(gate, signal.instrument.name, tuple(found))], ALPHA)[0].verdict, excess


_EMPTY = Closing((), None, (), "", 0, (), 0, (math.nan, math.nan), None, (), None)


def _ratings(name: str, heard: Heard, truth: np.ndarray, controls: int, rng: np.random.Generator) -> Sequence[Rated]:
    """Return a rater's ratings: real pairs as they are, then controls."""
    hit, alarm = _rates(heard)
    pairs = truth.shape[1]
    there = np.concatenate([truth.T, np.zeros((controls, 2), bool), np.tile([False, True], (controls, 1))])
    flags = rng.random(there.shape) < np.where(there, hit, alarm)
    return [
        Rated(name, place, _trial(place, pairs, controls), {"off_left": int(left), "off_right": int(right), "note": "", "preference": 0}, 1.0)
        for place, (left, right) in enumerate(flags)
    ]  # fmt: skip


def _trial(place: int, pairs: int, controls: int) -> Trial:
    item = Item(f"i{place}", "simulated", (Message("user", "?"),))
    if place < pairs:
        return Trial("pair", "simulated", item, "", "", "right")
    return Trial(
        "same" if place < pairs + controls else "spike",
        "simulated",
        item,
        "",
        "",
        "" if place < pairs + controls else "right",
    )
