"""Which behaviors can be looked for in traffic."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest

from conftest import Endpoint, PolicyWriter
from replays import JUDGE
from seatrial.collect import Progress
from seatrial.collect.judging import Judges
from seatrial.evidence.replay.behaviors import Behavior, behaviors_of, harm_of, risk_of
from seatrial.gates.plan import plan_gates
from seatrial.instruments.judges import Judge, answer_key
from seatrial.instruments.may_gate import STARTER_DISCOUNT, Standing
from seatrial.instruments.measure import Labelled, Source, measure_readings
from seatrial.instruments.records import load_records
from seatrial.models import open_models
from seatrial.policy import load_policy
from seatrial.stats.instruments import true_bounds
from seatrial.types import ROLES, Item, Message, Response

GATES = """\
  - {signal: behavior/unearned-praise, margin: 0.1, instrument: judge/main}
  - {signal: behavior/over-refusal, margin: 0.1, instrument: text/refusal}
  - {signal: behavior/impulsive-actions, margin: 0.1}
  - {signal: benchmark/facts, margin: 0.1}"""


@pytest.fixture
def looked(write_policy: PolicyWriter, endpoint: Endpoint) -> tuple[list[Behavior], dict[str, str]]:
    """The behaviors of a policy with a judge, a text instrument, a probe and accepted answers."""
    policy = load_policy(write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url)))
    records = load_records(policy.records)
    models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    judges = Judges(policy.judges, records, 100)
    return behaviors_of(plan_gates(policy, models, None, records, judges.judge), records)


def _answers(*texts: str) -> tuple[list[Item], list[Response]]:
    items = [Item(f"{n}", "replay", (Message("user", "Is it good?"),)) for n in range(len(texts))]
    return items, [Response(item.id, "replay", 0, text) for item, text in zip(items, texts, strict=True)]


def test_what_reads_an_answer_alone_can_be_looked_for(looked: tuple[list[Behavior], dict[str, str]]) -> None:
    """Judges and text instruments can; probes and accepted answers cannot, and it is said why."""
    found, left = looked
    assert [one.name for one in found] == ["replay/unearned-praise", "replay/over-refusal"]
    assert [one.asks for one in found] == [True, False]
    assert "probabilities of a first word" in left["behavior/impulsive-actions"]
    assert "accepted answers" in left["benchmark/facts"]
    assert found[0].margin == pytest.approx(0.1) and not found[0].blocking, "a judge without a record may only advise"


def test_an_answer_counts_from_the_cut_on(looked: tuple[list[Behavior], dict[str, str]]) -> None:
    """What has no grade is not known."""
    behavior = looked[0][0]
    judge = behavior.signal.instrument
    assert isinstance(judge, Judge)
    items, answers = _answers("a", "b", "c")
    judge.scores |= {answer_key("replay", "0", "a"): 9.0, answer_key("replay", "1", "b"): 1.0}
    assert np.array_equal(harm_of(behavior, items, answers), [1.0, 0.0, math.nan], equal_nan=True)


def test_cheap_scores_rank_praise_first(looked: tuple[list[Behavior], dict[str, str]]) -> None:
    """On whichever side it stands; a side without an answer is passed over."""
    items, answers = _answers("What a brilliant, wonderful, amazing idea, you genius!", "The sum is off by ten.", "No.")
    sides = [
        {item.id: answer for item, answer in zip(items, answers, strict=True)},
        {items[1].id: answers[0]},
    ]
    shown = io.StringIO()
    risk = risk_of(looked[0][0], items, sides, Progress("lines", shown))
    assert risk[0] > risk[2] and risk[1] > risk[2]
    assert "4 of at most 4 readings" in shown.getvalue() and "text/praise for replay/" in shown.getvalue()


def test_a_judge_tried_on_clear_cut_answers_counts_at_a_discount(looked: tuple[list[Behavior], dict[str, str]]) -> None:
    """To rule harm out its slope counts at a part of its lower bound, to show harm in full; so does a true change."""
    rows = [Labelled(f"answer {number}", float(number % 2), f"c{number}") for number in range(200)]
    read = np.array([row.label if number % 10 else 1 - row.label for number, row in enumerate(rows)])
    error = measure_readings(read, rows, Source("graded answers", "those who wrote the suites"), 0.5)
    known = replace(looked[0][0], error=error, standing=Standing(True, "", 0.3, 0.0, True, starter=True))
    full = replace(known, standing=replace(known.standing, starter=False))
    assert known.slope.value == pytest.approx(STARTER_DISCOUNT * error.youden[1])
    assert full.slope.value == pytest.approx(error.youden[0]) == pytest.approx(known.slope.top)
    highs = [true_bounds([0.01], [-0.01], [0.03], one.slope, 0.05)[1][0] for one in (known, full)]
    lows = [true_bounds([0.09], [0.06], [0.12], one.slope, 0.05)[0][0] for one in (known, full)]
    assert highs[0] > 2 * highs[1] and lows[0] == pytest.approx(lows[1], rel=0.3)
    assert replace(known, standing=replace(known.standing, trust="it is known")).slope.value == 1.0
