"""What the commands on rewards print."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from seatrial.cli.output.rewards import audit_summary, forecast_summary, order_of
from seatrial.evidence.rewards.audit import Audit, FlipRate, Pull
from seatrial.evidence.rewards.forecast import BestOf, Forecast, Needed, Point
from seatrial.evidence.rewards.frontier import CriticalWeight, FrontierPoint
from seatrial.ledger import Entry
from seatrial.stats.intervals import Estimate

UP, NONE = Estimate(0.2, 0.1, 0.3), Estimate(math.nan, math.nan, math.nan)
PULL = Pull(
    "praise", {"primary": Estimate(-0.3, -0.4, -0.2), "thumbs": UP}, NONE, UP, UP, "praise: thumbs pulls it up."
)
AUDIT = Audit(
    prompts=1200,
    completions=19_200,
    beta=0.05,
    before={"primary": 1.0, "thumbs": 0.0},
    after={"primary": 1.0, "thumbs": 0.5},
    shares={"sum-then-normalize": {"before": {"primary": UP, "thumbs": NONE}, "after": {"primary": UP, "thumbs": UP}}},
    flips=(FlipRate("all prompts", 1200, Estimate(0.25, 0.2, 0.3), Estimate(0.5, 0.4, 0.6)),),
    correlations={},
    pulls=(PULL,),
    needed=Needed(16.0, 16, 16.0),
    notes=("3 rows have no reward",),
)
POINT = Point(1.0, 0.42, 7.25, True, {"praise": UP}, {"thumbs": UP})
MADE = Forecast("after", {"primary": 1.0, "thumbs": 0.5}, 0.05, POINT, (replace(POINT, strength=0.5),), 2.0, (), "")
CRITICAL = CriticalWeight("thumbs", "praise", 0.05, 0.1234, 0.3, math.nan, 1.0)


def _whole(text: str) -> str:
    return " ".join(text.split())


def _entry(number: int) -> Entry:
    return Entry(number, "at", "training", "ana", {}, "", "")


def test_an_audit_says_who_pulls_what() -> None:
    """Counts, both mixes, notes, shares, flips, influence, a sentence a behavior; a weight of 0 is left out."""
    shown = _whole(audit_summary(AUDIT))
    assert "19,200 completions of 1,200 prompts. Before: 1·primary. After: 1·primary + 0.5·thumbs." in shown
    assert "Note: 3 rows have no reward." in shown
    assert "share of advantage, sum-then-normalize before after primary +0.200 [0.100, 0.300]" in shown
    assert "thumbs – +0.200 [0.100, 0.300]" in shown
    assert "all prompts 1200 25% 50%" in shown
    assert "influence (beta 0.05) by primary by thumbs mix before mix after" in shown
    assert "praise −0.300 [−0.400, −0.200] +0.200 [0.100, 0.300] – +0.200" in shown
    assert shown.endswith("- praise: thumbs pulls it up.")
    assert "turned around" not in audit_summary(replace(AUDIT, flips=()))


def test_a_forecast_stands_beside_best_of_n_where_there_is_one() -> None:
    """The largest n is shown; without any the column has dashes."""
    best = tuple(BestOf(n, 1.0, {"praise": Estimate(n / 10, 0.0, 1.0)}, {"thumbs": UP}) for n in (2, 4))
    shown = _whole(forecast_summary([replace(MADE, best_of=best)], [], []))
    assert "change of at 1 of the mix best of 4 praise +0.200 [0.100, 0.300] +0.400 [0.000, 1.000]" in shown
    assert "reward thumbs +0.200 [0.100, 0.300] +0.200" in shown
    assert "The model moves by 0.42 nats (KL); about 7.2 completions a prompt bear this." in shown
    assert "best of n praise +0.200 [0.100, 0.300] –" in _whole(forecast_summary([MADE], [], []))


def test_a_refused_forecast_says_why_and_shows_how_far_the_samples_go() -> None:
    """Numbers of the mix as written are never shown; those of the strongest mix that the samples bear are."""
    wanted = replace(POINT, shifts={"praise": Estimate(9.0, 9.0, 9.0)}, supported=False)
    refused = replace(MADE, wanted=wanted, refusal="the samples bear half of it")
    shown = _whole(forecast_summary([refused], [], []))
    assert "REFUSED: the samples bear half of it change of at 0.5 of the mix" in shown
    assert "9.000" not in shown
    bare = _whole(forecast_summary([replace(refused, path=())], [], []))
    assert bare.endswith("REFUSED: the samples bear half of it")


def test_critical_weights_and_the_frontier() -> None:
    """A crossing beyond what was searched is a dash; of mixes those that keep every gate, most gain first."""
    points = [
        FrontierPoint({"primary": 1.0, "thumbs": weight}, Estimate(weight, 0.0, 1.0), worst, "praise", holds, True)
        for weight, worst, holds in ((0.1, 0.4, True), (0.2, -0.5, True), (0.3, 1.2, False))
    ]
    shown = _whole(forecast_summary([MADE], [CRITICAL], points))
    assert "praise (margin 0.05) thumbs 0.123 0.3 – Weights were searched up to 1; – is beyond that." in shown
    assert "1·primary + 0.2·thumbs +0.200 [0.000, 1.000] −50 % of praise 1·primary + 0.1·thumbs" in shown
    assert "40 % of praise" in shown
    assert "0.3·thumbs" not in shown
    assert "No mix near these keeps every gate." in forecast_summary([MADE], [], points[2:])


def test_where_no_weight_could_be_searched_that_is_said() -> None:
    """The largest weight is of the gates that have one; where none has, no number is printed."""
    none = replace(CRITICAL, unproven=math.nan, estimate=math.nan, searched=math.nan)
    for critical in ([none, CRITICAL], [CRITICAL, none]):
        assert "searched up to 1; –" in forecast_summary([MADE], critical, [])
    shown = forecast_summary([MADE], [none, none], [])
    assert "No weight could be searched: the completions bear none of them." in shown
    assert "nan" not in shown


def test_an_audit_says_how_many_completions_a_forecast_needs() -> None:
    """Whether those that are there do; else how many would, where that can be told."""
    assert "At beta 0.05 the 16 completions of each prompt bear a forecast." in _whole(audit_summary(AUDIT))
    for about, words in ((1234.5, "not 16, and about 1,234 by how many of these count."), (math.inf, "not 16.")):
        shown = _whole(audit_summary(replace(AUDIT, needed=Needed(16.0, 90, about))))
        assert f"At beta 0.05 a forecast needs at least 90 completions of each prompt, {words}" in shown


@pytest.mark.parametrize(
    ("planned", "late", "words"),
    [
        (False, (), "; without a plan nobody can tell whether a training came before."),
        (True, (), ", before any training on this plan."),
        (True, (3, 5), ", AFTER a training on this plan (entry 3, 5): it forecasts nothing."),
    ],
)
def test_a_forecast_after_the_training_is_called_none(planned: bool, late: tuple[int, ...], words: str) -> None:
    """Whether a training came before is said of every entry, and loudly where one did."""
    assert order_of(planned, [_entry(number) for number in late]) == words


def test_lines_of_text_keep_the_width() -> None:
    """Notes, refusals and sentences of any length are wrapped to a hundred letters."""
    long = "word " * 100
    audit = replace(AUDIT, notes=(long,), pulls=(replace(PULL, sentence=long),))
    for shown in (audit_summary(audit), forecast_summary([replace(MADE, refusal=long)], [], [], [long])):
        assert max(len(line) for line in shown.splitlines() if "word" in line) <= 100
