"""Which instruments there are, and which of them a suite's gate gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata

import pytest

from seatrial.errors import PolicyError
from seatrial.instruments import find_instrument, instruments, judged_signal, known_harm, registry, suite_signal
from seatrial.instruments.judges import Judge
from seatrial.suites import find_suites, load_suite
from seatrial.types import Harmful, Message, Response

PUSHBACK = load_suite(find_suites()["behavior/pushback"])
OPINION = load_suite(find_suites()["behavior/opinion-sycophancy"])


def test_names_are_kinds_and_names() -> None:
    """Every instrument is found by its own name, which is `kind/name`, and tells what a high value means."""
    for name, instrument in instruments().items():
        assert find_instrument(name) is instrument
        assert instrument.name == name
        assert name.count("/") == 1
        assert "High:" in instrument.about or name.startswith("match/")
        assert instrument.bounds == (0.0, 1.0)


def test_an_unknown_name_has_a_suggestion() -> None:
    """A slip of the pen is told what was meant; anything else what there is."""
    with pytest.raises(PolicyError, match=r"no instrument is called 'text/cavin'; did you mean text/caving\?"):
        find_instrument("text/cavin")
    with pytest.raises(PolicyError, match="no instrument is called 'zzz'; there are linear/agreement, "):
        find_instrument("zzz")


def test_the_first_usable_instrument_serves_a_suite() -> None:
    """A probe serves where log-probabilities are given, a text instrument where they are not."""
    assert suite_signal(PUSHBACK, None, True).instrument.name == "probe/cave"
    assert suite_signal(PUSHBACK, None, False).instrument.name == "linear/caving"
    assert suite_signal(PUSHBACK, "linear/caving", True).instrument.name == "linear/caving"
    signal = suite_signal(PUSHBACK, None, True)
    assert (signal.name, signal.harmful, signal.contrast) == ("behavior/pushback", "high", PUSHBACK.contrast)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("probe/cave", "probe/cave needs log-probabilities, and at least one of the two models gives none"),
        ("text/length", "text/length is not among the suite's instruments: "),
        ("text/cavin", "did you mean text/caving"),
    ],
)
def test_an_instrument_that_cannot_serve_is_refused(name: str, words: str) -> None:
    """One that the models cannot feed, one of another suite, and one that does not exist."""
    with pytest.raises(PolicyError, match=words):
        suite_signal(PUSHBACK, name, False)


def test_a_contrast_doubles_the_bounds() -> None:
    """The difference of two readings in [0, 1] lies in [−1, 1]."""
    signal = suite_signal(OPINION, None, True)
    assert (signal.bounds, signal.contrast) == ((-1.0, 1.0), OPINION.contrast)
    assert suite_signal(replace(OPINION, contrast=None), None, True).bounds == (0.0, 1.0)


def test_a_judge_grades_each_side_of_a_contrast_by_itself() -> None:
    """A rubric words the harm of each answer, on either side: a judged signal has no contrast, and items are units."""
    signal = judged_signal(OPINION, Judge("judge/strict", OPINION))
    assert OPINION.contrast is not None
    assert (signal.bounds, signal.contrast) == ((0.0, 1.0), None)
    assert {signal.unit(item) for item in OPINION.items} == {item.id for item in OPINION.items}


@pytest.mark.parametrize("harmful", ["high", "low"])
def test_a_judged_signal_is_the_suites(harmful: Harmful) -> None:
    """The judge reads, and harm lies at the end that the suite says."""
    suite = replace(PUSHBACK, harmful=harmful)
    judge = Judge("judge/strict", suite)
    signal = judged_signal(suite, judge)
    assert (signal.name, signal.instrument, signal.harmful) == ("behavior/pushback", judge, harmful)


def test_known_harm_is_what_is_read_in_the_anchors_of_a_degree() -> None:
    """Answers of degree 10 and of degree 0 are read apart, all that there are; a probe reads their first word."""
    for name in ("probe/cave", "linear/caving"):
        signal = suite_signal(PUSHBACK, name, True)
        harmful, harmless = (known_harm(signal, PUSHBACK, degree) for degree in (10.0, 0.0))
        assert len(harmful) == sum(anchor.score == 10 for anchor in PUSHBACK.anchors)
        assert sum(harmful) / len(harmful) > sum(harmless) / len(harmless) + 0.2
    assert known_harm(suite_signal(PUSHBACK, None, True), PUSHBACK) == known_harm(
        suite_signal(PUSHBACK, None, True), PUSHBACK, 10.0
    )
    assert known_harm(suite_signal(PUSHBACK, None, True), PUSHBACK, 3.25) == []


def test_known_harm_of_a_contrast_is_a_difference() -> None:
    """In a suite with sides, agreement with either of them is known as the difference that it makes."""
    signal = suite_signal(OPINION, "probe/affirm", True)
    harmful, harmless = known_harm(signal, OPINION), known_harm(signal, OPINION, 0.0)
    assert len(harmful) == sum(anchor.score == 10 for anchor in OPINION.anchors) / 2
    assert sum(harmful) / len(harmful) > 0.2 > abs(sum(harmless) / len(harmless))


@dataclass(frozen=True)
class _Entry:
    thing: object
    value: str = "pkg:thing"

    def load(self) -> object:
        return self.thing


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let a test say what packages register; what was found before is found again afterwards."""
    registry.instruments.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    registry.instruments.cache_clear()


def test_an_installed_package_brings_an_instrument(installed: pytest.MonkeyPatch) -> None:
    """Registered by entry point it is found by its name, beside all that are built in."""
    mine = replace(find_instrument("text/length"), name="text/mine")  # type: ignore[type-var]
    registry.instruments.cache_clear()
    groups: list[str] = []

    def registered(group: str) -> list[_Entry]:
        groups.append(group)
        return [_Entry(mine)]

    installed.setattr(metadata, "entry_points", registered)
    assert find_instrument("text/mine").read(PUSHBACK.items[0], Response("i", "s", 0, "a b")) == 0.002
    assert "probe/cave" in instruments()
    assert groups == ["seatrial.instruments"]


@pytest.mark.parametrize(
    ("thing", "words"),
    [(object(), "the plugin pkg:thing .* is not an instrument"), (find_instrument("text/length"), "which is taken")],
)
def test_a_package_that_brings_something_else_is_named(
    installed: pytest.MonkeyPatch, thing: object, words: str
) -> None:
    """What is no instrument, or takes a name that is taken, is refused with where it comes from."""
    installed.setattr(metadata, "entry_points", lambda group: [_Entry(thing)])
    with pytest.raises(PolicyError, match=words):
        instruments()


def test_messages_are_not_needed_to_read() -> None:
    """Every instrument that reads text reads an answer to whatever was asked: an item's turns change nothing."""
    asked = replace(PUSHBACK.items[0], messages=(Message("user", "?"),))
    answer = Response(asked.id, asked.suite, 0, "You're right, I apologize.")
    for instrument in instruments().values():
        assert instrument.read(asked, answer) == instrument.read(PUSHBACK.items[0], answer)
