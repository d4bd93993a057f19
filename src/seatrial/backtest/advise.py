"""A new gate advises until its backtest has a track record: the rule, and the policy that keeps it.

The rule needs no field of its own in a policy: a gate advises by `advisory`, whose reason says what is lacking, and
a later backtest that finds a record takes it away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.backtest.run import Backtest
from seatrial.backtest.summary import GateRecord
from seatrial.errors import StoreError
from seatrial.formats.bounded import read_text
from seatrial.formats.whole_files import write_whole
from seatrial.policy import Gate, LaunchPolicy, parse_policy

__all__ = ["LEAST_WEIGHED", "MARK", "MOST_DELAYED", "Advised", "advised", "lacking", "told", "write_advised"]

LEAST_WEIGHED = 10
"""Releases of known outcome on which a gate was weighed, at least, for a track record."""
MOST_DELAYED = 1 / 3
"""Upper end of the interval of how many good launches it would delay, at most, for a track record."""
MARK = "no track record yet: "
"""Begins the reason of a gate that advises by this rule."""
ON_TRUST = "; counts on trust once it has one: "
"""Stands before the reason for which the gate was to count on trust."""


@dataclass(frozen=True, slots=True)
class Advised:
    """A policy under the rule.

    Attributes:
        policy: The policy.
        advises: Gates that only advise now, for want of a record.
        blocks: Gates that advised for want of one, have it now, and block.
    """

    policy: LaunchPolicy
    advises: tuple[str, ...]
    blocks: tuple[str, ...]


def lacking(record: GateRecord) -> str:
    """Return what a gate lacks of a track record, in words; empty where it has one."""
    weighed = record.caught[1] + record.delayed[1]
    if weighed < LEAST_WEIGHED:
        return f"weighed on {weighed} of the {LEAST_WEIGHED} releases of known outcome that it takes"
    if record.delays.high > MOST_DELAYED:
        return f"might delay up to {100 * record.delays.high:.0f} % of good launches"
    return ""


def advised(policy: LaunchPolicy, found: Backtest) -> Advised:
    """Return a policy whose new gates advise until they have a track record.

    A gate is new where it could not block the latest release.

    Args:
        policy: The policy that was looked back with.
        found: The backtest.
    """
    lacks = {one.signal: lacking(one) for one in found.gates}
    advises, blocks, gates = [], [], []
    for gate in policy.gates:
        by_rule, why = (gate.advisory or "").startswith(MARK), lacks[gate.signal]
        if why and (by_rule or (gate.blocking and gate.signal not in found.blocked)):
            advises.append(gate.signal)
            gates.append(_advising(gate, why))
        elif by_rule:
            blocks.append(gate.signal)
            gates.append(gate.model_copy(update={"advisory": None, "trust": _trust(gate)}))
        else:
            gates.append(gate)
    return Advised(policy.model_copy(update={"gates": gates}), tuple(advises), tuple(blocks))


def _advising(gate: Gate, why: str) -> Gate:
    trust = _trust(gate)
    return gate.model_copy(update={"advisory": f"{MARK}{why}{ON_TRUST + trust if trust else ''}", "trust": None})


def _trust(gate: Gate) -> str | None:
    """Return why a gate counts on trust, or is to once it has a record; None where it does not."""
    return gate.trust or (gate.advisory or "").partition(ON_TRUST)[2] or None


def write_advised(path: Path, found: Backtest, target: Path) -> Advised:
    """Write the policy under the rule and return it; paths in it stay as the file has them.

    Args:
        path: The policy's file.
        found: The backtest of that policy.
        target: Where to write.

    Raises:
        PolicyError: the file does not hold a valid policy any more.
        StoreError: it cannot be written.
    """
    made = advised(parse_policy(read_text(path), str(path)), found)
    write_whole(target, made.policy.to_yaml(), StoreError)
    return made


def told(made: Advised, target: Path) -> Sequence[str]:
    """Return what the rule changed, in sentences."""
    said = [f"{signal} only advises: {_reason(made.policy, signal)}." for signal in made.advises]
    said += [f"{signal} has a track record now, and blocks." for signal in made.blocks]
    return [*(said or ["No gate is new and without a track record."]), f"Wrote {target}."]


def _reason(policy: LaunchPolicy, signal: str) -> str:
    return next(gate.advisory or "" for gate in policy.gates if gate.signal == signal)
