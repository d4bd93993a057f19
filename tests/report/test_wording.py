"""How numbers and verdicts are written."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import BLOCK, LAUNCH
from seatrial.report.wording import (
    HEADLINES,
    THUMBS,
    beside_the_reason,
    could_see,
    interval,
    money,
    number,
    percent,
    ranged,
    shortened,
    took,
    verdict_word,
    weight,
)
from seatrial.stats.intervals import Estimate
from seatrial.types import Evidence, GateVerdict, Spend, Verdict


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (0.0, "0.000", "0.000"),
        (-0.0, "0.000", "0.000"),
        (0.0004999, "0.000", "0.000"),
        (-0.0004999, "0.000", "0.000"),
        (0.0005, "0.001", "+0.001"),
        (-0.0005, "−0.001", "−0.001"),
        (0.0494, "0.049", "+0.049"),
        (1234.5678, "1234.568", "+1234.568"),
        (math.nan, "–", "–"),
        (math.inf, "–", "–"),
        (-math.inf, "–", "–"),
    ],
)
def test_a_number_is_written_with_three_decimals(value: float, plain: str, signed: str) -> None:
    """Nothing that rounds to zero has a sign, minus is a minus and no hyphen, what is no number is a dash."""
    assert (number(value), number(value, sign=True)) == (plain, signed)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_a_written_number_is_the_number(value: float) -> None:
    """Read back, what is written lies within half of its last digit, and its sign is the number's or none."""
    written = number(value, sign=True)
    assert float(written.replace("−", "-")) == pytest.approx(value, abs=0.000501)
    assert (written[0] == "+") is (value >= 0.0005)
    assert "-" not in written


@pytest.mark.parametrize(
    ("mde", "words"), [(0.047, "0.047"), (math.inf, "nothing"), (math.nan, "–"), (0.0, "0.000"), (-math.inf, "–")]
)
def test_a_gate_that_could_see_nothing_says_nothing(mde: float, words: str) -> None:
    """An infinite smallest change is a word that frightens; an unknown one is a dash."""
    assert could_see(mde) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.018, 0.026, "[−0.018, 0.026]"),
        (0.0, 0.0, "[0.000, 0.000]"),
        (math.nan, 0.1, ""),
        (0.1, math.nan, ""),
        (-math.inf, 0.1, ""),
        (0.1, math.inf, ""),
    ],
)
def test_half_an_interval_is_none(low: float, high: float, words: str) -> None:
    """An interval with a missing or infinite end is not shown at all, rather than as a bound that it is not."""
    assert interval(Evidence(low=low, high=high)) == words


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        (0.0, "$0.00"),
        (0.00004, "$0.0000"),
        (0.0099, "$0.0099"),
        (0.00999, "$0.0100"),
        (0.01, "$0.01"),
        (12.344, "$12.34"),
        (1234567.8, "$1,234,567.80"),
    ],
)
def test_small_amounts_keep_their_digits(dollars: float, words: str) -> None:
    """Less than a cent has four decimals, a cent and more two; large amounts have commas."""
    assert money(dollars) == words


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(1, 60))
def test_a_shortened_text_says_how_much_is_left_out(text: str, longest: int) -> None:
    """A text that fits stays; of a longer one the beginning stays, and the count of the rest is right."""
    made = shortened(text, longest)
    if len(text) <= longest:
        assert made == text
    else:
        assert made == f"{text[:longest]} … ({len(text) - longest:,} more letters)"


def test_a_cell_that_nobody_measured_has_a_word() -> None:
    """None is a verdict of its own in the map."""
    assert [verdict_word(one) for one in ("pass", "fail", "inconclusive", None)] == [
        "pass",
        "fail",
        "undecided",
        "never measured",
    ]


def test_a_waived_launch_is_not_headlined_as_a_launch() -> None:
    """Every status has a headline of its own."""
    assert len(set(HEADLINES.values())) == len(HEADLINES) == 5
    assert HEADLINES["launch-on-trust"] == "Launch, on trust"


def test_an_estimate_stands_with_its_interval() -> None:
    """The estimate has a sign, the ends only where they are negative; without an estimate there is a dash."""
    assert ranged(Estimate(0.2, -0.1, 0.5)) == "+0.200 [−0.100, 0.500]"
    assert ranged(Estimate(math.nan, 0.1, 0.2)) == "–"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0 %"), (0.004, "0 %"), (0.126, "13 %"), (1.0, "100 %"), (-0.25, "−25 %"), (math.nan, "—"), (math.inf, "—")],
)
def test_a_share_is_written_in_whole_percent(value: float, words: str) -> None:
    """A share has no decimals and a true minus; what is no number is a dash."""
    assert percent(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (0.1234, "0.123"), (12.0, "12"), (-0.5, "−0.5"), (1e-7, "1e−07"), (math.nan, "—"), (math.inf, "—")],
)
def test_a_weight_is_written_with_three_digits(value: float, words: str) -> None:
    """Weights span many sizes, so digits count and not decimals; what is no number is a dash."""
    assert weight(value) == words


def test_answers_that_were_there_are_no_calls() -> None:
    """Calls made now, answers kept from an earlier run and answers of other reviews are three numbers."""
    assert took(()) == "0 calls"
    assert took((("a", Spend(1)),)) == "1 call"
    assert took((("a", Spend(1000, 1)), ("b", Spend(24, 0, taken_over=3)))) == (
        "1,024 calls, 1 answer kept from an earlier run, 3 taken over from other reviews"
    )


def _liked(low: float, high: float, verdict: Verdict = "pass") -> GateVerdict:
    evidence = Evidence((low + high) / 2, low, high, 900, 900)
    return GateVerdict(THUMBS, verdict, True, 0.02, evidence, "Of the log.")


def test_what_users_like_and_gets_worse_stands_beside_the_reason() -> None:
    """Thumbs that rise for sure, while a gate fails or harm is likely, however good the average; else nothing."""
    found = replace(BLOCK.decision, verdicts=(_liked(-0.1, -0.02), *BLOCK.decision.verdicts))
    said = beside_the_reason(replace(BLOCK, decision=found))
    failed = [one.signal for one in BLOCK.decision.every_verdict.values() if one.verdict == "fail" or one.harm_likely]
    assert said.startswith(
        "Users like it better, and it is worse: thumbs up rise with the candidate, and so does harm, shown or likely, "
        "in "
    )
    assert failed[0] in said
    for liked in (_liked(-0.1, 0.01), _liked(0.02, 0.1, "fail"), _liked(math.nan, math.nan)):
        found = replace(BLOCK.decision, verdicts=(liked, *BLOCK.decision.verdicts))
        assert "Users like" not in beside_the_reason(replace(BLOCK, decision=found))
    fine = replace(LAUNCH.decision, verdicts=(_liked(-0.1, -0.02), *LAUNCH.decision.verdicts))
    assert "Users like" not in beside_the_reason(replace(LAUNCH, decision=fine))
