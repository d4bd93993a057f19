"""Signals that a policy declares over recorded answers."""

from __future__ import annotations

import pytest

from seatrial.errors import EvidenceError, PolicyError
from seatrial.instruments import declared_signal, harmful_end, rated_signal, select
from seatrial.instruments.declared import RATED, READ
from seatrial.instruments.recorded import Labels, Observed, Raters, Summarized
from seatrial.policy import SignalSpec
from seatrial.types import Harmful, Item, Message, Response

ITEM = Item("i", "s", (Message("user", "?"),), labels=(("type", "contrast_a"), ("lang", "en")))


@pytest.mark.parametrize(
    ("name", "harmful"),
    [
        ("benchmark/x", "low"),
        ("feedback/thumbs-up", "low"),
        ("vibe/preference", "low"),
        ("feedback/thumbs-down", "high"),
        ("vibe/off", "high"),
        ("behavior/x", "high"),
        ("mine/benchmark/x", "high"),
    ],
)
def test_kinds_know_their_harmful_end(name: str, harmful: Harmful) -> None:
    """Benchmarks, thumbs up and preference are harmed by a fall, everything else by a rise, unless declared."""
    assert harmful_end(name, None) == harmful
    assert harmful_end(name, SignalSpec()) == harmful
    for declared in ("high", "low"):
        assert harmful_end(name, SignalSpec(harmful=declared)) == declared


def test_a_declared_column_is_read_by_labels() -> None:
    """A column with its words and bounds makes labels; the observation's scale is theirs."""
    spec = SignalSpec(column="grade", values={"bad": 2, "good": 0}, bounds=(0, 2), harmful="low")
    signal = declared_signal("human/grade", spec)
    assert signal.instrument == Labels("grade", (("bad", 2.0), ("good", 0.0)), (0.0, 2.0))
    assert (signal.bounds, signal.harmful, signal.contrast) == ((0.0, 2.0), "low", None)


def test_a_declared_instrument_is_the_one_of_that_name() -> None:
    """An instrument over recorded text keeps its own bounds; one that does not exist is refused."""
    signal = declared_signal("behavior/x", SignalSpec(instrument="text/length"))
    assert (signal.instrument.name, signal.bounds) == ("text/length", (0.0, 1.0))
    with pytest.raises(PolicyError, match="no instrument is called 'text/lenght'; did you mean text/length"):
        declared_signal("behavior/x", SignalSpec(instrument="text/lenght"))


def test_a_signal_without_either_was_observed_elsewhere() -> None:
    """What neither a column nor an instrument makes comes as numbers, on the scale that the policy gives."""
    signal = declared_signal("x/y", SignalSpec(bounds=(-5, 5)))
    assert signal.instrument == Observed((-5.0, 5.0))
    assert signal.bounds == (-5.0, 5.0)


def test_ratings_of_blinded_sessions_are_the_raters() -> None:
    """Where every source is a session the raters are the instrument, whatever the order; with others it is not."""
    sources = [f"{RATED}b", f"{RATED}a"]
    signal = rated_signal("vibe/off", SignalSpec(bounds=(0, 3)), sources)
    assert signal.instrument == Raters((0.0, 3.0), (f"{RATED}a", f"{RATED}b"))
    assert signal.instrument == rated_signal("vibe/off", SignalSpec(bounds=(0, 3)), sources[::-1]).instrument
    assert rated_signal("vibe/off", SignalSpec(), [*sources, "a file"]).instrument == Observed((0.0, 1.0))
    assert rated_signal("vibe/off", SignalSpec(), []).instrument == Observed((0.0, 1.0))


def test_numbers_that_an_instrument_read_count_as_far_as_it_does() -> None:
    """A source that ends in an instrument's name has that instrument's record; two instruments have none."""
    praise, refusal = f"forecast{READ}linear/praise", f"forecast{READ}text/refusal"
    signal = rated_signal("reward/linear-praise", SignalSpec(bounds=(0, 2)), [praise, "by hand"])
    assert signal.instrument.name == "linear/praise"
    assert signal.bounds == (0.0, 2.0)
    assert rated_signal("reward/x", SignalSpec(), [praise, refusal]).instrument == Observed((0.0, 1.0))
    with pytest.raises(PolicyError, match="no instrument is called 'text/nothing'"):
        rated_signal("reward/x", SignalSpec(), [f"forecast{READ}text/nothing"])


@pytest.mark.parametrize(
    ("where", "chosen"),
    [
        ({}, True),
        ({"type": ["contrast_a"]}, True),
        ({"type": ["x", "contrast_*"]}, True),
        ({"type": ["safe"]}, False),
        ({"type": ["CONTRAST_A"]}, False),
        ({"type": ["contrast_*"], "lang": ["en"]}, True),
        ({"type": ["contrast_*"], "lang": ["de", "fr"]}, False),
        ({"type": ["!safe"]}, True),
        ({"type": ["!contrast_*"]}, False),
        ({"type": ["contrast_*", "!contrast_b"]}, True),
        ({"type": ["contrast_*", "!contrast_a"]}, False),
        ({"type": ["!safe", "safe"]}, False),
        ({"type": ["!x", "!contrast_a"]}, False),
        ({"type": ["!"]}, True),
        ({"type": ["!safe"], "lang": ["!en"]}, False),
    ],
)
def test_rows_are_selected_by_pattern(where: dict[str, list[str]], chosen: bool) -> None:
    """Every column of `where` must match one of its patterns, capitals included, and none of those with a `!`."""
    assert select([ITEM], where) == ([ITEM] if chosen else [])


def test_an_unknown_column_is_refused() -> None:
    """A misspelt column would select nothing, or everything."""
    with pytest.raises(EvidenceError, match="item i: no column 'kind' to select by; its row has type, lang"):
        select([ITEM], {"kind": ["x"]})
    with pytest.raises(EvidenceError, match="no column 'kind'"):
        select([ITEM], {"kind": ["!x"]})


def test_summary_figures_are_nothing_that_is_read() -> None:
    """Their instrument stands for whoever measured them, on the scale of the signal."""
    one = {"mean": 3.0, "se": 0.02, "n": 400}
    spec = SignalSpec.model_validate(
        {"summary": {"baseline": one, "candidate": one, "source": "a model card"}, "bounds": (1, 5)}
    )
    signal = declared_signal("benchmark/x", spec)
    assert signal.instrument == Summarized((1.0, 5.0))
    assert (signal.bounds, signal.harmful) == ((1.0, 5.0), "low")
    assert signal.instrument.read(ITEM, Response("i", "s", 0, "Yes.")) is None
