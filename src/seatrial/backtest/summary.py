"""What another policy comes to over all past releases: incidents prevented, good launches delayed, time lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seatrial.backtest import pooling
from seatrial.backtest.past import PastRelease
from seatrial.backtest.reweigh import Reweighed
from seatrial.policy import Gate
from seatrial.stats.intervals import Estimate
from seatrial.types import BAD

__all__ = ["Delay", "GateRecord", "Judged", "Reading", "Share", "Summary", "Told", "gate_records", "summarized"]

Array = NDArray[np.float64]
Told = Literal["tells them apart", "keeps back the wrong ones", "too few to tell"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a signal showed in a review, as that review weighed it.

    Attributes:
        change: Change of harm in margins of then.
        error: Its standard error in margins, as its bounds have it; NaN where they have none.
        calls: Calls that it took.
        ratings: Ratings by people in it.
        suites: Of a family, the signals of its suites.
    """

    change: float
    error: float
    calls: int = 0
    ratings: int = 0
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A past release under another policy.

    Attributes:
        release: The release.
        then: The decision of its review; empty where the ledger does not hold it.
        now: What the policy would have decided.
        readings: Signal → what it showed in the review of then.
    """

    release: PastRelease
    then: str
    now: Reweighed
    readings: dict[str, Reading] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some releases would have been kept back.

    Attributes:
        count: Those that surely would.
        unknown: Those of which it is not known.
        total: All of them.
        share: The share in the long run, with an interval that holds for every way in which the unknown may have gone.
    """

    count: int
    unknown: int
    total: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a hold lasts.

    Attributes:
        days: Days of a hold; NaN where that is not known.
        known: Holds in the ledger that ended in a release, from which it comes; 0 where it was assumed.
        assumed: Whether the user gave it.
    """

    days: float = BAD
    known: int = 0
    assumed: bool = False

    @classmethod
    def of(cls, ended: Sequence[int], assumed: float | None) -> Delay:
        """Return what was assumed, else the median of the holds that ended."""
        if assumed is not None:
            return cls(assumed, 0, True)
        return cls(float(median(ended)), len(ended)) if ended else cls()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a policy comes to.

    Attributes:
        incidents: Releases with an incident.
        good: Clean releases.
        apart: By how much more often it keeps back what did harm than what did not.
        told: Whether these releases tell that from chance.
        harmful_days: Days for which harm that it surely prevents was out.
        all_harmful_days: Days for which any harm was out.
        delay: How long a hold lasts.
        undecided: Releases that say neither: taken back without an incident, or too young.
        not_weighed: Releases whose review could not be weighed again at all.
    """

    incidents: Share
    good: Share
    apart: Estimate
    told: Told
    harmful_days: int
    all_harmful_days: int
    delay: Delay
    undecided: int
    not_weighed: int

    @property
    def days_delayed(self) -> float:
        """Days that good launches would have been held in all; NaN where a hold's length is not known."""
        return self.good.count * self.delay.days if self.good.count else 0.0


def summarized(releases: Sequence[Judged], delay: Delay) -> Summary:
    """Return what a policy comes to over all releases.

    Args:
        releases: All past releases under it.
        delay: How long a hold lasts.
    """
    bad = [one for one in releases if one.release.fate == "incident"]
    good = [one for one in releases if one.release.fate == "clean"]
    (prevented, least, most), (delayed, seldom, often) = _kept_back(bad), _kept_back(good)
    apart = _between(pooling.difference(least, often), pooling.difference(most, seldom))
    return Summary(
        prevented,
        delayed,
        apart,
        "tells them apart" if apart.low > 0 else "keeps back the wrong ones" if apart.high < 0 else "too few to tell",
        sum(one.release.harmful_days for one in bad if one.now.kept_back),
        sum(one.release.harmful_days for one in bad),
        delay,
        len(releases) - len(bad) - len(good),
        sum(not one.now.verdicts for one in releases),
    )


def _kept_back(group: Sequence[Judged]) -> tuple[Share, Array, Array]:
    """Return how many were kept back, and the share's posterior if none of the unknown was and if all were."""
    count, total = sum(bool(one.now.kept_back) for one in group), len(group)
    unknown = sum(one.now.kept_back is None for one in group)
    least, most = (pooling.shares([(hits, total)])[0] for hits in (count, count + unknown))
    share = _between(pooling.share(least, count, total), pooling.share(most, count + unknown, total))
    return Share(count, unknown, total, share), least, most


def _between(one: Estimate, other: Estimate) -> Estimate:
    """Return an interval that holds both, and the middle between their estimates."""
    return Estimate((one.value + other.value) / 2, min(one.low, other.low), max(one.high, other.high))


@dataclass(frozen=True, slots=True)
class GateRecord:
    """How one gate of the policy did, over the releases whose outcome is known and on which it could be weighed.

    Attributes:
        signal: The gate.
        blocking: Whether the policy lets it block.
        caught: Releases with an incident on which it did not pass, and how many there are.
        delayed: The same of clean releases.
        not_weighed: Releases of known outcome on which it could not be weighed.
        catches: Share of incidents on which it does not pass, pooled over the gates.
        delays: Share of clean releases on which it does not pass, pooled over the gates.
    """

    signal: str
    blocking: bool
    caught: tuple[int, int]
    delayed: tuple[int, int]
    not_weighed: int
    catches: Estimate
    delays: Estimate


def gate_records(gates: Sequence[Gate], releases: Sequence[Judged]) -> list[GateRecord]:
    """Return how each gate did; none where no release can be judged.

    Args:
        gates: The policy's gates.
        releases: All past releases under it.
    """
    known = [one for one in releases if one.release.fate in ("incident", "clean")]
    counts: list[tuple[tuple[int, int], tuple[int, int]]] = []
    not_weighed = []
    for gate in gates:
        verdicts = [(one, next((v for v in one.now.verdicts if v.signal == gate.signal), None)) for one in known]
        seen = [
            (one.release.fate, verdict.verdict != "pass" or verdict.demoted)
            for one, verdict in verdicts
            if verdict is not None and gate.signal not in (one.now.not_weighed or {})
        ]
        caught, delayed = ([stood for fate, stood in seen if fate == wanted] for wanted in ("incident", "clean"))
        counts.append(((sum(caught), len(caught)), (sum(delayed), len(delayed))))
        not_weighed.append(len(known) - len(seen))
    catches, delays = pooling.shares([one for one, _ in counts]), pooling.shares([other for _, other in counts])
    return [
        GateRecord(
            gate.signal, gate.blocking, *both, lost, pooling.share(one, *both[0]), pooling.share(other, *both[1])
        )
        for gate, both, lost, one, other in zip(gates, counts, not_weighed, catches, delays, strict=True)
    ]
