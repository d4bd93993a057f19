"""What an instrument is, and what a signal makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from seatrial.errors import EvidenceError
from seatrial.instruments import Instrument, Signal, instruments
from seatrial.instruments.base import read_many
from seatrial.types import Harmful, Item, Message, Observation, Response

ASKED = (Message("user", "?"),)
PAIR = (
    Item("m1-for", "s", ASKED, use_case="work", cluster="m1", variant="for", contrast="m1"),
    Item("m1-against", "s", ASKED, use_case="work", cluster="m1", variant="against", contrast="m1"),
)


@dataclass(frozen=True)
class _Number:
    """Reads the number that an answer is; nothing else can be read."""

    name: str = "test/number"
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)
    about: str = "The number that the answer is."

    def read(self, item: Item, response: Response) -> float | None:
        return float(response.text) if response.text else None


@dataclass(frozen=True)
class _Many(_Number):
    """Reads all answers at once, and says so in what it reads."""

    def read_many(self, items: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
        return [float(len(responses)) + place for place, _ in enumerate(responses)]


def _signal(harmful: Harmful = "high", contrast: tuple[str, str] | None = None) -> Signal:
    bounds = (-1.0, 1.0) if contrast else (0.0, 1.0)
    return Signal("behavior/x", _Number(), harmful, bounds, contrast)


def _answers(*values: str, items: Sequence[Item] = PAIR, draw: int = 0) -> list[Response]:
    return [Response(item.id, item.suite, draw, value) for item, value in zip(items, values, strict=True)]


def test_every_instrument_keeps_the_protocol() -> None:
    """What is built in is an instrument in all parts, and what lacks one is none."""
    assert all(isinstance(one, Instrument) for one in (*instruments().values(), _Number(), _Many()))
    assert not isinstance(object(), Instrument)


def test_answers_are_read_in_their_order_one_by_one_or_at_once() -> None:
    """An instrument that reads many at once is asked for all of them; any other is asked for each."""
    answers = _answers("0.25", "")
    assert read_many(_Number(), PAIR, answers) == [0.25, None]
    assert read_many(_Many(), PAIR, answers) == [2.0, 3.0]


@pytest.mark.parametrize("contrast", [("for", "against"), ("against", "for")])
def test_a_contrast_is_its_first_side_less_its_second(contrast: tuple[str, str]) -> None:
    """With 0.9 on the first side and 0.2 on the second the observation is +0.7, however the answers are ordered."""
    first, second = PAIR if contrast[0] == "for" else PAIR[::-1]
    answers = _answers("0.9", "0.2", items=(first, second))
    for given in (answers, answers[::-1]):
        (row,) = _signal(contrast=contrast).observe("candidate", PAIR, given)
        assert row.value == pytest.approx(0.7)
        assert (row.item, row.cluster, row.use_case, row.role) == ("m1", "m1", "work", "candidate")


def test_half_a_contrast_is_not_observed() -> None:
    """A side that was not answered, or cannot be read, is no zero: the contrast is missing."""
    signal = _signal(contrast=("for", "against"))
    assert signal.observe("baseline", PAIR, _answers("0.9", "")) == []
    assert signal.observe("baseline", PAIR, _answers("0.9", "0.1")[:1]) == []


def test_an_item_is_observed_as_it_is_read() -> None:
    """Without a contrast each item is an observation of its own, with its cluster, use case, draw and source."""
    item = Item("i", "s", ASKED, use_case="health", cluster="c")
    (row,) = _signal().observe("baseline", [item], [Response("i", "s", 3, "0.4")], source="here")
    assert row == Observation("behavior/x", "baseline", "i", "c", 3, 0.4, 1.0, "health", "", "here")


def test_draws_are_kept_apart() -> None:
    """Each draw of a contrast is one observation: sides of different draws are never subtracted."""
    answers = [*_answers("0.9", "0.2"), *_answers("0.5", "0.4", draw=1), *_answers("0.8", "", draw=2)]
    rows = _signal(contrast=("for", "against")).observe("baseline", PAIR, answers)
    assert {row.draw: row.value for row in rows} == {0: pytest.approx(0.7), 1: pytest.approx(0.1)}


def test_answers_of_other_suites_and_items_are_passed_over() -> None:
    """An id that another suite uses too, or that was not asked, is no answer to this item."""
    item = Item("i", "s", ASKED)
    answers = [Response("i", "s", 0, "0.1"), Response("j", "s", 0, "0.9"), Response("i", "other", 0, "0.9")]
    assert [row.value for row in _signal().observe("baseline", [item], answers)] == [0.1]


@pytest.mark.parametrize(("harmful", "value", "harm"), [("high", 0.3, 0.3), ("low", 0.3, -0.3), ("low", -0.2, 0.2)])
def test_harm_grows_toward_the_harmful_end(harmful: Harmful, value: float, harm: float) -> None:
    """Where the low end is harm the sign is turned, of one number and of an array alike."""
    signal = _signal(harmful)
    assert signal.harm(value) == harm
    assert signal.harm(np.array([value, 0.0])).tolist() == [harm, 0.0]


@pytest.mark.parametrize(("harmful", "bounds"), [("high", (-1.0, 3.0)), ("low", (-3.0, 1.0))])
def test_the_scale_of_harm_is_turned_too(harmful: Harmful, bounds: tuple[float, float]) -> None:
    """Least and greatest harm are the ends of the scale, changed in place where the low end is harm."""
    signal = Signal("behavior/x", _Number(), harmful, (-1.0, 3.0))
    assert signal.harm_bounds == bounds
    assert sorted(map(signal.harm, signal.bounds)) == list(bounds)


def test_sides_of_a_contrast_enter_with_their_signs() -> None:
    """The first side counts as it is read and the second against it; without a contrast everything counts as read."""
    signal = _signal(contrast=("for", "against"))
    assert [signal.side(item) for item in PAIR] == [1.0, -1.0]
    assert [_signal().side(item) for item in PAIR] == [1.0, 1.0]
    assert [signal.unit(item) for item in PAIR] == ["m1", "m1"]
    assert [_signal().unit(item) for item in PAIR] == ["m1-for", "m1-against"]


def test_the_signed_sides_sum_to_the_observation() -> None:
    """What an item's reading adds, over both sides, is what the signal observes of them."""
    signal = _signal(contrast=("for", "against"))
    (row,) = signal.observe("baseline", PAIR, _answers("0.35", "0.85"))
    assert row.value == pytest.approx(sum(signal.side(item) * x for item, x in zip(PAIR, (0.35, 0.85), strict=True)))
    assert row.value == pytest.approx(-0.5)


@pytest.mark.parametrize("value", ["1.5", "-0.1", "inf", "nan"])
def test_a_reading_outside_the_bounds_is_refused(value: str) -> None:
    """No number outside an instrument's scale becomes an observation; rounding may carry it over by a hair."""
    near, far = _answers("1.000000000001", "0"), _answers("0", value)
    assert len(_signal().observe("baseline", PAIR, near)) == 2
    with pytest.raises(EvidenceError, match=r"x: item m1-against: test/number reads .*, which is outside its bounds"):
        _signal().observe("baseline", PAIR, far)
