"""Right or wrong: answers compared with the accepted ones."""

from __future__ import annotations

import pytest

from seatrial.instruments.match import Contains, Exact, plain
from seatrial.types import Item, Message, Response

ASKED = (Message("user", "?"),)
ITEM = Item("i", "s", ASKED, targets=("Paris", "8", "1,000 km"))


def _answer(text: str) -> Response:
    return Response("i", "s", 0, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It's PARIS, of course.", 1.0),
        ("Parisian", 0.0),
        ("there are 8.", 1.0),
        ("18", 0.0),
        ("8.5", 0.0),
        ("1,000 and 8!", 1.0),
        ("about 1000 km", 1.0),
        ("1,000", 0.0),
    ],
)
def test_contains_takes_whole_words(text: str, value: float) -> None:
    """An accepted answer counts as whole words only, whatever its case and punctuation."""
    assert Contains().read(ITEM, _answer(text)) == value


@pytest.mark.parametrize(("text", "value"), [("  Páris. ", 1.0), ("“8”", 1.0), ("It is Paris", 0.0), ("8 8", 0.0)])
def test_exact_takes_the_whole_answer(text: str, value: float) -> None:
    """Only the whole answer counts, apart from case, accents and punctuation."""
    assert Exact().read(ITEM, _answer(text)) == value


@pytest.mark.parametrize("instrument", [Contains(), Exact()])
def test_what_cannot_be_right_or_wrong_is_not_read(instrument: Contains | Exact) -> None:
    """An empty answer is no wrong one, and an item without accepted answers has no right one."""
    assert instrument.read(ITEM, _answer(" \n")) is None
    assert instrument.read(Item("j", "s", ASKED), _answer("Paris")) is None
    assert instrument.read(ITEM, _answer("Rome")) == 0.0


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("1,000 km", "1000 km"),
        ("1.000.000", "1000000"),
        ("3.14", "3.14"),
        ("1,50", "1 50"),
        ("End. Start", "end start"),
        ("Ünï-té", "uni-te"),
        ("20 %", "20 %"),
        ("−5 + 3", "−5 + 3"),
    ],
)
def test_plain_text(text: str, made: str) -> None:
    """Thousands are joined and decimals kept; accents, punctuation and doubled spaces go."""
    assert plain(text) == made
