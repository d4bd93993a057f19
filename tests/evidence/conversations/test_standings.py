"""What the signals of conversations may do."""

from __future__ import annotations

import math

import pytest

from seatrial.evidence.conversations.standings import standing_of
from seatrial.instruments import Instrument, find_instrument
from seatrial.instruments.records import load_records
from seatrial.personas import Area, find_areas, load_area
from seatrial.policy import Gate

AREAS = [load_area(path) for path in find_areas().values()]
RECORDS = load_records([])


def readers(*names: str) -> list[tuple[Area, Instrument]]:
    """Return areas with what reads them."""
    return list(zip(AREAS, map(find_instrument, names), strict=False))


def gate(kind: str, trust: str | None = None) -> Gate:
    """Return a gate on a kind of reading."""
    return Gate(signal=f"conversation/{kind}", margin=0.1, trust=trust)


@pytest.mark.parametrize("kind", ["harm", "slope"])
def test_what_is_linear_stands_as_what_reads_it(kind: str) -> None:
    """A measured instrument gives its slope; the weakest of several decides."""
    strong = standing_of(gate(kind), readers("linear/refusal"), RECORDS)
    assert strong.may_gate
    assert 0.5 < strong.slope <= 1
    both = standing_of(gate(kind), readers("linear/refusal", "text/agreement"), RECORDS)
    assert not both.may_gate
    assert both.why.startswith("Read by linear/refusal, text/agreement")


@pytest.mark.parametrize("kind", ["worst-turn", "first-harm", "protective", "unprotected", "moved", "patronizing"])
def test_what_is_made_of_thresholds_only_advises(kind: str) -> None:
    """Its error is not measured, whatever reads the turns, unless the policy takes it on trust, which is said."""
    known = standing_of(gate(kind), readers("linear/refusal"), RECORDS)
    assert not known.may_gate
    assert math.isnan(known.slope)
    trusted = standing_of(gate(kind, "read by hand"), readers("linear/refusal"), RECORDS)
    assert trusted.may_gate
    assert trusted.trust == "read by hand"
