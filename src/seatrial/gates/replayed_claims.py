"""A gate on a replay of production's traffic: the replay's own paired change, weighted to the traffic.

It is weighed by the same estimates as in the replay, at the review's own alpha and margin, with the error of what
graded inside. Where grading ended at the first clear look, each look has its part of alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from seatrial.errors import PolicyError
from seatrial.gates.claims import Claim, Statement
from seatrial.gates.replayed import ReplayedBehavior, ReplayedTraffic
from seatrial.gates.traffic_rates import KnownChange, Rate, change_of_known, rate_of_known
from seatrial.gates.weigh import in_true_harm
from seatrial.instruments.may_gate import on_trust
from seatrial.policy import Gate, LaunchPolicy
from seatrial.stats.distributions import norm_isf, norm_ppf
from seatrial.stats.instruments import EXACT, Slope, true_bounds
from seatrial.types import ROLES, Evidence

__all__ = ["METHOD", "check_replay", "replayed_claims"]

METHOD = "replay"
"""Method of evidence that is a replay's."""
LEAST, MOST = 1e-9, 0.5
"""Error rates between which a p-value is looked for."""
BISECTIONS = 30


def check_replay(found: ReplayedTraffic, policy: LaunchPolicy, identities: tuple[str, str] | None) -> None:
    """Refuse gates that a replay cannot hold, and a replay of other models than the policy's.

    Args:
        found: The replay.
        policy: The policy.
        identities: SHA-256 of what changes the answers of the policy's models; None where it names none.

    Raises:
        PolicyError: a gate asks what a replay does not know, or the models are others.
    """
    known = {one.signal: one for one in found.behaviors}
    for gate in policy.gates:
        if gate.signal not in known:
            continue
        if gate.per is not None or gate.labels is not None:
            raise PolicyError(
                f"gate {gate.signal}: a replay says how often a behavior shows in all of the traffic; leave out `per` "
                "and `labels`"
            )
        if gate.instrument not in (None, its := known[gate.signal].instrument):
            raise PolicyError(
                f"gate {gate.signal}: {found.place} was graded by {its} and not by {gate.instrument}; replay again"
            )
        if gate.signal in policy.signals:
            raise PolicyError(
                f"signals: {gate.signal}: a rate in traffic is a share of answers, and more of it is harm; leave it out"
            )
    if identities is not None and identities != found.identities:
        which = " and ".join(
            f"the {role} ({name})"
            for role, name, mine, its in zip(ROLES, found.models, identities, found.identities, strict=True)
            if mine != its
        )
        raise PolicyError(
            f"{found.place}: was made with other models than this policy names, or other settings of them: {which}. "
            "Replay the traffic with this policy: `seatrial replay POLICY TRAFFIC`"
        )


def replayed_claims(
    gate: Gate, found: ReplayedTraffic, one: ReplayedBehavior, alpha: float, power: float
) -> list[tuple[Claim, Evidence]]:
    """Return what a gate claims of a rate in traffic, the change first, with what the replay shows of it.

    Args:
        gate: The gate.
        found: The replay.
        one: The behavior.
        alpha: Error rate of each one-sided bound, over all looks together.
        power: The policy's power, for the smallest change that could be seen.
    """
    design, slope = found.design(one), on_trust(one.standing, gate.trust or "").shows.or_exact
    before, after = (found.spread(one, values) for values in (one.baseline, one.candidate))
    level, none = alpha / one.looks, 1e-12
    unknown = int((np.isnan(one.baseline) | np.isnan(one.candidate)).sum())
    base = Evidence(
        clusters=len(np.unique(found.cluster[one.picked])),
        items=len(one.picked) - unknown,
        slope=slope.value,
        method=METHOD,
        baseline=rate_of_known(design, before).value,
        candidate=rate_of_known(design, after).value,
        missing=unknown + round(len(found.items) * one.lost / max(1 - one.lost, none)),
    )
    moved = change_of_known(design, before, after, one.lost)
    changed = _changed(base, moved, gate.margin, slope, level, one.looks, power)
    made = [(_claim(Statement("margin", gate.margin), -1.0), changed)]
    if gate.limit is not None:

        def own(at: float) -> Rate:
            """Return the candidate's rate with bounds of an error rate each; what was lost may be worth anything."""
            rate = rate_of_known(design, after, 1 - 2 * at)
            low, high = rate.low * (1 - one.lost), rate.high * (1 - one.lost) + one.lost
            return replace(rate, low=low, high=min(high, 1.0))

        limited = _limited(base, own, gate.limit, slope, level, one.looks)
        made.append((_claim(Statement("limit", gate.limit), 0.0), limited))
    return made


def _claim(statement: Statement, low: float) -> Claim:
    """Return a claim without clusters of its own, for these do not weigh alike."""
    none = np.empty(0)
    return Claim(statement, low, 1.0, none, none, none, 0, 0, none, none)


def _changed(
    base: Evidence, moved: KnownChange, margin: float, slope: Slope, level: float, looks: int, power: float
) -> Evidence:
    rate = moved.at(1 - 2 * level)
    low, high = _true(rate, slope, level)
    share = slope.at_most.value if slope.at_most.value > 0 else math.nan
    least, most = (_within(end / share) for end in moved.ends)
    reach = (rate.high - rate.low) / (2 * float(norm_isf(level)))
    return replace(
        base,
        estimate=_within(rate.value / share),
        reading=rate.value,
        low=_within(low),
        high=_within(high),
        p_value=min(1.0, looks * _p_value(lambda at: _true(moved.at(1 - 2 * at), slope, at)[0] > margin)),
        mde=in_true_harm(reach * (float(norm_isf(level)) + float(norm_ppf(power))), slope, level, 1.0),
        missing_low=least,
        missing_high=most,
    )


def _limited(
    base: Evidence, own: Callable[[float], Rate], limit: float, slope: Slope, level: float, looks: int
) -> Evidence:
    """Return what is known of the candidate's own rate; false alarms add to it, so it is bounded from above only."""
    rate, exact = own(level), slope == EXACT
    value = rate.value / slope.value if slope.value > 0 else math.nan
    return replace(
        base,
        estimate=min(value, 1.0),
        reading=rate.value,
        low=rate.low if exact else 0.0,
        high=min(_true(rate, slope, level)[1], 1.0),
        p_value=min(1.0, looks * _p_value(lambda at: own(at).low > limit)) if exact else 1.0,
        missing_low=rate.low,
        missing_high=rate.high,
    )


def _true(rate: Rate, slope: Slope, alpha: float) -> tuple[float, float]:
    low, high = true_bounds([rate.value], [rate.low], [rate.high], slope, alpha)
    return float(low[0]), float(high[0])


def _p_value(shown: Callable[[float], bool]) -> float:
    """Return the smallest error rate at which something is shown; 1 where it is at none up to a half."""
    if not shown(MOST):
        return 1.0
    if shown(LEAST):
        return LEAST
    low, high = math.log(LEAST), math.log(MOST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if shown(math.exp(middle)) else (middle, high)
    return math.exp(high)


def _within(value: float) -> float:
    return value if math.isnan(value) else min(max(value, -1.0), 1.0)
