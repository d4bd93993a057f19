"""How far each gate is asked on, under what the budget still allows."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from seatrial.review.allocation import Round, allocate

PLENTY = 1_000_000


@dataclass(frozen=True)
class Waiting:
    """A gate that wants so many places of each suite, each at a price."""

    wanted: tuple[tuple[str, int], ...]
    prices: tuple[tuple[str, int], ...]

    def next_places(self) -> dict[str, int]:
        """Where it would be looked at next."""
        return dict(self.wanted)

    def cost(self, places: dict[str, int]) -> int:
        """The calls that these take."""
        return sum(dict(self.prices)[name] * count for name, count in places.items())


def _gate(name: str = "a", wanted: int = 24, price: int = 2) -> Waiting:
    return Waiting(((name, wanted),), ((name, price),))


def test_with_calls_enough_every_gate_gets_to_its_next_look() -> None:
    """All that is wanted is given, and a round follows, even where the budget pays for just this one."""
    gates = [_gate("a"), _gate("b", 6), Waiting((("c", 5), ("d", 7)), (("c", 2), ("d", 4)))]
    wanted = ({"a": 24}, {"b": 6}, {"c": 5, "d": 7})
    for remaining in (PLENTY, 48 + 12 + 38):
        assert allocate(gates, remaining) == Round(wanted, last=False)


def test_where_the_budget_ends_all_get_the_same_part() -> None:
    """With calls for half of what is wanted, each suite is asked half as far; this is the last round."""
    gates = [_gate("a"), Waiting((("c", 10), ("d", 4)), (("c", 2), ("d", 6)))]
    assert allocate(gates, 46) == Round(({"a": 12}, {"c": 5, "d": 2}), last=True)
    assert allocate(gates, 91).last


@dataclass(frozen=True)
class Steep(Waiting):
    """A gate whose first cluster has most of the items."""

    def cost(self, places: dict[str, int]) -> int:
        """All calls for the first place."""
        return 20 * any(places.values())


def test_what_the_first_takes_is_gone_for_the_next() -> None:
    """Where clusters differ in size, a part of the places is not the same part of the calls."""
    gates = [Steep((("a", 4),), ()), Steep((("b", 4),), ()), _gate("c", 4, 2)]
    assert allocate(gates, 31) == Round(({"a": 2}, {}, {"c": 2}), last=True)


def test_no_more_is_given_than_can_be_paid_for() -> None:
    """Whole clusters are asked or none; where one suite's are dear, the widest of the gate gives way."""
    assert allocate([_gate("a", 2, 6)], 11) == Round(({"a": 1},), last=True)
    assert allocate([_gate("a", 2, 6)], 5) == Round(({},), last=True)

    class Uneven(Waiting):
        """A gate whose next places are dear: what it wants of a suite costs as much in part as in whole."""

        def cost(self, places: dict[str, int]) -> int:
            """The first place of each suite costs nearly everything."""
            return sum(10 + count for count in places.values() if count)

    gate = Uneven((("a", 10), ("b", 6)), ())
    assert allocate([gate], 26) == Round(({"a": 3, "b": 3},), last=True)


def test_a_spent_budget_gives_nothing_and_is_the_end() -> None:
    """Without a call left every gate is to take its last look; without a gate there is nothing to end."""
    assert allocate([_gate("a"), _gate("b")], 0) == Round(({}, {}), last=True)
    assert allocate([], 0) == Round((), last=False)


suites = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), min_size=1, max_size=3)


@given(st.lists(suites, max_size=6), st.integers(0, 800))
def test_no_round_costs_more_than_is_left(shapes: list[list[tuple[int, int]]], remaining: int) -> None:
    """Whatever is open, a round stays within the budget and asks no suite further than to its next look."""
    gates = [
        Waiting(
            tuple((f"{n}.{k}", wanted) for k, (wanted, _) in enumerate(shape)),
            tuple((f"{n}.{k}", price) for k, (_, price) in enumerate(shape)),
        )
        for n, shape in enumerate(shapes)
    ]
    found = allocate(gates, remaining)
    costs = [gate.cost(places) for gate, places in zip(gates, found.places, strict=True)]
    wanted = sum(gate.cost(gate.next_places()) for gate in gates)
    assert sum(costs) <= remaining
    assert found.last is (wanted > remaining)
    for gate, places in zip(gates, found.places, strict=True):
        assert all(0 <= count <= gate.next_places()[name] for name, count in places.items())
        if not found.last:
            assert places == gate.next_places()
    assert allocate(gates, remaining) == found
