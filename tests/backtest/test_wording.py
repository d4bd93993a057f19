"""How a backtest is told: headline, figures, and what limits them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from histories import GATE, backtested, judged
from seatrial.backtest.reweigh import Reweighed
from seatrial.backtest.summary import Delay
from seatrial.backtest.wording import (
    behaviors,
    caveats,
    count,
    figures,
    headline,
    in_days,
    now,
    ranked,
    reason,
    spans,
    times,
    why,
)
from seatrial.stats.intervals import Estimate

MANY = [judged(n, "incident" if n % 3 == 0 else "clean", "block" if n % 3 == 0 else "launch") for n in range(30)]


def test_the_headline_says_what_the_releases_tell() -> None:
    """That it tells them apart; that it would have changed nothing; else that they are too few."""
    assert headline(backtested(MANY)) == "Keeps back what did harm"
    assert headline(backtested([judged(0, "incident"), judged(1, "clean")])) == "Would have launched them all"
    few = backtested([judged(0, "incident", "block"), judged(1, "clean")])
    assert headline(few) == "Too few to tell"
    assert reason(few).startswith("stricter: it would have kept back 1 of 1 release with an incident, and 0 of 1 that")
    assert "That does not tell" in reason(few) and "does not tell" not in reason(backtested(MANY))


def test_what_is_not_known_is_a_range() -> None:
    """A count with its bounds; a decision in words."""
    found = backtested([judged(0, "incident", "unknown"), judged(1, "incident", "block")])
    assert count(found.summary.incidents) == "1 to 2"
    assert now(found.releases[0].now) == "not known"
    assert now(Reweighed("hold", ("hold", "block"), "")) == "hold or block"
    assert now(Reweighed("launch-on-trust", ("launch-on-trust",), "")) == "launch, on trust"
    assert why(found.releases[0]) == f"could not be weighed: {GATE}"
    assert why(found.releases[1]) == GATE
    gone = replace(found.releases[0], now=Reweighed("unknown", ("launch", "block"), "its folder is not here"))
    assert why(gone) == "its folder is not here"


def test_figures_name_what_they_rest_on() -> None:
    """Days come from holds in the ledger, from an assumption, or are not known."""
    held = [judged(0, "clean", "hold"), judged(1, "clean", "hold")]
    assert in_days(backtested(held)) == ("8", "2 × 4, the median of 2 holds in this ledger that ended in a release")
    assert in_days(backtested(held, Delay(3.0, 0, True))) == ("6", "2 × 3, assumed")
    assert (
        in_days(backtested(held, Delay()))[0] == "not known" and "--hold-days" in in_days(backtested(held, Delay()))[1]
    )
    assert in_days(backtested([judged(0, "clean")], Delay()))[0] == "0"
    assert in_days(backtested([*held, judged(2, "clean", "unknown")], Delay(3.0, 0, True)))[0] == "at least 6"
    rows = {what: (here, long) for what, here, long in figures(backtested(MANY))}
    assert rows["incidents prevented"][0] == "10 of 10" and rows["good launches delayed"][0] == "0 of 20"
    assert rows["prevented more often than delayed by"][1].endswith("points: tells them apart")


def test_numbers_are_written_alike() -> None:
    """A share with its interval, a true minus sign, a dash where there is nothing."""
    assert spans(Estimate(0.5, -0.03, 0.9)) == "50 % [−3, 90]"
    assert times(1.234) == "1.2" and times(float("nan")) == "–"
    (signal,) = backtested([judged(0, "incident", changes={GATE: 1.0})]).signals
    assert ranked(signal.of_any) == "–"


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (judged(0, "clean"), "clean"),
        (judged(0, "too young"), "too young to tell"),
        (judged(0, "taken back", back=1), "taken back after 1 day"),
        (judged(0, "incident", back=3), f"{GATE}, taken back after 3 days"),
    ],
)
def test_what_came_of_a_release(release: object, said: str) -> None:
    """Behaviors of its incidents, or its fate, and after how long it was taken back."""
    assert behaviors(release) == said  # type: ignore[arg-type]


def test_what_limits_the_figures_is_said() -> None:
    """Releases that count as neither, reviews that are gone, gates without numbers, looks, candidates kept back."""
    gone = replace(judged(3, "clean"), now=Reweighed("unknown", ("launch", "block"), "its folder is not here"))
    said = " ".join(caveats(backtested([judged(0, "incident", "unknown"), judged(1, "too young"), gone])))
    for words in (
        "1 release of 3 counts as neither", "Of 1 release the review could not be weighed again",
        f"never counted as a pass: {GATE}", "each bound keeps the part of alpha that its looks left",
        "1 reviewed candidate was never released", "is taken to do no harm",
    ):  # fmt: skip
        assert words in said, words
    assert len(caveats(backtested(MANY, asked_live=0, unreleased=0))) == 3
