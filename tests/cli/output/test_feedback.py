"""What `seatrial feedback` prints: all that is known, for people and for programs."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from seatrial.cli.output.feedback import feedback_json, feedback_summary
from seatrial.evidence.feedback.checks import Check
from seatrial.evidence.feedback.found import Cell, Feedback
from seatrial.evidence.feedback.sequence import Look
from seatrial.evidence.feedback.signals import Signal
from seatrial.evidence.feedback.silence import Silence
from seatrial.evidence.feedback.use_cases import Conversation, UseCase
from seatrial.formats.json_values import with_null
from seatrial.stats.intervals import Interval
from seatrial.stats.summaries import Mean


def _signal(before: float, after: float, reach: float = 0.02) -> Signal:
    change = after - before
    return Signal(
        Mean(before, 0.01, 500), Mean(after, 0.01, 500), Interval(change, change - reach, change + reach), 0.5
    )


UP, DOWN, GAP = _signal(0.7, 0.8), _signal(0.6, 0.5), _signal(0.1, 0.3)
HEART = Conversation("health", "chat\x1b[2J-7", 7, 0.25)
FOUND = Feedback(
    name="thumbs.parquet",
    baseline="A",
    candidate="B",
    rows=1_000,
    users=(100, 100),
    votes=(400, 410),
    labels=(200, 0),
    benefit_name="revised",
    alpha=0.05,
    aim=0.02,
    checks=(Check("sample ratio", "fine", "The arms' sizes fit."),),
    approval=UP,
    benefit=DOWN,
    gap=GAP,
    looks=(Look("2026-03-01", 20, 0.1, 0.05, math.nan, math.nan), Look("2026-03-02", 200, 0.1, 0.02, 0.01, 0.19)),
    silence=Silence(0.02, 0.03, Interval(0.0, -0.97, 0.98), 0.081, 0.103),
    ages=(Cell("first day", 300, UP), Cell("after a week", 1, None)),
    fade=Interval(-0.01, -0.05, 0.03),
    hours=(Cell("0–6 h", 100, UP),),
    cases=(UseCase("health", 400, UP, DOWN, GAP, True, (HEART,)), UseCase("work", 10, None, None, None)),
    hearts=(HEART,),
    told=("thumbs.parquet: read 'who' as the user.",),
)


def test_the_summary_says_all_that_is_known() -> None:
    """Numbers of both arms, each check, what is open, each use case and part, and how the log was read."""
    text = feedback_summary(FOUND)
    assert text.startswith("APPROVAL UP, BENEFIT DOWN\n")
    for part in (
        "approval  70.0 %  80.0 %  +10.0 [8.0, 12.0]",
        "benefit   60.0 %  50.0 %  −10.0 [−12.0, −8.0]",
        "fine: The arms' sizes fit.",
        "lies 8.1 points or more",
        "+10.0 [1.0, 19.0] points by 2026-03-02, at 2 daily looks",
        "liked more, helps less",
        "work — — — not known",
        "after a week  1       —",
        "read 'who' as the user",
    ):
        assert part in text or part in " ".join(text.split()), part


def test_nothing_steers_the_terminal() -> None:
    """Ids are printed without control letters."""
    assert "\x1b" not in feedback_summary(FOUND)


def test_a_log_without_numbers_still_prints_its_checks() -> None:
    """Where nothing can be compared no table is left empty."""
    bare = replace(
        FOUND,
        approval=None,
        benefit=None,
        gap=None,
        looks=(),
        silence=None,
        ages=(),
        fade=None,
        hours=(),
        cases=(),
        hearts=(),
    )
    grave = replace(bare, checks=(Check("arms", "grave", "One arm is empty."),))
    assert feedback_summary(grave).splitlines()[:2] == [
        "NO FAIR COMPARISON",
        "One arm is empty. No number below is to be trusted.",
    ]
    assert "Silent" not in feedback_summary(grave)
    assert feedback_json(grave)["approval"] is None


def test_json_has_every_number() -> None:
    """Programs get what people read, unrounded; a bound that is not known is null."""
    made = json.loads(json.dumps(with_null(feedback_json(FOUND)), allow_nan=False))
    assert made["approval"]["change"] == {"estimate": UP.change.estimate, "low": UP.change.low, "high": UP.change.high}
    assert made["daily"][0]["low"] is None and made["daily"][1]["low"] == 0.01
    assert made["silent"]["turns_at"] == 0.081
    assert made["use_cases"][0]["approval_up_benefit_down"] is True
    assert made["use_cases"][1]["gap"] is None
    assert made["liked_of_little_benefit"][0]["row"] == 7
    assert made["later_less_first_day"]["low"] == -0.05
