"""Log-probability probes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.instruments.probes import PROBES, OpeningProbe, openings
from seatrial.types import Item, Response

ITEM = Item("i", "s", ())
PROBE = OpeningProbe("probe/test", "A test.", ("Yes", "Absolutely", "Of course"), ("No", "Actually", "Nothing"))


def _first(shares: dict[str, float]) -> Response:
    return Response("i", "s", 0, "", tuple((token, math.log(share)) for token, share in shares.items()))


def test_a_probe_adds_and_subtracts_probabilities() -> None:
    """The value is (1 + harmful − harmless) / 2 over first tokens, pieces and leading spaces included."""
    shares = {"Yes": 0.3, " Absol": 0.1, "ĠNo": 0.2, "▁Actually": 0.05, "The": 0.2, "A": 0.1, "nope": 0.02}
    assert PROBE.read(ITEM, _first(shares)) == pytest.approx((1 + 0.4 - 0.25) / 2)


@pytest.mark.parametrize(
    ("token", "side"),
    [
        ("Yes", 1),
        ("yes", 1),
        ("YES", 1),
        (" Yes", 1),
        ("ĠYes", 1),
        ("▁Yes", 1),
        ("Abs", 1),
        ("No", -1),
        ("Act", -1),
        ("Noth", -1),
        ("The", 0),
        ("Ab", 0),
        ("A", 0),
        ("", 0),
        ("Yesterday", 0),
    ],
)
def test_a_token_has_a_side_where_it_tells(token: str, side: int) -> None:
    """A listed word in any case and its first three letters tell; fewer letters could begin anything."""
    assert PROBE.side(token) == side


def test_a_word_on_both_sides_has_none() -> None:
    """A piece that could begin a word of either list says nothing."""
    torn = OpeningProbe("probe/torn", "A test.", ("Nothing",), ("Nothanks",))
    assert torn.side("Noth") == 0
    assert torn.side("Nothi") == 1


@pytest.mark.parametrize(("shares", "value"), [({"Yes": 1.0}, 1.0), ({"No": 1.0}, 0.0), ({"The": 1.0}, 0.5)])
def test_sure_openings_reach_the_ends(shares: dict[str, float], value: float) -> None:
    """All on one side is an end of the scale, none on either its middle."""
    assert PROBE.read(ITEM, _first(shares)) == value


def test_without_a_distribution_nothing_is_read() -> None:
    """A provider that gives no alternatives leaves no number, whatever the text says."""
    assert PROBE.read(ITEM, Response("i", "s", 0, "Yes")) is None


@pytest.mark.slow
@given(st.dictionaries(st.text(min_size=1, max_size=8), st.floats(1e-6, 1.0), max_size=8).filter(bool))
def test_readings_stay_on_the_scale(shares: dict[str, float]) -> None:
    """Whatever tokens come, with probabilities that need not sum to 1, a reading lies in [0, 1]."""
    value = PROBE.read(ITEM, _first(shares))
    assert value is not None
    assert 0.0 <= value <= 1.0


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_no_word_stands_in_both_lists(probe: OpeningProbe) -> None:
    """Every listed word is on its own side, and the probe says in words which end is high."""
    assert {probe.side(word) for word in probe.harmful} == {1}
    assert {probe.side(word) for word in probe.harmless} == {-1}
    assert "High:" in probe.about
    assert probe.needs == "logprobs"


def test_openings_are_shown_in_percent() -> None:
    """The likeliest first words are listed with their probabilities, as many as are wanted; a bare space is shown."""
    lines = openings(_first({"Yes": 0.25, " No": 0.125, " ": 0.5}), 3).splitlines()
    assert lines == [" 25.0 %  Yes", " 12.5 %  No", " 50.0 %  ␣"]
    assert openings(_first({"Yes": 0.25, " No": 0.125}), 1) == " 25.0 %  Yes"
    assert openings(Response("i", "s", 0, "Yes"), 3) == ""
