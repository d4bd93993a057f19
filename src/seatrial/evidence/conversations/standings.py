"""What each signal of conversations may do: that of what reads the turns, as far as it is made of their readings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from seatrial.evidence.conversations.signals import KINDS, kind_of
from seatrial.instruments import Instrument
from seatrial.instruments.may_gate import Standing, on_trust, standing
from seatrial.instruments.records import Records
from seatrial.personas import Area
from seatrial.policy import Gate

__all__ = ["standing_of"]


def standing_of(
    gate: Gate, readers: Sequence[tuple[Area, Instrument]], records: Records, models: tuple[str, str] = ("", "")
) -> Standing:
    """Return what a gate on conversations may do.

    A mean and a slope of readings show the share of a true change that the readings show, so the record of what reads
    the turns holds for them: the weakest of the areas'. The others are made of thresholds and lists of phrases whose
    error is not measured, and may only advise unless the policy takes them on trust.

    Args:
        gate: The gate.
        readers: Each area with what reads harm in its answers for this gate: an instrument, or a judge.
        records: What is known of instruments.
        models: Names of the baseline and the candidate, as records may know them.
    """
    kind = kind_of(gate.signal)
    if kind is None or not KINDS[kind].linear:
        why = f"Error not measured: it is {KINDS[kind].about if kind else 'unknown'}; so it may only advise."
        return on_trust(Standing(False, why, math.nan, math.nan, False), gate.trust or "")
    pair = ((models[0], "baseline"), (models[1], "candidate"))
    known = [standing(instrument, area.suite, records, pair) for area, instrument in readers]
    weakest = min(known, key=lambda one: (one.may_gate, -1.0 if math.isnan(one.slope) else one.slope))
    if len({instrument.name for _, instrument in readers}) > 1:
        named = ", ".join(dict.fromkeys(instrument.name for _, instrument in readers))
        weakest = replace(weakest, why=f"Read by {named}; of the weakest: {weakest.why}")
    return on_trust(weakest, gate.trust or "")
