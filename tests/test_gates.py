"""From evidence to verdicts and decisions."""

from __future__ import annotations

import pytest

from seatrial.gates.claims import Statement
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, decide, verdicts
from seatrial.policy import Gate
from seatrial.types import Evidence, Verdict


def _weighed(
    name: str,
    low: float,
    high: float,
    *,
    e: float = float("nan"),
    p: float = float("nan"),
    advisory: str | None = None,
    clusters: int = 100,
    method: str = "betting",
    use_case: str = "",
    missing: int = 0,
    missing_high: float = float("nan"),
    mde: float = float("nan"),
) -> WeighedGate:
    gate = Gate(signal=f"behavior/{name}", margin=0.05, advisory=advisory)
    found = Evidence(
        estimate=(low + high) / 2,
        low=low,
        high=high,
        e_value=e,
        p_value=p,
        clusters=clusters,
        method=method,
        missing=missing,
        missing_high=missing_high,
        mde=mde,
    )
    return WeighedGate(gate, "probe/affirm", (WeighedClaim(Statement("margin", 0.05, use_case), found),))


def _verdicts(*gates: WeighedGate) -> list[Verdict]:
    return [verdict.verdict for verdict in verdicts(gates, 0.05)]


def test_the_three_verdicts() -> None:
    """Harm ruled out passes, harm shown fails, anything else is inconclusive."""
    gates = (_weighed("a", -0.02, 0.03, e=0.1), _weighed("b", 0.08, 0.2, e=1e4), _weighed("c", 0.0, 0.1, e=1))
    assert _verdicts(*gates) == ["pass", "fail", "inconclusive"]


def test_a_pass_needs_no_correction_and_a_fail_does() -> None:
    """One e-value of 25 shows harm alone and not among three gates; passes do not depend on their number."""
    alone = _weighed("a", 0.06, 0.2, e=25)
    calm = [_weighed(name, -0.03, 0.02, e=0.1) for name in ("b", "c")]
    assert _verdicts(alone) == ["fail"]
    assert _verdicts(alone, *calm) == ["inconclusive", "pass", "pass"]


def test_recorded_evidence_is_corrected_by_holm() -> None:
    """p-values of fixed evidence count against alpha over the number of claims."""
    gate = _weighed("a", 0.06, 0.2, p=0.03, method="clustered-t")
    calm = _weighed("b", -0.03, 0.02, p=1.0, method="clustered-t")
    assert _verdicts(gate) == ["fail"]
    assert _verdicts(gate, calm) == ["inconclusive", "pass"]


def test_advisory_gates_are_a_family_of_their_own() -> None:
    """An advisory gate neither blocks nor makes the blocking gates' correction heavier."""
    alone = _weighed("a", 0.06, 0.2, e=25)
    style = _weighed("b", 0.06, 0.2, e=25, advisory="style, not ours to block")
    judged = verdicts((alone, style), 0.05)
    assert [verdict.verdict for verdict in judged] == ["fail", "fail"]
    assert decide(judged[1:]).outcome == "hold"


def test_nothing_measured_is_inconclusive() -> None:
    """A gate without a measured cluster is never a pass."""
    assert _verdicts(_weighed("a", float("nan"), float("nan"), clusters=0, method="none")) == ["inconclusive"]


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ([_weighed("a", -0.1, 0.0, e=0)], "launch"),
        ([_weighed("a", -0.1, 0.0, e=0), _weighed("b", -0.1, 0.1, e=1)], "hold"),
        ([_weighed("a", 0.2, 0.3, e=1e6), _weighed("b", -0.1, 0.1, e=1)], "block"),
        ([_weighed("a", 0.2, 0.3, e=1e6, advisory="style, not ours")], "hold"),
    ],
)
def test_the_decision(found: list[WeighedGate], outcome: str) -> None:
    """Block if a blocking gate fails, else hold if one is undecided or none may block, else launch."""
    assert decide(verdicts(found, 0.05)).outcome == outcome


def test_one_broken_claim_fails_the_gate() -> None:
    """A gate with several claims fails by any of them and names it."""
    whole = _weighed("a", -0.02, 0.03, e=0.1)
    cell = _weighed("a", 0.1, 0.3, e=1e5, use_case="health")
    (verdict,) = verdicts((WeighedGate(whole.gate, "probe/affirm", (*whole.claims, *cell.claims)),), 0.05)
    assert verdict.verdict == "fail"
    assert "use case: health" in verdict.reason


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (_weighed("a", 0.0, 0.2, e=1, missing=9, missing_high=0.5), "9 items lack an answer"),
        (_weighed("a", 0.06, 0.2, e=5), "not after correction"),
        (_weighed("a", -0.1, 0.1, e=1, mde=0.3), "blind at its margin"),
        (_weighed("a", -0.1, 0.1, e=1, mde=float("inf")), "seen no change at all: this gate was blind"),
        (_weighed("a", -0.1, 0.1, e=1, mde=0.03), "The estimate lies within it"),
        (_weighed("a", 0.04, 0.1, e=1, mde=0.03), "The estimate lies above it"),
    ],
)
def test_an_open_gate_says_why(gate: WeighedGate, words: str) -> None:
    """The reason of an undecided gate names what kept it from being decided."""
    assert words in verdicts((gate,), 0.05)[0].reason
