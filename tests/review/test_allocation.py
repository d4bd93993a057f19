"""Who is asked next, how many clusters and how often, under what the budget still allows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from seatrial.gates.schedule import FIRST_ROUND, round_size
from seatrial.review.allocation import MOST_DRAWS, OpenGate, Share, allocate

PLENTY = 1_000_000


def _gate(name: str = "a", clusters: int = 100, **known: object) -> OpenGate:
    return replace(OpenGate(name, (1,) * clusters), **known)  # type: ignore[arg-type]


def test_with_calls_enough_everyone_gets_a_whole_round() -> None:
    """A first round is the first round's size; a later one grows with what was asked, and never past the end."""
    gates = [_gate("new"), _gate("old", asked=48), _gate("last", 3, asked=96)]
    assert allocate(gates, PLENTY) == [Share("new", FIRST_ROUND, 1), Share("old", 12, 1), Share("last", 3, 1)]


def test_short_calls_shrink_all_rounds_alike() -> None:
    """With calls for half of what is wanted, each first round is half as large."""
    shares = allocate([_gate("a"), _gate("b")], 2 * FIRST_ROUND)
    assert shares == [Share("a", FIRST_ROUND // 2, 1), Share("b", FIRST_ROUND // 2, 1)]


def test_whole_clusters_are_paid_for_or_none() -> None:
    """A cluster of three items costs six calls: five buy nothing, six buy one, and what is left goes on to the next."""
    dear = replace(_gate("dear"), items=(3, 3, 3))
    assert allocate([dear], 5) == [Share("dear", 0, 1)]
    assert allocate([dear], 6) == [Share("dear", 1, 1)]
    assert allocate([dear, _gate("cheap", 1)], 5) == [Share("dear", 0, 1), Share("cheap", 1, 1)]


def test_when_calls_are_short_the_likeliest_to_be_decided_go_first() -> None:
    """Of gates that all were looked at, the half with the best chance a call is asked; the others wait."""
    gates = [
        _gate("hopeless", asked=48, chance=0.01),
        _gate("sure", asked=48, chance=0.9),
        _gate("dear", 400, asked=48, chance=0.95),
        _gate("likely", asked=48, chance=0.5),
    ]
    assert [share.signal for share in allocate(gates, 300)] == ["sure", "likely"]
    assert [share.signal for share in allocate(gates[:3], 300)] == ["sure", "dear"]


def test_all_are_asked_where_the_budget_pays_for_all_of_them() -> None:
    """The rule that lets some wait needs a budget that is short by at least a call."""
    gates = [_gate("a", 10, asked=48, chance=0.9), _gate("b", 10, asked=48, chance=0.1)]
    assert [share.signal for share in allocate(gates, 40)] == ["a", "b"]
    assert [share.signal for share in allocate(gates, 39)] == ["a"]


def test_nobody_waits_before_everybody_was_looked_at() -> None:
    """A chance that was never computed ranks nobody: a gate that was not asked yet is asked beside the others."""
    gates = [_gate("old", asked=48, chance=0.9), _gate("new", chance=1.0)]
    assert {share.signal for share in allocate(gates, 60)} == {"old", "new"}


def test_a_gate_of_which_nothing_is_said_counts_as_sure() -> None:
    """Without a chance it stands where a chance of 1 would put it, behind one that is likelier by the call."""
    unsaid, said = _gate("unsaid", 200, asked=48), _gate("said", asked=48, chance=0.9)
    assert [share.signal for share in allocate([unsaid, said], 100)] == ["said"]
    assert [share.signal for share in allocate([unsaid, replace(said, chance=0.4)], 100)] == ["unsaid"]


def test_a_gate_alone_is_asked_whatever_its_chance() -> None:
    """There is nobody whom its waiting would serve."""
    assert allocate([_gate(asked=48, chance=0.0)], 10) == [Share("a", 5, 1)]


def test_draws_follow_the_spread_of_answers() -> None:
    """Where answers to one item differ more than items do, items are asked again, as calls allow; else once."""
    within, between = (4.0, 0.01), (0.01, 4.0)
    (often,) = allocate([_gate(asked=24, draws=2, variances=within)], PLENTY)
    (once,) = allocate([_gate(asked=24, draws=2, variances=between)], PLENTY)
    assert often.draws == MOST_DRAWS
    assert once.draws == 1
    (poor,) = allocate([_gate(asked=24, draws=2, variances=within)], 2 * 2 * 100)
    assert poor.draws == 2


def test_draws_are_left_alone_where_nothing_was_learnt() -> None:
    """Without known variances a gate goes on as it began."""
    assert allocate([_gate(draws=3)], PLENTY)[0].draws == 3


def test_calls_count_both_models_and_every_draw() -> None:
    """Two clusters of one and of three items, asked twice of two models, are sixteen calls."""
    gate = replace(_gate(draws=2), items=(1, 3, 7))
    assert gate.calls(2) == 16
    assert gate.most == 44


@given(
    st.lists(
        st.builds(
            OpenGate,
            st.uuids().map(str),
            st.lists(st.integers(1, 4), min_size=1, max_size=40).map(tuple),
            st.integers(0, 200),
            st.integers(1, 3),
            st.floats(0.0, 1.0),
        ),
        max_size=6,
    ),
    st.integers(0, 500),
)
def test_no_round_costs_more_than_is_left(gates: list[OpenGate], remaining: int) -> None:
    """Whatever is open, a round stays within the budget, asks no gate too much, and buys nothing only if it must."""
    shares = allocate(gates, remaining)
    by_name = {gate.signal: gate for gate in gates}
    spent = sum(by_name[share.signal].calls(share.clusters) for share in shares)
    assert spent <= remaining
    for share in shares:
        gate = by_name[share.signal]
        assert 0 <= share.clusters <= round_size(gate.asked, len(gate.items))
    if shares and not any(share.clusters for share in shares):
        assert all(by_name[share.signal].calls(1) > remaining for share in shares)


@given(st.integers(0, 2_000), st.integers(1, 500))
def test_the_same_question_has_the_same_answer(asked: int, remaining: int) -> None:
    """Allocation is a pure function: asked twice it says the same, and it changes nothing that it was given."""
    gates = [_gate("a", 30, asked=asked, chance=0.3), _gate("b", 50, asked=asked, chance=0.7)]
    before = list(gates)
    assert allocate(gates, remaining) == allocate(gates, remaining)
    assert gates == before
