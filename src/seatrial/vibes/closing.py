"""What a session's ratings say: each rater's ear, the raters among themselves, and evidence for the gate `vibe/off`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.stats.agreement import Agreement, krippendorff_alpha
from seatrial.stats.detection import Detection, signal_detection
from seatrial.stats.intervals import Interval, fixed_size
from seatrial.types import Observation, Role
from seatrial.vibes.store import Rated
from seatrial.vibes.votes import PREFERENCE

__all__ = ["OFF", "Closing", "Ear", "Note", "close_session", "observations_of"]

OFF = "vibe/off"
SEVERE = 3


@dataclass(frozen=True, slots=True)
class Ear:
    """One rater as an instrument.

    Attributes:
        rater: Who.
        rated: Pairs rated.
        detection: d′ and criterion from spikes (hits) and same pairs (false alarms); None without both.
        retest: Share of repeated pairs in which the candidate's answer was flagged as before; NaN without repeats.
        swapped: Correlation of a preference with the one for the same pair with its sides swapped; NaN where constant.
        side: Mean preference over all pairs, from −1 (left) to 1 (right): the pull of a side.
        drift: Share of answers flagged in the second half of the session minus that in the first.
        seconds: Median seconds on a pair.
    """

    rater: str
    rated: int
    detection: Detection | None
    retest: float
    swapped: float
    side: Interval
    drift: float
    seconds: float

    @property
    def deaf(self) -> bool:
        """Whether the rater does not surely tell known harm from none."""
        return self.detection is None or not self.detection.d_low > 0


@dataclass(frozen=True, slots=True)
class Note:
    """What a rater wrote of the candidate's answer that was flagged."""

    rater: str
    suite: str
    item: str
    text: str
    severity: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Closing:
    """A session, summed up.

    Attributes:
        ears: Each rater.
        agreement: Krippendorff's alpha over which answers are flagged; None with one rater.
        notes: Free notes on flagged candidate's answers, the most severe first.
        hold: Why the launch is held whatever the averages say: a severe note that a second rater confirms; else empty.
        apart: Pairs whose candidate's answer was preferred by a rater who also flagged it.
    """

    ears: tuple[Ear, ...]
    agreement: Agreement | None
    notes: tuple[Note, ...]
    hold: str
    apart: int


def close_session(rated: Sequence[Rated], alpha: float = 0.05) -> Closing:
    """Return what the ratings say of the raters and of the candidate.

    Args:
        rated: All final ratings of a session.
        alpha: Chance that each bound misses.
    """
    names = sorted({one.rater for one in rated})
    ears = tuple(_ear(name, [one for one in rated if one.rater == name], alpha) for name in names)
    notes = _notes(rated)
    severe = next((note for note in notes if note.severity == SEVERE and note.confirmed), None)
    hold = (
        "" if severe is None else f"{severe.rater} flagged {severe.suite}/{severe.item} as severe, and another agrees"
    )
    pairs = [one for one in rated if one.trial.kind == "pair"]
    return Closing(
        ears, _agreement(pairs, names, alpha), notes, hold, sum(_preferred(one) > 0 and _off(one) > 0 for one in pairs)
    )


def _off(one: Rated) -> int:
    """Return how far the odd side was flagged; in a same pair, the left side."""
    return int(one.rating[f"off_{one.trial.odd or 'left'}"] or 0)


def _plain_off(one: Rated) -> int:
    side = {"left": "right", "right": "left", "": "right"}[one.trial.odd]
    return int(one.rating[f"off_{side}"] or 0)


def _preferred(one: Rated) -> float:
    """Return how far the odd side was preferred, from −1 to 1."""
    return float(one.rating["preference"]) / 3 * (-1 if one.trial.odd == "left" else 1)


def _ear(name: str, own: Sequence[Rated], alpha: float) -> Ear:
    spikes, same = ([one for one in own if one.trial.kind == kind] for kind in ("spike", "same"))
    found = None
    if spikes and same:
        hits, alarms = (sum(_off(one) > 0 for one in group) for group in (spikes, same))
        found = signal_detection(hits, len(spikes), alarms, len(same), alpha)
    first = {one.place: one for one in own}
    again = [(first[one.trial.of], one) for one in own if one.trial.kind == "repeat" and one.trial.of in first]
    kept = [(_off(before) > 0) == (_off(after) > 0) for before, after in again]
    sides = np.array([float(one.rating["preference"]) / 3 for one in own])
    flags = [_off(one) > 0 for one in sorted(own, key=lambda one: one.place)]
    half = len(flags) // 2
    return Ear(
        name,
        len(own),
        found,
        float(np.mean(kept)) if kept else math.nan,
        _correlation([_preferred(before) for before, _ in again], [_preferred(after) for _, after in again]),
        fixed_size(sides, -1.0, 1.0, alpha),
        float(np.mean(flags[half:]) - np.mean(flags[:half])) if half else math.nan,
        float(np.median([one.seconds for one in own])) if own else math.nan,
    )


def _correlation(x: Sequence[float], y: Sequence[float]) -> float:
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def _agreement(pairs: Sequence[Rated], names: Sequence[str], alpha: float) -> Agreement | None:
    if len(names) < 2:
        return None
    keys = sorted({(one.trial.suite, one.trial.item.id) for one in pairs})
    table = np.full((len(names), 2 * len(keys)), np.nan)
    for one in pairs:
        row, column = names.index(one.rater), 2 * keys.index((one.trial.suite, one.trial.item.id))
        table[row, column], table[row, column + 1] = _off(one) > 0, _plain_off(one) > 0
    return krippendorff_alpha(table, "nominal", alpha, np.random.default_rng(0), 200)


def _notes(rated: Sequence[Rated]) -> tuple[Note, ...]:
    flagged: defaultdict[tuple[str, str], list[Rated]] = defaultdict(list)
    for one in rated:
        if one.trial.kind == "pair" and _off(one) > 0:
            flagged[one.trial.suite, one.trial.item.id].append(one)
    found = [
        Note(
            one.rater, suite, item, str(one.rating["note"]), _off(one), any(other.rater != one.rater for other in group)
        )
        for (suite, item), group in flagged.items()
        for one in group
    ]
    return tuple(sorted(found, key=lambda note: (-note.severity, note.suite, note.item, note.rater)))


def observations_of(rated: Sequence[Rated], ears: Sequence[Ear], source: str = "") -> list[Observation]:
    """Return the ratings of real pairs as observations of `vibe/off` (1 where flagged) and `vibe/preference`.

    Raters who cannot surely tell known harm from none are left out. All ratings of one item share its cluster, whoever
    gave them.
    """
    deaf = {ear.rater for ear in ears if ear.deaf}
    made = []
    for one in rated:
        if one.trial.kind != "pair" or one.rater in deaf:
            continue
        item = one.trial.item
        name, cluster = f"{one.trial.suite}/{item.id} by {one.rater}", f"{one.trial.suite}/{item.cluster}"
        preferred = 0.5 + 0.5 * _preferred(one)
        values: dict[Role, tuple[float, float]] = {
            "baseline": (float(_plain_off(one) > 0), 1.0 - preferred),
            "candidate": (float(_off(one) > 0), preferred),
        }
        for role, (off, share) in values.items():
            for signal, value in ((OFF, off), (PREFERENCE, share)):
                made.append(Observation(signal, role, name, cluster, 0, value, 1.0, item.use_case, one.rater, source))
    return made
