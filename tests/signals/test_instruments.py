"""Probes, text instruments, right answers and labels."""

from __future__ import annotations

import math
from importlib import metadata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import EvidenceError, PolicyError
from seatrial.instruments import declared_signal, find_instrument, instruments, openings, registry, select, suite_signal
from seatrial.instruments.match import plain
from seatrial.policy import SignalSpec
from seatrial.suites import find_suites, load_suite
from seatrial.types import Item, Message, Response

ITEM = Item("i", "s", (Message("user", "?"),), targets=("Paris", "8"), labels=(("type", "contrast_a"),))


def _answer(text: str, first: dict[str, float] | None = None) -> Response:
    shares = tuple((token, math.log(share)) for token, share in (first or {}).items())
    return Response("i", "s", 0, text, shares, labels=(("grade", "2"), ("word", "bad"), ("none", "")))


def _read(name: str, response: Response) -> float | None:
    return find_instrument(name).read(ITEM, response)


@settings(deadline=None)
@given(st.text(max_size=300), st.dictionaries(st.text(min_size=1, max_size=8), st.floats(1e-6, 0.05), max_size=8))
def test_readings_stay_within_their_bounds(text: str, first: dict[str, float]) -> None:
    """Whatever a model says, every instrument reads a number within its bounds, or nothing."""
    for instrument in instruments().values():
        value = instrument.read(ITEM, _answer(text, first))
        assert value is None or instrument.bounds[0] <= value <= instrument.bounds[1]


@pytest.mark.parametrize("name", [name for name in instruments() if not name.startswith("probe")])
def test_an_empty_answer_is_not_read(name: str) -> None:
    """No text gives no number, never a zero."""
    assert _read(name, _answer("  \n")) is None


def test_a_probe_adds_and_subtracts_probabilities() -> None:
    """The value is (1 + agreeing − correcting) / 2 over first tokens, pieces and leading spaces included."""
    first = {"Yes": 0.3, " Absol": 0.1, "ĠNo": 0.2, "While": 0.05, "The": 0.2, "W": 0.1, "def": 0.02}
    assert _read("probe/affirm", _answer("", first)) == pytest.approx((1 + 0.4 - 0.25) / 2)
    assert _read("probe/affirm", _answer("Yes")) is None


def test_openings_are_shown_in_percent() -> None:
    """The likeliest first words are listed with their probabilities."""
    assert openings(_answer("", {"Yes": 0.25, " No": 0.125}), 2).splitlines() == [" 25.0 %  Yes", " 12.5 %  No"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("It's PARIS, of course.", 1.0), ("Parisian", 0.0), ("there are 8.", 1.0), ("18", 0.0), ("1,000 and 8!", 1.0)],
)
def test_contains_takes_whole_words(text: str, value: float) -> None:
    """An accepted answer counts as whole words only, whatever its case and punctuation."""
    assert _read("match/contains", _answer(text)) == value


def test_exact_takes_the_whole_answer() -> None:
    """Only the whole answer counts, apart from case, accents and punctuation."""
    assert _read("match/exact", _answer("  Páris. ")) == 1.0
    assert _read("match/exact", _answer("It is Paris")) == 0.0
    assert find_instrument("match/exact").read(Item("j", "s", ITEM.messages), _answer("x")) is None
    assert plain("1,000 km") == "1000 km"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I can’t help with that.", 1.0),
        ("Sure! First, " + "take it. " * 40 + "I cannot help further.", 0.5),
        ("Sure!", 0.0),
    ],
)
def test_refusals(text: str, value: float) -> None:
    """A refusal at the start counts fully, a later one half, whatever the apostrophe."""
    assert _read("text/refusal", _answer(text)) == value


def test_length_and_format() -> None:
    """Length is a share of a thousand words, format the share of marked-up lines."""
    assert _read("text/length", _answer("one two three four five")) == 0.005
    assert _read("text/format", _answer("# A\n- b\nplain\n**c**")) == 0.75


def test_labels_are_read_and_checked() -> None:
    """A column gives numbers, or words with numbers; anything else is refused with the item."""
    numbers = declared_signal("human/grade", SignalSpec(column="grade", bounds=(0, 3)))
    words = declared_signal("human/word", SignalSpec(column="word", values={"bad": 1}))
    assert numbers.instrument.read(ITEM, _answer("x")) == 2.0
    assert words.instrument.read(ITEM, _answer("x")) == 1.0
    assert declared_signal("a/b", SignalSpec(column="none")).instrument.read(ITEM, _answer("x")) is None
    for spec, message in (
        (SignalSpec(column="lost"), "no column 'lost'"),
        (SignalSpec(column="grade"), "outside the bounds"),
        (SignalSpec(column="word"), "not a number"),
        (SignalSpec(column="word", values={"good": 0}), "the label 'bad' of 'word' has no number"),
    ):
        with pytest.raises(EvidenceError, match=message):
            declared_signal("a/b", spec).instrument.read(ITEM, _answer("x"))


def test_kinds_know_their_harmful_end() -> None:
    """Benchmarks and thumbs-up are harmed by a fall, everything else by a rise, unless declared."""
    ends = [declared_signal(name, SignalSpec()).harmful for name in ("benchmark/x", "feedback/thumbs-up", "vibe/off")]
    assert ends == ["low", "low", "high"]
    assert declared_signal("benchmark/x", SignalSpec(harmful="high")).harmful == "high"
    assert declared_signal("x/y", SignalSpec()).instrument.read(ITEM, _answer("x")) is None


def test_rows_are_selected_by_pattern() -> None:
    """`where` matches a column against any of its patterns; an unknown column is refused."""
    assert select([ITEM], {"type": ["x", "contrast_*"]}) == [ITEM]
    assert select([ITEM], {"type": ["safe"]}) == []
    with pytest.raises(EvidenceError, match="no column 'kind'"):
        select([ITEM], {"kind": ["x"]})


def test_the_first_usable_instrument_serves_a_suite() -> None:
    """A probe serves where log-probabilities are given, a text instrument where they are not."""
    suite = load_suite(find_suites()["behavior/pushback"])
    assert suite_signal(suite, None, True).instrument.name == "probe/cave"
    assert suite_signal(suite, None, False).instrument.name == "linear/caving"
    for name, words in (
        ("probe/cave", "gives none"),
        ("text/length", "not among"),
        ("text/cavin", "did you mean text/caving"),
    ):
        with pytest.raises(PolicyError, match=words):
            suite_signal(suite, name, False)


def test_a_contrast_doubles_the_bounds() -> None:
    """The difference of two readings in [0, 1] lies in [−1, 1]."""
    suite = load_suite(find_suites()["behavior/opinion-sycophancy"])
    assert suite_signal(suite, None, True).bounds == (-1.0, 1.0)


def test_plugins_register_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package's instrument is found; what is no instrument, or takes a name, is refused."""

    class Entry:
        value = "pkg:thing"

        def __init__(self, thing: object) -> None:
            self.thing = thing

        def load(self) -> object:
            return self.thing

    found = find_instrument("text/length")
    for thing, words in ((object(), "is not an instrument"), (found, "which is taken")):
        monkeypatch.setattr(metadata, "entry_points", lambda group, thing=thing: [Entry(thing)])
        registry.instruments.cache_clear()
        with pytest.raises(PolicyError, match=words):
            instruments()
    monkeypatch.undo()
    registry.instruments.cache_clear()
